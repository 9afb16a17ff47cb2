"""All that is kept of one account as a zip file, for itself, an auditor, or another system.

account.json · keys.json (no secrets) · policies/<version>.json · analyses/<id>.json, as the API gives them, with
judgements/<id>.json · deliveries.json · audit.jsonl (newest first) · with the sound recordings/<id>.flac, masked as
served, and originals/<id> where the policy keeps them or the analysis still needs them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson

from callcov import document
from callcov.errors import NotFound
from callcov.store import audit, belongings, documents
from callcov.store.analyses import Analysis
from callcov.store.audit import Line, Wanted
from callcov.store.blobs import Blobs
from callcov.store.db import Database

_CALLS = 50
_LINES = 1000


def export(database: Database, blobs: Blobs, user_id: str, target: Path, public_url: str, sound: bool) -> None:  # noqa: FBT001 - the last of many
    """Write the file, readable by its owner only; nothing stays when it fails.

    `public_url` goes into the addresses of the sound. Raises FileExistsError when there is a file, OSError when it
    cannot be written.
    """
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            _account(archive, database, user_id)
            for row, full, judgements in _calls(database, user_id):
                shown = documents.filled(full, public_url) if full else document.rendered(row, public_url)
                archive.writestr(f"analyses/{row.id}.json", shown)
                archive.writestr(f"judgements/{row.id}.json", orjson.dumps(judgements))
                if sound:
                    _copy(archive, blobs, row.masked_key, f"recordings/{row.id}.flac")
                    _copy(archive, blobs, row.blob_key, f"originals/{row.id}")
            with archive.open("audit.jsonl", "w") as log:
                for line in _log(database, user_id):
                    log.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    except BaseException:
        target.unlink()
        raise


def _account(archive: ZipFile, database: Database, user_id: str) -> None:
    with database.read() as connection:
        parts = {
            "account.json": belongings.account(connection, user_id),
            "keys.json": belongings.keys(connection, user_id),
            "deliveries.json": belongings.attempts(connection, user_id),
        }
        policies = belongings.policies_set(connection, user_id)
    for name, part in parts.items():
        archive.writestr(name, orjson.dumps(part, option=orjson.OPT_INDENT_2))
    for version, text in policies:
        archive.writestr(f"policies/{version}.json", text)


def _calls(database: Database, user_id: str) -> Iterator[tuple[Analysis, str | None, list[belongings.Row]]]:
    after = ""
    while True:
        with database.read() as connection:
            found = belongings.calls(connection, user_id, after, _CALLS)
        if not found:
            return
        yield from found
        after = found[-1][0].id


def _log(database: Database, user_id: str) -> Iterator[Line]:
    """Both logs: what is live or the account's, then what is test."""
    for livemode in (True, False):
        after, more = None, True
        while more:
            with database.read() as connection:
                lines, more = audit.page(connection, user_id, livemode, Wanted(starting_after=after), _LINES)
            yield from lines
            after = lines[-1].id if lines else None


def _copy(archive: ZipFile, blobs: Blobs, key: str | None, name: str) -> None:
    """Copy an object, as it is: sound does not get smaller. Nothing when there is none."""
    if key is None:
        return
    try:
        source = blobs.reader(key)
    except NotFound:
        return
    part = ZipInfo(name)
    part.compress_type = ZIP_STORED
    with source, archive.open(part, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, 1 << 20)
