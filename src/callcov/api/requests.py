"""What every request gets: an id in `X-Request-ID`, careful headers, one line in the log, and a 500 without the inside.

And a limit to how slowly its body may come; what lies below a request has its own in `wire.py`.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus

import orjson
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callcov.errors import BodyTooSlow

_log = structlog.stdlib.get_logger()
_SANE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_GONE = 499
"""What the log calls a request whose client left before it was answered; nobody receives it."""

STALL_SECONDS = 60.0
"""A body may pause so long, and"""
LEAST_RATE = 1000
"""has to come at so many bytes a second after that, or it would hold its connection for days."""

# What an answer is if it says nothing else: no page, no part of one, not to be kept by anybody.
_CAREFUL = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_NOT_KEPT = (b"cache-control", b"private, no-store")


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
                message = {**message, "headers": _marked(message.get("headers", []), scope, request_id)}
            await send(message)

        try:
            await self._app(scope, _Patience(receive, lambda: status > 0), marked)
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


class _Patience:
    """What the application receives; a body that comes too slowly is BodyTooSlow, behind an answer a disconnect."""

    def __init__(self, receive: Receive, answered: Callable[[], bool]) -> None:
        self._receive = receive
        self._answered = answered
        self._begun = time.monotonic()
        self._size = 0
        self._more = True

    async def __call__(self) -> Message:
        if not self._more:
            return await self._receive()  # waits for the client to leave, as long as it likes
        left = self._begun + STALL_SECONDS + self._size / LEAST_RATE - time.monotonic()
        try:
            async with asyncio.timeout(min(STALL_SECONDS, left)):
                message = await self._receive()
        except TimeoutError as late:
            if self._answered():
                return {"type": "http.disconnect"}
            raise BodyTooSlow("The body arrives too slowly; send it again.") from late
        self._size += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        return message


def _marked(headers: Iterable[tuple[bytes, bytes]], scope: Scope, request_id: str) -> list[tuple[bytes, bytes]]:
    limits = scope.get("state", {}).get("limit_headers", ())  # here, so that a 500 has them too
    given = [*headers, *limits, (b"x-request-id", request_id.encode())]
    names = {name.lower() for name, _ in given}
    wanted = (*_CAREFUL, _NOT_KEPT) if scope["path"].startswith("/api/") else _CAREFUL
    return given + [one for one in wanted if one[0] not in names]


async def _broken(send: Send) -> None:
    body = orjson.dumps({"detail": HTTPStatus.INTERNAL_SERVER_ERROR.phrase})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if _SANE.fullmatch(given) else fresh_id()


def fresh_id() -> str:
    """An id for a request whose client gave none: `req_` and 24 hexadecimal digits."""
    return f"req_{secrets.token_hex(12)}"
