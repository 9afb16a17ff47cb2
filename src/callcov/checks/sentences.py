"""What was said, sentence by sentence, with the places of its words; for checks that read whole sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from callcov.checks.evidence import Evidence
from callcov.checks.reading import Reading
from callcov.checks.sayings import SAYINGS
from callcov.model import Role
from callcov.text.normalise import Token

_LONGEST = 25
"""Tokens; a recogniser that writes no full stop must still be cut somewhere."""
_JOINS = frozenset("and but so because then".split())
_SUBJECTS = frozenset("i you we he she it they that there the your my our".split())


@dataclass(frozen=True)
class Sentence:
    """`segments[place].words[first:last]` of one side; it always has a token.

    `sayings` are the names of the wordings in it, as `sayings.py` lists them.
    """

    place: int
    first: int
    last: int
    role: Role
    tokens: tuple[Token, ...]
    sayings: frozenset[str]

    @cached_property
    def said(self) -> tuple[str, ...]:
        """The tokens' texts."""
        return tuple(token.text for token in self.tokens)

    @cached_property
    def words(self) -> frozenset[str]:
        """The distinct ones."""
        return frozenset(self.said)

    @cached_property
    def pieces(self) -> tuple[tuple[str, ...], ...]:
        """The same between its pauses; at least one, none empty."""
        ends = [at for at, token in enumerate(self.tokens, start=1) if token.end or at == len(self.tokens)]
        return tuple(self.said[first:last] for first, last in pairwise((0, *ends)))

    @property
    def asks(self) -> bool:
        """Whether it ends as a question."""
        return self.tokens[-1].end == "?"

    def acts(self, transcript: Reading) -> set[str]:
        """The names of the acts that its words do."""
        acts = transcript.segments[self.place].acts
        return {act.name for act in acts if act.first < self.last and self.first < act.last}

    def evidence(self, transcript: Reading) -> Evidence:
        """Its words as evidence."""
        return Evidence.at(transcript, self.place, self.first, self.last)


def sentences(transcript: Reading) -> tuple[Sentence, ...]:
    """Every sentence of a call in order; words that say nothing ("um") are in none alone. Empty for an empty call."""
    return tuple(
        sentence
        for place, heard in enumerate(transcript.tokens)
        for sentence in _of_segment(place, transcript.role(transcript.segments[place].speaker), heard)
    )


def _of_segment(place: int, role: Role, heard: Sequence[Token]) -> Iterator[Sentence]:
    found = SAYINGS.find(heard)
    for first, last in _runs(heard):
        names = frozenset(match.name for match in found if first <= match.first and match.last <= last)
        run = tuple(heard[first:last])
        yield Sentence(place, run[0].word, run[-1].word + 1, role, run, names)


def _runs(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The ranges between full stops and question marks, a long one cut where it goes on with a joining word."""
    first = 0
    for at, token in enumerate(heard, start=1):
        ends = token.end in (".", "?") or at == len(heard)
        if ends or (at - first >= _LONGEST and _goes_on(heard[at : at + 2])):
            yield first, at
            first = at


def _goes_on(following: Sequence[Token]) -> bool:
    """Whether what follows is another clause: "and I'll ..."."""
    words = [token.text for token in following]
    return words[0] in _JOINS and words[-1] in _SUBJECTS
