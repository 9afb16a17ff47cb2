"""Who is calling: the documented ways to send a credential, as parameters of the routes that need one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPBearer

from callcov.api.fields import Id
from callcov.api.services import Given, Services
from callcov.auth.keys import bearer, identify
from callcov.auth.links import check
from callcov.auth.tokens import check_access
from callcov.errors import InvalidCredentials, NotFound
from callcov.store import users
from callcov.store.audit import LINK
from callcov.store.keys import Caller

_BEARER = (
    "An API key or an access token. A token works on live analyses, "
    "or with the header `X-Callcov-Mode: test` on test ones."
)
# They only describe the headers in the API document; `identify` reads them.
_ApiKey = Annotated[
    object, Security(APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="ApiKey", description="`sk_live_…`"))
]
_Bearer = Annotated[object, Security(HTTPBearer(auto_error=False, scheme_name="Bearer", description=_BEARER))]


def identified(request: Request, services: Services) -> Caller:
    """Who calls, looked up once a request: first by the rate limit, then by the route. Raises InvalidCredentials."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        given, now = request.headers, datetime.now(UTC)
        credentials = given.get("x-api-key"), given.get("authorization")
        known = identify(services.database, services.secret, *credentials, now, given.get("x-callcov-mode"))
        request.state.caller = known
    return known


async def _caller(request: Request, services: Given, _key: _ApiKey, _bearer: _Bearer) -> Caller:
    # Where there is a rate limit it is known already, and no thread has to be waited for.
    known: Caller | None = getattr(request.state, "caller", None)
    return known or await run_in_threadpool(identified, request, services)


Known = Annotated[Caller, Depends(_caller)]
"""The caller of a route; without valid credentials the route answers 401."""


async def _asking(request: Request, services: Given, _key: _ApiKey, _bearer: _Bearer) -> Callable[[], Caller]:
    # Without the request, which holds it: what holds itself stays until garbage is looked for, which halts everybody.
    request.state.asking = partial(identified, services=services)
    return partial(identified, request, services)


Asking = Annotated[Callable[[], Caller], Depends(_asking)]
"""For a route that chooses where it works: its caller, to be asked for there instead of waiting for another thread.

Where its parameters are refused, an unknown caller is told so first (see `errors.install`).
"""


def _owner(request: Request, services: Given, _bearer: _Bearer) -> str:
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None and known.key_id is None:
        return known.user_id  # by its token, for the rate limit
    token = bearer(request.headers.get("authorization")) or ""
    return check_access(services.database, services.secret, token, datetime.now(UTC)).user_id


Owner = Annotated[str, Depends(_owner)]
"""The account of a route that a key does not open: who manages keys must have logged in; otherwise it answers 401."""


def listener(request: Request, services: Given, analysis_id: Id, _key: _ApiKey, _bearer: _Bearer) -> Caller:
    """Whoever may hear an analysis: the holder of a link's `?token=`, named LINK, or else the caller."""
    token = request.query_params.get("token")
    if token is None:
        return identified(request, services)
    link = check(services.secret, token, datetime.now(UTC))
    if link.analysis_id != analysis_id:
        raise NotFound("Analysis not found")
    with services.database.read() as connection:
        if not users.get(connection, link.user_id).is_active:
            raise InvalidCredentials("Invalid authentication credentials")
    return Caller(link.user_id, link.livemode, LINK, None)
