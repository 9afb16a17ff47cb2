"""The tagger: how likely each word of a call belongs to a sensitive value, and of which type.

The sentence encoder with two small trained adapters of its own (`tagger.onnx`), and for each a head over its token
states, whose logits are averaged: two taggers err in different places. They read the whole talk, both sides, in
windows, so that a number is judged by the question before it and by what is said of it afterwards. `tagger.npz` is made
by tools/train_tagger.py from invented exchanges; docs/heads.md says how good it is. What is found is joined with what
the rules of `text.sensitive` find; the tagger never decides alone what a value is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from callcov.language.context import Tokenizes
from callcov.language.reader import side_by_side
from callcov.model import Segment
from callcov.text.sensitive.likely import Likely

Floats = NDArray[np.float32]

WINDOW = 256  # tokens read at once
_BEFORE = 80  # of them at least so many before the first that is judged
_AFTER = 32  # and behind the last one
_START, _END = 101, 102  # [CLS] and [SEP] of the BERT vocabulary
_SPEAKERS = (1, 2)  # two tokens that the vocabulary leaves free, before what each side says


@dataclass(frozen=True, slots=True)
class Stream:
    """A call as tokens: `ids`, and the word that each belongs to, counted over the call (-1: whose turn it is)."""

    ids: list[int]
    words: list[int]


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens `first` to `last` of a stream are read together, and `judged_from` to `judged_to` judged by it."""

    first: int
    last: int
    judged_from: int
    judged_to: int


class States(Protocol):
    """Whatever gives the tagger's token states; `encoder.Encoder` does."""

    @property
    def tokenizer(self) -> Tokenizes:
        """The encoder's tokenizer."""
        ...

    def tag(self, windows: Sequence[Sequence[int]]) -> list[Floats]:
        """The states of each window's tokens, [tokens, 768]."""
        ...


@dataclass(frozen=True, slots=True)
class Head:
    """A softmax over no type and `types`, on token states."""

    types: tuple[str, ...]
    weights: Floats
    bias: Floats
    training: str

    def judge(self, states: Floats) -> Floats:
        """Probabilities [tokens, 1 + types]; the first column is that of no sensitive value."""
        scores = states @ self.weights + self.bias
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        return parts / parts.sum(axis=1, keepdims=True)


@cache
def shipped() -> Head:
    """The head that comes with CallCov."""
    with as_file(files("callcov.language").joinpath("tagger.npz")) as path, np.load(path, allow_pickle=False) as stored:
        document = cast("dict[str, Any]", json.loads(stored["document"].tobytes()))
        return Head(
            types=tuple(document["types"]),
            weights=side_by_side(stored["head.weight"]),
            bias=stored["head.bias"].mean(axis=0),
            training=document["training"],
        )


def stream_of(tokenizer: Tokenizes, segments: Sequence[Segment]) -> Stream:
    """The words of some segments as tokens, each segment led by its speaker's mark."""
    ids: list[int] = []
    words: list[int] = []
    at, first = 0, segments[0].speaker if segments else ""
    for segment in segments:
        ids.append(_SPEAKERS[segment.speaker != first])
        words.append(-1)
        for word in segment.words:
            pieces = tokenizer.encode(word.text, add_special_tokens=False).ids or [_END]
            ids += pieces
            words += [at] * len(pieces)
            at += 1
    return Stream(ids, words)


def windows(length: int) -> list[Window]:
    """Windows over so many tokens: every token is judged once, with as much on both sides of it as there is room."""
    room = WINDOW - 2
    found: list[Window] = []
    at = 0
    while at < length:
        first = max(0, at - _BEFORE)
        last = min(length, first + room)
        to = length if last == length else last - _AFTER
        found.append(Window(first, last, at, to))
        at = to
    return found


def likely(encoder: States, segments: Sequence[Segment], head: Head | None = None) -> Likely:
    """For each segment the probability of each word for each type [words, types]; [] for no segments."""
    head = head or shipped()
    stream = stream_of(encoder.tokenizer, segments)
    read = windows(len(stream.ids))
    states = encoder.tag([[_START, *stream.ids[one.first : one.last], _END] for one in read])
    count = sum(len(segment.words) for segment in segments)
    sums, tokens = np.zeros((count, len(head.types)), np.float32), np.zeros((count, 1), np.float32)
    for one, state in zip(read, states, strict=True):
        judged = head.judge(state[1 + one.judged_from - one.first : 1 + one.judged_to - one.first])[:, 1:]
        places = np.array(stream.words[one.judged_from : one.judged_to])
        np.add.at(sums, places[places >= 0], judged[places >= 0])
        np.add.at(tokens, places[places >= 0], 1)
    each = sums / np.maximum(tokens, 1)
    ends = np.cumsum([len(segment.words) for segment in segments])
    return Likely(head.types, tuple(cast("list[Floats]", np.split(each, ends[:-1]))) if segments else ())
