"""The floors: what any server of this make costs for the same bytes, without finding out which they are.

`keys`: known ids, their documents fetched by primary key with the driver alone, the address filled in, joined, sent.
`memory`: the same bytes, joined beforehand. uvicorn as the product sets it up, nothing of the product's above it.
DATABASE (a file, or an address of PostgreSQL), KEYS (a file, an id a line) and PORT come from the environment.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callcov.api import wire
from callcov.store.documents import pieces

Fetch = Callable[[Sequence[str]], dict[str, bytes]]
_here = threading.local()


def sqlite(path: str) -> Fetch:
    def fetch(keys: Sequence[str]) -> dict[str, bytes]:
        if not hasattr(_here, "connection"):
            _here.connection = sqlite3.connect(path)
        marks = ",".join("?" * len(keys))
        asked = f"SELECT analysis_id, CAST(full AS BLOB) FROM documents WHERE analysis_id IN ({marks})"  # noqa: S608 - question marks
        return dict(_here.connection.execute(asked, keys).fetchall())

    return fetch


def postgres(address: str) -> Fetch:
    import psycopg  # noqa: PLC0415 - only where there is a server

    def fetch(keys: Sequence[str]) -> dict[str, bytes]:
        if not hasattr(_here, "connection"):
            _here.connection = psycopg.connect(address.replace("+psycopg", ""), autocommit=True)
        asked = "SELECT analysis_id, convert_to(\"full\", 'UTF8') FROM documents WHERE analysis_id = ANY(%s)"
        return dict(_here.connection.execute(asked, (list(keys),), binary=True).fetchall())

    return fetch


def application(fetch: Fetch, known: Sequence[str], public: str) -> Starlette:
    def spliced(limit: int) -> bytes:
        texts = fetch(known[:limit])
        parts: list[bytes | memoryview] = [b'{"object":"list","data":[']
        for key in known[:limit]:
            parts += *pieces(texts[key], public), b","
        parts[-1] = b'],"has_more":true,"total":%d}' % limit
        return b"".join(parts)

    ready = {limit: spliced(limit) for limit in (100, 1_000)}

    async def keys(request: Request) -> Response:
        body = await run_in_threadpool(spliced, int(request.query_params["limit"]))
        return Response(body, media_type="application/json")

    async def memory(request: Request) -> Response:
        return Response(ready[int(request.query_params["limit"])], media_type="application/json")

    return Starlette(routes=[Route("/keys", keys), Route("/memory", memory)])


def main() -> None:
    """Serve until told to stop."""
    address, port = os.environ["DATABASE"], int(os.environ["PORT"])
    known = Path(os.environ["KEYS"]).read_text().split()
    fetch = postgres(address) if address.startswith("postgresql") else sqlite(address)
    app = application(fetch, known, f"http://127.0.0.1:{port}")
    uvicorn.Server(wire.config(app, host="127.0.0.1", port=port, log_config=None)).run()


if __name__ == "__main__":
    main()
