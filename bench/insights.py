"""Insights of an account with 100,000 calls: milliseconds until an answer is there whole, over HTTP.

The calls are of forty agents in a year; their figures are written as the worker writes them, without their documents,
which insights never open. The search that finds every call is the slowest there is, because the daily sums cannot
help; it is there for information.
"""

import random
import statistics
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from figures import Figure, NotRun
from server import Server, running

from callcov.store import figures, users
from callcov.store.db import open_database
from callcov.store.ids import Tick, uuid7
from callcov.store.tables import MEASURES, analyses

CALLS = 100_000
BATCH = 5_000
AGENTS = 40
DAYS = 365
NEWEST = 1_764_000_000  # Unix seconds
REQUESTS = 40
MOST = 50  # milliseconds


def _row(user_id: str, created: int, place: int) -> dict[str, object]:
    required = {column.name: 0 for column in analyses.c if not column.nullable}
    agent = f"agent-{place % AGENTS}"
    texts = {"status": "completed", "stage": "done", "format": "wav", "sha256": "0", "blob_key": "recordings/none"}
    names = {"agent_id": agent, "agent_folded": agent, "contact_id": f"c-{place}", "contact_folded": f"c-{place}"}
    ids = {"id": uuid7(Tick(created * 1000, place % 1000)), "user_id": user_id, "livemode": True, "created": created}
    return {**required, **texts, **names, **ids, "duration_ms": 300_000}


def _fill(server: Server, count: int) -> None:
    """Completed calls with figures drawn at random, oldest first."""
    drawn = random.Random(4)  # noqa: S311 - the same calls at every run
    database = open_database(f"sqlite:///{server.data / 'callcov.db'}")
    with database.read() as connection:
        user_id = users.find(connection, server.email).id
    for first in range(0, count, BATCH):
        places = range(first, first + BATCH)
        rows = [_row(user_id, NEWEST - (count - place) * DAYS * 86_400 // count, place) for place in places]
        counted = {str(row["id"]): {name: drawn.randint(0, 1) for name in MEASURES} for row in rows}
        with database.write() as connection:
            connection.execute(sa.insert(analyses), rows)
            figures.put(connection, user_id, counted)
    database.close()


def _median(server: Server, path: str, **query: str) -> float:
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        answer = server.client.get(f"/api/v1/insights/{path}", params=query)
        times.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    return statistics.median(times)


def measure(*, short: bool) -> list[Figure | NotRun]:
    """Medians of 40 requests each (over 10,000 calls in the short form)."""
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as server:
        count = CALLS // 10 if short else CALLS
        _fill(server, count)
        half = str(NEWEST - DAYS * 43_200 + 1)
        return [
            Figure(
                f"insights of {count:,} calls, by day", _median(server, "summary", interval="day"), "ms", at_most=MOST
            ),
            Figure(f"insights of {count:,} calls, by agent", _median(server, "agents"), "ms", at_most=MOST),
            Figure(
                "insights since a moment within a day, by week",
                _median(server, "summary", interval="week", created_after=half),
                "ms",
                at_most=MOST,
            ),
            Figure("insights of a search that finds every call", _median(server, "summary", search="agent"), "ms"),
        ]
