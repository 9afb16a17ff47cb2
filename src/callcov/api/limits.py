"""How often a caller may call (CONTRACT §8): decided here, before a route, and told in the headers of every answer.

A valid credential has limits of its own, whatever its address; everybody else, on public routes or with a wrong
credential, shares those of the address. A submission counts for its own limit too.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from callcov.api.caller import identified
from callcov.api.errors import answer
from callcov.api.services import Services
from callcov.errors import InvalidCredentials, RateLimited
from callcov.limiting import Taken, full, network

_SUBMISSION = "/api/v1/analysis"
# Asked by supervisors and load balancers, which would take a server that answers 429 for a dead one.
_FREE = "/health/"


class Limits:
    """ASGI middleware inside `Requests`, which adds the headers. Refuses before any byte of the body is read."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it is within its limits."""
        rate = self._services.rate
        if scope["type"] != "http" or (rate is None and self._services.submit_rate is None):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if rate is not None and scope["path"].startswith(_FREE):
            taken: Taken | None = full(rate)
        else:
            taken = await run_in_threadpool(self._take, request)
        if taken is not None:
            request.state.limit_headers = _headers(taken)
        if taken is None or taken.allowed:
            await self._app(scope, receive, send)
            return
        await answer(RateLimited(reset=taken.reset))(scope, receive, send)

    def _take(self, request: Request) -> Taken | None:
        """Count the request; the limit that is nearer to its end, None when none applies."""
        who = self._who(request)
        taken = [self._services.limiter.take(self._services.rate, "requests", *who)] if self._services.rate else []
        is_submission = request.method == "POST" and request.url.path.rstrip("/") == _SUBMISSION
        if self._services.submit_rate and is_submission and all(one.allowed for one in taken):
            taken.append(self._services.limiter.take(self._services.submit_rate, "submissions", *who))
        return min(taken, key=lambda one: (one.allowed, one.remaining, one.limit), default=None)

    def _who(self, request: Request) -> tuple[str, str]:
        try:
            caller = identified(request, self._services)
        except InvalidCredentials:
            return "address", network(request.client.host if request.client else None)
        return "credential", caller.key_id or caller.user_id


def _headers(taken: Taken) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-limit", str(taken.limit).encode()),
        (b"x-ratelimit-remaining", str(taken.remaining).encode()),
        (b"x-ratelimit-reset", str(taken.reset).encode()),
    ]
