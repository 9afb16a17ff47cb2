"""What schemathesis cannot guess: ids that exist, and a file that is a recording. Loaded by `test_fuzz.py`."""

import os
from typing import Any
from zlib import crc32

import schemathesis

KNOWN = os.environ.get("FUZZ_ANALYSES", "").split()
SOUND = bytes.fromhex(os.environ.get("FUZZ_SOUND", ""))


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Most ids of analyses are those of real ones; deleting takes few of them, so that some are left."""
    if not path_parameters or "analysis_id" not in path_parameters:
        return path_parameters
    drawn = crc32(repr(path_parameters).encode())
    if drawn % 8 < (1 if context.operation.method.upper() == "DELETE" else 6):
        return path_parameters | {"analysis_id": KNOWN[drawn // 8 % len(KNOWN)]}
    return path_parameters


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:  # noqa: ARG001 - the signature of the hook
    """A link's token wins over a key: it is left out half of the time."""
    if query and "token" in query and crc32(repr(query).encode()) % 2:
        return {name: value for name, value in query.items() if name != "token"}
    return query


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Three of four uploads are a recording."""
    if context.operation.label == "POST /api/v1/analysis/" and isinstance(body, dict) and "audio_file" in body:
        return body | {"audio_file": SOUND} if crc32(repr(body).encode()) % 4 else body
    return body
