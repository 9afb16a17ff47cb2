"""Counters that several processes share."""

import subprocess
import sys
import time

import pytest
from counting_law import STEPS, counts_alike
from hypothesis import given

from callcov.store.counts import Counts


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return Counts(tmp_path_factory.mktemp("counts") / "limits.db")


@given(STEPS)
def test_it_counts_as_the_one_in_memory_does(shared, steps):
    counts_alike(shared, steps)


def test_a_window_ends_and_what_has_ended_is_not_kept(tmp_path):
    counts = Counts(tmp_path / "limits.db")
    assert [counts.incr("a", 0.2), counts.incr("a", 0.2)] == [1, 2]
    assert counts.get("a") == 2
    assert 0 < counts.get_expiry("a") - time.time() <= 0.2
    time.sleep(0.25)
    assert counts.get("a") == 0
    assert counts.incr("b", 60) == 1
    assert counts.reset() == 1, "only b was left"
    assert counts.incr("a", 60) == 1
    counts.clear("a")
    assert counts.get("a") == 0
    assert counts.check()


def test_a_clock_that_was_set_back_locks_nobody_out(tmp_path):
    counts = Counts(tmp_path / "limits.db")
    assert counts.incr("a", 3600) == 1  # as a window of a second is that began when the clock was an hour ahead
    assert [counts.incr("a", 1), counts.incr("a", 1)] == [1, 2]
    assert counts.get_expiry("a") - time.time() <= 1


def test_of_several_processes_exactly_as_many_get_through_as_may(tmp_path):
    script = """
import sys
from pathlib import Path
from callcov.limiting import Limiter
from callcov.store.counts import Counts
limiter = Limiter(Counts(Path(sys.argv[1])))
print(sum(limiter.take("100/hour", "a").allowed for _ in range(60)))
"""
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "limits.db")], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert sum(int(one.communicate(timeout=60)[0]) for one in started) == 100


def test_the_file_is_its_owners_only(tmp_path):
    Counts(tmp_path / "limits.db")
    assert (tmp_path / "limits.db").stat().st_mode & 0o777 == 0o600
