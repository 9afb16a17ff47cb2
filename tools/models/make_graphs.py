"""Make the small ONNX graphs of src/callcov/models/graphs/, which hold no weights.

How the graphs came to be: CAM++ and all-MiniLM-L6-v2 were exported once from torch with `torch.onnx.export` (opset 17,
inference mode, dynamic batch and length), which gives ONNX files with the weights inside (28 and 90 MB). This script
takes such an export and the published weights and writes a graph whose initialisers are *external data*: file, offset
and length inside the published file itself. A safetensors file, and a torch checkpoint (a zip of stored members), are
raw little-endian arrays, so nothing is converted and nothing large is committed. Three differences are put right:

- the exporter stores the weight of a linear layer transposed: the graph reads the original and has a Transpose;
- the exporter folds batch normalisation into the convolution before it: the graph has the original convolution and
  a BatchNormalization behind it (onnxruntime folds them again when it loads the graph);
- names and constants are shortened and shared, and what no output needs is left out.

Tensors the published file does not hold (a few small constants) stay inside the graph. The script then runs the
export and the new graph on the same inputs and prints the largest difference.

    python tools/models/make_graphs.py campplus EXPORT.onnx campplus_cn_en_common.pt OUT.onnx
    python tools/models/make_graphs.py minilm EXPORT.onnx model.safetensors OUT.onnx
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import shutil
import struct
import tempfile
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

INLINE_BYTES = 256  # a published tensor smaller than this is not worth an external entry


@dataclass(frozen=True)
class Stored:
    """One array inside the published file: float32, row-major."""

    offset: int
    shape: tuple[int, ...]
    values: np.ndarray


def safetensors(path: Path) -> dict[str, Stored]:
    """The float32 tensors of a safetensors file: an 8-byte header length, a JSON header, then the arrays."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    found = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = (8 + length + place for place in entry["data_offsets"])
            found[name] = stored(raw, start, end - start, tuple(entry["shape"]))
    return found


class Unread:
    """Stands for whatever a checkpoint notes beside its tensors: which program wrote it, what it was trained for."""

    def __init__(self, *_: object) -> None:
        """Whatever it is made from is not looked at."""


class Shapes(pickle.Unpickler):
    """Reads the names and shapes of a torch checkpoint without torch and without running anything from it."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, stride, *_: (storage, offset, shape, stride)
        if module == "torch":
            return name
        if module.partition(".")[0] in {"torch", "pyannote"}:
            return Unread
        raise pickle.UnpicklingError(f"{module}.{name} is not expected in a checkpoint of plain tensors")

    def persistent_load(self, pid: Any) -> Any:
        return pid


def checkpoint(path: Path) -> dict[str, Stored]:
    """The float32 tensors of an uncompressed torch zip checkpoint, with their offsets in the file."""
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        places = {}
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED:
                raise SystemExit(f"{info.filename} is compressed: its bytes cannot be pointed at")
            name_length, extra_length = struct.unpack("<HH", raw[info.header_offset + 26 : info.header_offset + 30])
            places[info.filename] = info.header_offset + 30 + name_length + extra_length
            if info.filename.endswith("/data.pkl"):
                pickled = info.filename
        with archive.open(pickled) as file:
            entries = Shapes(file).load()
    entries = entries.get("state_dict", entries)
    root = pickled.removesuffix("data.pkl")
    found = {}
    for name, (storage, first, shape, stride) in entries.items():
        _, kind, key, _, _ = storage
        contiguous = tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))
        if kind == "FloatStorage" and stride == contiguous:
            start = places[f"{root}data/{key}"] + 4 * first
            found[name] = stored(raw, start, 4 * int(np.prod(shape)), tuple(shape))
    return found


def stored(raw: bytes, start: int, length: int, shape: tuple[int, ...]) -> Stored:
    return Stored(start, shape, np.frombuffer(raw, "<f4", length // 4, start).reshape(shape))


def external(name: str, tensor: Stored, location: str) -> TensorProto:
    """An initialiser that points into the published file."""
    proto = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=tensor.shape)
    proto.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", tensor.offset), ("length", tensor.values.nbytes)):
        proto.external_data.add(key=key, value=str(value))
    return proto


class Rewriter:
    """Replaces the weights of an exported graph by pointers into the published file."""

    def __init__(self, model: onnx.ModelProto, published: dict[str, Stored], location: str) -> None:
        self.model, self.published, self.location = model, published, location
        self.by_bytes = {(t.shape, t.values.tobytes()): name for name, t in published.items()}
        self.inline = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.kept: dict[str, TensorProto] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def point(self, name: str) -> str:
        """The published tensor as an initialiser; its name."""
        self.kept[name] = external(name, self.published[name], self.location)
        return name

    def constant(self, values: np.ndarray) -> str:
        """A value kept inside the graph, once however often it is used; its name."""
        key = (str(values.dtype), values.shape, values.tobytes())
        if key not in self.shared:
            self.shared[key] = f"k{len(self.shared)}"
            self.kept[self.shared[key]] = numpy_helper.from_array(values, self.shared[key])
        return self.shared[key]

    def weight(self, name: str) -> str:
        """What stands for the exported initialiser `name`; adds a Transpose where only that makes it equal."""
        values = np.ascontiguousarray(self.inline[name])
        if values.nbytes >= INLINE_BYTES and values.dtype == np.float32:
            if same := self.by_bytes.get((values.shape, values.tobytes())):
                return self.point(same)
            if values.ndim == 2 and (same := self.by_bytes.get((values.T.shape, values.T.tobytes()))):
                self.nodes.append(helper.make_node("Transpose", [self.point(same)], [f"{name}_t"], perm=[1, 0]))
                return f"{name}_t"
        return self.constant(values)

    def convolution(self, node: onnx.NodeProto, weight: str, norm: str) -> None:
        """A convolution with the normalisation that the exporter had folded into it, unfolded."""
        plain = f"{node.output[0]}_plain"
        node_inputs = [node.input[0], self.point(weight)]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        self.nodes.append(helper.make_node("Conv", node_inputs, [plain], **attributes))
        size = self.published[f"{norm}.running_mean"].shape[0]
        parameters = []
        for part, default in (("weight", 1.0), ("bias", 0.0), ("running_mean", None), ("running_var", None)):
            known = f"{norm}.{part}" in self.published
            parameters.append(self.point(f"{norm}.{part}") if known else self.constant(np.full(size, default, "<f4")))
        self.nodes.append(helper.make_node("BatchNormalization", [plain, *parameters], [node.output[0]], epsilon=1e-5))

    def folded(self, node: onnx.NodeProto) -> tuple[str, str] | None:
        """The published weight and normalisation that were folded into this convolution, if any were."""
        if node.op_type != "Conv" or len(node.input) < 3:
            return None
        path = node.name.strip("/").split("/")[:-1]
        # /head/layer1/layer1.0/conv1 is head.layer1.0.conv1: the exporter repeats a list's name in its members
        parts = [p for i, p in enumerate(path) if not (i + 1 < len(path) and path[i + 1].startswith(p + "."))]
        stem, last = ".".join(parts[:-1]), parts[-1]
        norms = {
            "linear": "nonlinear.batchnorm", "linear1": "nonlinear2.batchnorm", "shortcut.0": "shortcut.1",
            "conv1": "bn1", "conv2": "bn2",
        }  # fmt: skip
        weight, norm = f"{stem}.{last}.weight", f"{stem}.{norms.get(last, '')}"
        if norm.endswith("transit3.nonlinear.batchnorm"):
            norm = "xvector.out_nonlinear.batchnorm"
        exact = np.array_equal(self.inline[node.input[1]], self.published[weight].values)
        return None if exact else (weight, norm)

    def run(self) -> onnx.ModelProto:
        graph = self.model.graph
        names: dict[str, str] = {}
        for node in graph.node:
            if node.op_type == "Constant":
                names[node.output[0]] = self.constant(numpy_helper.to_array(node.attribute[0].t))
                continue
            for place, name in enumerate(node.input):
                node.input[place] = names.get(name, name)
            if pair := self.folded(node):
                self.convolution(node, *pair)
                continue
            for place, name in enumerate(node.input):
                if name in self.inline:
                    names.setdefault(name, self.weight(name))
                    node.input[place] = names[name]
            self.nodes.append(node)
        return self.finish()

    def finish(self) -> onnx.ModelProto:
        """Only what the outputs need, under short names."""
        graph = self.model.graph
        needed = {value.name for value in graph.output}
        alive = []
        for node in reversed(self.nodes):
            if needed & set(node.output):
                alive.append(node)
                needed |= set(node.input)
        alive.reverse()
        fixed = {v.name for v in (*graph.input, *graph.output)} | set(self.kept) | {""}
        short: dict[str, str] = {}
        for node in alive:
            node.name, node.doc_string = "", ""
            for names in (node.input, node.output):
                for place, name in enumerate(names):
                    names[place] = name if name in fixed else short.setdefault(name, f"v{len(short)}")
        kept = [tensor for name, tensor in sorted(self.kept.items()) if name in needed]
        slim = helper.make_graph(alive, graph.name, list(graph.input), list(graph.output), kept)
        return helper.make_model(slim, opset_imports=list(self.model.opset_import), ir_version=8)


def inputs(kind: str, seed: int) -> dict[str, np.ndarray]:
    """Random inputs of a plausible size and scale."""
    random = np.random.default_rng(seed)
    if kind == "campplus":
        return {"x": random.normal(0, 2, (1 + seed % 3, 98 + 53 * seed, 80)).astype(np.float32)}
    length = 5 + 11 * seed
    mask = np.ones((4, length), np.int64)
    mask[0, length // 2 :] = 0
    return {"i": random.integers(1000, 30000, (4, length)), "m": mask}


def difference(kind: str, export: Path, graph: Path) -> float:
    """The largest absolute difference of the outputs over a few inputs."""
    sessions = [onnxruntime.InferenceSession(str(p), providers=["CPUExecutionProvider"]) for p in (export, graph)]
    largest = 0.0
    for seed in range(5):
        first, second = (session.run(None, inputs(kind, seed))[0] for session in sessions)
        largest = max(largest, float(np.abs(first - second).max()))
    return largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["campplus", "minilm"])
    parser.add_argument("export", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    published = checkpoint(given.weights) if given.kind == "campplus" else safetensors(given.weights)
    model = Rewriter(onnx.load(given.export), published, given.weights.name).run()
    given.out.write_bytes(model.SerializeToString(deterministic=True))
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder, "model.onnx")
        shutil.copy(given.out, beside)
        shutil.copy(given.weights, folder)
        largest = difference(given.kind, given.export, beside)
    inline = sum(len(t.raw_data) for t in model.graph.initializer)
    print(f"{given.out}: {given.out.stat().st_size} bytes, {inline} of them constants, {len(model.graph.node)} nodes")
    print(f"sha256 {hashlib.sha256(given.out.read_bytes()).hexdigest()}")
    print(f"largest difference from the export: {largest:.3g}")


if __name__ == "__main__":
    main()
