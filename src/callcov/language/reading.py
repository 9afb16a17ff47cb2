"""A transcript cut into clauses, with what the encoder and the reader say of each of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.language.clauses import Clause, bare, clauses
from callcov.language.context import Sentence
from callcov.language.encoder import Encodes
from callcov.language.reader import Floats, Heads, Judgements
from callcov.language.vectors import Vectors, kept, rounded
from callcov.model import Segment

_BACKCHANNELS = frozenset(
    "yes yeah yep yup no nope ok okay right sure uh um er erm ah oh mm mhm mm-hm mm-hmm uh-huh hmm hm alright fine "
    "correct exactly please i see all cool got it and so well".split()
)
_SHORT = 3  # words; a longer row of such words may mean something after all


@dataclass(frozen=True, slots=True)
class Reading:
    """The clauses that say something, in order; the arrays have a row for each.

    `vectors` [n, 384] are the plain encoder's, already rounded as they are kept; `judged` is the reader's; `answered`
    is what the other side said before.
    """

    clauses: tuple[Clause, ...]
    vectors: Floats
    judged: Judgements
    answered: tuple[str, ...]

    def kept(self) -> Vectors:
        """The vectors as they are stored; `vectors` holds the same numbers."""
        return kept(self.clauses, self.vectors)

    def over(self, segment: int, first: int, last: int) -> list[int]:
        """The rows of the clauses that share a word with `segments[segment].words[first:last]`."""
        ends = [bisect_left(self.clauses, place, key=_segment) for place in (segment, segment + 1)]
        return [row for row in range(*ends) if self.clauses[row].first < last and first < self.clauses[row].last]


def _segment(clause: Clause) -> int:
    return clause.segment


def telling(segments: Sequence[Segment]) -> tuple[Clause, ...]:
    """The clauses of the segments that are more than an acknowledgement."""
    return tuple(
        clause
        for place, segment in enumerate(segments)
        for clause in clauses(place, segment)
        if not is_backchannel(clause.text)
    )


def read(segments: Sequence[Segment], encoder: Encodes, known: Heads) -> Reading:
    """Cut, encode and judge; equal clauses are encoded once, acknowledgements not at all."""
    cut = telling(segments)
    vectors = rounded(encoder.encode([clause.text for clause in cut]))
    read_in = list(_in_context(segments, cut))
    judged = known.judge(encoder.read(read_in))
    return Reading(cut, vectors, judged, tuple(one.other for one in read_in))


def is_backchannel(text: str) -> bool:
    """Whether a text is only an acknowledgement such as "okay, yeah", or has no words at all."""
    words = [word for word in map(bare, text.split()) if word]
    return not words or (len(words) <= _SHORT and all(word in _BACKCHANNELS for word in words))


def _in_context(segments: Sequence[Segment], cut: Sequence[Clause]) -> Iterator[Sentence]:
    """Each clause with the other side's turn before it and its own side's clause before it in the same turn."""
    turns = _turns(segments)
    before, own = "", -1
    for clause in cut:
        turn = turns[clause.segment]
        if turn != own:
            before, own = "", turn
        yield Sentence(clause.text, _said(segments, turns, turn - 1), before)
        before = clause.text


def _turns(segments: Sequence[Segment]) -> list[int]:
    """The number of the turn, from 0, that each segment belongs to: a run of segments of one speaker."""
    turns: list[int] = []
    for place, segment in enumerate(segments):
        fresh = not place or segment.speaker != segments[place - 1].speaker
        turns.append((turns[-1] if turns else -1) + fresh)
    return turns


def _said(segments: Sequence[Segment], turns: Sequence[int], turn: int) -> str:
    """What is said in a turn; empty before the first."""
    first, last = bisect_left(turns, turn), bisect_left(turns, turn + 1)
    return " ".join(segment.text for segment in segments[first:last])
