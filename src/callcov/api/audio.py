"""The sound of an analysis: the masked recording, in ranges, to its owner or to whoever holds a signed link."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.responses import StreamingResponse

from callcov import document
from callcov.api import schemas, trail
from callcov.api.answers import has_seen
from callcov.api.caller import Known, listener
from callcov.api.fields import Id
from callcov.api.services import Given, Services, public_url
from callcov.auth import links
from callcov.errors import NotFound
from callcov.store import analyses, audit
from callcov.store.audit import Entry
from callcov.store.keys import Caller
from callcov.store.times import iso

router = APIRouter(prefix="/api/v1/analysis", tags=["sound"])

# Nineteen digits are more than any file has bytes.
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")

Listener = Annotated[Caller, Depends(listener)]


@router.get("/{analysis_id}/audio", responses=schemas.sound(), summary="Hear the recording", response_class=Response)
@router.head("/{analysis_id}/audio", include_in_schema=False)
def get_audio(
    request: Request,
    services: Given,
    caller: Listener,
    analysis_id: Id,
    range_: Annotated[str | None, Header(alias="Range", description="One range of bytes, `bytes=0-1023`.")] = None,
    if_range: Annotated[str | None, Header(description="The ETag that the range is of.")] = None,
    token: Annotated[str | None, Query(description="From an audio link, in place of credentials.")] = None,
) -> Response:
    """The recording as FLAC, with what the policy masks silenced. It can be heard once the analysis is completed.

    `If-None-Match` of the sound that it is still is 304: a player need not load it again. Every request that is given
    sound is a line in the audit log, and so is one that is told to play what it has.
    """
    del token  # `listener` reads it
    key, tag = _sound(services, caller, analysis_id)
    size = services.blobs.size(key)
    part = _part(range_, size) if if_range in {None, tag} else None
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'inline; filename="{analysis_id}.flac"',
    }
    seen = has_seen(request, tag)
    if part and part[0] >= part[1] and not seen:
        return _unsatisfiable(headers, size)
    if request.method != "HEAD":
        _log(services, caller, trail.entry(request, caller, "audio.read", analysis_id))
    if seen:
        return Response(None, 304, headers)
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(None, status, headers, media_type="audio/flac")
    return StreamingResponse(services.blobs.stream(key, start, end), status, headers, media_type="audio/flac")


@router.post(
    "/{analysis_id}/audio-link",
    response_model=schemas.AudioLink,
    responses=schemas.errors(401, 404, 507),
    summary="Make a link to the recording",
)
def make_audio_link(request: Request, services: Given, caller: Known, analysis_id: Id) -> Response:
    """An address of the recording that works for ten minutes without credentials."""
    _sound(services, caller, analysis_id)
    _log(services, caller, trail.entry(request, caller, "audio.link", analysis_id))
    link = links.make(services.secret, analysis_id, caller.user_id, caller.livemode, datetime.now(UTC))
    url = f"{document.audio_url(public_url(services, request), analysis_id)}?token={link.token}"
    return Response(orjson.dumps({"url": url, "expires_at": iso(link.expires_at)}), media_type="application/json")


def _log(services: Services, caller: Caller, entry: Entry) -> None:
    """Log first, then give: what cannot be logged is not given."""
    with services.database.write() as connection:
        audit.write(connection, caller.user_id, entry)


def _sound(services: Services, caller: Caller, analysis_id: str) -> tuple[str, str]:
    """The key of the masked sound and its entity tag. The upload itself is never served."""
    with services.database.read() as connection:
        row = analyses.get(connection, caller.user_id, caller.livemode, analysis_id)
    if row is None:
        raise NotFound("Analysis not found")
    if row.masked_key is None:
        raise NotFound("The recording cannot be heard yet: its analysis is not completed")
    # The sound changes with its key, which must not be told.
    return row.masked_key, f'"{sha256(row.masked_key.encode()).hexdigest()[:32]}"'


def _unsatisfiable(headers: dict[str, str], size: int) -> Response:
    body = b'{"detail":"Range not satisfiable"}'
    return Response(body, 416, headers | {"Content-Range": f"bytes */{size}"}, media_type="application/json")


def _part(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end of the one range asked for, cut to the size; None for the whole (RFC 9110 §14).

    A range that cannot be satisfied has no bytes, its start is not before its end. Several ranges, another unit or a
    malformed header count as no range, which the RFC allows.
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1 if last else size, size)
