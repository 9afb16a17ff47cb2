"""The rows in bulk, straight into the product's own tables, and the indexes as its migrations made them.

Batches go into a table on the side and from there by three statements, the same on both databases, into `analyses`,
`figures` and `documents`. Indexes are taken away before and made again, as they were, behind it; primary keys stay.
Left empty is what no list reads: judgements, the ledger of minutes, sums by day, the audit log.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import papers
from cases import Answers, Case
from shape import OTHERS, Row, Shape

from callcov.store import users
from callcov.store.db import Database
from callcov.store.tables import FLAGS, MEASURES, analyses

EMAIL = "bench@example.com"
BATCH = 50_000
_TABLES = ("analyses", "figures", "documents")
_STAGED = ("id", "user_id", "created", "revision", "status", "agent", "contact", "flags", "light", "whole", "said")
_SHORT = """'{"id":"' || id || '","object":"analysis"}'"""
_COUNTED = ", ".join(
    f"(flags >> {FLAGS.index(name)}) & 1" if name in FLAGS else {"judged": "1", "duration_ms": "60000"}.get(name, "0")
    for name in MEASURES
)


def _values() -> dict[str, str]:
    """What goes into each column of `analyses`, as SQL over what is staged; the same as `papers.row_of`."""
    row = papers.row_of(Row("", 0, 0, 0, "completed", "", "", 0), "")
    values = {column.name: _literal(getattr(row, column.name)) for column in analyses.c if hasattr(row, column.name)}
    return values | {
        **{name: name for name in ("id", "user_id", "created", "revision", "status")},
        "agent_id": "agent",
        "agent_folded": "agent",
        "contact_id": "contact",
        "contact_folded": "contact",
        "livemode": "TRUE",
        "blob_key": "'recordings/' || id",
        "error_message": "CASE WHEN status = 'failed' THEN 'There is no speech in the recording.' END",
        **{
            name: f"CASE WHEN status = 'completed' THEN {values[name]} END"
            for name in ("policy_version", "checks_version")
        },
    }


def _literal(value: object) -> str:
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


def _inserts() -> tuple[str, ...]:
    values = _values()
    completed = "FROM staged WHERE status = 'completed' ORDER BY place"
    figures = f"analysis_id, user_id, livemode, created, agent_id, {', '.join(MEASURES)}"
    texts = f"coalesce(light, {_SHORT}), coalesce(whole, {_SHORT}), coalesce(said, '{{}}')"
    return (
        f"INSERT INTO analyses({', '.join(values)}) SELECT {', '.join(values.values())} FROM staged ORDER BY place",  # noqa: S608 - names of columns
        f"INSERT INTO figures({figures}) SELECT id, user_id, TRUE, created, agent, {_COUNTED} {completed}",
        f'INSERT INTO documents(analysis_id, light, "full", transcript) SELECT id, {texts} {completed}',
    )


class Bulk(Protocol):
    """A connection that loads."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> Any:
        """One statement."""

    def stage(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Put these rows, and no others, into the table on the side."""

    def indexes(self) -> list[tuple[str, str]]:
        """Name and SQL of the indexes that can be taken away."""
        ...

    def close(self) -> None:
        """Keep everything."""


class Sqlite:
    """The file, without a journal while it is loaded: a load that is cut off is begun again."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-2000000", "temp_store=MEMORY", "threads=2"):
            self._connection.execute(f"PRAGMA {setting}")
        self.execute(f"CREATE TEMP TABLE staged(place INTEGER PRIMARY KEY, {', '.join(_STAGED)})")
        self.execute("BEGIN")

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """One statement."""
        return self._connection.execute(sql, values)

    def stage(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Put these rows, and no others, into the table on the side."""
        self.execute("DELETE FROM staged")
        marks = ", ".join("?" * len(_STAGED))
        self._connection.executemany(f"INSERT INTO staged({', '.join(_STAGED)}) VALUES({marks})", rows)

    def indexes(self) -> list[tuple[str, str]]:
        """Name and SQL of the indexes that can be taken away."""
        marks = ", ".join("?" * len(_TABLES))
        asked = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN ({marks})"  # noqa: S608 - question marks
        return self.execute(asked, _TABLES).fetchall()

    def close(self) -> None:
        """Keep everything."""
        self.execute("COMMIT")
        self.execute("PRAGMA journal_mode=WAL")
        self._connection.close()


class Postgres:
    """A database whose user may switch off the checks of foreign keys, as its owner may."""

    def __init__(self, address: str) -> None:
        import psycopg  # noqa: PLC0415 - only where there is a server

        self._connection = psycopg.connect(address.replace("+psycopg", ""))
        self.execute("SET session_replication_role = replica")
        self.execute("SET maintenance_work_mem = '1GB'")
        numbers = {"created", "revision", "flags"}
        columns = ", ".join(f"{name} {'bigint' if name in numbers else 'text'}" for name in _STAGED)
        self.execute(f"CREATE TEMP TABLE staged(place bigint GENERATED ALWAYS AS IDENTITY, {columns})")

    def execute(self, sql: str, values: Sequence[object] = ()) -> Any:
        """One statement."""
        return self._connection.execute(sql, values or None)

    def stage(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Put these rows, and no others, into the table on the side."""
        self.execute("TRUNCATE staged")
        with self._connection.cursor().copy(f"COPY staged({', '.join(_STAGED)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def indexes(self) -> list[tuple[str, str]]:
        """Name and SQL of the indexes that can be taken away."""
        asked = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND schemaname = current_schema() "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        return self.execute(asked, (list(_TABLES),)).fetchall()

    def close(self) -> None:
        """Keep everything."""
        self._connection.commit()
        self._connection.autocommit = True
        self.execute("SET session_replication_role = DEFAULT")
        self.execute("VACUUM ANALYZE")
        self._connection.close()


@dataclass(frozen=True)
class Loaded:
    """The account that is measured, and what is right of it; `known` are ids with real documents, newest first."""

    user_id: str
    totals: dict[str, int]
    known: tuple[str, ...]


def accounts(database: Database, shape: Shape) -> list[str]:
    """The users of the shape's accounts, the one that is measured first."""
    count = 1 if len(shape.mine) == len(shape) else 1 + OTHERS
    with database.write() as connection:
        names = [EMAIL, *(f"other{number}@example.com" for number in range(1, count))]
        return [users.create(connection, name, datetime.now(UTC)).id for name in names]


def fill(
    bulk: Bulk,
    owners: Sequence[str],
    shape: Shape,
    asked: tuple[Case, ...],
    say: Callable[[str], None],
    distinct: int = papers.DISTINCT,
    *,
    grown: bool = False,
) -> Loaded:
    """Every row of the shape, real documents for the pages of what is asked, and the indexes; `say` how far it is.

    Indexes that are `grown` have room in their pages, as those have that calls come into one after the other; made
    behind the rows, which is quicker, they are full.
    """
    began = time.monotonic()
    shown, totals = Answers(shape).read(asked)
    real, known = set(shown.tolist()), list[str]()
    every = papers.made(distinct) if asked else ()
    kept = [] if grown else bulk.indexes()
    for name, _ in kept:
        bulk.execute(f"DROP INDEX {name}")
    for first in range(0, len(shape), BATCH):
        rows = list(shape.rows(first, min(first + BATCH, len(shape))))
        bulk.stage(_staged(row, owners[row.account], place, real, every) for place, row in enumerate(rows, first))
        for sql in _inserts():
            bulk.execute(sql)
        known += [row.id for place, row in enumerate(rows, first) if place in real and row.status == "completed"]
        if first // BATCH % 10 == 9:
            say(f"{first + len(rows):,} rows, {time.monotonic() - began:.0f} s")
    _count(bulk, owners, shape)
    for name, sql in kept:
        bulk.execute(sql)
        say(f"index {name}, {time.monotonic() - began:.0f} s")
    bulk.close()
    say(f"loaded, {len(real):,} with real documents, {time.monotonic() - began:.0f} s")
    return Loaded(owners[0], totals, tuple(sorted(known, reverse=True)[:1_000]))


def _staged(row: Row, user_id: str, place: int, real: set[int], every: tuple[papers.Paper, ...]) -> tuple[object, ...]:
    texts: tuple[str | None, ...] = (None, None, None)
    if place in real and row.status == "completed":
        texts = every[place % len(every)].texts(row)
    return (row.id, user_id, row.created, row.revision, row.status, row.agent, row.contact, row.flags, *texts)


def _count(bulk: Bulk, owners: Sequence[str], shape: Shape) -> None:
    """The revision of each account's list, and the newest place given out."""
    accounts, from_the_end = np.unique(shape.account[::-1], return_index=True)
    for account, last in zip(accounts.tolist(), (len(shape) - 1 - from_the_end).tolist(), strict=True):
        newest = f"revision = {shape.revision[last]}, last_ms = {shape.milliseconds[last]}"
        bulk.execute(f"UPDATE feeds SET {newest} WHERE user_id = '{owners[account]}' AND livemode")  # noqa: S608 - an id that was just made
