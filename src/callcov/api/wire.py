"""The connection below a request: uvicorn, with bounds on how slow and how large what is not a body may be.

uvicorn ends an idle connection between two requests. Left open are the sender that drips its header for ever, the
header (or chunk extension, or trailer) without an end, and the body that goes on behind an answer that refused it.
A body that is being read has its own limit in `requests.py`. There are no WebSockets here: a
request for one is answered as the plain request that it is.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from callcov.api.requests import fresh_id

_log = structlog.stdlib.get_logger()

HEAD_SECONDS = 30.0
"""From the first byte of a request (or the opening of a connection) to the end of its header."""
MAX_HEAD = 65_536
"""Bytes of a request beside its body: request line, header, what frames the chunks; more only as the body grows.
The piece of up to 256 KB in which a request begins is not counted."""


def config(app: ASGIApp, **options: Any) -> uvicorn.Config:  # noqa: ANN401 - uvicorn's own options
    """How uvicorn serves the application; `options` go to it as they are."""
    return uvicorn.Config(app, http=Bounded, ws="none", access_log=False, server_header=False, **options)


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol with those bounds. What breaks one is answered if it can be, and the connection ends."""

    _clock: asyncio.TimerHandle | None = None
    _raw = 0
    _body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it the same way
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes, pass them on, and refuse what is too large beside its body."""
        self._raw += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._raw - self._body > MAX_HEAD + self._body:
            self._end(b"431 Request Header Fields Too Large", b"The header of the request is larger than 64 KB")
        elif self._clock is None and (self.cycle is None or self.cycle.response_complete):  # pyright: ignore[reportUnnecessaryComparison] None before the first request
            self._wait(HEAD_SECONDS)

    def on_message_begin(self) -> None:
        """Count anew."""
        self._raw = self._body = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The request is there; the application answers for its body."""
        self._wait(None)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what is body."""
        self._body += len(body)
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Give a body that was refused only so long to end; between requests uvicorn's own limit holds."""
        unread = self.cycle.more_body
        super().on_response_complete()
        if unread and self.cycle.response_complete:
            self._wait(HEAD_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP, refused in the shape of every error."""
        self._end(b"400 Bad Request", msg.rstrip(".").encode())

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: uvicorn would advise the log's reader, at every such request, to install a WebSocket library."""

    def _wait(self, seconds: float | None) -> None:
        if self._clock:
            self._clock.cancel()
        self._clock = None if seconds is None else self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        self._clock = None
        self._end(b"408 Request Timeout", b"The request did not arrive in time")

    def _end(self, status: bytes, reason: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or (self.cycle.response_complete and not self.cycle.more_body):  # pyright: ignore[reportUnnecessaryComparison] the same
            body, request_id = b'{"detail":"%s"}' % reason, fresh_id()
            head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n"
            safe = b"x-content-type-options: nosniff\r\ncache-control: no-store\r\nx-request-id: %s\r\n\r\n"
            self.transport.write(head % (status, len(body)) + safe % request_id.encode() + body)
            _log.info("request refused", request_id=request_id, status=int(status[:3]))
        self.transport.close()
