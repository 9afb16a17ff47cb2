"""The analyses of the caller: list, fetch, delete, run again.

Stored documents are spliced into the answer as the bytes they are; nothing here decodes or encodes a transcript
that is only passed on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from callcov import document
from callcov.api import schemas, trail
from callcov.api.answers import said
from callcov.api.caller import Known
from callcov.api.services import Given, public_url
from callcov.errors import NotFound
from callcov.store import analyses, audit, documents
from callcov.store.analyses import Analysis, Filters
from callcov.store.erasure import erase

router = APIRouter(prefix="/api/v1/analysis", tags=["analyses"])

_NOT_FOUND = "Analysis not found"
# The largest offset a database takes; there are no more analyses than that.
_MAX_OFFSET = 2**63 - 1

Status = Literal["processing", "completed", "failed"]


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
        found = documents.shown(connection, caller.user_id, caller.livemode, analysis_id)
    if found is None:
        raise NotFound(_NOT_FOUND)
    return Response(_json(found, public_url(services, request)), media_type="application/json")


@router.delete(
    "/{analysis_id}",
    response_model=schemas.Message,
    responses=schemas.errors(401, 404, 409, 507),
    summary="Delete an analysis",
)
def delete_analysis(request: Request, services: Given, caller: Known, analysis_id: str) -> Response:
    """Delete the analysis with its sound and documents; one still processing is cancelled and sends no webhook.

    One under legal hold stays. A line in the audit log, of ids alone, tells of the deletion.
    """
    entry = trail.entry(request, caller, "analysis.delete", analysis_id)
    with trail.noting(services, caller, entry):
        erase(services.database, services.blobs, services.engine, caller.user_id, caller.livemode, analysis_id, entry)
    services.database.scrub_soon()
    return said("Analysis deleted successfully")


@router.post(
    "/{analysis_id}/retry",
    status_code=202,
    response_model=schemas.Message,
    responses=schemas.errors(401, 404, 409, 507),
    summary="Run a failed analysis again",
)
def retry_analysis(request: Request, services: Given, caller: Known, analysis_id: str) -> Response:
    """Run a failed analysis again, from its recording, under the same id."""
    entry = trail.entry(request, caller, "analysis.retry", analysis_id)
    with trail.noting(services, caller, entry), services.database.write() as connection:
        row = analyses.retry(connection, caller.user_id, caller.livemode, analysis_id)
        services.engine.start(connection, caller.user_id, row.id, row.attempt)
        audit.write(connection, caller.user_id, entry)
    return said("Analysis runs again", 202)


def _json(found: str | Analysis, public: str) -> bytes:
    if isinstance(found, Analysis):
        return document.rendered(found, public)
    return documents.filled(found, public).encode()
