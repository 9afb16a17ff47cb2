"""A transcript cut into clauses, with what the encoder and the heads say of each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callcov.language.clauses import Clause, bare, clauses
from callcov.language.encoder import Encoder
from callcov.language.features import features
from callcov.language.heads import Floats, Heads
from callcov.model import Segment

_BACKCHANNELS = frozenset(
    "yes yeah yep yup no nope ok okay right sure uh um er erm ah oh mm mhm mm-hm mm-hmm uh-huh hmm hm alright fine "
    "correct exactly please i see all cool got it and so well".split()
)
_SHORT = 3  # words; a longer row of such words may mean something after all


@dataclass(frozen=True, slots=True)
class Reading:
    """The clauses that say something, in order; the arrays have a row for each.

    `vectors` [n, 384], `probabilities` [n, acts], `similar` [n, examples], `likeness` [n]: log-odds of an agent.
    """

    clauses: tuple[Clause, ...]
    vectors: Floats
    probabilities: Floats
    similar: Floats
    likeness: Floats

    def over(self, segment: int, first: int, last: int) -> list[int]:
        """The rows of the clauses that share a word with `segments[segment].words[first:last]`."""
        return [
            row
            for row, clause in enumerate(self.clauses)
            if clause.segment == segment and clause.first < last and first < clause.last
        ]


def read(segments: Sequence[Segment], encoder: Encoder, known: Heads) -> Reading:
    """Cut, encode and judge; equal clauses are encoded once, acknowledgements not at all."""
    cut = tuple(
        clause
        for place, segment in enumerate(segments)
        for clause in clauses(place, segment)
        if not is_backchannel(clause.text)
    )
    texts = [clause.text for clause in cut]
    vectors = encoder.encode(texts)
    rows = features(texts, vectors)
    similar = vectors @ known.example_vectors.T
    return Reading(cut, vectors, known.probabilities(rows), similar, known.likeness(rows))


def is_backchannel(text: str) -> bool:
    """Whether a text is only an acknowledgement such as "okay, yeah", or has no words at all."""
    words = [word for word in map(bare, text.split()) if word]
    return not words or (len(words) <= _SHORT and all(word in _BACKCHANNELS for word in words))
