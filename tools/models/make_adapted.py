"""Make src/callcov/models/graphs/reader.onnx or tagger.onnx: the sentence encoder's graph with an adapter in it.

    python tools/models/make_adapted.py reader|tagger

Takes src/callcov/models/graphs/minilm.onnx, whose weights lie in the published file, and the adapter matrices of
src/callcov/language/reader.npz or tagger.npz (written by tools/train_reader.py and tools/train_tagger.py); the reader
has two adapters. Behind each adapted layer's MatMul come the two thin ones and an Add; the matrices are small and stay
inside the graph, in half precision.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).parents[2]
GRAPHS = ROOT / "src/callcov/models/graphs"


def adapted(graph: onnx.GraphProto, arrays: dict[str, np.ndarray], scale: float) -> None:
    """Add the thin products behind the layers that have one; `arrays` are [adapters, in, out].

    What lies below the first adapted layer is worked out once. Above it every adapter has nodes of its own, and the
    last states of all lie side by side, [texts, tokens, 384 * adapters].
    """
    transposed = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Transpose"}
    many = len(next(iter(arrays.values())))
    ends = [f".{at}" for at in range(many)] if many > 1 else [""]
    own: set[str] = set()  # tensors of which every adapter has one
    nodes: list[onnx.NodeProto] = []
    done = set()
    for node in graph.node:
        weight = transposed.get(node.input[1], "") if node.op_type == "MatMul" else ""
        name = weight.removeprefix("encoder.layer.").removesuffix(".weight").replace(".", "-")
        wider = f"{name}.down" in arrays
        if not wider and own.isdisjoint(node.input):
            nodes.append(node)
            continue
        for at, end in enumerate(ends):
            mine = onnx.NodeProto.FromString(node.SerializeToString())
            mine.input[:] = [tensor + end if tensor in own else tensor for tensor in node.input]
            mine.output[:] = [tensor + end for tensor in node.output]
            if wider:
                thin = {part: arrays[f"{name}.{part}"][at] for part in ("down", "up")}
                nodes += _beside(graph, mine, name + end, thin, scale)
                done.add(name)
            else:
                nodes.append(mine)
        own.update(node.output)
    wanted = {name.removesuffix(".down") for name in arrays if name.endswith(".down")}
    if done != wanted:
        raise SystemExit(f"The graph has no layer for {sorted(wanted - done)}.")
    if many > 1:
        (last,) = graph.output
        last.type.tensor_type.shape.dim[2].dim_value *= many
        nodes.append(helper.make_node("Concat", [last.name + end for end in ends], [last.name], axis=-1))
    del graph.node[:]
    graph.node.extend(nodes)


def _beside(
    graph: onnx.GraphProto, node: onnx.NodeProto, name: str, thin: dict[str, np.ndarray], scale: float
) -> list[onnx.NodeProto]:
    """A layer's MatMul with the two thin ones beside it, named `name`, whose matrices become the graph's."""
    nodes: list[onnx.NodeProto] = []
    for part, factor in (("down", 1.0), ("up", scale)):
        values = (thin[part].astype(np.float32) * factor).astype(np.float16)
        graph.initializer.append(numpy_helper.from_array(values, f"{name}.{part}"))
        nodes.append(helper.make_node("Cast", [f"{name}.{part}"], [f"{name}.{part}.f"], to=TensorProto.FLOAT))
    plain = f"{node.output[0]}.plain"
    return [
        *nodes,
        helper.make_node("MatMul", list(node.input), [plain]),
        helper.make_node("MatMul", [node.input[0], f"{name}.down.f"], [f"{name}.thin"]),
        helper.make_node("MatMul", [f"{name}.thin", f"{name}.up.f"], [f"{name}.beside"]),
        helper.make_node("Add", [plain, f"{name}.beside"], [node.output[0]]),
    ]


def main() -> None:
    (name,) = sys.argv[1:]
    model = onnx.load(str(GRAPHS / "minilm.onnx"), load_external_data=False)
    with np.load(ROOT / f"src/callcov/language/{name}.npz", allow_pickle=False) as stored:
        arrays = {part: stored[part] for part in stored.files if part.endswith((".down", ".up"))}
        arrays = {part: values.reshape(-1, *values.shape[-2:]) for part, values in arrays.items()}
        scale = json.loads(stored["document"].tobytes())["scale"]
    adapted(model.graph, arrays, scale)
    made = model.SerializeToString()
    (GRAPHS / f"{name}.onnx").write_bytes(made)
    print(f"{name}.onnx: {len(made):,} bytes, sha256 {hashlib.sha256(made).hexdigest()}; put both into the catalogue")


if __name__ == "__main__":
    main()
