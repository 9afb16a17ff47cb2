"""What the heads look at: a sentence's vector and its words and word pairs, hashed into fixed places. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from callcov.language.clauses import bare
from callcov.language.encoder import WIDTH

BUCKETS = 2048
SHARE = 0.7  # length of the words' part beside the vector's 1.0; chosen by cross-validation (docs/heads.md)


def features(texts: Sequence[str], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """One row per text, [n, WIDTH + BUCKETS]: its vector, then its hashed words; `vectors` is [n, WIDTH]."""
    rows = np.zeros((len(texts), WIDTH + BUCKETS), np.float32)
    rows[:, :WIDTH] = vectors
    for place, text in enumerate(texts):
        buckets = sorted({WIDTH + zlib.crc32(gram.encode()) % BUCKETS for gram in _grams(text)})
        if buckets:
            rows[place, buckets] = SHARE / np.sqrt(len(buckets))
    return rows


def _grams(text: str) -> list[str]:
    words = [word for word in map(bare, text.split()) if word]
    edged = ["<", *words, ">"]
    return words + [f"{one} {two}" for one, two in pairwise(edged)]
