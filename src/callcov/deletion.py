"""Deleting an analysis, whoever asks for it: its account, or time."""

from __future__ import annotations

from collections.abc import Callable

from callcov import pipeline
from callcov.errors import NotFound
from callcov.store import analyses
from callcov.store.analyses import PROCESSING
from callcov.store.blobs import Blobs
from callcov.store.db import Database


def delete(
    database: Database,
    blobs: Blobs,
    cancel: Callable[[str, int], None],
    user_id: str,
    livemode: bool,  # noqa: FBT001 - as in the store
    analysis_id: str,
) -> None:
    """Remove the analysis with everything that was stored of it; `cancel(id, attempt)` ends one still processing.

    What the ledger of minutes says of it stays. Raises NotFound.
    """
    with database.write() as connection:
        row = analyses.get(connection, user_id, livemode, analysis_id)
        if row is None:
            raise NotFound("Analysis not found")
        keys = analyses.delete(connection, user_id, livemode, analysis_id)
    if row.status == PROCESSING:
        cancel(row.id, row.attempt)
    for key in keys:
        blobs.delete(key)
    blobs.delete_prefix(pipeline.folder(row.id))
