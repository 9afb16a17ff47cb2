"""The audit log of the account: who did what to which object, when, from where, and what came of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response

from callcov.api import schemas
from callcov.api.caller import Known
from callcov.api.fields import UNDIVIDED, Id
from callcov.api.moments import Bound
from callcov.api.services import Given
from callcov.store import audit
from callcov.store.audit import Wanted

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


@router.get(
    "/",
    response_model=schemas.AuditLog,
    responses=schemas.errors(401) | schemas.bad_query(),
    summary="The audit log",
)
def list_audit(
    services: Given,
    caller: Known,
    object_id: Annotated[Id | None, Query(description="Only what was done to this object.")] = None,
    created_after: Annotated[Bound | None, Query(description="From then on: Unix seconds or ISO 8601.")] = None,
    created_before: Annotated[Bound | None, Query(description="Before then: Unix seconds or ISO 8601.")] = None,
    starting_after: Annotated[UUID | None, Query(description="Lines older than the one of this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of lines."), UNDIVIDED] = 100,
) -> Response:
    """What was done, newest first. With a test key what was done to test analyses, otherwise everything else."""
    wanted = Wanted(object_id, created_after, created_before, str(starting_after) if starting_after else None)
    with services.database.read() as connection:
        lines, more = audit.page(connection, caller.user_id, caller.livemode, wanted, limit)
    return Response(orjson.dumps({"object": "list", "data": lines, "has_more": more}), media_type="application/json")
