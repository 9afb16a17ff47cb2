"""POST /analysis/: the body streams into the object store while it is counted and hashed; then it is a promise.

Nothing is spooled to a temporary file, nothing of a refused upload stays. After the last byte the recording is
probed, and one transaction accepts the analysis and enqueues its work.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import BeforeValidator

from callcov import document
from callcov.api import schemas, trail
from callcov.api.caller import Known
from callcov.api.form import FILE_FIELD, MAX_FILE, MAX_OTHER, MAX_PARTS, Form
from callcov.api.services import Given, Services, public_url
from callcov.api.submission import Fields, check
from callcov.auth.keys import REFUSED
from callcov.errors import BadRecording, InvalidCredentials, UploadTooLarge
from callcov.store import analyses, audit, documents, idempotency, keys, turns
from callcov.store.analyses import Submission
from callcov.store.blobs import Blobs, fresh_key
from callcov.store.db import UNANSWERED
from callcov.store.keys import Caller
from callcov.store.sealed import is_sealed
from callcov.store.times import iso

router = APIRouter(prefix="/api/v1/analysis", tags=["analyses"])

_BLOCK = 1 << 20
# A body holds its file, its other parts, and the headers of each (at most 8 of 4 KB).
_MAX_BODY = MAX_FILE + MAX_OTHER + MAX_PARTS * (8 * 4224 + 512)


def _trimmed(value: object) -> object:
    # Blanks around it are no part of a header's value (RFC 9110 §5.5).
    return value.strip(" \t") if isinstance(value, str) else value


Key = Annotated[
    str | None,
    BeforeValidator(_trimmed),
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+$",
        description="A name of your own for this submission. Sent again within 24 hours it is answered as the first "
        "time and makes nothing new; with other fields or another file it is refused.",
    ),
]


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that arrived whole: what its fields say, and where its file went."""

    fields: Fields
    webhook_url: str | None
    blob_key: str
    sha256: str
    size_bytes: int

    def fingerprint(self) -> str:
        """What makes two requests the same one: the meaning of their fields, and the bytes of their file."""
        said = f"{self.fields.model_dump_json()}\n{self.webhook_url}\n{self.sha256}"
        return hashlib.sha256(said.encode()).hexdigest()


@router.post(
    "/",
    status_code=201,
    response_model=schemas.Analysis,
    responses=schemas.errors(400, 401, 402, 409, 413, 422, 507),
    openapi_extra={"requestBody": schemas.upload_body(Fields, FILE_FIELD)},
    summary="Submit a recording",
)
async def create_analysis(request: Request, services: Given, caller: Known, idempotency_key: Key = None) -> Response:
    """Submit a recording of up to 500 MB and twelve hours; its analysis runs in the background.

    Formats, recognised by content: flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav, webm.
    """
    upload = await receive(request, services.blobs.of(caller.user_id))
    # Threads of its own: probing waits for a child process that may be busy, and nobody else should.
    take_on = partial(_take_on, request, services, caller, upload, idempotency_key)
    answer = await asyncio.get_running_loop().run_in_executor(request.app.state.uploads, copy_context().run, take_on)
    return Response(documents.filled(answer, public_url(services, request)), 201, media_type="application/json")


async def receive(request: Request, blobs: Blobs) -> Upload:
    """Store the file of the body while it arrives, and check the fields.

    Raises Invalid, UploadTooLarge, BadRecording (an empty file), NoRoom, or starlette's ClientDisconnect; then nothing
    was stored.
    """
    form = Form(request.headers.get("content-type", ""))
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > _MAX_BODY:
        raise UploadTooLarge(f"The recording is larger than 500 MB ({MAX_FILE:,} bytes).")
    key = fresh_key("recordings")
    digest = hashlib.sha256()
    async with blobs.writer(key) as file:
        async for block in _blocks(form, request.stream()):
            if form.size == len(block) and is_sealed(block):  # the first: it would be taken for what we sealed
                raise BadRecording("The file is no recording: it begins as what CallCov has encrypted.")
            digest.update(block)
            await file.write(block)
        form.finish()
        fields = check(form.fields, has_file=form.has_file)
        if not form.size:
            raise BadRecording("The file is empty: it holds no bytes.")
    webhook_url = form.fields["webhook_url"] if fields.webhook_url else None
    return Upload(fields, webhook_url, key, digest.hexdigest(), form.size)


async def _blocks(form: Form, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    block = bytearray()
    async for chunk in body:
        block += form.feed(chunk)
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _take_on(request: Request, services: Services, caller: Caller, upload: Upload, key: str | None) -> str:
    # In one function of one thread: a request that is cancelled once this has begun can neither lose the recording of
    # an accepted analysis nor leave that of a refused one.
    try:
        answer, is_new = _promise(request, services, caller, upload, _submission(services, upload), key)
    except UNANSWERED:  # perhaps behind the commit: if no analysis names the recording, it is swept up a day later
        raise
    except BaseException:
        services.blobs.delete(upload.blob_key)
        raise
    if not is_new:
        services.blobs.delete(upload.blob_key)
    return answer


def _promise(
    request: Request, services: Services, caller: Caller, upload: Upload, submission: Submission, key: str | None
) -> tuple[str, bool]:
    """Take the analysis on, or find that it was: the answer, its public address unfilled, and whether it is new."""
    owner = (caller.user_id, caller.livemode)
    with services.database.write() as connection:
        now = datetime.now(UTC)
        turns.take(connection, caller.user_id)
        if not keys.stands(connection, caller.user_id, caller.key_id):  # a body may have been on its way for hours
            raise InvalidCredentials(REFUSED)
        if key is not None:
            stored = idempotency.find(connection, *owner, key, upload.fingerprint(), now)
            if stored is not None:
                return stored, False
        row = analyses.accept(connection, *owner, submission, now)
        services.engine.start(connection, caller.user_id, row.id, row.attempt)
        answer = document.accepted(row)
        if key is not None:
            idempotency.keep(connection, *owner, key, upload.fingerprint(), row.id, answer, now)
        audit.write(connection, caller.user_id, trail.entry(request, caller, "analysis.submit", row.id))
    return answer, True


def _submission(services: Services, upload: Upload) -> Submission:
    recording = services.probe(upload.blob_key)
    fields = upload.fields
    return Submission(
        agent_id=fields.agent_id,
        contact_id=fields.contact_id,
        blob_key=upload.blob_key,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        format=recording.format,
        duration_ms=round(recording.duration * 1000),
        channels=recording.channels,
        sample_rate=recording.sample_rate,
        call_direction=fields.call_direction,
        call_timestamp=iso(fields.call_timestamp) if fields.call_timestamp else None,
        metadata=fields.metadata,
        language=fields.language,
        agent_channel=fields.agent_channel,
        webhook_url=upload.webhook_url,
    )
