"""How the small networks of this room are run: onnxruntime, one thread each, no memory kept between runs."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def session(path: Path) -> onnxruntime.InferenceSession:
    """The network in that file, loaded at once; whole calls are spread over processes, not over threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
