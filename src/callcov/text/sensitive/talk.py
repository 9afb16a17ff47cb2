"""Where a conversation stands: who waits to hear what, and the values that are being said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from callcov.text.numbers import is_number
from callcov.text.sensitive.cards import is_whole
from callcov.text.sensitive.cues import another
from callcov.text.sensitive.names import ENDING, OTHER
from callcov.text.sensitive.runs import harmless
from callcov.text.sensitive.scene import REPAIRS, SECRETS, Piece, Scene
from callcov.text.sensitive.stream import BACKCHANNELS, COUNTED, Atom, Stretch

_PATIENCE = 2
"""Turns without an answer after which a question is forgotten."""
_PATIENCE_FOR_SECRETS = 4
"""The same for a secret, which people are slow to tell and which costs more to miss."""
_AGAIN = frozenset("repeat again sorry missed catch pardon next then after rest last".split())
"""Words with which an answer, or the rest of it, is asked for once more."""
_LONGEST = 200
_PARTS = 12
"""Letters and pieces of one value that are remembered."""
_RECENT = 12
"""Values remembered for recognising a repetition."""
_GOES_ON = 3
"""Turns after which a value is no longer being said."""
_JOINED = 6
"""Turns within which a part, a correction or a read-back belongs to the value before it."""
HINTED = ("card_number", "card_cvv", "pin", "password", "email")
"""Types that people say as soon as they are spoken of."""
_REFUSES = frozenset("no nope not never".split())
"""Words with which an offer to say a value is turned down."""
_TALKS = 7
"""Words of the other party's own after which a value is no longer being said."""
_SHORT = 6
"""Words at most with which an answer is asked for once more."""
_MOVES_ON = 4
"""Words of an asker's own with which they have taken the answer as given."""


@dataclass(slots=True)
class Value:
    """A value heard so far: what of it was said, by whom, the turn it was last continued in, whether all is there."""

    type: str
    number: int
    content: str
    speaker: str
    turn: int
    whole: bool
    parts: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class _Question:
    """What one party waits to hear, for how many more turns, and what of it was answered in part or whole."""

    types: tuple[str, ...]
    patience: int
    begun: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()


@dataclass(slots=True)
class Talk:
    """Each party's open question, what a party offered or announced, what was spoken of, and the values heard last.

    `fresh` are types of which another value was asked for. `harmless` are the numbers said lately that were no values,
    such as amounts: who repeats one tells nothing. `since` is the turn from which on values may go on: a new question
    closes those before it.
    """

    open: dict[str, _Question] = field(default_factory=dict[str, _Question])
    promised: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    hinted: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    values: list[Value] = field(default_factory=list[Value])
    harmless: dict[str, int] = field(default_factory=dict[str, int])
    fresh: set[str] = field(default_factory=set[str])
    count: int = 0
    turn: int = 0
    since: int = 0

    def expected(self, stretch: Stretch) -> tuple[tuple[str, ...], ...]:
        """The types a speaker is waited for to say or announced, those said just before, and those spoken of."""
        questions = [question for asker, question in self.open.items() if asker != stretch.speaker]
        types = [kind for question in questions for kind in question.types]
        if all(is_number(one.text) or one.text in BACKCHANNELS or one.text in COUNTED for one in stretch.atoms):
            types += [kind for question in questions for kind in question.answered]
        going = [
            kind
            for value in reversed(self.values)
            if value.turn >= self.since and self.turn - value.turn <= _GOES_ON
            for kind in (value.type, *(("card_cvv",) if is_whole(value.content) else ()))
        ]
        if OTHER in types and any(is_whole(one.content) and self.turn - one.turn <= _JOINED for one in self.values):
            going.append("card_cvv")  # asked when a card expires, people go on to the code
        promised = self.promised.get(stretch.speaker, ())
        told = any(self.turn - value.turn <= _JOINED for value in self.values[-1:])
        hinted = [kind for (who, kind), until in self.hinted.items() if until >= self.turn and who != stretch.speaker]
        if told and self.since < self.turn:  # a birth date alone tells itself while somebody is identified
            hinted.append("date_of_birth")
        return tuple(dict.fromkeys((*types, *promised))), tuple(dict.fromkeys(going)), tuple(hinted)

    def known(self, digits: str) -> Value | None:
        """The value that some digits repeat: all of it, four of it or more, or three that were said just now."""
        for value in reversed(self.values):
            recent = self.turn - value.turn <= _GOES_ON and len(digits) >= 3
            if value.content.isdigit() and (
                _same_digits(digits, value.content) or (recent and digits in value.content)
            ):
                return value
        return None

    def just_said(self, digits: str) -> bool:
        """Whether digits are the piece of a value that was said last, a turn or two ago."""
        last = self.values[-1] if self.values else None
        return bool(last and len(digits) >= 3 and last.parts[-1] == digits and self.turn - last.turn <= _PATIENCE)

    def value_of(self, piece: Piece, speaker: str, *, again: bool) -> Value:
        """The value a piece belongs to: one said before, one that is still being said, or a new one.

        `again` tells that the piece takes back or repeats the one before it.
        """
        digits = piece.content.isdigit()
        known = self.known(piece.content) if digits else None
        if known is None:
            same = (one for one in self.values if one.type == piece.type)
            known = next((one for one in same if piece.content in (one.content, *one.parts)), None)
        if known and known.type == piece.type:
            known.turn = self.turn
            return known
        last = next((one for one in reversed(self.values) if one.type == piece.type), None)
        if piece.type in self.fresh:
            self.fresh.discard(piece.type)
            last = None
        if last and self.turn - last.turn <= _JOINED and self._continues(last, piece, speaker, again=again):
            last.content += piece.content if digits and last.content.isdigit() else f" {piece.content}"
            last.whole = last.whole or piece.whole or len(last.content) >= 13
            last.turn = self.turn
            last.content = last.content[-_LONGEST:]
            last.parts = [*last.parts[-_PARTS:], piece.content]
            return last
        value = Value(piece.type, self.count, piece.content, speaker, self.turn, piece.whole, [piece.content])
        self.count += 1
        self.values = [*self.values[-_RECENT:], value]
        return value

    def _continues(self, last: Value, piece: Piece, speaker: str, *, again: bool) -> bool:
        """Whether a piece goes on with, corrects or reads back the last value of its type."""
        if piece.type in ("address", "bank_account") or again:
            return True
        if not last.whole or not piece.whole:
            return True
        if piece.content.isdigit() and last.content.isdigit():
            misread = any(_twisted(piece.content, part) for part in last.parts)
            return misread or (speaker != last.speaker and _shares(piece.content, last.content))
        told = speaker != last.speaker or piece.type != "date_of_birth"
        return told and bool(_telling(piece.content) & _telling(last.content))

    def spared(self, digits: str) -> bool:
        """Whether digits only repeat a number that was said just before and was no value."""
        return self.turn - self.harmless.get(digits, -_PATIENCE - 1) <= _PATIENCE

    def listen(self, stretch: Stretch, scene: Scene, pieces: Sequence[Piece]) -> None:
        """Move the conversation on: questions put, questions answered, questions forgotten."""
        speaker = stretch.speaker
        told = {piece.type for piece in pieces if piece.whole}
        begun = {piece.type for piece in pieces}
        for asker, question in self.open.items():
            if asker != speaker:
                _answer(question, told, begun, said=not _only(stretch.atoms, BACKCHANNELS))
        asked = self._asked(scene, pieces)
        if asked:
            self.open[speaker] = _Question(asked, _patience(asked))
            self._close()
        elif another([atom.text for atom in stretch.atoms], stretch.atoms[-1].end) and (last := self._last()):
            self.open[speaker] = _Question((last,), _patience((last,)))
            self.fresh.add(last)
        elif scene.wonders:
            self.open.pop(speaker, None)
            self._close()
        else:
            self._go_on(speaker, stretch.atoms, begun)
        self._promise(speaker, scene, {*asked, *told})
        self._hint(speaker, scene)
        if scene.groups:
            self.harmless = {digits: turn for digits, turn in self.harmless.items() if self.turn - turn <= _PATIENCE}
            self.harmless |= dict.fromkeys(harmless(scene), self.turn)

    def _asked(self, scene: Scene, pieces: Sequence[Piece]) -> tuple[str, ...]:
        """The types that a stretch asks for; an address is one of email too when an email was just spoken of."""
        bank = "bank_account" in scene.requests
        email = any(kind == "email" and until >= self.turn for (_, kind), until in self.hinted.items())
        requests = (*scene.requests, *(("email",) if email and "address" in scene.requests else ()))
        open_ = (kind for kind in requests if not _told_after(scene, pieces, kind))
        return tuple(dict.fromkeys(self._meant(kind, bank=bank) for kind in open_))

    def _promise(self, speaker: str, scene: Scene, done: Collection[str]) -> None:
        """Remember what a speaker offers or is about to say; a "no" turns the other party's offer down."""
        self.promised.pop(speaker, None)
        if any(atom.text in _REFUSES for atom in scene.atoms[:_SHORT]):
            self.promised = {who: kinds for who, kinds in self.promised.items() if who == speaker}
        trailing = tuple(
            label.type
            for label in scene.labels[-1:]
            if len(scene.atoms) - label.last <= 3 and not label.weak and label.type not in {*scene.requests, *done}
        )
        if promised := scene.offers or trailing:
            self.promised[speaker] = promised

    def _last(self) -> str | None:
        """The type of the value told last, if that is not long ago."""
        recent = self.values[-1:] and self.turn - self.values[-1].turn <= _GOES_ON
        return self.values[-1].type if recent else None

    def _close(self) -> None:
        """What was said before goes on no more."""
        self.since = self.turn + 1
        self.hinted.clear()

    def _meant(self, kind: str, *, bank: bool) -> str:
        """The type asked for by a name: with or after a sort code "and the account number?" is the bank's."""
        recent = any(one.type == "bank_account" and self.turn - one.turn <= _JOINED for one in self.values)
        return "bank_account" if kind == "account_number" and (recent or bank) else kind

    def _hint(self, speaker: str, scene: Scene) -> None:
        """Remember that a code was sent or a secret spoken of: people read them out unasked."""
        for label in scene.labels:
            if label.type not in (*scene.asked, OTHER, ENDING) and (label.type in HINTED or not label.weak):
                self.hinted[speaker, label.type] = self.turn + (_GOES_ON if label.type in HINTED else 1)

    def _go_on(self, speaker: str, atoms: Sequence[Atom], begun: set[str]) -> None:
        """What somebody's words without a question do to their own question: ask again, or take the answer."""
        question = self.open.get(speaker)
        other = any(text in _REFUSES for text in [atom.text for atom in atoms[:2]])
        content = sum(atom.text not in BACKCHANNELS for atom in atoms)
        if content >= _TALKS and not begun and any(value.speaker != speaker for value in self.values[-1:]):
            self._close()
        if question is None or begun & {*question.begun, *question.answered}:
            return
        said = [atom.text for atom in atoms if atom.text not in BACKCHANNELS]
        short = len(said) <= _SHORT
        if other or (short and (atoms[-1].end == "?" or any(text in _AGAIN for text in said))):
            types = tuple(dict.fromkeys((*question.answered, *question.types)))
            self.open[speaker] = _Question(types, _patience(types), question.begun)
        elif question.begun and len(said) >= _MOVES_ON:
            question.types = tuple(kind for kind in question.types if kind not in question.begun)


def _told_after(scene: Scene, pieces: Sequence[Piece], kind: str) -> bool:
    """Whether somebody who names a type goes on to say a value of it: "of the card? Five four six six"."""
    named = max((label.last for label in scene.labels if label.type == kind), default=0)
    return any(piece.type == kind and piece.first >= named for piece in pieces)


def corrects(atoms: Sequence[Atom], place: int) -> bool:
    """Whether words that take something back stand just before a place."""
    return any(atom.text in REPAIRS for atom in atoms[max(0, place - 4) : place])


def _answer(question: _Question, told: set[str], begun: set[str], *, said: bool) -> None:
    """What a turn of the other party does to a question: answers it, goes on answering, or lets it wait."""
    answered = tuple(kind for kind in question.types if kind in told)
    heard = tuple(kind for kind in question.types if kind in begun)
    if answered:
        question.types = tuple(kind for kind in question.types if kind not in told)
        question.answered = answered
    if heard:
        question.begun = tuple(dict.fromkeys((*question.begun, *heard)))
        question.patience = _patience(question.types)
    elif said:
        question.answered = ()
        question.patience -= 1
        if question.patience <= 0:
            question.types = ()


def _twisted(one: str, other: str) -> bool:
    """Whether digits are as many and differ in two places at most: one is the other misheard or misread."""
    return len(one) == len(other) and sum(this != that for this, that in zip(one, other, strict=True)) <= 2


def _shares(one: str, other: str) -> bool:
    """Whether three digits in a row of one are in the other."""
    return any(one[place : place + 3] in other for place in range(len(one) - 2))


def _telling(content: str) -> set[str]:
    """The words of a value that others of its type do not have."""
    return {word for word in content.split() if len(word) > 1} - {
        "dot",
        "at",
        "com",
        "net",
        "org",
        "co",
        "uk",
        "of",
        "the",
    }


def _patience(types: Collection[str]) -> int:
    """Turns that a question for these types waits."""
    if set(types) <= {OTHER}:
        return 1
    return _PATIENCE_FOR_SECRETS if SECRETS & set(types) else _PATIENCE


def _only(atoms: Sequence[Atom], words: Collection[str]) -> bool:
    """Whether nothing else than those words is said."""
    return all(atom.text in words for atom in atoms)


def _same_digits(digits: str, said: str) -> bool:
    """Whether digits repeat a value: all of it, four of it or more, or both its ends (a correction lies between)."""
    if digits == said or (len(digits) >= 4 and digits in said) or (len(said) >= 6 and said in digits):
        return True
    shorter = len(digits) >= 6 and len(said) <= 2 * len(digits) and digits[:2] == said[:2] and _within(digits, said)
    return shorter or (min(len(digits), len(said)) >= 9 and digits[:3] == said[:3] and digits[-4:] == said[-4:])


def _within(digits: str, said: str) -> bool:
    """Whether digits are what is left of those said when some were taken back."""
    left = iter(said)
    return all(digit in left for digit in digits)
