"""Who is calling: the documented ways to send a credential, as parameters of the routes that need one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer

from callcov.api.services import Given
from callcov.auth.keys import identify
from callcov.auth.links import check
from callcov.errors import InvalidCredentials, NotFound
from callcov.store import users
from callcov.store.keys import Caller

# They only describe the headers in the API document; `identify` reads them.
_ApiKey = Annotated[
    object, Security(APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="ApiKey", description="`sk_live_…`"))
]
_Bearer = Annotated[
    object, Security(HTTPBearer(auto_error=False, scheme_name="Bearer", description="The same key as a bearer token"))
]


def _caller(request: Request, services: Given, _key: _ApiKey, _bearer: _Bearer) -> Caller:
    headers = request.headers
    now = datetime.now(UTC)
    return identify(services.database, services.secret, headers.get("x-api-key"), headers.get("authorization"), now)


Known = Annotated[Caller, Depends(_caller)]
"""The caller of a route; without valid credentials the route answers 401."""


def listener(request: Request, services: Given, analysis_id: str, _key: _ApiKey, _bearer: _Bearer) -> tuple[str, bool]:
    """The account and mode that may hear an analysis: its `?token=`'s, or else the caller's."""
    token = request.query_params.get("token")
    if token is None:
        caller = _caller(request, services, _key, _bearer)
        return caller.user_id, caller.livemode
    link = check(services.secret, token, datetime.now(UTC))
    if link.analysis_id != analysis_id:
        raise NotFound("Analysis not found")
    with services.database.read() as connection:
        if not users.get(connection, link.user_id).is_active:
            raise InvalidCredentials("Invalid authentication credentials")
    return link.user_id, link.livemode
