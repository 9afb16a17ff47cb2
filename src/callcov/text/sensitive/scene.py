"""What a detector is given: one stretch of speech with its numbers, labels and the question it answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from callcov.text.normalise import FILLERS, Token, plain
from callcov.text.numbers import Group, groups
from callcov.text.sensitive.cues import Label, labels, requested
from callcov.text.sensitive.stream import Atom, Stretch

JOINS = FILLERS | frozenset("dash hyphen space then and slash ok yes yeah so stop".split())
"""Words between the pieces of one value."""
REPAIRS = frozenset("sorry no wait actually scratch oops correction again repeat not pardon rather excuse".split())
"""Words with which a speaker takes a piece back or says it again."""
_AROUND_REPAIR = frozenset("that is it i mean the was should be a make me let start over thats one my bad".split())
CODES = frozenset(("account_number", "government_id", "bank_account", "password", "address"))
"""Types whose values hold letters beside digits."""
SECRETS = frozenset(("card_number", "card_cvv", "ssn", "pin", "password"))
"""While one of these is asked for, every digit run in the answer is masked: a leaked secret is worse than a mask."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A value or a part of one over `atoms[first:last]` of its stretch.

    `content` is what two sayings of one value share; `whole` tells that nothing of it can be missing.
    """

    type: str
    first: int
    last: int
    content: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Scene:
    """One stretch, ready to be searched. `asked` are the types the other party is waiting for, maybe `other`."""

    atoms: tuple[Atom, ...]
    groups: tuple[Group, ...]
    labels: tuple[Label, ...]
    requests: tuple[str, ...]
    asked: tuple[str, ...] = ()
    taken: set[int] = field(default_factory=set[int])
    starts: dict[int, Group] = field(default_factory=dict[int, Group])
    ends: dict[int, Group] = field(default_factory=dict[int, Group])

    def free(self, first: int, last: int) -> bool:
        """Whether no detector before this one took any of the atoms."""
        return self.taken.isdisjoint(range(first, last))

    def label_before(self, place: int, reach: int = 10) -> Label | None:
        """The nearest label that ends at most `reach` atoms before a place."""
        at = bisect_right(self.labels, place, key=lambda label: label.last) - 1
        return self.labels[at] if at >= 0 and place - self.labels[at].last <= reach else None

    def labels_near(self, place: int, reach: int) -> tuple[Label, ...]:
        """The labels that begin from `reach` atoms before a place to `reach` after it."""
        low = bisect_left(self.labels, place - reach, key=lambda label: label.first)
        return self.labels[low : bisect_right(self.labels, place + reach, key=lambda label: label.first)]


def scene_of(stretch: Stretch, asked: Sequence[str]) -> Scene:
    """A stretch with its numbers and labels; label places are atoms, fillers between counted."""
    atoms = stretch.atoms
    heard = plain([Token(atom.text, place, atom.end) for place, atom in enumerate(atoms)])
    found = labels(heard)
    placed = tuple(
        Label(label.type, heard[label.first].word, heard[label.last - 1].word + 1, label.weak) for label in found
    )
    numbers = groups([atom.text for atom in atoms])
    starts, ends = {one.first: one for one in numbers}, {one.last: one for one in numbers}
    masked = {place for place, atom in enumerate(atoms) if atom.text.startswith("[")}
    return Scene(atoms, numbers, placed, requested(heard, found), tuple(asked), masked, starts, ends)


def content_of(atoms: Sequence[Atom]) -> str:
    """The words of a value as one comparable text, without fillers."""
    return " ".join(atom.text for atom in atoms if atom.text not in FILLERS)


def joined(between: Sequence[Atom]) -> bool:
    """Whether the atoms between two pieces of a number leave them one value: nothing, joints, or a repair."""
    texts = [atom.text for atom in between]
    if any(text in REPAIRS for text in texts):
        return len(texts) <= 7 and all(text in REPAIRS or text in JOINS or text in _AROUND_REPAIR for text in texts)
    return len(texts) <= 4 and all(text in JOINS for text in texts)
