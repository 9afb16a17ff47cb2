"""What a request leaves in the audit log: who called, from where, and what came of it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import Request

from callcov.api.services import Services
from callcov.errors import Conflict
from callcov.store import audit
from callcov.store.audit import REFUSED, TOKEN, Entry
from callcov.store.keys import Caller

_LONGEST = 64  # characters; an address has at most 45, but a proxy in front may say anything


def who(caller: Caller) -> str:
    """The name of a credential in the log: the id of its key."""
    return caller.key_id or TOKEN


def address(request: Request) -> str | None:
    """Where the request came from: the client as the server knows it, behind a trusted proxy as that tells it."""
    return request.client.host[:_LONGEST] if request.client else None


def entry(request: Request, caller: Caller, action: str, analysis_id: str) -> Entry:
    """An entry about something the caller did to an analysis."""
    now = datetime.now(UTC)
    return Entry(who(caller), action, "analysis", analysis_id, now, address(request), caller.livemode)


@contextmanager
def noting(services: Services, caller: Caller, tried: Entry) -> Generator[None]:
    """Log the entry as refused when the block raises Conflict; what was done is logged by whoever does it.

    An analysis that is not there leaves nothing: it is nobody's, or somebody else's whose log this is not.
    """
    try:
        yield
    except Conflict:
        with services.database.write() as connection:
            audit.write(connection, caller.user_id, replace(tried, outcome=REFUSED))
        raise
