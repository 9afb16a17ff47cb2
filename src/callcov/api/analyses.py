"""The analyses of the caller: list, fetch, delete, run again, put the roles right.

Stored documents are spliced into the answer as the bytes they are; nothing here decodes or encodes a transcript
that is only passed on.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field, ValidationError

from callcov import document
from callcov.api import schemas
from callcov.api.caller import Known
from callcov.api.errors import Invalid, items
from callcov.api.services import Given, public_url
from callcov.checks.policy import Direction
from callcov.errors import Conflict, NotFound, UploadTooLarge
from callcov.store import analyses, documents
from callcov.store.analyses import COMPLETED, PROCESSING, Analysis, Filters
from callcov.store.db import Database
from callcov.store.keys import Caller

router = APIRouter(prefix="/api/v1/analysis", tags=["analyses"])

_NOT_FOUND = "Analysis not found"
# The largest offset a database takes; there are no more analyses than that.
_MAX_OFFSET = 2**63 - 1
_MAX_BODY = 4096

Status = Literal["processing", "completed", "failed"]


class Roles(BaseModel):
    """Who is the agent."""

    agent_speaker: Literal["A", "B"] = Field(
        description="The speaker, as labelled in the transcript, who is the agent."
    )


async def _sent(request: Request) -> Roles:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise UploadTooLarge(f"The body is larger than {_MAX_BODY:,} bytes")
    try:
        return Roles.model_validate_json(bytes(body))
    except ValidationError as error:
        raise Invalid(items(error)) from error


Sent = Annotated[Roles, Depends(_sent)]


@router.get(
    "/",
    response_model=schemas.AnalysisList,
    responses=schemas.errors(401) | schemas.bad_query(),
    summary="List analyses",
)
def list_analyses(
    request: Request,
    services: Given,
    caller: Known,
    status_filter: Annotated[Status | None, Query(description="Only analyses of this status.")] = None,
    agent_id: Annotated[str | None, Query(description="Only this agent, exactly.")] = None,
    contact_id: Annotated[str | None, Query(description="Only this contact, exactly.")] = None,
    search: Annotated[str | None, Query(description="Part of agent_id or contact_id, in any case.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of results.")] = 100,
    offset: Annotated[int, Query(ge=0, description="Number of results to skip.")] = 0,
    expand: Annotated[bool, Query(description="false leaves transcript and results out.")] = True,  # noqa: FBT002 - a query parameter has a name
) -> Response:
    """The analyses of the account, newest first. Free of charge."""
    filters = Filters(status_filter, agent_id, contact_id, search)
    with services.database.read() as connection:
        page = analyses.page(
            connection, caller.user_id, caller.livemode, filters, limit, min(offset, _MAX_OFFSET), expand
        )
    public = public_url(services, request)
    data = b",".join(_json(item, public) for item in page.items)
    more = b"true" if page.has_more else b"false"
    body = b'{"object":"list","data":[%b],"has_more":%b,"total":%d}' % (data, more, page.total)
    return Response(body, media_type="application/json")


@router.get(
    "/{analysis_id}",
    response_model=schemas.Analysis,
    responses=schemas.errors(401, 404),
    summary="Retrieve an analysis",
)
def get_analysis(request: Request, services: Given, caller: Known, analysis_id: str) -> Response:
    """The analysis in its present state. Free of charge."""
    with services.database.read() as connection:
        stored = documents.full(connection, caller.user_id, caller.livemode, analysis_id)
        found = stored or analyses.get(connection, caller.user_id, caller.livemode, analysis_id)
    if found is None:
        raise NotFound(_NOT_FOUND)
    return Response(_json(found, public_url(services, request)), media_type="application/json")


@router.delete(
    "/{analysis_id}",
    response_model=schemas.Message,
    responses=schemas.errors(401, 404),
    summary="Delete an analysis",
)
def delete_analysis(services: Given, caller: Known, analysis_id: str) -> Response:
    """Delete the analysis with its sound and documents; one still processing is cancelled and sends no webhook."""
    with services.database.write() as connection:
        row = analyses.get(connection, caller.user_id, caller.livemode, analysis_id)
        if row is None:
            raise NotFound(_NOT_FOUND)
        keys = analyses.delete(connection, caller.user_id, caller.livemode, analysis_id)
    if row.status == PROCESSING:
        services.engine.cancel(row.id, row.attempt)
    for key in keys:
        services.blobs.delete(key)
    services.blobs.delete_prefix(f"work/{row.id}/")
    return _done("Analysis deleted successfully")


@router.post(
    "/{analysis_id}/retry",
    status_code=202,
    response_model=schemas.Message,
    responses=schemas.errors(401, 404, 409, 507),
    summary="Run a failed analysis again",
)
def retry_analysis(services: Given, caller: Known, analysis_id: str) -> Response:
    """Run a failed analysis again, from its recording, under the same id."""
    with services.database.write() as connection:
        row = analyses.retry(connection, caller.user_id, caller.livemode, analysis_id)
        services.engine.start(connection, caller.user_id, row.id, row.attempt)
    return _done("Analysis runs again", 202)


@router.post(
    "/{analysis_id}/roles",
    response_model=schemas.Analysis,
    responses=schemas.errors(401, 404, 409, 413, 422, 507),
    summary="Say who is the agent",
    openapi_extra={"requestBody": schemas.json_body(Roles)},
)
def set_roles(request: Request, services: Given, caller: Known, analysis_id: str, roles: Sent) -> Response:
    """Put the roles right and judge the call again from its stored transcript; no webhook is sent."""
    row, full, text = _completed(services.database, caller, analysis_id)
    transcript = document.transcript_of(text).with_agent(roles.agent_speaker)
    judged = services.judge(transcript, cast("Direction | None", row.call_direction))
    finished = document.finished(
        row,
        transcript,
        judged,
        document.models_of(full),
        row.completed_at or "",
        row.processing_time_ms or 0,
        row.masked_key,
    )
    with services.database.write() as connection:
        analyses.replace_results(connection, caller.user_id, caller.livemode, analysis_id, finished)
    return Response(_json(finished.full, public_url(services, request)), media_type="application/json")


def _completed(database: Database, caller: Caller, analysis_id: str) -> tuple[Analysis, str, str]:
    owner = (caller.user_id, caller.livemode, analysis_id)
    with database.read() as connection:
        row = analyses.get(connection, *owner)
        full, text = documents.full(connection, *owner), documents.transcript(connection, *owner)
    if row is None:
        raise NotFound(_NOT_FOUND)
    if row.status != COMPLETED or full is None or text is None:
        raise Conflict(f"The analysis is not completed but {row.status}: it has no roles yet")
    return row, full, text


def _json(found: str | Analysis, public: str) -> bytes:
    if isinstance(found, Analysis):
        return document.rendered(found, public)
    return documents.filled(found, public).encode()


def _done(message: str, status: int = 200) -> Response:
    return Response(orjson.dumps({"message": message, "success": True}), status, media_type="application/json")
