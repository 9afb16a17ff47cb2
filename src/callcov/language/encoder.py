"""Sentences as vectors: all-MiniLM-L6-v2 on onnxruntime, one thread, no torch.

The graph gives token states; a sentence's vector is their mean over the real tokens, scaled to unit length, which is
how the model was trained (Reimers and Gurevych, Sentence-BERT, 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

WIDTH = 384
_TOKENS = 128  # a longer text is cut: the model was trained on at most this much
_BATCH_TOKENS = 512  # padded tokens a batch: larger batches only cost memory on one thread

Vectors = NDArray[np.float32]


class Encoder:
    """The sentence encoder in `folder`, as `models.locate.locate(folder, "minilm")` gives it; loads at once."""

    def __init__(self, folder: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = ort.InferenceSession(str(folder / "model.onnx"), options, ["CPUExecutionProvider"])
        tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))  # Any: its stubs leave arguments untyped
        tokenizer.no_padding()
        tokenizer.enable_truncation(_TOKENS)
        self._tokenizer = cast("Tokenizer", tokenizer)

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

    def _run(self, tokens: list[list[int]]) -> Vectors:
        longest = max(len(ids) for ids in tokens)
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros((len(tokens), longest), np.int64)
        for row, known in enumerate(tokens):
            ids[row, : len(known)] = known
            mask[row, : len(known)] = 1
        states = cast("Vectors", cast("list[Any]", self._session.run(["h"], {"i": ids, "m": mask}))[0])
        weights = mask[:, :, None].astype(np.float32)
        means = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def _batches(order: list[int], tokens: list[list[int]]) -> list[list[int]]:
    """Texts of like length together, so that little is padded; `order` is by length, shortest first."""
    batches: list[list[int]] = []
    for place in order:
        if batches and (len(batches[-1]) + 1) * len(tokens[place]) <= _BATCH_TOKENS:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
