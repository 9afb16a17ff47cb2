"""Sensitive values in what was said: found on the unmasked words, then masked before anything else reads them.

`find` knows who speaks but not who the agent is: either side may ask, either may tell. It joins a party's turns
across the other's "mm-hm", keeps a question open until it is answered or forgotten, lets a value go on over pieces,
corrections and read-backs, and while a secret is asked for takes every run of digits in the answer (an over-mask is
cheap, a leaked card is not).
The twelve types are those of the policy (CONTRACT: card_number, card_cvv, ssn, bank_account, account_number,
date_of_birth, phone_number, email, address, password, pin, government_id). Decided: an expiry date is none of them;
the last four digits of a social security number are one, those of a card are a name for it and stay readable; policy,
member, customer and staff numbers are account numbers, order, booking and case numbers are not; one-time codes and
agreed words are passwords; a company's own toll-free number, website, office and role mailbox are not personal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from callcov.model import Segment, Sensitive, Word
from callcov.text.numbers import Group, groups
from callcov.text.phrases import FUNCTION_WORDS
from callcov.text.sensitive.address import addresses
from callcov.text.sensitive.dates import births
from callcov.text.sensitive.digits import coded, exchange, numbers
from callcov.text.sensitive.emails import emails
from callcov.text.sensitive.likely import Likely, joined
from callcov.text.sensitive.names import ENDING, OTHER
from callcov.text.sensitive.runs import runs
from callcov.text.sensitive.scene import JOINS, REPAIRS, SECRETS, Piece, Scene, alone, scene_of
from callcov.text.sensitive.secrets import passwords, telling
from callcov.text.sensitive.stream import Atom, Stretch, stretches
from callcov.text.sensitive.talk import Talk, corrects

__all__ = ["Likely", "find", "mask"]


_Places = frozenset[tuple[int, int]]
"""Words, each by its segment and its place in it."""
_SHORT = ("card_cvv", "pin")
"""Types whose values are so short that three digits of one tell it."""
_SIGNS = frozenset("$£€%")
_HOUSE = re.compile(r"\d{1,5}[A-Za-z]?,?$")
"""What a recogniser writes for the number of a house."""
_BREATH = 40
"""Words between two pieces of one value at most."""


def find(segments: Sequence[Segment], likely: Likely | None = None) -> tuple[Sensitive, ...]:
    """Every sensitive value in unmasked segments, in order of segment and word; linear in the words.

    Parts of one value, its repetitions, corrections and its read-back share one `value` number. No words, nothing
    found. `likely` is what a tagger believes of each word; without it the rules decide alone.
    """
    found, certain, harmless, plain = _by_rules(segments)
    if not likely:
        return found
    priced = frozenset(one for one in found if one.type in SECRETS and _priced(segments[one.segment], one))
    return _with_houses(segments, joined(found, certain | priced, harmless, plain, likely), harmless)


def _with_houses(
    segments: Sequence[Segment], found: Sequence[Sensitive], harmless: Collection[tuple[int, int]]
) -> tuple[Sensitive, ...]:
    """The spans, each address with the number of the house before it: "tonight to 1160 Kestrel Avenue"."""
    spans: list[Sensitive] = []
    for one in found:
        before = one.first - 1
        free = before >= 0 and (one.segment, before) not in harmless
        free = free and not (spans and spans[-1].segment == one.segment and spans[-1].last > before)
        house = one.type == "address" and free and _HOUSE.match(segments[one.segment].words[before].text)
        spans.append(replace(one, first=before) if house else one)
    return tuple(spans)


def _by_rules(segments: Sequence[Segment]) -> tuple[tuple[Sensitive, ...], frozenset[Sensitive], _Places, _Places]:
    """What rules find, what of it is certain, and the words that were called harmless, or are no value for sure."""
    talk = Talk()
    found: list[Sensitive] = []
    certain: set[Sensitive] = set()
    harmless: set[tuple[int, int]] = set()
    plain: set[tuple[int, int]] = set()
    for stretch in stretches(segments):
        talk.turn += 1
        scene = scene_of(stretch, *talk.expected(stretch))
        pieces = _pieces(scene, talk)
        for place, piece in enumerate(pieces):
            again = corrects(scene.atoms, piece.first) or _goes_on(scene, pieces[max(0, place - 4) : place], piece)
            value = talk.value_of(piece, stretch.speaker, again=again)
            spans = _spans(scene.atoms[piece.first : piece.last], piece.type, value.number)
            found += spans
            certain.update(spans if piece.certain else ())
        found += _echoes(stretch, talk)
        talk.listen(stretch, scene, pieces)
        harmless.update((scene.atoms[at].segment, scene.atoms[at].word) for at in scene.harmless)
        plain.update((scene.atoms[at].segment, scene.atoms[at].word) for at in scene.plain)
    in_order = tuple(sorted(_once(found), key=lambda one: (one.segment, one.first)))
    return in_order, frozenset(certain), frozenset(harmless), frozenset(plain)


def _priced(segment: Segment, one: Sensitive) -> bool:
    """Whether a value was written with the sign of a price or a share: a PIN as "$45.39"."""
    return any(_SIGNS.intersection(word.text) for word in segment.words[one.first : one.last])


def _goes_on(scene: Scene, before: Sequence[Piece], piece: Piece) -> bool:
    """Whether a piece goes on with one before it in the same breath: of its type, nothing named between."""
    last = next((one for one in reversed(before) if one.type == piece.type), None)
    if last is None or piece.type in ("phone_number", "email", "date_of_birth"):
        return False
    gap = piece.first - last.last
    between = scene.labels_near(piece.first, min(gap, _BREATH))
    return gap <= _BREATH and not any(label.type == piece.type and label.first < piece.first for label in between)


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


def _pieces(scene: Scene, talk: Talk) -> list[Piece]:
    """Everything sensitive in a scene, in order; detectors that know the form go first."""
    found: list[Piece] = []
    if talk.turn <= 2:
        found += exchange(scene, opening=talk.turn == 1)
    found += _free(scene, emails(scene))
    found += births(scene)
    found += _free(scene, addresses(scene))
    found += _free(scene, (one for one in passwords(scene) if not (one.content.isdigit() and talk.known(one.content))))
    found += coded(scene)
    found += _repeated(scene, talk)
    found += numbers(scene, talk.spared)
    return sorted(found, key=lambda piece: piece.first)


def _free(scene: Scene, pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces that no detector before took, now taken."""
    found: list[Piece] = []
    for piece in pieces:
        if scene.free(piece.first, piece.last):
            scene.taken.update(range(piece.first, piece.last))
            found.append(piece)
    return found


def _repeated(scene: Scene, talk: Talk) -> list[Piece]:
    """Values said before that are said again, whole or in part, by either side."""
    found: list[Piece] = []
    for run in runs(scene) if talk.values else ():
        known = talk.known(run.digits) if len(run.digits) >= 3 else None
        label = scene.label_before(run.first, 6)
        ending = label and label.type == ENDING and known and known.content.endswith(run.digits)
        readable = label and (label.type == OTHER or (label.type == ENDING and known and known.type == "card_number"))
        if (
            known
            and not readable
            and (
                len(run.digits) >= 4
                or ending
                or (known.type in _SHORT and talk.turn - known.turn <= 2)
                or talk.just_said(run.digits)
                or alone(scene, run.first, run.last)
            )
        ):
            scene.taken.update(range(run.first, run.last))
            found.append(Piece(known.type, run.first, run.last, run.digits))
    return found + _house_again(scene, talk) + _same_words(scene, talk)


def _house_again(scene: Scene, talk: Talk) -> list[Piece]:
    """The number of a house said just before, read back: "so 81, and the postcode?", or before what the street became.

    A read-back is where an address is misheard anew: "11 quarry pets" of "11 Quarry Steps".
    """
    said = next((value for value in reversed(talk.values) if value.type == "address"), None)
    first = next((group for group in scene.groups if group.first <= 2), None)
    if not (said and first):
        return []
    turns = talk.turn - said.turn
    label = next((one for one in scene.labels if 0 <= one.first - first.last <= 3), None)
    goes_on = turns <= 2 and label is not None and label.type == "address"
    houses = {group.digits for group in groups(said.content.split())}
    if first.digits not in houses or not scene.free(first.first, first.last):
        return []
    if not goes_on and not (turns == 1 and _opens_a_name(scene, first)):
        return []
    scene.taken.update(range(first.first, first.last))
    return [Piece("address", first.first, first.last, first.digits)]


def _opens_a_name(scene: Scene, number: Group) -> bool:
    """Whether a number is the first that is said, counts nothing, and a word that can be a street's name follows."""
    behind = scene.atoms[number.last : number.last + 1]
    counts = number.quantity or number.ordinal
    if number.first > 0 or counts or scene.atoms[number.last - 1].end:
        return False
    return bool(behind) and behind[0].text not in FUNCTION_WORDS


def _same_words(scene: Scene, talk: Talk) -> list[Piece]:
    """Passwords, addresses, emails and dates of birth repeated word for word."""
    found: list[Piece] = []
    texts = [atom.text for atom in scene.atoms]
    said = frozenset(texts)
    for value in talk.values:
        for part in value.parts:
            wanted = part.split()
            if part.isdigit() or len(part) < 4 or wanted[0] not in said:
                continue
            for place, text in enumerate(texts):
                last = place + len(wanted)
                if text == wanted[0] and texts[place:last] == wanted and scene.free(place, last):
                    scene.taken.update(range(place, last))
                    found.append(Piece(value.type, place, last, part))
    return found + _given_away(scene, talk)


def _given_away(scene: Scene, talk: Talk) -> list[Piece]:
    """Single words of a password, or names in an address or an email, said again."""
    found: list[Piece] = []
    for value in talk.values or ():
        words = telling(" ".join(value.parts)) if value.type in ("password", "address", "email") else frozenset[str]()
        for place, atom in enumerate(scene.atoms) if words else ():
            name = value.type == "password" or atom.raw[:1].isupper()
            if name and atom.text in words and scene.free(place, place + 1):
                last = place + 1
                whole = value.content.split() if value.type == "address" else ()
                while last < len(scene.atoms) and not scene.atoms[last - 1].end and scene.atoms[last].text in whole:
                    last += 1  # "Wellesley Road", read back without its number
                scene.taken.update(range(place, last))
                found.append(Piece(value.type, place, last, value.parts[-1]))
    return found


def _echoes(stretch: Stretch, talk: Talk) -> list[Sensitive]:
    """What the other side read back within a stretch: numbers that are part of a value just said."""
    if not stretch.echoes:
        return []
    said = [value for value in reversed(talk.values) if value.turn == talk.turn]
    found: list[Sensitive] = []
    for _, atoms in groupby(stretch.echoes, key=lambda atom: atom.segment) if said else ():
        scene = scene_of(Stretch("", tuple(atoms)))
        for run in runs(scene):
            value = next((one for one in said if run.digits in one.content), said[0])
            found += _spans(scene.atoms[run.first : run.last], value.type, value.number)
    return found


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
