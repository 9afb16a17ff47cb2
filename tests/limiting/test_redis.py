"""Rate limits counted by a real Redis: one count for all processes, and no outage of ours when it is away."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import leaks
import pytest
from counting_law import STEPS, counts_alike
from hypothesis import given
from limits.storage import storage_from_string
from serving import Server

from callcov.limiting import Limiter

pytestmark = pytest.mark.redis


class Redis:
    """A server of the test's own on a loopback port, which asks for a password and keeps nothing."""

    def __init__(self, folder):
        if not shutil.which("redis-server"):
            pytest.fail("there is no redis-server: apt-get install redis-server")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        password = leaks.secret("the password of Redis", secrets.token_hex(16))
        self.url = f"redis://:{password}@127.0.0.1:{self.port}"
        (folder / "redis.conf").write_text(
            f'port {self.port}\nbind 127.0.0.1\nrequirepass {password}\nsave ""\nappendonly no\ndir {folder}\n'
        )
        self._log = (folder / "redis.log").open("w")
        self._process = subprocess.Popen(["redis-server", str(folder / "redis.conf")], stdout=self._log)
        end = time.monotonic() + 30
        while not self._listens():
            assert time.monotonic() < end, "redis-server did not start"
            time.sleep(0.05)

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def signal(self, number):
        os.kill(self._process.pid, number)

    def close(self):
        self._process.kill()
        self._process.wait()
        self._log.close()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    redis = Redis(tmp_path_factory.mktemp("redis"))
    yield redis
    redis.close()


@pytest.fixture
def silent_redis(tmp_path):
    redis = Redis(tmp_path)
    yield redis
    redis.close()


@pytest.fixture(scope="module")
def storage(redis):
    storage = storage_from_string(redis.url, wrap_exceptions=True)
    yield storage
    storage.storage.close()


@given(STEPS)
def test_it_counts_as_the_one_in_memory_does(storage, steps):
    counts_alike(storage, steps)


def test_of_several_processes_exactly_as_many_get_through_as_may(redis):
    script = """
import sys
from limits.storage import storage_from_string
from callcov.limiting import Limiter
limiter = Limiter(storage_from_string(sys.argv[1], wrap_exceptions=True))
print(sum(limiter.take("100/hour", "several").allowed for _ in range(60)))
"""
    words = [sys.executable, "-c", script, redis.url]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(one.communicate(timeout=60)[0]) for one in started) == 100


def statuses(server, key, count):
    """The status of so many requests, each on a connection of its own, so that they fall on all processes."""

    def one(_number):
        with server.client(key) as client:
            return client.get("/analysis/").status_code

    with ThreadPoolExecutor(8) as threads:
        return sorted(threads.map(one, range(count)))


@pytest.mark.slow
def test_a_server_of_several_processes_counts_there_and_goes_on_counting_after_a_restart(
    redis, tmp_path, models_folder
):
    server = Server(tmp_path / "data", models_folder, CALLCOV_LIMITS_URL=redis.url, CALLCOV_RATE_LIMIT="10/hour")
    server.start("--api-processes", "2")
    try:
        key = server.new_key()
        assert statuses(server, key, 15) == [200] * 10 + [429] * 5
        assert not (tmp_path / "data" / "limits.db").exists()
        server.stop()
        server.start()
        assert statuses(server, key, 3) == [429] * 3
    finally:
        server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("away", [signal.SIGSTOP, signal.SIGKILL], ids=["silent", "gone"])
def test_a_redis_that_is_away_refuses_nobody_and_the_log_says_so_without_its_password(
    silent_redis, tmp_path, models_folder, away
):
    settings = {"CALLCOV_LIMITS_URL": silent_redis.url, "CALLCOV_RATE_LIMIT": "2/hour"}
    server = Server(tmp_path / "data", models_folder, **settings)
    server.start()
    try:
        key = server.new_key()
        assert statuses(server, key, 3) == [200, 200, 429]
        silent_redis.signal(away)
        assert statuses(server, key, 3) == [200] * 3
        assert httpx2.get(f"{server.address}/health/ready", timeout=30).status_code == 200
    finally:
        server.kill()
    assert "rate limits cannot be counted" in server.log.read_text()


def test_without_a_password_it_is_told_like_any_store_that_does_not_answer(redis):
    limiter = Limiter(storage_from_string(f"redis://127.0.0.1:{redis.port}", wrap_exceptions=True))
    with leaks.captured() as lines:
        assert limiter.take("1/hour", "x").allowed
    assert [line["event"] for line in lines] == ["rate limits cannot be counted"]
