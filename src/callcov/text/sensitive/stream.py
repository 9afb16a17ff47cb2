"""The word stream of a call as the detectors read it: each party's turns, joined across the other's "mm-hm".

Real callers give one word a segment ("seven" / "zero" / "zero") with the other side saying "mhm" between, or reading
every piece back. A Stretch is all that one speaker says until the other says something of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from callcov.model import Segment
from callcov.text.murmurs import murmured
from callcov.text.normalise import FILLERS, tokens
from callcov.text.numbers import is_number

DIGITS = frozenset("0 1 2 3 4 5 6 7 8 9 oh zero one two three four five six seven eight nine".split())
"""Single digits, as they are written."""
COUNTED = frozenset("double triple treble oh o hundred thousand".split())
"""Words that say digits together with a number."""
BACKCHANNELS = FILLERS | frozenset(
    "ok right yes yeah yep yup got it sure all thanks thank you perfect great go on ahead i see next and "
    "lovely correct good fine mm huh please then cool brilliant wonderful alrighty roger".split()
)
"""Words of somebody who only listens."""
_SHAPES = (
    ("email", re.compile(r"^[^@\s]+@[^@\s]+$")),
    ("money", re.compile(r"^[$£€]\d|\d[$£€]$|^\d+p$")),
    ("percent", re.compile(r"\d%$")),
    ("clock", re.compile(r"^\d{1,2}[:.]\d{2}(am|pm)?$|^\d{1,2}(am|pm)$|^\d{1,2}:\d{2}(:\d{2})?$")),
    ("decimal", re.compile(r"^\d+\.\d{1,2}$")),
    ("thousands", re.compile(r"^\d{1,3}(,\d{3})+$")),
    ("date", re.compile(r"^(\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})|\d{4}[/-]\d{1,2}[/-]\d{1,2})$")),
    ("slash", re.compile(r"^\d{1,2}/\d{1,4}$")),
)


@dataclass(frozen=True, slots=True)
class Atom:
    """One token with its place in the call. `shape` names a word written as a whole ("money", "date", "email")."""

    text: str
    segment: int
    word: int
    end: str = ""
    shape: str = ""
    raw: str = ""


def same_word(one: Atom, other: Atom) -> bool:
    """Whether two atoms were written as one word: the parts of "LN4" or of 45.39."""
    return (one.segment, one.word) == (other.segment, other.word)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one speaker says; `echoes` is what the other said within it, listening or reading back."""

    speaker: str
    atoms: tuple[Atom, ...]
    echoes: tuple[Atom, ...] = ()


@dataclass(slots=True)
class _Open:
    """A stretch that is still being collected."""

    speaker: str
    atoms: list[Atom] = field(default_factory=list[Atom])
    echoes: list[Atom] = field(default_factory=list[Atom])


def stretches(segments: Sequence[Segment]) -> tuple[Stretch, ...]:
    """The segments joined, in order of their first word. Every word is in exactly one stretch. Empty for no words."""
    found: list[_Open] = []
    spoken = groupby(enumerate(segments), key=lambda one: one[1].speaker)
    for speaker, run in spoken:  # what somebody says in one go is judged as a whole, wherever it was cut
        pieces = list(run)
        murmur = all(murmured(segment.words) for _, segment in pieces)
        atoms = [atom for place, segment in pieces for atom in atoms_of(segment, place)]
        if found and found[-1].speaker == speaker:
            found[-1].atoms += atoms
        elif found and found[-1].atoms and (murmur or _listens(atoms, found[-1].atoms)):
            found[-1].echoes += atoms
        elif atoms:
            found.append(_Open(speaker, atoms))
    return tuple(Stretch(one.speaker, tuple(_as_numbers(one.atoms)), tuple(one.echoes)) for one in found)


def _as_numbers(atoms: Sequence[Atom]) -> list[Atom]:
    """The atoms with "for" as four where it stands before a digit, behind another or where something begins."""
    read: list[Atom] = []
    for atom, after in zip(atoms, [*atoms[1:], None], strict=True):
        begins = not read or (bool(read[-1].end) and not is_number(read[-1].text))
        misheard = atom.text == "for" and not atom.end and after is not None and after.text in DIGITS
        if misheard and (begins or is_number(read[-1].text)):
            atom = replace(atom, text="4")  # noqa: PLW2901 - what it is taken for
        read.append(atom)
    return read


def atoms_of(segment: Segment, place: int) -> list[Atom]:
    """The atoms of one segment."""
    shown = [unicodedata.normalize("NFKC", word.text).strip(" \"'.,;:!?()[]") for word in segment.words]
    shapes = [_shape(text.casefold()) for text in shown]
    return [
        Atom(token.text, place, token.word, token.end, shapes[token.word], shown[token.word])
        for token in tokens(segment.words)
    ]


def _shape(text: str) -> str:
    """The name of the first shape a written word has; most have none."""
    if "@" not in text and not any("0" <= letter <= "9" for letter in text):
        return ""
    return next((name for name, pattern in _SHAPES if len(text) < 100 and pattern.search(text)), "")


def _listens(atoms: Sequence[Atom], said: Sequence[Atom]) -> bool:
    """Whether somebody only listens: a few words of agreement, or some of the other's last numbers read back."""
    heard = [atom.text for atom in atoms]
    if len(heard) <= 4 and all(text in BACKCHANNELS for text in heard):
        return not any(atom.end == "?" for atom in said[-1:])
    spoken = [text for text in heard if text not in BACKCHANNELS]
    last = {atom.text for atom in said[-12:]}
    return (
        bool(spoken)
        and len(heard) <= 12
        and all((is_number(text) or text in COUNTED) and text in last for text in spoken)
    )
