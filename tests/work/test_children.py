"""Facts about child processes: what dies, what is tried again, what is told."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcov import config, pipeline
from callcov.checks.policy import DEFAULT
from callcov.children import Children, Task
from callcov.errors import BadRecording, WorkerDied
from callcov.rejudge import Judges, Owner, Tally
from callcov.serve import crew
from callcov.speech.survey import Survey
from callcov.store import analyses, users
from callcov.store.analyses import Filters, Finished, Submission
from callcov.store.blobs import open_blobs
from callcov.store.db import migrate, open_database
from callcov.store.tables import MEASURES
from callcov.store.times import iso


def nothing() -> None:
    """Prepare nothing."""


def double(number):
    return 2 * number


def pid():
    return os.getpid()


def refuse(text):
    raise BadRecording(text)


def die_once(mark):
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "lived"


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_and_mark(mark):
    Path(mark).write_text(str(os.getpid()))
    time.sleep(60)


def hoard(size):
    return len(bytearray(size))


@pytest.fixture(scope="module")
def children():
    crew = Children(2, nothing)
    yield crew
    crew.close()


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"


def test_results_come_in_the_order_of_the_tasks(children):
    assert children.run("a", [Task(double, (n,)) for n in range(7)]) == [0, 2, 4, 6, 8, 10, 12]


def test_no_tasks_give_no_results(children):
    assert children.run("a", []) == []


def test_every_end_is_told_once(children):
    told = []
    children.run("a", [Task(double, (n,)) for n in range(4)], done=lambda place, result: told.append((place, result)))
    assert sorted(told) == [(0, 0), (1, 2), (2, 4), (3, 6)]


def test_an_error_keeps_its_name_and_sentence(children):
    with pytest.raises(BadRecording, match="no sound at all"):
        children.run("a", [Task(refuse, ("no sound at all",)), Task(double, (1,))])


def test_work_whose_process_died_is_tried_once_more(children, tmp_path):
    assert children.run("a", [Task(die_once, (str(tmp_path / "mark"),))]) == ["lived"]


def test_work_that_kills_twice_is_an_error_and_the_rest_goes_on(children):
    with pytest.raises(WorkerDied, match="try it again"):
        children.run("a", [Task(die)])
    assert children.run("b", [Task(double, (21,))]) == [42]


def test_work_over_its_time_is_killed(children):
    with pytest.raises(WorkerDied, match="too long"):
        children.run("a", [Task(time.sleep, (60,), timeout=0.3)])


def test_cancelling_kills_what_runs_under_that_name_only(children, tmp_path):
    mark, seen = tmp_path / "pid", []

    def work():
        with pytest.raises(CancelledError):
            children.run("victim", [Task(sleep_and_mark, (str(mark),))])
        seen.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: mark.exists() and mark.read_text())
    time.sleep(0.5)  # the parent hears of a start a little after the child has begun
    children.cancel("bystander")
    assert alive(int(mark.read_text()))
    children.cancel("victim")
    assert not alive(int(mark.read_text()))
    thread.join(20)
    assert seen
    assert children.run("b", [Task(double, (4,))]) == [8]


def test_an_idle_child_that_is_killed_is_replaced(children):
    for process in set(children.run("a", [Task(pid) for _ in range(6)])):
        os.kill(process, signal.SIGKILL)
    time.sleep(0.5)
    assert children.run("a", [Task(double, (3,))]) == [6]


def test_a_child_gives_way_to_the_server(children):
    (process,) = children.run("a", [Task(pid)])
    assert os.getpriority(os.PRIO_PROCESS, process) == os.getpriority(os.PRIO_PROCESS, 0) + 10


def test_a_child_that_wants_too_much_memory_gets_none():
    crew = Children(1, nothing, memory=700 * 1024 * 1024)
    try:
        with pytest.raises(MemoryError):
            crew.run("a", [Task(hoard, (1024 * 1024 * 1024,))])
    finally:
        crew.close()


def test_children_end_when_the_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from callcov.children import Children, Task\n"
        "from test_children import nothing, sleep_and_mark\n"
        "if __name__ == '__main__':\n"
        "    Children(1, nothing).run('a', [Task(sleep_and_mark, (sys.argv[1],))])\n"
    )
    mark = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, str(script), str(mark)])
    try:
        wait_for(lambda: mark.exists() and mark.read_text(), 60)  # a new interpreter, on a machine with other work
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not alive(int(mark.read_text())))


def test_warm_children_have_begun_before_any_work(tmp_path):
    crew = Children(1, (tmp_path / "prepared").touch)
    try:
        crew.warm(os.getpid)
        wait_for((tmp_path / "prepared").exists)
        assert crew.run("a", [Task(double, (2,))]) == [4]
    finally:
        crew.close()


def test_children_that_transcribe_have_a_limit_of_memory(tmp_path, models_folder):
    settings = config.read({"CALLCOV_MODELS": str(models_folder), "CALLCOV_MODEL": "tiny.en", "CALLCOV_WORKERS": "1"})
    with closing(crew(settings, tmp_path.as_uri())) as children:
        (limits,) = children.run("a", [Task(resource.getrlimit, (resource.RLIMIT_AS,))])
        with pytest.raises(MemoryError):
            children.run("a", [Task(bytearray, (limits[0],))])
    assert limits == (8 * 2**30, 8 * 2**30)


HOUR = 3600.0
MEASURED = {"do_speakers": 15.5, "do_understand": 28.0}
"""Seconds for an hour of a call, on a core that does nothing else."""


class Noting:
    """Children that do nothing but note how long each function may take, and give always the same."""

    def __init__(self, gives):
        self.gives, self.limits = gives, {}

    def run(self, _scope, tasks, _done=None):
        self.limits |= {getattr(task.function, "func", task.function).__name__: task.timeout for task in tasks}
        return [self.gives] * len(tasks)


def limits(seconds):
    seen = Survey(seconds, 2, apart=True, heard=(0, 1), speech=((), ()), blocks=(), audible=seconds, damaged=False)
    crew, job = Noting(seen), pipeline.Job("call", "recordings/call", seconds, DEFAULT)
    for _, stage in pipeline.STAGES:
        stage(job, crew, None)
    pipeline.judge(job, crew, None, {}, "", 0)
    return crew.limits


def test_a_call_of_any_length_has_the_time_that_its_stages_take_on_a_busy_machine():
    lengths = [1.0, 60.0, HOUR, 3 * HOUR, 12 * HOUR]
    found = [limits(seconds) for seconds in lengths]
    assert found[0].keys() == {"do_survey", "do_speakers", "do_understand", "do_mask", "do_judge"}
    for name in found[0]:
        of_it = [one[name] for one in found]
        assert of_it == sorted(of_it)
        for seconds, limit in zip(lengths, of_it, strict=True):
            assert limit >= max(300.0, 10 * MEASURED.get(name, 28.0) * seconds / HOUR)


@pytest.mark.parametrize("hours", [0.1, 2, 12])
def test_a_call_of_any_length_has_the_time_that_judging_it_again_takes(tmp_path, hours):
    database, crew, now = open_database(f"sqlite:///{tmp_path}/callcov.db"), Noting(()), datetime.now(UTC)
    migrate(database)
    call = Submission("a", "c", "recordings/one", "0" * 64, 1, "wav", round(hours * HOUR * 1000), 1, 8000)
    counted = dict.fromkeys(set(MEASURES) - {"duration_ms"}, 0)
    done = Finished("{}", "{}", "{}", iso(now), 1, "1", "1", "{}", counted)
    with database.write() as connection:
        owner = Owner(users.create(connection, "qa@example.com", now).id, livemode=True)
        row = analyses.accept(connection, owner.user_id, livemode=True, submission=call, now=now)
        analyses.finish(connection, owner.user_id, row.id, 1, done)
    judges = Judges(database, open_blobs(tmp_path.as_uri()), crew)
    with closing(database):
        assert list(judges.backtest(owner, DEFAULT, Filters(), 1, Tally())) == [None]
    assert crew.limits["do_judge"] >= max(600.0, 10 * MEASURED["do_understand"] * hours)
