"""An installation that was begun without a master key, encrypted: every text and every object of every account.

Nothing else may use it meanwhile. Cut off at any moment and begun again it goes on: a text is sealed in a transaction,
an object takes the place of the readable one at once, and what is sealed already is passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from callcov import pipeline
from callcov.store import conversion, upkeep, users
from callcov.store.analyses import Analysis
from callcov.store.blobs import Blobs
from callcov.store.db import Database

_AT_ONCE = 50


class Sealed(NamedTuple):
    """How much was sealed, and how many objects were removed because no analysis has them."""

    texts: int
    objects: int
    removed: int


def encrypt(database: Database, blobs: Blobs) -> Sealed:
    """Seal what is stored readable, for the account that owns it; `database` and `blobs` have the vault.

    Objects that no analysis names are what a killed server left, which it would have removed a day later.
    """
    blobs.sweep(datetime.now(UTC))
    removed = _remove_nobodys(database, blobs)
    texts, objects = 0, 0
    with database.read() as connection:
        accounts = users.every(connection)
    for user in accounts:
        after = ""
        while rows := _page(database, user.id, after):
            with database.write() as connection:
                texts += conversion.seal_texts(connection, user.id, [row.id for row in rows])
            objects += sum(blobs.of(user.id).seal(key) for row in rows for key in _objects(blobs, row))
            after = rows[-1].id
    return Sealed(texts, objects, removed)


def _remove_nobodys(database: Database, blobs: Blobs) -> int:
    with database.read() as connection:
        waiting = upkeep.unfinished(connection)
    coming = {key for row in waiting for key in pipeline.left(row.blob_key)}
    removed = 0
    for folder in ("recordings/", "masked/", "vectors/", "work/"):
        for keys in blobs.older(folder, datetime.now(UTC)):
            with database.read() as connection:
                kept = upkeep.named(connection, keys) | coming
            for key in keys:
                at_work = any(key.startswith(pipeline.folder(row.id)) for row in waiting)
                if key not in kept and not at_work:
                    blobs.delete(key)
                    removed += 1
    return removed


def _page(database: Database, user_id: str, after: str) -> tuple[Analysis, ...]:
    with database.read() as connection:
        return conversion.owned(connection, user_id, after, _AT_ONCE)


def _objects(blobs: Blobs, row: Analysis) -> set[str]:
    """The keys of the objects that an analysis has."""
    named = {row.blob_key, row.masked_key, row.vectors_key, *pipeline.left(row.blob_key)}
    work = blobs.older(f"{pipeline.folder(row.id)}", datetime.now(UTC))
    return {key for key in named if key and blobs.exists(key)} | {key for keys in work for key in keys}
