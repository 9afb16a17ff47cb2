"""What the regular tidying removes, and what it leaves."""

import dataclasses
import os
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from dbos import DBOS
from obstore.exceptions import GenericError
from sounds import write_wav

from callcov import pipeline
from callcov.checks.policy import Policy
from callcov.children import Children
from callcov.engine import Engine
from callcov.errors import BadRecording, NoRoom
from callcov.feed.feeds import Feeds
from callcov.store import analyses, idempotency, listing, policies, users
from callcov.store.analyses import Finished, Submission
from callcov.store.blobs import open_blobs
from callcov.store.db import migrate, open_database
from callcov.store.tables import MEASURES
from callcov.store.times import iso
from callcov.work import LOST, Worker

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
    worker.blobs.write(f"work/{row.id}/1/words", b"unmasked")
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


class Halting:
    """The real worker's tidying; analyses wait until `free` is set, but for the one in `breaks`, whose work gives up."""

    def __init__(self):
        self.free, self.worker, self.breaks = threading.Event(), None, None

    def analyse(self, step, _user_id, analysis_id, _attempt):
        if analysis_id == self.breaks:
            raise RuntimeError("the database was away for too long")
        step("wait", lambda: self.free.wait(60))

    def tidy(self):
        if self.worker:
            self.worker.tidy()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def tidied():
    return {one.status for one in DBOS.list_workflows(name="tidy")} == {"SUCCESS"}


@pytest.fixture
def launched(worker):
    """As the function says: the work of an engine that is launched, once that of the one before has been left."""
    engines, works = [], []

    def launch(*, tidying, breaks=None):
        if engines:
            engines.pop().close()
        engine, work = Engine(worker.database.engine), Halting()
        engines.append(engine)
        works.append(work)
        work.breaks = breaks
        work.worker = dataclasses.replace(worker, engine=engine) if tidying else None
        engine.launch(work, 2)
        return engine

    yield launch
    for work in works:
        work.free.set()
    engines.pop().close()


def test_within_the_engine_what_gave_up_fails_and_the_rest_is_done_beside_what_goes_on(
    worker, user, launched, tmp_path
):
    lost, going_on = (accepted(worker, user, LIVE, NOW - timedelta(hours=one)) for one in (1, 2))
    worker.blobs.write("work/gone/words", b"unmasked")
    long_ago = (NOW - timedelta(days=8)).timestamp()
    os.utime(tmp_path / "objects" / "work" / "gone" / "words", (long_ago, long_ago))
    engine = launched(tidying=False, breaks=lost.id)
    with worker.database.write() as connection:
        for name in (lost.id, going_on.id, "ended"):
            engine.start(connection, user, name, 1)
    engine.cancel("ended", 1)
    with worker.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE workflow_status SET created_at = ? WHERE workflow_uuid = ?", (1000 * long_ago, "analyse.ended.1")
        )
    wait_for(lambda: engine.ended(lost.id, 1))
    launched(tidying=True)
    wait_for(tidied)
    with worker.database.read() as connection:
        rows = [analyses.assigned(connection, user, row.id) for row in (lost, going_on)]
    assert [(row.status, row.error_message) for row in rows] == [("failed", LOST), ("processing", None)]
    assert not worker.blobs.exists("work/gone/words")
    assert {one.workflow_id for one in DBOS.list_workflows(name="analyse")} == {
        f"analyse.{row.id}.1" for row in (lost, going_on)
    }


@pytest.fixture
def working(worker, models_folder, tmp_path):
    """The worker with an engine that is launched and a child."""
    equipment = (tmp_path / "objects").as_uri(), models_folder, str(models_folder / "whisper-tiny.en")
    engine, children = Engine(worker.database.engine), Children(1, pipeline.equip, equipment)
    with closing(engine), closing(children):
        working = dataclasses.replace(worker, engine=engine, children=children)
        engine.launch(working, 1)
        yield working


def test_an_object_store_that_is_away_for_a_moment_delays_an_analysis_and_fails_none(working, user, tmp_path, caplog):
    silent = write_wav(tmp_path / "silent.wav", np.zeros((1, 16_000), np.float32))
    submission = Submission("a", "c", "recordings/one", "0" * 64, 1, "wav", 2000, 1, 8000)
    working.blobs.write(submission.blob_key, silent.read_bytes())
    away = tmp_path / "objects" / "work"
    away.write_bytes(b"no folder")
    with working.database.write() as connection:
        row = analyses.accept(connection, user, LIVE, submission, NOW)
        working.engine.start(connection, user, row.id, 1)
    wait_for(lambda: "automatically retried" in caplog.text)
    away.unlink()
    wait_for(lambda: working.engine.ended(row.id, 1))
    with working.database.read() as connection:
        ended = analyses.assigned(connection, user, row.id)
    assert (ended.status, ended.error_message) == ("completed", None)


class Failing(Idle):
    """Children whose work ends so."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def run(self, *_arguments):
        raise self.error


@pytest.mark.parametrize(
    "error", [NoRoom("There is no room left."), OSError("The store is away."), GenericError("away")]
)
def test_what_may_work_in_a_minute_is_left_to_the_engine_to_try_again(worker, user, error):
    row = accepted(worker, user, LIVE, NOW)
    failing = dataclasses.replace(worker, children=Failing(error))
    with pytest.raises(type(error)):
        failing.analyse(lambda _name, work: work(), user, row.id, 1)
    with worker.database.read() as connection:
        assert analyses.assigned(connection, user, row.id).status == "processing"


def test_what_is_cleaned_up_late_is_not_the_work_of_the_next_attempt(worker, user):
    row = accepted(worker, user, LIVE, NOW)

    def step(name, work):
        if name == "clean":
            with worker.database.write() as connection:
                assert analyses.retry(connection, user, LIVE, row.id).attempt == 2
            worker.blobs.write(f"work/{row.id}/2/words", b"unmasked")
        return work()

    dataclasses.replace(worker, children=Failing(BadRecording("It is no recording."))).analyse(step, user, row.id, 1)
    assert worker.blobs.exists(f"work/{row.id}/2/words")
    assert not worker.blobs.exists(f"work/{row.id}/1/words")


def test_a_tidying_that_was_cut_off_goes_on_though_it_had_cancelled_something(worker, user, launched):
    due = accepted(worker, user, TEST, NOW - WEEK - timedelta(minutes=1))
    launched(tidying=True)
    wait_for(tidied)
    with worker.database.write() as connection:  # as if it had been killed
        connection.exec_driver_sql("UPDATE workflow_status SET status = 'PENDING' WHERE name = 'tidy'")
    assert due.id not in left(worker, user)
    lost = accepted(worker, user, LIVE, NOW)
    launched(tidying=True)
    wait_for(tidied)
    with worker.database.read() as connection:
        assert analyses.assigned(connection, user, lost.id).status == "failed"
