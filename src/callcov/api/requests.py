"""What every request gets: an id in `X-Request-ID`, one line in the log, and a 500 that shows nothing of the inside."""

from __future__ import annotations

import re
import secrets
import time
from http import HTTPStatus

import orjson
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.stdlib.get_logger()
_SANE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_GONE = 499
"""What the log calls a request whose client left before it was answered; nobody receives it."""


class Requests:
    """ASGI middleware, the outermost of ours. The query string is not logged: it may hold a link's token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; lifespan and the like pass untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._answer(scope, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        status, begun = 0, time.monotonic()

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                extra = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
                extra += scope.get("state", {}).get("limit_headers", ())  # here, so that a 500 has them too
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        try:
            await self._app(scope, receive, marked)
        except ClientDisconnect:
            status = status or _GONE
        except Exception:
            _log.exception("request failed")
            if status:
                raise  # half an answer is out: the server cuts the connection, so that it cannot pass for a whole one
            await _broken(marked)
        finally:
            milliseconds = round((time.monotonic() - begun) * 1000)
            _log.info("request", method=scope["method"], path=scope["path"], status=status, duration_ms=milliseconds)


async def _broken(send: Send) -> None:
    body = orjson.dumps({"detail": HTTPStatus.INTERNAL_SERVER_ERROR.phrase})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if _SANE.fullmatch(given) else f"req_{secrets.token_hex(12)}"
