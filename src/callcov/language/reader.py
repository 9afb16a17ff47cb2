"""The reader: what a clause does and how it feels, read together with what was said before it.

The sentence encoder with two small trained adapters (LoRA, Hu et al., 2021) on its upper layers, both folded into the
graph `reader.onnx`, and for each a logistic head an act, one of three classes for the feeling, and one for whose clause
it is; the logits of both are averaged, for two readers err in different places. `reader.npz` is made by
tools/train_reader.py and tools/train_course.py from the seeds and from invented calls; docs/heads.md and docs/course.md
say how good it is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Judgements:
    """What the reader says of n clauses: `acts` [n, acts] are probabilities 0..1, `feeling` [n] is -1..1.

    `agent` [n] are log-odds that an agent and not a customer says it, the sides counted as equally likely beforehand.
    """

    acts: Floats
    feeling: Floats
    agent: Floats


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads on top of the reader's vectors; `thresholds` [acts] are the least probabilities that count."""

    names: tuple[str, ...]
    weights: Floats
    bias: Floats
    thresholds: Floats
    feeling: Floats
    feeling_bias: Floats
    agent: Floats
    agent_bias: Floats
    training: str

    def judge(self, vectors: Floats) -> Judgements:
        """What clauses do, how they feel and whose they are, from their vectors [n, 768].

        The feeling is P(positive) - P(negative).
        """
        acts = np.reciprocal(1 + np.exp(-(vectors @ self.weights + self.bias)), dtype=np.float32)
        scores = vectors @ self.feeling + self.feeling_bias
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        parts /= parts.sum(axis=1, keepdims=True)
        return Judgements(acts, parts[:, 2] - parts[:, 0], (vectors @ self.agent + self.agent_bias)[:, 0])

    def accepted(self, judged: Judgements, act: str) -> Sequence[int]:
        """The rows of the clauses that do an act."""
        at = self.names.index(act)
        return [int(row) for row in np.flatnonzero(judged.acts[:, at] >= self.thresholds[at])]


@cache
def shipped() -> Heads:
    """The heads that come with CallCov."""
    with as_file(files("callcov.language").joinpath("reader.npz")) as path, np.load(path, allow_pickle=False) as stored:
        document = cast("dict[str, Any]", json.loads(stored["document"].tobytes()))
        return Heads(
            names=tuple(document["acts"]),
            weights=side_by_side(stored["acts.weight"]),
            bias=stored["acts.bias"].mean(axis=0),
            thresholds=stored["thresholds"].mean(axis=0),
            feeling=side_by_side(stored["feeling.weight"]),
            feeling_bias=stored["feeling.bias"].mean(axis=0),
            agent=side_by_side(stored["agent.weight"]),
            agent_bias=stored["agent.bias"].mean(axis=0),
            training=document["training"],
        )


def side_by_side(weights: Floats) -> Floats:
    """Weights of each of several heads [n, 384, k] as those that give the mean of their logits, [384 * n, k]."""
    return np.concatenate(weights) / np.float32(len(weights))
