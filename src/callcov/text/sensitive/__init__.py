"""Sensitive values in what was said: found on the unmasked words, then masked before anything else reads them.

`find` knows who speaks but not who the agent is: either side may ask, either may tell. It joins a party's turns
across the other's "mm-hm", keeps a question open until it is answered or two turns have passed, and while a secret
is asked for takes every run of digits in the answer (an over-mask is cheap, a leaked card is not).
The twelve types are those of the policy (CONTRACT: card_number, card_cvv, ssn, bank_account, account_number,
date_of_birth, phone_number, email, address, password, pin, government_id). Decided: an expiry date is none of them;
the last four digits of a card or a social security number are, when said; policy, member and customer numbers are
account numbers, order, booking and case numbers are not; one-time codes are a pin; a company's own toll-free number,
website, office and role mailbox are not personal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from callcov.model import Segment, Sensitive, Word
from callcov.text.numbers import is_number
from callcov.text.sensitive.contact import addresses, emails, spelled
from callcov.text.sensitive.cues import OTHER, Label, asks_for
from callcov.text.sensitive.dates import dates
from callcov.text.sensitive.digits import extended, government_ids, numbers, runs
from callcov.text.sensitive.scene import JOINS, REPAIRS, SECRETS, Piece, Scene, content_of, scene_of
from callcov.text.sensitive.secrets import passwords
from callcov.text.sensitive.stream import BACKCHANNELS, Atom, Stretch, stretches

__all__ = ["asks_for", "find", "mask"]

_PATIENCE = 2
"""Turns without an answer after which a question is forgotten."""
_PATIENCE_FOR_SECRETS = 4
"""The same for a secret, which people are slow to tell and which costs more to miss."""
_AGAIN = frozenset("repeat again sorry missed catch pardon".split())
"""Words with which an answer is asked for once more."""
_COUNTED = frozenset("double triple treble oh o hundred thousand".split())
"""Words that say digits together with a number."""
_RECENT = 12
"""Values remembered for recognising a repetition."""


@dataclass(slots=True)
class _Value:
    """A value heard so far: its number, what of it was said, and the turn it was last continued in."""

    type: str
    number: int
    content: str
    turn: int
    whole: bool


@dataclass(slots=True)
class _Question:
    """What one party waits to hear, for how many more turns, and what of it the last turn answered."""

    types: tuple[str, ...]
    patience: int
    answered: tuple[str, ...] = ()


@dataclass(slots=True)
class _Talk:
    """Where a conversation stands: each party's open question, what a party announced, and the values heard last."""

    open: dict[str, _Question] = field(default_factory=dict[str, _Question])
    promised: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    values: list[_Value] = field(default_factory=list[_Value])
    count: int = 0
    turn: int = 0


def find(segments: Sequence[Segment]) -> tuple[Sensitive, ...]:
    """Every sensitive value in unmasked segments, in order of segment and word; linear in the words.

    Parts of one value, its repetitions and its read-back share one `value` number. No words, nothing found.
    """
    talk = _Talk()
    found: list[Sensitive] = []
    for stretch in stretches(segments):
        talk.turn += 1
        scene = scene_of(stretch, _expected(talk, stretch))
        pieces = _pieces(scene, talk)
        for piece in pieces:
            value = _value_of(talk, piece)
            found += _spans(scene.atoms[piece.first : piece.last], piece.type, value.number)
        found += _echoes(stretch, talk)
        _listen(talk, stretch, scene, pieces)
    return tuple(sorted(_once(found), key=lambda one: (one.segment, one.first)))


def mask(segments: Sequence[Segment], sensitive: Iterable[Sensitive], types: Collection[str]) -> tuple[Segment, ...]:
    """The segments with each word of a value of those types as `[type]`; times, confidence and acts are kept.

    Masking twice is masking once. A span that points outside its segment is ignored there.
    """
    marks: dict[int, dict[int, str]] = {}
    for one in sensitive:
        if one.type in types:
            marks.setdefault(one.segment, {}).update(dict.fromkeys(range(one.first, one.last), f"[{one.type}]"))
    return tuple(_masked(segment, marks.get(place, {})) for place, segment in enumerate(segments))


def _masked(segment: Segment, marks: dict[int, str]) -> Segment:
    """One segment with its marks."""
    if not marks:
        return segment
    words: Iterable[Word] = (
        replace(word, text=marks[place]) if place in marks else word for place, word in enumerate(segment.words)
    )
    return replace(segment, words=tuple(words))


def _expected(talk: _Talk, stretch: Stretch) -> tuple[str, ...]:
    """The types a speaker is expected to say: asked by the other, or announced by themselves.

    Nothing but numbers goes on with the answer before it.
    """
    asked = [question for asker, question in talk.open.items() if asker != stretch.speaker]
    types = [kind for question in asked for kind in question.types]
    if all(is_number(atom.text) or atom.text in BACKCHANNELS or atom.text in _COUNTED for atom in stretch.atoms):
        types += [kind for question in asked for kind in question.answered]
    return tuple(dict.fromkeys((*types, *talk.promised.get(stretch.speaker, ()))))


def _pieces(scene: Scene, talk: _Talk) -> list[Piece]:
    """Everything sensitive in a scene, in order; detectors that know the form go first."""
    found: list[Piece] = []
    for detector in (emails, government_ids, _births, addresses, passwords):
        for piece in detector(scene):
            if scene.free(piece.first, piece.last):
                scene.taken.update(range(piece.first, piece.last))
                found.append(piece)
    found += _repeated(scene, talk)
    for piece in spelled(scene):
        scene.taken.update(range(piece.first, piece.last))
        found.append(piece)
    found += numbers(scene)
    return sorted(found, key=lambda piece: piece.first)


def _births(scene: Scene) -> list[Piece]:
    """Dates of birth; every other date is taken out of the way of the numbers."""
    found: list[Piece] = []
    content = sum(atom.text not in BACKCHANNELS for atom in scene.atoms)
    for date in dates(scene.atoms, scene.groups):
        if not scene.free(date.first, date.last):
            continue
        label = scene.label_before(date.first)
        named = label is not None and label.type == "date_of_birth"
        few = content - (date.last - date.first) <= 6
        answers = "date_of_birth" in scene.asked and not (label and label.type == OTHER) and (date.year or few)
        if named or answers:
            found.append(Piece("date_of_birth", date.first, date.last, content_of(scene.atoms[date.first : date.last])))
        elif not _code(scene, date.first, label):
            scene.taken.update(range(date.first, date.last))
    return found


def _code(scene: Scene, place: int, label: Label | None) -> bool:
    """Whether what looks like a date is a code such as a sort code, `20-45-67`, because one is spoken of."""
    kinds = {*scene.asked, *((label.type,) if label else ())}
    return "/" not in scene.atoms[place].raw and scene.atoms[place].shape == "date" and "bank_account" in kinds


def _repeated(scene: Scene, talk: _Talk) -> list[Piece]:
    """Values said before that are said again, whole or in part, by either side."""
    found: list[Piece] = []
    for run in runs(scene):
        known = _known(talk, run.digits) if len(run.digits) >= 3 else None
        if known and scene.free(run.first, run.last):
            piece = extended(scene, Piece(known.type, run.first, run.last, run.digits))
            scene.taken.update(range(piece.first, piece.last))
            found.append(piece)
    return found + _same_words(scene, talk)


def _same_words(scene: Scene, talk: _Talk) -> list[Piece]:
    """Passwords, addresses, emails and dates of birth repeated word for word."""
    found: list[Piece] = []
    texts = [atom.text for atom in scene.atoms]
    for value in talk.values:
        wanted = value.content.split()
        if value.content.isdigit() or len(value.content) < 4:
            continue
        for place, text in enumerate(texts):
            last = place + len(wanted)
            if text == wanted[0] and texts[place:last] == wanted and scene.free(place, last):
                scene.taken.update(range(place, last))
                found.append(Piece(value.type, place, last, value.content))
    return found


def _known(talk: _Talk, digits: str) -> _Value | None:
    """The value that some digits repeat: all of it, or four digits and more of it (three of a security code)."""
    for value in reversed(talk.values):
        if value.content.isdigit() and _same_digits(digits, value.content):
            return value
    return None


def _same_digits(digits: str, said: str) -> bool:
    """Whether digits repeat a value: all of it, four of it or more, or both its ends (a correction lies between)."""
    if digits == said or (len(digits) >= 4 and digits in said) or (len(said) >= 6 and said in digits):
        return True
    return min(len(digits), len(said)) >= 9 and digits[:3] == said[:3] and digits[-4:] == said[-4:]


def _value_of(talk: _Talk, piece: Piece) -> _Value:
    """The value a piece belongs to: one said before, one that is still being said, or a new one."""
    digits = piece.content.isdigit()
    known = _known(talk, piece.content) if digits else None
    if known is None and not digits:
        known = next((one for one in talk.values if one.type == piece.type and one.content == piece.content), None)
    if known and known.type == piece.type:
        known.turn = talk.turn
        return known
    last = next((one for one in reversed(talk.values) if one.type == piece.type), None)
    if last and talk.turn - last.turn <= _PATIENCE * 2 and _continues(last, piece, talk.turn):
        last.content = last.content + piece.content if digits else f"{last.content} {piece.content}"
        last.whole = last.whole or len(last.content) >= 13
        last.turn = talk.turn
        return last
    value = _Value(piece.type, talk.count, piece.content, talk.turn, piece.whole)
    talk.count += 1
    talk.values = [*talk.values[-_RECENT:], value]
    return value


def _continues(last: _Value, piece: Piece, turn: int) -> bool:
    """Whether a piece goes on with the last value of its type: that one is unfinished, or this is only a part."""
    if piece.type in ("email", "password"):
        return not piece.whole and turn == last.turn
    if piece.type == "address":
        return piece.content.isdigit() != last.content.isdigit()
    if not last.whole and last.content.isdigit() == piece.content.isdigit():
        return True
    return not piece.whole and turn == last.turn


def _echoes(stretch: Stretch, talk: _Talk) -> list[Sensitive]:
    """What the other side read back within a stretch: numbers that are part of a value just said."""
    if not stretch.echoes:
        return []
    scene = scene_of(Stretch("", stretch.echoes), ())
    found: list[Sensitive] = []
    for run in runs(scene):
        value = next(
            (one for one in reversed(talk.values) if one.turn == talk.turn and run.digits in one.content), None
        )
        if value and (len(run.digits) >= 2 or value.type in SECRETS):
            found += _spans(scene.atoms[run.first : run.last], value.type, value.number)
    return found


def _listen(talk: _Talk, stretch: Stretch, scene: Scene, pieces: Sequence[Piece]) -> None:
    """Move the conversation on: questions put, questions answered, questions forgotten."""
    speaker = stretch.speaker
    told = {piece.type for piece in pieces if piece.whole}
    for asker, question in talk.open.items():
        if asker != speaker:
            _answer(question, told, heard=bool(pieces), said=not _only(stretch.atoms, BACKCHANNELS))
    talk.promised.pop(speaker, None)
    trailing = tuple(label.type for label in scene.labels[-1:] if len(scene.atoms) - label.last <= 3 and not label.weak)
    asked = tuple(kind for kind in scene.requests if kind not in told)
    before = talk.open.get(speaker)
    if asked:
        talk.open[speaker] = _Question(asked, _patience(asked))
    elif trailing and trailing[0] not in told:
        talk.promised[speaker] = trailing
    elif before and before.answered and any(atom.text in _AGAIN for atom in stretch.atoms):
        talk.open[speaker] = _Question(before.answered, _patience(before.answered))


def _answer(question: _Question, told: set[str], *, heard: bool, said: bool) -> None:
    """What a turn of the other party does to a question: answers it, goes on answering, or lets it wait."""
    answered = tuple(kind for kind in question.types if kind in told)
    if answered:
        question.types = tuple(kind for kind in question.types if kind not in told)
        question.answered = answered
    elif heard:
        question.patience = _patience(question.types)
    elif said:
        question.answered = ()
        question.patience -= 1
        if question.patience <= 0:
            question.types = ()


def _patience(types: Collection[str]) -> int:
    """Turns that a question for these types waits."""
    return _PATIENCE_FOR_SECRETS if SECRETS & set(types) else _PATIENCE


def _only(atoms: Sequence[Atom], words: Collection[str]) -> bool:
    """Whether nothing else than those words is said."""
    return all(atom.text in words for atom in atoms)


def _spans(atoms: Sequence[Atom], kind: str, value: int) -> list[Sensitive]:
    """The words under some atoms as spans, one a segment; a number's joints at a segment's edge are left out."""
    bounds: dict[int, tuple[int, int]] = {}
    idle = frozenset[str]() if kind in ("password", "email", "address") else JOINS | REPAIRS
    for atom in atoms:
        if atom.text in idle:
            continue
        first, last = bounds.get(atom.segment, (atom.word, atom.word))
        bounds[atom.segment] = (min(first, atom.word), max(last, atom.word))
    return [Sensitive(kind, value, segment, first, last + 1) for segment, (first, last) in bounds.items()]


def _once(found: Iterable[Sensitive]) -> list[Sensitive]:
    """Spans of which no word is in two: the first found keeps it."""
    taken: set[tuple[int, int]] = set()
    kept: list[Sensitive] = []
    for one in found:
        places = {(one.segment, word) for word in range(one.first, one.last)}
        if taken.isdisjoint(places):
            taken |= places
            kept.append(one)
    return kept
