"""Several processes that answer: one limit, one worker, and nothing left when the first one ends."""

import io
import json
import logging
import os
import signal
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import structlog
from dbos import DBOS
from serving import Server, submit
from sounds import SOUND, samples, write_wav

from callcov.children import Children, Task
from callcov.cli.common import log_to
from callcov.engine import Engine, Starter
from callcov.store import analyses, users
from callcov.store.analyses import Submission
from callcov.store.blobs import open_blobs
from callcov.store.db import migrate, open_database
from callcov.work import Worker


def copies(of):
    """The processes below that one which are copies of it; children that probe and transcribe are started afresh."""
    proc = Path("/proc")
    below = (proc / f"{of}/task/{of}/children").read_text().split()
    line = (proc / f"{of}/cmdline").read_text()
    return [int(number) for number in below if not gone(number) and (proc / number / "cmdline").read_text() == line]


def answerers(first):
    """The processes that only answer, below the one that keeps them."""
    (keeper,) = copies(first)
    return copies(keeper)


def gone(number):
    """Whether that process has ended; one that nobody waited for is still listed, as a zombie."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def server(tmp_path, models_folder):
    server = Server(tmp_path / "data", models_folder, CALLCOV_RATE_LIMIT="40/hour", CALLCOV_SUBMIT_RATE_LIMIT="5/hour")
    server.start("--api-processes", "3")
    yield server
    if not gone(server.pid):
        server.kill()


def statuses_of(database):
    with database.read() as connection:
        return set(connection.exec_driver_sql("SELECT status FROM analyses").scalars())


@pytest.mark.slow
def test_processes_answer_as_one_server(server, tmp_path):
    others = answerers(server.pid)
    assert len(others) == 2
    # They answer although the first does not, so it is not the only one.
    os.kill(server.pid, signal.SIGSTOP)
    try:
        assert [httpx2.get(f"{server.address}/health/live", timeout=30).status_code for _ in range(5)] == [200] * 5
    finally:
        os.kill(server.pid, signal.SIGCONT)
    sound = write_wav(tmp_path / "short.wav", samples(SOUND / "two-voices.wav")[:, :32_000])
    key = server.new_key()

    def one(_number):
        with server.client(key) as client:
            return client.get("/analysis/").status_code

    with server.client(key) as client:
        accepted = [submit(client, sound)["id"]]
    for _ in range(4):
        with server.client(key) as client:  # a connection each, so that they fall on different processes
            accepted.append(submit(client, sound)["id"])
    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(one, range(60)))
    assert sorted(statuses) == [200] * 35 + [429] * 25
    with server.client(server.new_key()) as client:
        assert client.delete(f"/analysis/{accepted.pop()}").status_code == 200
    database = open_database(f"sqlite:///{server.data}/callcov.db")  # asking the server would meet its limit
    wait_for(lambda: statuses_of(database) == {"completed"}, 300)
    database.close()
    assert server.stop() == 0
    assert all(map(gone, others))


@pytest.mark.slow
def test_the_others_end_with_a_first_one_that_is_killed_and_a_restart_finds_everything_free(server):
    others = answerers(server.pid)
    server.kill()
    wait_for(lambda: all(map(gone, others)))
    server.start("--api-processes", "2")
    assert httpx2.get(f"{server.address}/health/ready", timeout=30).status_code == 200


def alive(server):
    """Whether requests are answered, one after the other; what was waiting for a process that was killed is cut off."""
    try:
        return {httpx2.get(f"{server.address}/health/live", timeout=5).status_code for _ in range(5)} == {200}
    except httpx2.TransportError:
        return False


@pytest.mark.slow
def test_an_api_process_that_is_killed_is_replaced_and_without_their_keeper_the_server_ends(server):
    before = answerers(server.pid)
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: len(answerers(server.pid)) == 2 and before[0] not in answerers(server.pid))
    assert before[1] in answerers(server.pid)
    for other in (server.pid, before[1]):  # what answers now is the new one
        os.kill(other, signal.SIGSTOP)
    try:
        wait_for(lambda: alive(server))
    finally:
        for other in (server.pid, before[1]):
            os.kill(other, signal.SIGCONT)
    assert "an API process ended, another takes its place" in server.log.read_text()
    rest = answerers(server.pid)
    os.kill(copies(server.pid)[0], signal.SIGKILL)
    wait_for(lambda: gone(server.pid) and all(map(gone, rest)))
    assert server.wait() == 1
    assert "the API processes have ended, and so does the server" in server.log.read_text()


class Noted:
    """Work that only notes what it is given, and takes until `free` is set; tidying, until `tidied` is."""

    def __init__(self):
        self.free, self.tidying, self.tidied, self.began = *(threading.Event() for _ in range(3)), []
        self.tidied.set()

    def analyse(self, step, user_id, analysis_id, attempt):
        self.began.append((user_id, analysis_id, attempt))
        step("wait", lambda: self.free.wait(60))
        step("after", lambda: self.began.append("after"))

    def deliver(self, step, *what):
        raise AssertionError((step, what))

    def tidy(self):
        self.tidying.set()
        self.tidied.wait(60)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/callcov.db")
    migrate(database)
    yield database
    database.close()


def test_another_process_enqueues_and_cancels_through_the_database(database, tmp_path):
    work, engine = Noted(), Engine(database.engine)
    engine.launch(work, 1)
    elsewhere = open_database(f"sqlite:///{tmp_path}/callcov.db")
    starter = Starter(elsewhere.engine)
    try:
        with elsewhere.write() as connection:
            starter.start(connection, "user", "one", 1)
        wait_for(lambda: work.began == [("user", "one", 1)])
        starter.cancel("one", 1)
        assert engine.ended("one", 1)
        work.free.set()
        with elsewhere.write() as connection:
            starter.start(connection, "user", "two", 1)
        wait_for(lambda: ("user", "two", 1) in work.began)
        wait_for(lambda: engine.ended("two", 1))
        assert work.began == [("user", "one", 1), ("user", "two", 1), "after"], "one went no further"
    finally:
        starter.close()
        engine.close()
        elsewhere.close()


class Breaking(Noted):
    """Work that breaks, on what is not cancelled."""

    def analyse(self, step, user_id, analysis_id, attempt):
        super().analyse(step, user_id, analysis_id, attempt)
        raise ValueError("broken on purpose")


@pytest.fixture
def logged():
    """The log as a server writes it, from here on."""
    before, stream = structlog.get_config(), io.StringIO()
    log_to(stream, "info")
    yield stream
    structlog.configure(**before)


def test_what_the_engine_says_is_a_line_of_json_and_that_something_was_cancelled_is_none(database, logged, capfd):
    said = logging.getLogger("dbos")
    said.handlers, said.propagate = [logging.StreamHandler()], False  # as an earlier DBOS of this process leaves it
    work, engine = Breaking(), Engine(database.engine)
    engine.launch(work, 2)
    try:
        with database.write() as connection:
            for name in ("deleted", "broken"):
                engine.start(connection, "user", name, 1)
        wait_for(lambda: len(work.began) == 2)
        engine.cancel("deleted", 1)
        work.free.set()
        wait_for(lambda: engine.ended("broken", 1))
        wait_for(lambda: "broken on purpose" in logged.getvalue())
        time.sleep(2)  # what was cancelled is looked after once a second
    finally:
        engine.close()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [(line["level"], line["logger"], line["exception"][0]["exc_type"]) for line in lines] == [
        ("error", "dbos", "ValueError")
    ]
    assert capfd.readouterr().err == ""


def test_the_tidying_of_a_start_keeps_neither_the_start_nor_the_work_waiting(database):
    work, engine = Noted(), Engine(database.engine)
    work.free.set()
    work.tidied.clear()
    engine.launch(work, 1)
    try:
        with database.write() as connection:
            engine.start(connection, "user", "one", 1)
        wait_for(lambda: engine.ended("one", 1))
        assert work.tidying.wait(30)
        assert work.began == [("user", "one", 1), "after"]
        work.tidied.set()
        wait_for(lambda: DBOS.list_workflows(name="tidy")[0].status == "SUCCESS")
    finally:
        work.tidied.set()
        engine.close()


def test_a_tidying_that_was_cut_off_goes_on_and_no_other_beside_it(database):
    cut_off, going_on, engine = Noted(), Noted(), Engine(database.engine)
    for work in (cut_off, going_on):
        work.tidied.clear()
    engine.launch(cut_off, 1)
    assert cut_off.tidying.wait(30)
    engine.close()
    engine = Engine(database.engine)
    engine.launch(going_on, 1)
    try:
        assert going_on.tidying.wait(30)
        assert len(DBOS.list_workflows(name="tidy")) == 1
        going_on.tidied.set()
        wait_for(lambda: DBOS.list_workflows(name="tidy")[0].status == "SUCCESS")
    finally:
        going_on.tidied.set()
        cut_off.tidied.set()
        engine.close()


def test_work_on_what_another_process_deleted_is_stopped_at_once_and_nothing_else(database, tmp_path):
    now = datetime.now(UTC)
    with database.write() as connection:
        user = users.create(connection, "dana@example.com", now).id
        there = analyses.accept(connection, user, True, Submission("a", "c", "r", "0" * 64, 1, "wav", 1, 1, 8000), now)  # noqa: FBT003 - the same
    children, blobs = Children(2, print), open_blobs((tmp_path / "objects").as_uri())
    blobs.write("work/deleted/words", b"unmasked")
    worker = Worker(database, blobs, None, children, {}, "http://x", ())
    worker.stop_deleted()
    with ThreadPoolExecutor(2) as threads:
        deleted = threads.submit(children.run, "deleted", [Task(time.sleep, (60,))])
        staying = threads.submit(children.run, there.id, [Task(time.sleep, (3,))])
        wait_for(lambda: len(children.scopes()) == 2)
        worker.stop_deleted()
        with pytest.raises(CancelledError):
            deleted.result(30)
        assert staying.result(60) == [None]
    assert not blobs.exists("work/deleted/words")
    children.close()
