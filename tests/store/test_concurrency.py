"""Several processes and threads on one account, and a reader who checks every snapshot."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

from store_samples import LIVE

from callcov.store import analyses, listing
from callcov.store.analyses import Filters

WRITER = r"""
    import sys, threading
    from datetime import UTC, datetime
    from store_samples import LIVE, finished, submission
    from callcov.store import analyses
    from callcov.store.db import open_database

    database, user = open_database(sys.argv[1]), sys.argv[2]

    def work():
        for number in range(20):
            with database.write() as connection:
                row = analyses.accept(connection, user, LIVE, submission(), datetime.now(UTC))
            print(f"{row.id}\n", end="", flush=True)
            with database.write() as connection:
                if number % 4 == 0:
                    analyses.delete(connection, user, LIVE, row.id)
                else:
                    analyses.finish(connection, user, row.id, 1, finished(full=f'{{"id":"{row.id}"}}'))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
"""


def ids(page):
    return [json.loads(item)["id"] if isinstance(item, bytes) else item.id for item in page.items]


def start(url, user, told):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), url, user],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    )
    listener = threading.Thread(target=lambda: told.extend(process.stdout.read().split()))
    listener.start()
    return process, listener


def test_every_snapshot_is_exact_and_what_appears_later_is_newer(url, database, user):
    told: list[str] = []
    started = [start(url, user, told) for _ in range(2)]
    newest, seen, last_revision, snapshots = "", set(), 0, 0
    while any(process.poll() is None for process, _ in started):
        with database.read() as connection:
            page = listing.page(connection, user, LIVE, Filters(), 1_000, 0)
            revision = analyses.revision(connection, user, LIVE)
            counted = connection.exec_driver_sql("SELECT count(*) FROM analyses").scalar()
        shown = ids(page)
        assert len(shown) == page.total == counted
        assert shown == sorted(shown, reverse=True)
        assert revision >= last_revision
        assert all(analysis_id > newest for analysis_id in set(shown) - seen)
        seen |= set(shown)
        newest, last_revision, snapshots = max([newest, *shown]), revision, snapshots + 1
        time.sleep(0.005)  # the writers need the processor too
    for process, listener in started:
        assert process.wait() == 0
        listener.join()
        process.stdout.close()
    assert snapshots > 10
    assert len(set(told)) == 2 * 2 * 20
    with database.read() as connection:
        assert analyses.revision(connection, user, LIVE) == 2 * len(told)  # no change was lost
        assert listing.page(connection, user, LIVE, Filters(), 1_000, 0).total == len(told) * 3 // 4
