"""The feed index of one account: memory a row, the time to read it, to have it back, and to answer.

A million analyses (100,000 in the short form) of 5,000 agents and two million contacts, in a real database. Answers
are the index's alone, one at a time, in this process: ids, total, whether more follow; fetching the documents comes on
top for whoever asks. Cold is a search that was not asked before. The same question in SQL stands beside, once.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from figures import Figure, NotRun

from callcov.feed.feeds import Feeds
from callcov.feed.index import Page
from callcov.store import listing, users
from callcov.store.analyses import Filters
from callcov.store.db import Database
from callcov.store.folder import installation
from callcov.store.ids import Tick, uuid7
from callcov.store.tables import analyses, feeds

LIVE = True
BATCH = 10_000
OLDEST = 1_700_000_000  # Unix seconds
TIMES = 9
MOST_BYTES = 56
"""A row and process, for ids of this shape."""
CASES: dict[str, tuple[Filters, float]] = {
    "first page": (Filters(), 0),
    "completed": (Filters(status="completed"), 0),
    "failed": (Filters(status="failed"), 0),
    "one agent": (Filters(agent_id="agent_00123"), 0),
    "one agent, failed": (Filters(agent_id="agent_00123", status="failed"), 0),
    "one contact": (Filters(contact_id="customer_0012345"), 0),
    "search agent_0": (Filters(search="agent_0"), 0),
    "search customer": (Filters(search="customer"), 0),
    "search 123456": (Filters(search="123456"), 0),
    "search 12": (Filters(search="12"), 0),
    "search without a match": (Filters(search="zzzz"), 0),
    "search 12, failed": (Filters(search="12", status="failed"), 0),
    "offset at a fifth": (Filters(), 0.2),
    "offset at four fifths": (Filters(), 0.8),
    "offset at four fifths, completed": (Filters(status="completed"), 0.75),
}


def fill(database: Database, user_id: str, count: int) -> None:
    """Analyses without documents, oldest first, as if accepted one a second."""
    drawn = random.Random(7)  # noqa: S311 - the same rows every time
    base: dict[str, object] = {column.name: 0 for column in analyses.c if not column.nullable}
    base |= {"user_id": user_id, "livemode": LIVE, "stage": "done", "format": "wav", "sha256": "0", "blob_key": "none"}
    for first in range(0, count, BATCH):
        rows: list[dict[str, object]] = []
        for number in range(first, first + BATCH):
            agent, contact = f"agent_{drawn.randrange(5_000):05}", f"customer_{drawn.randrange(2_000_000):07}"
            ids = {"id": uuid7(Tick((OLDEST + number) * 1000, 0)), "created": OLDEST + number, "revision": number + 1}
            texts = {"agent_id": agent, "agent_folded": agent, "contact_id": contact, "contact_folded": contact}
            rows.append({**base, **ids, **texts, "status": "failed" if drawn.random() < 0.06 else "completed"})
        with database.write() as connection:
            connection.execute(sa.insert(analyses), rows)
            connection.execute(sa.update(feeds).values(revision=first + BATCH))


def milliseconds(work: Callable[[], object]) -> float:
    """How long that took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def asked(index: Feeds, database: Database, user_id: str, filters: Filters, offset: int) -> Page | None:
    """A page of a hundred, as a request asks for it."""
    with database.read() as connection:
        return listing.indexed(listing.Source(connection, user_id, LIVE), index, filters, 100, offset)


@contextmanager
def ready(database: Database, folder: Path, user_id: str) -> Generator[tuple[Feeds, float]]:
    """An index that has read everything, and the seconds that took."""
    index = Feeds(listing.Lists(database), folder)
    began = time.perf_counter()
    asked(index, database, user_id, Filters(), 0)
    while asked(index, database, user_id, Filters(), 0) is None:
        time.sleep(0.002)
    yield index, time.perf_counter() - began
    index.close()


def answers(database: Database, index: Feeds, user_id: str, count: int) -> Generator[Figure]:
    """Each case: medians warm, once cold, once in SQL."""
    for name, (filters, share) in CASES.items():
        offset = int(share * count)

        def by_index(filters: Filters = filters, offset: int = offset) -> object:
            return asked(index, database, user_id, filters, offset)

        def by_sql(filters: Filters = filters, offset: int = offset) -> object:
            with database.read() as connection:
                return listing.selected(connection, user_id, LIVE, filters, 100, offset)

        cold = milliseconds(by_index)
        warm = statistics.median(milliseconds(by_index) for _ in range(TIMES))
        sql = milliseconds(by_sql)
        if by_index() != by_sql():
            raise RuntimeError(f"{name}: the index and the database disagree")
        yield Figure(f"list of {count:,}, {name}: index cold {cold:.2f}, SQL {sql:.1f} ms; index", warm, "ms")


def measure(*, short: bool) -> list[Figure | NotRun]:
    """Every case over a million rows (100,000 in the short form)."""
    count = 100_000 if short else 1_000_000
    with tempfile.TemporaryDirectory() as name, installation(Path(name)) as database:
        with database.write() as connection:
            user_id = users.create(connection, "dana@example.com", datetime.now(UTC)).id
        fill(database, user_id, count)
        folder = Path(name) / "feed"
        with ready(database, folder, user_id) as (index, seconds):
            index.wait()
            figures: list[Figure | NotRun] = [
                Figure(f"memory a row, index of {count:,}", index.nbytes / count, "bytes", at_most=MOST_BYTES),
                Figure(f"reading {count:,} rows into the index", seconds, "s"),
                *answers(database, index, user_id, count),
            ]
        with ready(database, folder, user_id) as (_, seconds):
            figures.append(Figure(f"index of {count:,} back after a restart", seconds, "s"))
    return figures
