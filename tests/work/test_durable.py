"""Facts about a server that is killed: what was promised with 201 is kept, once."""

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime

import numpy as np
import pytest
from serving import Server, ended, submit
from sounds import SOUND, samples, write_wav

from callcov.store import analyses, users
from callcov.store.analyses import Submission
from callcov.store.folder import installation


@pytest.fixture
def server(tmp_path, models_folder):
    server = Server(tmp_path / "data", models_folder, CALLCOV_WEBHOOK_ALLOW="127.0.0.0/8")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def long_call(tmp_path):
    """Two voices for several minutes: time enough to be killed in."""
    return write_wav(tmp_path / "long.wav", np.tile(samples(SOUND / "two-voices.wav"), 15))


def lines(server, analysis_id):
    logged = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in logged if line.get("analysis") == analysis_id]


def wait_until(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


@pytest.mark.slow
def test_an_analysis_killed_while_it_is_transcribed_ends_once_after_the_restart(server, long_call, receiver):
    key = server.new_key()
    with server.client(key) as client:
        accepted = submit(client, long_call, webhook_url=receiver.url)
        wait_until(lambda: any(line["event"] == "progress" for line in lines(server, accepted["id"])))
    server.kill()
    before = len(lines(server, accepted["id"]))
    server.start()
    with server.client(key) as client:
        analysis = ended(client, accepted["id"])
        assert analysis["status"] == "completed"
        assert client.get("/analysis/").json()["total"] == 1
        assert analysis["transcript"]["segments"]
        wait_until(lambda: receiver.got)
    stages = [line["stage"] for line in lines(server, accepted["id"])[before:] if line["event"] == "stage begins"]
    assert stages == ["transcribing", "speakers", "understanding"]
    time.sleep(1)
    assert [json.loads(body)["id"] for _, body in receiver.got] == [accepted["id"]]
    wait_until(lambda: not list((server.data / "blobs").glob("work/*/*")))
    assert len(list((server.data / "blobs").glob("masked/*"))) == 1
    assert not list((server.data / "blobs").glob("recordings/*"))


@pytest.mark.slow
def test_whatever_the_moment_of_the_kill_every_promise_is_kept(server):
    key = server.new_key()
    promised = []
    for pause in (0.0, 0.3, 0.9, 1.7, 2.9):
        with server.client(key) as client:
            promised.append(submit(client, SOUND / "two-voices.wav")["id"])
            time.sleep(pause)
        server.kill()
        server.start()
    with server.client(key) as client:
        statuses = {analysis_id: ended(client, analysis_id)["status"] for analysis_id in promised}
        assert set(statuses.values()) == {"completed"}
        assert [one["id"] for one in client.get("/analysis/").json()["data"]] == promised[::-1]


@pytest.mark.slow
def test_a_database_that_is_away_for_a_moment_delays_an_analysis_and_fails_none(server):
    key = server.new_key()
    with server.client(key) as client, closing(sqlite3.connect(server.data / "callcov.db")) as other:
        accepted = submit(client, SOUND / "two-voices.wav")
        other.execute("ALTER TABLE judgements RENAME TO away")
        wait_until(lambda: "no such table: judgements" in server.log.read_text())
        other.execute("ALTER TABLE away RENAME TO judgements")
        analysis = ended(client, accepted["id"])
    assert analysis["status"] == "completed", analysis["metadata"]
    assert not [line for line in lines(server, accepted["id"]) if line["event"] == "failed"]
    wait_until(lambda: not list((server.data / "blobs").glob("recordings/*")))


@pytest.mark.slow
def test_a_deleted_analysis_leaves_nothing_and_sends_nothing(server, long_call, receiver):
    with server.client(server.new_key()) as client:
        accepted = submit(client, long_call, webhook_url=receiver.url)
        wait_until(lambda: any(line["event"] == "stage begins" for line in lines(server, accepted["id"])))
        assert client.delete(f"/analysis/{accepted['id']}").status_code == 200
        assert client.get(f"/analysis/{accepted['id']}").status_code == 404
        wait_until(lambda: not list((server.data / "blobs").glob("work/*/*")))
        other = submit(client, SOUND / "two-voices.wav")
        assert ended(client, other["id"])["status"] == "completed"
    wait_until(lambda: not list((server.data / "blobs").glob("work/*/*")))  # the other's go just after its end
    assert not list((server.data / "blobs").glob("recordings/*"))
    assert len(list((server.data / "blobs").glob("masked/*"))) == 1
    assert not receiver.got


def test_a_second_server_on_the_same_folder_is_refused(server):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        server.command("serve", "--port", "0")
    assert refused.value.returncode == 2
    assert "Another server is using" in refused.value.stderr


def test_a_server_that_is_asked_to_stop_ends_well(tmp_path, models_folder):
    server = Server(tmp_path / "data", models_folder)
    server.start()
    assert server.stop() == 0


def test_an_analysis_that_nothing_works_on_any_more_is_failed_openly_at_the_start(tmp_path, models_folder):
    server = Server(tmp_path / "data", models_folder)
    key = server.new_key()
    with installation(server.data) as database, database.write() as connection:
        user = users.find(connection, "qa@example.com")
        submission = Submission("agent", "contact", "recordings/lost", "0" * 64, 1, "wav", 1000, 1, 8000)
        lost = analyses.accept(connection, user.id, livemode=True, submission=submission, now=datetime.now(UTC))
    server.start()
    try:
        with server.client(key) as client:
            analysis = client.get(f"/analysis/{lost.id}").json()
    finally:
        server.stop()
    assert analysis["status"] == "failed"
    assert "retry" in analysis["metadata"]["error_message"]
