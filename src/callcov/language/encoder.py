"""Sentences as vectors: all-MiniLM-L6-v2 on onnxruntime, one thread, no torch.

The graph gives token states; a sentence's vector is their mean over the real tokens, scaled to unit length, which is
how the model was trained (Reimers and Gurevych, Sentence-BERT, 2019). A second graph, the same model with the reader's
adapter (`reader.py`), gives the vector of a clause in its context: the mean over the clause's own tokens, as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from callcov.language import context
from callcov.language.context import Sentence

WIDTH = 384
READ_WIDTH = TAG_WIDTH = 2 * WIDTH  # two readers, and two taggers, side by side
_TOKENS = 128  # a longer text is cut: the model was trained on at most this much
_BATCH_TOKENS = 512  # padded tokens a batch: larger batches only cost memory on one thread

_REMEMBERED = 20_000  # texts encoded alone, 1.5 KB each

Vectors = NDArray[np.float32]


class Encodes(Protocol):
    """Whatever turns texts into vectors as `Encoder` does."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit-length vector per text, [n, 384]."""
        ...

    def alone(self, text: str) -> Vectors:
        """The vector of one text, [384], whatever else is encoded."""
        ...

    def read(self, sentences: Sequence[Sentence]) -> Vectors:
        """The readers' vectors of each clause in its context side by side, [n, 768], not scaled."""
        ...


class Encoder:
    """The sentence encoder in `folder`, as `models.locate.locate(folder, "minilm")` gives it; loads at once."""

    def __init__(self, folder: Path) -> None:
        self._session, self._reader = _session(folder / "model.onnx"), _session(folder / "reader.onnx")
        self._folder = folder
        tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))  # Any: its stubs leave arguments untyped
        tokenizer.no_padding()
        tokenizer.enable_truncation(_TOKENS)
        self._tokenizer = cast("Tokenizer", tokenizer)
        self._once = lru_cache(_REMEMBERED)(self._alone)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit-length vector per text, [n, 384], in the order given; [0, 384] for no texts.

        Equal texts are encoded once. An empty text has a vector too (that of no words), which means nothing.
        """
        distinct = list(dict.fromkeys(texts))
        if not distinct:
            return np.zeros((0, WIDTH), np.float32)
        tokens = [self._tokenizer.encode(text).ids for text in distinct]
        order = sorted(range(len(tokens)), key=lambda place: (len(tokens[place]), place))
        vectors = np.empty((len(distinct), WIDTH), np.float32)
        for batch in _batches(order, tokens):
            vectors[batch] = self._run([tokens[place] for place in batch])
        places = {text: place for place, text in enumerate(distinct)}
        return vectors[[places[text] for text in texts]]

    def alone(self, text: str) -> Vectors:
        """The vector of one text, [384], remembered: in a batch its last digits would depend on the other texts."""
        return self._once(text)

    def read(self, sentences: Sequence[Sentence]) -> Vectors:
        """The readers' vectors of each clause in its context, [n, 768], in the order given; [0, 768] for none."""
        tokens = [context.tokens(self._tokenizer, one) for one in sentences]
        order = sorted(range(len(tokens)), key=lambda place: (len(tokens[place].ids), place))
        vectors = np.zeros((len(tokens), READ_WIDTH), np.float32)
        for batch in _batches(order, [one.ids for one in tokens]):
            states, _ = _states(self._reader, [tokens[place].ids for place in batch])
            for row, place in enumerate(batch):
                vectors[place] = states[row, tokens[place].first : tokens[place].last].mean(axis=0)
        return vectors

    @property
    def tokenizer(self) -> Tokenizer:
        """What turns text into the numbers of tokens."""
        return self._tokenizer

    def tag(self, windows: Sequence[Sequence[int]]) -> list[Vectors]:
        """The taggers' states of each window's tokens, [tokens, 768] each; their graph is loaded at the first call."""
        tokens = [list(window) for window in windows]
        found: list[Vectors] = [np.zeros((0, TAG_WIDTH), np.float32)] * len(tokens)
        order = sorted(range(len(tokens)), key=lambda place: (len(tokens[place]), place))
        for batch in _batches(order, tokens):
            states, _ = _states(self._tagger, [tokens[place] for place in batch])
            for row, place in enumerate(batch):
                found[place] = states[row, : len(tokens[place])]
        return found

    @cached_property
    def _tagger(self) -> ort.InferenceSession:
        return _session(self._folder / "tagger.onnx")

    def _alone(self, text: str) -> Vectors:
        return self._run([self._tokenizer.encode(text).ids])[0]

    def _run(self, tokens: list[list[int]]) -> Vectors:
        states, mask = _states(self._session, tokens)
        weights = mask[:, :, None].astype(np.float32)
        means = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


class Knowing:
    """An encoder that knows the vectors of some texts and loads the real one for the others only."""

    def __init__(self, encoder: Callable[[], Encodes], known: Mapping[str, Vectors]) -> None:
        self._encoder, self._known = encoder, known

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Encoder.encode`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        vectors = dict(self._known)
        if new:
            vectors |= zip(new, self._encoder().encode(new), strict=True)
        return np.array([vectors[text] for text in texts], np.float32).reshape(len(texts), WIDTH)

    def alone(self, text: str) -> Vectors:
        """As `Encoder.alone`."""
        return self._encoder().alone(text)

    def read(self, sentences: Sequence[Sentence]) -> Vectors:
        """As `Encoder.read`."""
        return self._encoder().read(sentences)


def _session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return ort.InferenceSession(str(path), options, ["CPUExecutionProvider"])


def _states(session: ort.InferenceSession, tokens: list[list[int]]) -> tuple[Vectors, NDArray[np.int64]]:
    """The token states [n, longest, width] of some texts, and which of them are real [n, longest]."""
    longest = max(len(ids) for ids in tokens)
    ids = np.zeros((len(tokens), longest), np.int64)
    mask = np.zeros((len(tokens), longest), np.int64)
    for row, known in enumerate(tokens):
        ids[row, : len(known)] = known
        mask[row, : len(known)] = 1
    states = cast("Vectors", cast("list[Any]", session.run(["h"], {"i": ids, "m": mask}))[0])
    return states, mask


def _batches(order: list[int], tokens: list[list[int]]) -> list[list[int]]:
    """Texts of like length together, so that little is padded; `order` is by length, shortest first."""
    batches: list[list[int]] = []
    for place in order:
        if batches and (len(batches[-1]) + 1) * len(tokens[place]) <= _BATCH_TOKENS:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
