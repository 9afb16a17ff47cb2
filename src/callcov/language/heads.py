"""The small trained heads on top of the encoder, and the example sentences they were trained on.

`heads.npz` is made by tools/train_heads.py from the seeds in `seeds/`; docs/heads.md says how good they are.
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
NEAREST = 3  # example sentences asked on each side
_SURE = 0.9
_UNSURE = 0.25  # matter-of-fact talk about trouble leans this far towards negative
_STEPS = 127  # example vectors are kept as whole numbers of 1/127, an error of under 1 % in a similarity


@dataclass(frozen=True, slots=True)
class Heads:
    """One logistic head per act, one for sentiment, one for who speaks; and the examples as unit vectors.

    `weights` is [features, acts]; `thresholds` are the least probabilities and `margins` the least differences of
    similarity at which an act counts. `customers` marks acts that only a customer's sentences were trained on.
    `mine` and `against` are [examples, acts]: the act's own and its counter-examples. `sentiment` is [features, 3] for
    negative, neutral, positive; `agent` is [features].
    """

    acts: tuple[str, ...]
    weights: Floats
    bias: Floats
    thresholds: Floats
    margins: Floats
    customers: NDArray[np.bool_]
    sentiment: Floats
    sentiment_bias: Floats
    agent: Floats
    agent_bias: float
    examples: tuple[str, ...]
    example_vectors: Floats
    mine: NDArray[np.bool_]
    against: NDArray[np.bool_]
    seeds: str

    def probabilities(self, rows: Floats) -> Floats:
        """How likely each act is, [n, acts], 0..1, from `features` rows."""
        return np.reciprocal(1 + np.exp(-(rows @ self.weights + self.bias)), dtype=np.float32)

    def feeling(self, rows: Floats) -> Floats:
        """Probability of positive minus that of negative, [n], -1..1; differences under `_UNSURE` count as none."""
        scores = rows @ self.sentiment + self.sentiment_bias
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        lean = (parts[:, 2] - parts[:, 0]) / parts.sum(axis=1)
        return np.sign(lean) * np.maximum(np.abs(lean) - _UNSURE, 0) / np.float32(1 - _UNSURE)

    def likeness(self, rows: Floats) -> Floats:
        """Log-odds that an agent and not a customer said it, [n]."""
        return rows @ self.agent + np.float32(self.agent_bias)

    def agreement(self, similar: Floats, act: int) -> Floats:
        """Mean similarity of the nearest examples of an act minus that of its counter-examples, [n].

        `similar` is [n, examples], from `example_vectors`.
        """
        return nearest(similar[:, self.mine[:, act]]) - nearest(similar[:, self.against[:, act]])

    def accepts(self, probability: Floats, similar: Floats, act: int) -> NDArray[np.bool_]:
        """Which texts do an act, by its probability [n] and their similarities [n, examples]."""
        return accepted(probability, self.agreement(similar, act), self.thresholds[act], self.margins[act])

    def like(self, similar: Floats, act: int) -> str:
        """The act's example most similar to one text, whose similarities `similar` [examples] are given."""
        own = np.flatnonzero(self.mine[:, act])
        return self.examples[int(own[int(np.argmax(similar[own]))])]


def accepted(probability: Floats, agreement: Floats, threshold: float, margin: float) -> NDArray[np.bool_]:
    """Likely enough, and the nearest examples agree; a head that is `_SURE` needs nobody's agreement."""
    return (probability >= threshold) & ((agreement >= margin) | (probability >= _SURE))


def nearest(similar: Floats) -> Floats:
    """Mean of the `NEAREST` largest similarities of each row; of all of them where there are fewer, -1 for none."""
    if similar.shape[1] == 0:
        return np.full(len(similar), -1.0, np.float32)
    count = min(NEAREST, similar.shape[1])
    return np.partition(similar, -count, axis=1)[:, -count:].mean(axis=1, dtype=np.float32)


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
        weights=stored["weights"],
        bias=stored["bias"],
        thresholds=stored["thresholds"],
        margins=stored["margins"],
        customers=stored["customers"],
        sentiment=stored["sentiment"],
        sentiment_bias=stored["sentiment_bias"],
        agent=stored["agent"],
        agent_bias=float(stored["agent_bias"]),
        examples=tuple(document["examples"]),
        example_vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        mine=stored["mine"],
        against=stored["against"],
        seeds=document["seeds"],
    )


def fingerprint(documents: Iterable[Traversable]) -> str:
    """SHA-256 over the seed files' names and bytes, whatever their order; heads carry that of their seeds."""
    digest = hashlib.sha256()
    for document in sorted(documents, key=lambda one: one.name):
        digest.update(document.name.encode() + b"\0" + document.read_bytes() + b"\0")
    return digest.hexdigest()
