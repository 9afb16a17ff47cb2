"""The vectors of a call's clauses as they are kept beside it, so that other wordings find their match without a model.

Half precision is enough for a similarity and halves the room; what is found when a call is first analysed comes from
the very numbers that are kept, so that matching again finds the same. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcov.language.clauses import Clause, clause
from callcov.language.encoder import WIDTH
from callcov.model import Segment

_MAGIC = b"CCV1"  # the layout and the encoder; other numbers need another name
_HEAD = len(_MAGIC) + 4

Halves = NDArray[np.float16]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vectors:
    """A row for each clause that says something: `places` [n, 3] is segment, first word, last word (exclusive).

    `rows` is [n, 384]. A call without words, or in a language that is not understood, has none.
    """

    places: NDArray[np.uint32]
    rows: Halves

    def full(self) -> Floats:
        """The rows in the precision that is computed with, [n, 384]."""
        return self.rows.astype(np.float32)


def kept(found: Sequence[Clause], vectors: Floats) -> Vectors:
    """The vectors of those clauses; `vectors` is [n, 384] and already `rounded`."""
    places = np.array([(one.segment, one.first, one.last) for one in found], np.uint32).reshape(-1, 3)
    return Vectors(places, vectors.astype(np.float16))


def rounded(vectors: Floats) -> Floats:
    """The nearest numbers that half precision holds."""
    return vectors.astype(np.float16).astype(np.float32)


def pack(vectors: Vectors) -> bytes:
    """The vectors as bytes to be stored, 780 a clause."""
    count = len(vectors.rows).to_bytes(4, "little")
    return _MAGIC + count + vectors.places.astype("<u4").tobytes() + vectors.rows.astype("<f2").tobytes()


def unpack(stored: bytes) -> Vectors:
    """What `pack` was given. Raises ValueError for bytes that it did not write."""
    count = int.from_bytes(stored[len(_MAGIC) : _HEAD], "little")
    if stored[: len(_MAGIC)] != _MAGIC or len(stored) != _HEAD + count * (12 + 2 * WIDTH):
        raise ValueError("These are no vectors of this version.")
    places = np.frombuffer(stored, "<u4", count * 3, _HEAD).reshape(count, 3)
    rows = np.frombuffer(stored, "<f2", count * WIDTH, _HEAD + count * 12).reshape(count, WIDTH)
    return Vectors(places.astype(np.uint32, copy=False), rows.astype(np.float16, copy=False))


def fits(vectors: Vectors, segments: Sequence[Segment]) -> bool:
    """Whether every place of the vectors lies in those segments: if not, they are another call's."""
    lengths = np.array([len(segment.words) for segment in segments], np.uint32)
    places = vectors.places
    if not len(places):
        return True
    return bool((places[:, 0] < len(lengths)).all() and (places[:, 2] <= lengths[places[:, 0]]).all())


def by_text(vectors: Vectors, segments: Sequence[Segment]) -> dict[str, Floats]:
    """Each clause's text with its vector, from the segments that the vectors were made of."""
    full = vectors.full()
    places = (map(int, place) for place in vectors.places)
    return {
        clause(place, segments[place].words, first, last).text: full[row]
        for row, (place, first, last) in enumerate(places)
    }
