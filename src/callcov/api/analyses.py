"""The analyses of the caller: list, fetch, delete, run again.

Stored documents are spliced into the answer as the bytes they are; nothing here decodes or encodes a transcript
that is only passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError

from callcov import document
from callcov.api import schemas, trail
from callcov.api.answers import has_seen, said, weak_tag
from callcov.api.caller import Asking, Known
from callcov.api.fields import UNDIVIDED, Id
from callcov.api.filters import Narrowed
from callcov.api.packing import packed, takes_gzip
from callcov.api.services import Given, Services, public_url
from callcov.errors import NotFound
from callcov.feed.feeds import Feeds
from callcov.feed.text import folded
from callcov.store import analyses, audit, documents, listing
from callcov.store.analyses import Analysis, Filters
from callcov.store.db import LARGEST
from callcov.store.erasure import erase
from callcov.store.keys import Caller

router = APIRouter(prefix="/api/v1/analysis", tags=["analyses"])

_NOT_FOUND = "Analysis not found"
_AT_ONCE = 100
"""Records of a page that the loop may make itself; a thousand would keep everybody waiting for 30 ms."""
_LARGE = 2_000_000
"""Bytes of such a page at most; the list's last page tells how large its records are."""
_LONG = 100_000
"""Bytes from which an answer that a thread makes is packed there too."""

# The client's own cache may keep the list, and asks each time whether it still holds.
_KEPT = {"Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key, Accept-Encoding"}
_UNCHANGED: schemas.Responses = {304: {"description": "The list is still the one that `If-None-Match` names."}}

_EITHER = {
    "type": "value_error",
    "loc": ("query", "starting_after"),
    "msg": "starting_after and offset cannot be used together",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Which part of the list is shown, and how much of each analysis."""

    limit: int
    offset: int
    expand: bool
    starting_after: str | None


# It only looks: `async`, or else FastAPI hands it to a thread and waits for it.
async def _place(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of results."), UNDIVIDED] = 100,
    offset: Annotated[int, Query(ge=0, description="Number of results to skip."), UNDIVIDED] = 0,
    expand: Annotated[bool, Query(description="false leaves transcript and results out.")] = True,  # noqa: FBT002 - a query parameter has a name
    starting_after: Annotated[
        UUID | None, Query(description="Only show analyses with smaller ids than this; not together with `offset`.")
    ] = None,
) -> _Place:
    if starting_after is not None and "offset" in request.query_params:
        raise RequestValidationError([_EITHER])
    return _Place(limit, min(offset, LARGEST), expand, None if starting_after is None else str(starting_after))


@router.get(
    "/",
    response_model=schemas.AnalysisList,
    responses=_UNCHANGED | schemas.errors(401) | schemas.bad_query(),
    summary="List analyses",
)
async def list_analyses(
    request: Request,
    services: Given,
    asking: Asking,
    filters: Narrowed,
    place: Annotated[_Place, Depends(_place)],
) -> Response:
    """The analyses of the account, newest first. Free of charge.

    `ETag` changes whenever the list does; sent back as `If-None-Match`, a list that has not changed is 304 and empty.
    """
    # A page that the index gives takes two milliseconds. Threads that make pages take the interpreter from one another
    # and from the loop, which passes their answers on: sixteen clients got half as many from them as from the loop.
    if services.database.is_near and services.feeds and place.limit <= _AT_ONCE:
        caller = asking()
        most = _LARGE // place.limit if place.expand else None
        if services.feeds.is_ready(caller.user_id, caller.livemode, most):
            quick = _Asked(request, services, caller, filters, place).quick_answer(services.feeds)
            if quick is not None:
                return quick
    return await run_in_threadpool(lambda: _Asked(request, services, asking(), filters, place).answer())


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question for the list."""

    request: Request
    services: Services
    caller: Caller
    filters: Filters
    place: _Place

    def quick_answer(self, feeds: Feeds) -> Response | None:
        """The answer if it takes but milliseconds, for the event loop; None when the database would count or search."""
        if unchanged := self._unchanged():
            return unchanged
        with self.services.database.read() as connection:
            page = listing.quick_page(connection, *self._which, feeds)
        return None if page is None else self._whole(page)

    def answer(self) -> Response:
        """The answer, however long it takes."""
        if unchanged := self._unchanged():
            return unchanged
        with self.services.database.read() as connection:
            page = listing.page(connection, *self._which, self.services.feeds)
        whole = self._whole(page)
        is_taken = takes_gzip(self.request.headers.getlist("accept-encoding"))
        return packed(whole) if is_taken and len(whole.body) >= _LONG else whole

    @property
    def _which(self) -> tuple[str, bool, Filters, int, int, bool, str | None]:
        place = self.place
        asked = self.filters, place.limit, place.offset, place.expand, place.starting_after
        return self.caller.user_id, self.caller.livemode, *asked

    def _unchanged(self) -> Response | None:
        if "if-none-match" not in self.request.headers:
            return None
        with self.services.database.read() as connection:
            tag = self._tag(analyses.revision(connection, self.caller.user_id, self.caller.livemode))
        return Response(status_code=304, headers={"ETag": tag, **_KEPT}) if has_seen(self.request, tag) else None

    def _whole(self, page: listing.Page) -> Response:
        body = b"".join(_parts(page, public_url(self.services, self.request)))
        if self.services.feeds and self.place.expand and page.items:
            self.services.feeds.weigh(self.caller.user_id, self.caller.livemode, len(body) // len(page.items))
        return Response(body, headers={"ETag": self._tag(page.revision), **_KEPT}, media_type="application/json")

    def _tag(self, revision: int) -> str:
        public, owner = public_url(self.services, self.request), (self.caller.user_id, self.caller.livemode)
        search = self.filters.search
        filters = replace(self.filters, search=folded(search) if search else None)
        return weak_tag(self.services.version, public, owner, revision, filters, self.place)


@router.get(
    "/{analysis_id}",
    response_model=schemas.Analysis,
    responses=schemas.errors(401, 404),
    summary="Retrieve an analysis",
)
def get_analysis(request: Request, services: Given, caller: Known, analysis_id: Id) -> Response:
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
def delete_analysis(request: Request, services: Given, caller: Known, analysis_id: Id) -> Response:
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
def retry_analysis(request: Request, services: Given, caller: Known, analysis_id: Id) -> Response:
    """Run a failed analysis again, from its recording, under the same id."""
    entry = trail.entry(request, caller, "analysis.retry", analysis_id)
    with trail.noting(services, caller, entry), services.database.write() as connection:
        row = analyses.retry(connection, caller.user_id, caller.livemode, analysis_id)
        services.engine.start(connection, caller.user_id, row.id, row.attempt)
        audit.write(connection, caller.user_id, entry)
    return said("Analysis runs again", 202)


def _parts(page: listing.Page, public: str) -> Iterator[bytes | memoryview]:
    """A list object in parts."""
    comma = b'{"object":"list","data":['
    for item in page.items:
        yield comma
        if isinstance(item, bytes):
            yield from documents.pieces(item, public)
        else:
            yield document.rendered(item, public)
        comma = b","
    begin = b"" if page.items else comma
    yield b'%b],"has_more":%b,"total":%d}' % (begin, b"true" if page.has_more else b"false", page.total)


def _json(found: str | Analysis, public: str) -> bytes:
    return document.rendered(found, public) if isinstance(found, Analysis) else documents.filled(found, public)
