"""Example sentences with their vectors.

`heads.npz` is made by tools/train_heads.py from the seeds in `seeds/` and the invented calls of tools/talk. An act that
the reader finds is shown with the example most like it; a policy's wording must be nearer than what does no act.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_STEPS = 127  # example vectors are kept as whole numbers of 1/127, an error of under 1 % in a similarity


@dataclass(frozen=True, slots=True)
class Heads:
    """`examples` as unit vectors [n, 384], `mine` [n, acts] which acts each does.

    `seeds` is the fingerprint of what they were made from.
    """

    acts: tuple[str, ...]
    examples: tuple[str, ...]
    example_vectors: Floats
    mine: NDArray[np.bool_]
    seeds: str

    def like(self, vector: Floats, act: str) -> str:
        """The act's example most similar to a text's vector [384]."""
        own = np.flatnonzero(self.mine[:, self.acts.index(act)])
        return self.examples[int(own[int(np.argmax(self.example_vectors[own] @ vector))])]

    def harmless(self) -> Floats:
        """The vectors of the examples that do no act."""
        return self.example_vectors[~self.mine.any(axis=1)]


@cache
def shipped() -> Heads:
    """The heads that come with CallCov."""
    with as_file(files("callcov.language").joinpath("heads.npz")) as path, np.load(path, allow_pickle=False) as stored:
        return unpack({name: stored[name] for name in stored.files})


def pack(vectors: Floats) -> NDArray[np.int8]:
    """Unit vectors as whole numbers, to be stored."""
    largest: Floats = np.abs(vectors).max(axis=1, keepdims=True)
    return np.rint(vectors * _STEPS / largest).astype(np.int8)


def unpack(stored: dict[str, NDArray[Any]]) -> Heads:
    """The heads from their stored arrays."""
    document = cast("dict[str, Any]", json.loads(stored["document"].tobytes()))
    vectors = stored["examples"].astype(np.float32)
    return Heads(
        acts=tuple(document["acts"]),
        examples=tuple(document["examples"]),
        example_vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        mine=stored["mine"],
        seeds=document["seeds"],
    )


def fingerprint(documents: Iterable[Traversable]) -> str:
    """SHA-256 over files' names and bytes, whatever their order; what was learned carries that of its sources."""
    digest = hashlib.sha256()
    for document in sorted(documents, key=lambda one: one.name):
        digest.update(document.name.encode() + b"\0" + document.read_bytes() + b"\0")
    return digest.hexdigest()
