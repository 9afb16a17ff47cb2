"""What the API needs to answer; put together by `cli.py`, passed to `app.create`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

import sqlalchemy as sa
from fastapi import Depends, Request

from callcov.auth.mail import Post
from callcov.auth.passwords import Passwords
from callcov.feed.feeds import Feeds
from callcov.limiting import Limiter
from callcov.model import Recording
from callcov.rejudge import Judges
from callcov.store.blobs import Blobs
from callcov.store.db import Database


class Engine(Protocol):
    """Durable work, as `engine.py` does it."""

    def start(self, connection: sa.Connection, user_id: str, analysis_id: str, attempt: int) -> None:
        """Enqueue an attempt at the analysis within the caller's transaction."""
        ...

    def deliver(
        self, connection: sa.Connection, user_id: str, analysis_id: str, run: int, attempt: int, delay: float
    ) -> None:
        """Enqueue a webhook's attempt, `delay` seconds from now, within the caller's transaction."""
        ...

    def cancel(self, analysis_id: str, attempt: int) -> None:
        """Stop that attempt; nothing happens if it has ended."""
        ...

    def forget(self, analysis_id: str, runs: int, deliveries: int) -> None:
        """Drop what waits or is remembered for an analysis that is gone, as `erasure.Queue`."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may use.

    `probe` reads the upload under a blob key and blocks, it is called in a thread; it raises BadRecording. `judges`
    judge what is completed again, and block too. `secret` signs links and hashes keys. `public_url` has no slash at its
    end; None is the request's own base. `limiter` counts requests, log-ins and mails; `rate` and `submit_rate` are
    limits of requests such as `100/minute`, None is none. `feeds` answer for long lists; with None the database does.
    """

    database: Database
    blobs: Blobs
    engine: Engine
    probe: Callable[[str], Recording]
    judges: Judges
    secret: bytes = field(repr=False)
    public_url: str | None
    version: str
    passwords: Passwords
    post: Post
    limiter: Limiter
    rate: str | None
    submit_rate: str | None
    feeds: Feeds | None = None


async def _services(request: Request) -> Services:
    return request.app.state.services


Given = Annotated[Services, Depends(_services)]


def public_url(services: Services, request: Request) -> str:
    """The address under which clients reach this server, without a slash at its end."""
    return services.public_url or str(request.base_url).rstrip("/")
