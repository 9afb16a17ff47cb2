"""What the regular tidying removes, and what it leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from callcov.checks.policy import Policy
from callcov.feed.feeds import Feeds
from callcov.store import analyses, idempotency, listing, policies, users
from callcov.store.analyses import Finished, Submission
from callcov.store.blobs import open_blobs
from callcov.store.db import migrate, open_database
from callcov.store.tables import MEASURES
from callcov.store.times import iso
from callcov.work import Worker

NOW = datetime.now(UTC)
WEEK = timedelta(days=7)
LIVE, TEST = True, False
COUNTED = dict.fromkeys(set(MEASURES) - {"duration_ms"}, 0)


class Idle:
    """An engine and children that have nothing running; notes what is cancelled."""

    def __init__(self):
        self.cancelled = []

    def ended(self, _analysis_id, _attempt):
        return False

    def cancel(self, *what):
        self.cancelled.append(what)

    def forget(self, _analysis_id, _runs, _deliveries):
        pass


@pytest.fixture
def worker(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/callcov.db")
    migrate(database)
    yield Worker(database, open_blobs((tmp_path / "objects").as_uri()), Idle(), Idle(), {}, "http://x", ())
    database.close()


@pytest.fixture
def user(worker):
    with worker.database.write() as connection:
        return users.create(connection, "dana@example.com", NOW).id


def accepted(worker, user, livemode, when):
    name = f"{livemode}{when.timestamp()}"
    submission = Submission("a", "c", f"recordings/{name}", "0" * 64, 1, "wav", 1000, 1, 8000)
    worker.blobs.write(submission.blob_key, b"sound")
    with worker.database.write() as connection:
        row = analyses.accept(connection, user, livemode, submission, when)
    worker.blobs.write(f"work/{row.id}/words", b"unmasked")
    return row


def completed(worker, user, livemode, when):
    row = accepted(worker, user, livemode, when)
    masked, vectors = f"masked/{row.id}", f"vectors/{row.id}"
    worker.blobs.write(masked, b"masked")
    worker.blobs.write(vectors, b"vectors")
    ended = Finished("{}", "{}", "{}", iso(when), 1, "1", "1", "{}", COUNTED, None, masked, vectors)
    with worker.database.write() as connection:
        assert analyses.finish(connection, user, row.id, 1, ended)
    return row


def left(worker, user):
    with worker.database.read() as connection:
        return {
            row.id
            for livemode in (LIVE, TEST)
            for row in listing.page(connection, user, livemode, analyses.Filters(), 100, 0).items
            if not isinstance(row, bytes)
        }


def objects(worker):
    return sorted(str(path) for path in worker.blobs._root.rglob("*") if path.is_file())  # noqa: SLF001 the folder


def objects_in(worker, folder):
    return sum(f"/objects/{folder}/" in path for path in objects(worker))


def test_a_test_analysis_goes_after_seven_days_with_everything_that_was_stored_of_it(worker, user):
    completed(worker, user, TEST, NOW - WEEK - timedelta(hours=1))
    worker.tidy()
    assert objects(worker) == []
    with worker.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM analyses), (SELECT count(*) FROM documents), (SELECT count(*) FROM judgements)"
        )
        assert rows.one() == (0, 0, 0)


@pytest.mark.parametrize("kept", [False, True])
def test_the_unmasked_recording_goes_when_the_server_was_killed_just_after_the_completion(worker, user, kept):
    with worker.database.write() as connection:
        policies.put(connection, user, Policy(keep_original=kept), NOW)
    row = completed(worker, user, LIVE, NOW)  # what the killed process had done
    worker.analyse(lambda _name, work: work(), user, row.id, 1)
    assert objects_in(worker, "recordings") == kept
    assert objects_in(worker, "masked") == objects_in(worker, "vectors") == 1
    assert objects_in(worker, "work") == 0
    with worker.database.read() as connection:
        assert analyses.assigned(connection, user, row.id).status == "completed"


def test_a_younger_one_and_every_live_one_stay(worker, user):
    kept = [
        accepted(worker, user, TEST, NOW - WEEK + timedelta(hours=1)),
        accepted(worker, user, LIVE, NOW - 10 * WEEK),
    ]
    completed(worker, user, LIVE, NOW - 9 * WEEK)
    before = objects(worker)
    worker.tidy()
    assert left(worker, user) == {row.id for row in kept}
    assert objects(worker) == before


def test_one_that_is_still_being_worked_on_is_cancelled(worker, user):
    row = accepted(worker, user, TEST, NOW - 2 * WEEK)
    worker.tidy()
    assert worker.engine.cancelled == [(row.id, 1)]
    assert objects(worker) == []


def test_what_a_killed_deletion_left_in_the_files_of_a_list_goes(worker, user):
    folder = worker.database.feed_folder
    gone = accepted(worker, user, LIVE, NOW)
    feeds = Feeds(listing.Lists(worker.database), folder, short=0)
    with worker.database.read() as connection:
        listing.page(connection, user, LIVE, analyses.Filters(), 1, feeds=feeds)
    feeds.wait()
    feeds.close()
    (kept,) = folder.rglob("*.segment")
    with worker.database.write() as connection:
        analyses.delete(connection, user, LIVE, gone.id)
    worker.tidy()
    assert not kept.exists()
    assert len(list(folder.rglob("*.segment"))) == 1


def test_answers_kept_for_repeated_submissions_go_after_a_day(worker, user):
    row = accepted(worker, user, LIVE, NOW)
    with worker.database.write() as connection:
        for name, hours in (("old", 25), ("young", 23)):
            idempotency.keep(connection, user, LIVE, name, "print", row.id, "answer", NOW - timedelta(hours=hours))
    worker.tidy()
    with worker.database.read() as connection:
        assert connection.exec_driver_sql("SELECT key FROM idempotency").scalars().all() == ["young"]
