"""Deleting an analysis for good: its rows, then its objects and what is queued for it; one audit line stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from callcov.errors import Conflict, NotFound
from callcov.feed import saved
from callcov.store import analyses, audit, deletions, deliveries, marks
from callcov.store.analyses import Analysis
from callcov.store.audit import Entry
from callcov.store.blobs import Blobs
from callcov.store.db import Database

_MOST = 100_000
"""Deletions that are looked for in files; where more may be open, the list is read anew."""


class Queue(Protocol):
    """Whoever holds work on analyses."""

    def cancel(self, analysis_id: str, attempt: int) -> None:
        """Stop that attempt."""
        ...

    def forget(self, analysis_id: str, runs: int, deliveries: int) -> None:
        """Drop what waits or is remembered for an analysis.

        `runs` is how often it was begun, `deliveries` the highest number of a webhook attempt that was made.
        """
        ...


def erase(
    database: Database, blobs: Blobs, queue: Queue | None, user_id: str, livemode: bool, analysis_id: str, entry: Entry
) -> None:
    """Delete the analysis: sound, masked sound, vectors, documents, judgements, deliveries, work files, queued work.

    And what the feed index keeps of it as files. `entry` is logged with it, with the analysis's id and mode. Without a
    `queue`, a server at work finds it gone before its next stage. Raises NotFound, and Conflict while it is under legal
    hold. What is deleted is overwritten in the database; `Database.scrub` also takes it out of the log of changes.
    """
    row, keys, told = _remove(database, user_id, livemode, analysis_id, entry)
    try:
        _clean(blobs, queue, row, keys, told)  # first: it makes room on a disk that is full
    finally:
        _take_off(database, user_id, livemode, [analysis_id])


def erase_each(
    database: Database, blobs: Blobs, queue: Queue | None, rows: Iterable[Analysis], entry: Entry
) -> Iterator[tuple[Analysis, NotFound | Conflict | None]]:
    """Delete those analyses as `erase` does; gives each when it is gone, or with why it is not.

    A file of the feed index holds 65,536 analyses and is written once for all of them: give a hundred or so at a time.
    """
    gone: dict[tuple[str, bool], list[str]] = {}
    try:
        for row in rows:
            try:
                there, keys, told = _remove(database, row.user_id, row.livemode, row.id, entry)
            except (NotFound, Conflict) as refused:
                yield row, refused
            else:
                gone.setdefault((row.user_id, row.livemode), []).append(row.id)
                _clean(blobs, queue, there, keys, told)
                yield row, None
    finally:
        for (user_id, livemode), ids in gone.items():
            _take_off(database, user_id, livemode, ids)


def finish_erasures(database: Database) -> None:
    """Take out of the files of the feed index what was deleted by somebody who was killed before he did so."""
    for folder, user_id, livemode in saved.places(database.feed_folder) if database.feed_folder else []:
        owner = database, user_id, livemode
        saved.finish(folder, partial(_deleted, *owner), partial(_renewed, *owner))


def _remove(
    database: Database, user_id: str, livemode: bool, analysis_id: str, entry: Entry
) -> tuple[Analysis, Sequence[str], int]:
    """Delete what the database has of it.

    Gives what it was, the keys of its objects and the highest number of a webhook attempt that was made.
    """
    with database.write() as connection:
        row = analyses.get(connection, user_id, livemode, analysis_id)
        if row is None:
            raise NotFound("Analysis not found")
        told = deliveries.last_attempt(connection, user_id, row.id)
        keys = analyses.delete(connection, user_id, livemode, analysis_id)
        audit.write(connection, user_id, replace(entry, object_id=row.id, livemode=livemode))
    return row, keys, told


def _clean(blobs: Blobs, queue: Queue | None, row: Analysis, keys: Sequence[str], told: int) -> None:
    """Drop what is left of a deleted analysis besides; objects that stay because this failed are swept up later."""
    if queue and row.status == analyses.PROCESSING:
        queue.cancel(row.id, row.attempt)
    if queue:
        queue.forget(row.id, row.attempt, told)
    for key in keys:
        blobs.delete(key)
    blobs.delete_prefix(f"work/{row.id}/")


def _take_off(database: Database, user_id: str, livemode: bool, analysis_ids: Sequence[str]) -> None:
    """Take deleted analyses of a list out of the files of the feed index."""
    if database.feed_folder:
        folder = saved.place(database.feed_folder, user_id, livemode)
        saved.erase(folder, analysis_ids, partial(_renewed, database, user_id, livemode))


def _deleted(database: Database, user_id: str, livemode: bool, mark: str | None, revision: int) -> list[str] | None:
    """What was deleted from the list since that revision; None when files of that mark and revision do not tell."""
    with database.read() as connection:
        since = analyses.revision(connection, user_id, livemode) - revision
        if mark is None or mark != marks.of(connection, user_id, livemode) or not 0 <= since <= deletions.REMEMBERED:
            return None
        found = deletions.since(connection, user_id, livemode, revision, _MOST + 1)
    return found if len(found) <= _MOST else None


def _renewed(database: Database, user_id: str, livemode: bool) -> tuple[str | None, str]:
    """A new mark of the list: the one it had and the new one."""
    with database.write() as connection:
        return marks.renew(connection, user_id, livemode)
