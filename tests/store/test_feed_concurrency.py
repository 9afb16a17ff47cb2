"""Several processes write while the index answers: page, total and has_more beside SQL in the same snapshot."""

import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from store_samples import LIVE, NOON, submission

from callcov.feed.feeds import Feeds
from callcov.feed.segment import Wanted
from callcov.store import analyses, listing
from callcov.store.analyses import Filters

WRITER = r"""
    import random, sys, time
    from datetime import UTC, datetime
    from store_samples import LIVE, finished, submission
    from callcov.store import analyses
    from callcov.store.db import open_database

    database, user, drawn, mine, told = open_database(sys.argv[1]), sys.argv[2], random.Random(sys.argv[3]), [], False
    while True:
        with database.write() as connection:
            if len(mine) < 5 or drawn.random() < 0.5:
                mine.append(analyses.accept(connection, user, LIVE, submission(f"agent-{drawn.randrange(9)}"), datetime.now(UTC)).id)
            else:
                row = analyses.get(connection, user, LIVE, drawn.choice(mine))
                if drawn.random() < 0.3:
                    analyses.delete(connection, user, LIVE, row.id)
                    mine.remove(row.id)
                elif row.status == "failed":
                    analyses.retry(connection, user, LIVE, row.id)
                elif row.status == "processing" and drawn.random() < 0.5:
                    analyses.fail(connection, user, row.id, row.attempt, "no sound", "2026-11-23T12:00:09.000Z", 1)
                elif row.status == "processing":
                    analyses.finish(connection, user, row.id, row.attempt, finished())
        if not told:
            told = print(".", flush=True) or True
        time.sleep(0.002)
"""
ASKED = [
    (Filters(), 5, 0),
    (Filters(status="failed"), 5, 3),
    (Filters(search="AGENT-1"), 2, 1),
    (Filters(agent_id="agent-2", status="completed"), 5, 0),
]


class NewerIds(listing.Source):
    """The control: changes are sought among ids that were not seen before, not by revision."""

    seen = ""

    def changed(self, _since, limit):
        rows = self.rows(NewerIds.seen, limit)
        NewerIds.seen = max([NewerIds.seen, *(row.id for row in rows)])
        return rows


@contextmanager
def writing(url, user, count=3):
    """That many processes that change the account's list until the block ends."""
    code = textwrap.dedent(WRITER)
    here = Path(__file__).parent
    started = [
        subprocess.Popen([sys.executable, "-c", code, url, user, str(number)], cwd=here, stdout=subprocess.PIPE)
        for number in range(count)
    ]
    try:
        assert all(process.stdout.readline() for process in started)
        yield
        assert [process.poll() for process in started] == [None] * count
    finally:
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()


def compared(database, url, user, snapshots, revised, source=listing.Source):
    """How many snapshots the index answered wrongly, of so many at least, in which so many revisions were seen."""
    with database.write() as connection:
        for _ in range(50):
            analyses.accept(connection, user, LIVE, submission("agent-2"), NOON)
    feeds = Feeds(listing.Lists(database), database.feed_folder, short=0, rows=64)
    answered, wrong, revisions = 0, 0, set()
    end = time.monotonic() + 300  # writers may be slow on a busy machine
    with writing(url, user):
        while answered < snapshots or len(revisions) < revised:
            assert time.monotonic() < end, "the list hardly changed"
            time.sleep(0.001)
            filters, limit, offset = ASKED[answered % len(ASKED)]
            with database.read() as connection:
                found = source(connection, user, LIVE)
                page = feeds.page(found, user, LIVE, listing.wanted(filters), limit, offset, None)
                if page is None:
                    continue
                wrong += page != listing.selected(connection, user, LIVE, filters, limit, offset)
                revisions.add(analyses.revision(connection, user, LIVE))
            answered += 1
    feeds.close()
    return wrong


def test_the_index_is_exact_in_every_snapshot(database, url, user):
    assert compared(database, url, user, 200, 60) == 0


@pytest.mark.slow
def test_the_index_is_exact_in_thousands_of_snapshots(database, url, user):
    assert compared(database, url, user, 5_000, 1_000) == 0


def test_it_is_the_revision_that_makes_it_exact(database, url, user):
    assert compared(database, url, user, 200, 60, NewerIds) > 5


def test_nothing_is_wanted_of_an_empty_filter():
    assert listing.wanted(Filters()) == listing.wanted(Filters(search="")) == Wanted()
