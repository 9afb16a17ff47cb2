"""How fast calls come in, beside a naive table: the same columns, an id, an index of account and time, nothing else.

Both tables hold 200,000 rows before, and their indexes grew with them: one that is made afterwards has full pages, each
of which the next row splits. One row a transaction; then a hundred in one, the product's by `analyses.accept_all`, the
naive table's row by row and by one `executemany`. The calls are there before the clock starts; ids and rows are made
of them in the transaction, in either way.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import load
import sqlalchemy as sa
from shape import AGENTS, CONTACTS, agent_of, contact_of, drawn
from sqlalchemy.dialects import sqlite

from callcov.store import analyses
from callcov.store.analyses import Submission
from callcov.store.blobs import fresh_key
from callcov.store.db import Database
from callcov.store.folder import installation
from callcov.store.ids import Tick, uuid7
from callcov.store.tables import analyses as table

LIVE = True
BEFORE = 200_000
ROUNDS = 5
ALONE, TOGETHER, BATCHES = 600, 100, 25
"""Transactions of one row in a round; rows of a batch, and batches in a round. SQLite's log is written back in every
round of the product's, so that no rate is without that."""

_naive = sa.Table(
    "naive",
    sa.MetaData(),
    *(sa.Column(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable) for one in table.c),
    sa.Index("ix_naive_owner", "user_id", "created"),
)

_FLOOR = str(sa.insert(table).compile(dialect=sqlite.dialect()))


class Inserts:
    """Both tables of one database."""

    def __init__(self, database: Database, user_id: str) -> None:
        self._database, self._user_id = database, user_id
        with database.write() as connection:
            _naive.create(connection)
            connection.execute(sa.insert(_naive).from_select(list(table.c.keys()), sa.select(table)))
            first = connection.execute(sa.select(table).limit(1)).mappings().one()
        database.scrub()
        os.sync()  # or else the machine still writes these rows while others are timed
        self._like, self._number, self._made = dict(first), 0, 0

    def calls(self, count: int) -> list[Submission]:
        """That many calls that nobody took on yet."""
        return [self._call() for _ in range(count)]

    def ours(self, calls: list[Submission]) -> None:
        """Those calls taken on in one transaction."""
        with self._database.write() as connection:
            analyses.accept_all(connection, self._user_id, LIVE, calls, datetime.now(UTC))

    def naive(self, calls: list[Submission]) -> None:
        """A row for each, one by one, in one transaction."""
        with self._database.write() as connection:
            for call in calls:
                connection.execute(sa.insert(_naive), self._row(call))

    def together(self, calls: list[Submission]) -> None:
        """A row for each, in one statement."""
        with self._database.write() as connection:
            connection.execute(sa.insert(_naive), [self._row(call) for call in calls])

    def rows(self, calls: list[Submission]) -> list[tuple[object, ...]]:
        """The rows of those calls, in the order of the table's columns."""
        return [tuple(self._row(call).values()) for call in calls]

    def floor(self, rows: list[tuple[object, ...]]) -> None:
        """Those rows put into the product's table by the driver alone."""
        with self._database.write() as connection:
            connection.connection.cursor().executemany(_FLOOR, rows)

    def _call(self) -> Submission:
        self._number += 1
        number = self._number
        agent, contact = agent_of(number * 7919 % AGENTS), contact_of(number * 104_729 % CONTACTS)
        return Submission(agent, contact, fresh_key("recordings"), "0" * 64, 960_044, "wav", 60_000, 2, 8_000)

    def _row(self, call: Submission) -> dict[str, object]:
        self._made += 1
        now = time.time()
        new_id = uuid7(Tick(int(now * 1000), self._made % 4096))
        agent, contact = call.agent_id, call.contact_id
        texts = {"agent_id": agent, "agent_folded": agent, "contact_id": contact, "contact_folded": contact}
        return self._like | texts | {"id": new_id, "created": int(now), "blob_key": call.blob_key}


def measure(folder: Path, say: Callable[[str], None]) -> dict[str, float]:
    """Rows a second of each way, medians of rounds that take turns."""
    folder.mkdir(parents=True)
    shape = drawn(BEFORE, BEFORE)
    with installation(folder) as database:
        owners = load.accounts(database, shape)
    load.fill(load.Sqlite(folder / "callcov.db"), owners, shape, (), say, grown=True)
    rates: dict[str, list[float]] = {}
    with installation(folder) as database:
        inserts = Inserts(database, owners[0])
        for _ in range(ROUNDS):
            ways = {"ours": inserts.ours, "naive": inserts.naive, "together": inserts.together}
            for name in ("ours", "naive"):
                rates.setdefault(f"{name}, one", []).append(_rate(ways[name], [inserts.calls(1) for _ in range(ALONE)]))
            for name, work in ways.items():
                calls = [inserts.calls(TOGETHER) for _ in range(BATCHES)]
                rates.setdefault(f"{name}, batch", []).append(_rate(work, calls))
            rows = [inserts.rows(inserts.calls(TOGETHER)) for _ in range(BATCHES)]
            rates.setdefault("floor, batch", []).append(_rate(inserts.floor, rows))
    return {name: median(found) for name, found in rates.items()}


def _rate(work: Callable[[list[Any]], None], transactions: list[list[Any]]) -> float:
    began = time.perf_counter()
    for calls in transactions:
        work(calls)
    return sum(map(len, transactions)) / (time.perf_counter() - began)
