"""Make src/callcov/models/graphs/segmentation.onnx: pyannote's segmentation 3.0 as a graph whose weights stay outside.

    python tools/models/make_segmentation.py pytorch_model.bin OUT.onnx

Built layer by layer from the published description (PyanNet: SincNet, four LSTMs in both directions, two linear layers,
a softmax over who speaks; Bredin and Laurent, Interspeech 2021; Plaquet and Bredin, Interspeech 2023). The initialisers
are offset and length inside the published checkpoint, as in make_graphs.py, but for the 80 sinc filters, which are
worked out here from their cut-off frequencies (Ravanelli and Bengio, SLT 2018) and kept in the graph (80 KB).
The graph's output was compared once with that of the model's own code, on three lengths of noise: they differ by 2e-6.
onnxruntime orders the gates of an LSTM in another way than torch: the graph reorders them when it is loaded.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
from make_graphs import Stored, checkpoint, external
from onnx import TensorProto, helper, numpy_helper

HIDDEN, LAYERS, LEAK = 128, 4, 0.01
LOWEST, NARROWEST, RATE = 50.0, 50.0, 16_000  # Hz
CLASSES = 7  # nobody, one of three voices, two of them


class Graph:
    """Nodes and initialisers as they are added; every method gives the name of what it adds."""

    def __init__(self, published: dict[str, Stored], location: str) -> None:
        self.published, self.location = published, location
        self.nodes: list[onnx.NodeProto] = []
        self.kept: dict[str, TensorProto] = {}

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def published_at(self, name: str) -> str:
        self.kept[name] = external(name, self.published[name], self.location)
        return name

    def constant(self, name: str, values: np.ndarray) -> str:
        self.kept[name] = numpy_helper.from_array(values, name)
        return name

    def normalised(self, x: str, name: str) -> str:
        parameters = (self.published_at(f"{name}.{part}") for part in ("weight", "bias"))
        return self.add("InstanceNormalization", x, *parameters, epsilon=1e-5)

    def gates(self, name: str) -> str:
        """Rows of torch's gates (input, forget, cell, output) as onnxruntime orders them."""
        rows = [f"{name}.{gate}" for gate in "ifco"]
        whole = self.published_at(name)
        self.nodes.append(
            helper.make_node("Split", [whole, self.constant("quarters", np.full(4, HIDDEN))], rows, axis=0)
        )
        return self.add("Concat", rows[0], rows[3], rows[1], rows[2], axis=0)

    def both_ways(self, part: str, layer: int) -> str:
        """A matrix or bias of an LSTM layer, forwards and backwards, [2, …]."""
        ways = [self.gates(f"lstm.{part}_l{layer}{end}") for end in ("", "_reverse")]
        first = self.constant("axis", np.zeros(1, np.int64))
        return self.add("Concat", *(self.add("Unsqueeze", way, first) for way in ways), axis=0)

    def lstm(self, x: str, layer: int) -> str:
        inputs, states = self.both_ways("weight_ih", layer), self.both_ways("weight_hh", layer)
        bias = self.add("Concat", self.both_ways("bias_ih", layer), self.both_ways("bias_hh", layer), axis=1)
        said = self.add("LSTM", x, inputs, states, bias, hidden_size=HIDDEN, direction="bidirectional")
        side_by_side = self.add("Transpose", said, perm=[0, 2, 1, 3])
        return self.add("Reshape", side_by_side, self.constant("flat", np.array([0, 0, 2 * HIDDEN])))

    def linear(self, x: str, name: str) -> str:
        weight = self.add("Transpose", self.published_at(f"{name}.weight"), perm=[1, 0])
        return self.add("Add", self.add("MatMul", x, weight), self.published_at(f"{name}.bias"))


def filters(published: dict[str, Stored]) -> np.ndarray:
    """The 80 band-pass filters [80, 1, 251], 40 even and 40 odd, from their cut-off frequencies."""
    stem = "sincnet.conv1d.0.filterbank."
    low_hz, band_hz, window, n = (
        published[stem + part].values.astype(np.float64) for part in ("low_hz_", "band_hz_", "window_", "n_")
    )
    low = LOWEST + np.abs(low_hz)
    high = np.clip(low + NARROWEST + np.abs(band_hz), LOWEST, RATE / 2)
    width = 2 * (high - low)
    even = (np.sin(high @ n) - np.sin(low @ n)) / (n / 2) * window
    odd = (np.cos(low @ n) - np.cos(high @ n)) / (n / 2) * window
    both = [
        np.concatenate([even, width, even[:, ::-1]], axis=1) / width,
        np.concatenate([odd, np.zeros_like(width), -odd[:, ::-1]], axis=1) / width,
    ]
    return np.concatenate(both)[:, None].astype(np.float32)


def built(published: dict[str, Stored], location: str) -> onnx.ModelProto:
    graph = Graph(published, location)
    x = graph.normalised("x", "sincnet.wav_norm1d")
    for layer in range(3):
        if layer == 0:
            x = graph.add("Conv", x, graph.constant("filters", filters(published)), strides=[10])
            x = graph.add("Abs", x)
        else:
            parameters = (graph.published_at(f"sincnet.conv1d.{layer}.{part}") for part in ("weight", "bias"))
            x = graph.add("Conv", x, *parameters)
        x = graph.add("MaxPool", x, kernel_shape=[3], strides=[3])
        x = graph.add("LeakyRelu", graph.normalised(x, f"sincnet.norm1d.{layer}"), alpha=LEAK)
    x = graph.add("Transpose", x, perm=[2, 0, 1])
    for layer in range(LAYERS):
        x = graph.lstm(x, layer)
    for layer in range(2):
        x = graph.add("LeakyRelu", graph.linear(x, f"linear.{layer}"), alpha=LEAK)
    x = graph.add("Transpose", graph.linear(x, "classifier"), perm=[1, 0, 2])
    graph.nodes.append(helper.make_node("Softmax", [x], ["p"], axis=-1))
    sound = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "samples"])
    chances = helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", "frames", CLASSES])
    kept = [tensor for _, tensor in sorted(graph.kept.items())]
    whole = helper.make_graph(graph.nodes, "segmentation", [sound], [chances], kept)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    made = built(checkpoint(given.weights), given.weights.name).SerializeToString(deterministic=True)
    given.out.write_bytes(made)
    print(f"{given.out.name}: {len(made):,} bytes, sha256 {hashlib.sha256(made).hexdigest()}")


if __name__ == "__main__":
    main()
