"""The whole server and every command on PostgreSQL, killed in the middle."""

import json
import subprocess
import time
import zipfile

import pytest
from serving import Server, ended, submit
from sounds import SOUND, samples, write_wav

PROCESSES = ("--api-processes", "2")
ACCOUNT = ("--user", "qa@example.com")


@pytest.fixture
def url(postgres):
    url = postgres.empty()
    yield url
    postgres.drop(url)


@pytest.fixture
def server(tmp_path, models_folder, url):
    server = Server(tmp_path / "data", models_folder, CALLCOV_DATABASE=url, CALLCOV_WEBHOOK_ALLOW="127.0.0.0/8")
    server.start(*PROCESSES)
    yield server
    assert server.stop() == 0


def wait_until(condition):
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_call_outlives_a_kill_and_is_completed_listed_told_judged_again_exported_and_erased(
    server, tmp_path, receiver
):
    sound = write_wav(tmp_path / "short.wav", samples(SOUND / "two-voices.wav")[:, :80_000])
    key = server.new_key()
    with server.client(key) as client:
        call = submit(client, sound, webhook_url=receiver.url, agent_id="Straße_%", contact_id="x/y")["id"]
    wait_until(lambda: '"stage begins"' in server.log.read_text())
    server.kill()
    server.start(*PROCESSES)
    with server.client(key) as client:
        assert ended(client, call, 600)["status"] == "completed"
        assert client.get("/analysis/", params={"search": "STRASSE_%"}).json()["total"] == 1
        assert [one["id"] for one in client.get("/analysis/").json()["data"]] == [call]
        has_odd_answers(client)
    wait_until(lambda: receiver.got)
    assert [json.loads(body)["id"] for _, body in receiver.got] == [call]
    assert not list(server.data.glob("callcov.db*"))
    server.command("rejudge", *ACCOUNT, "--all")
    server.command("users", "export", "qa@example.com", "--out", str(tmp_path / "qa.zip"))
    with zipfile.ZipFile(tmp_path / "qa.zip") as exported:
        assert any(call in name for name in exported.namelist())
    assert server.command("erase", *ACCOUNT, "x/y") == call
    log = server.command("audit", *ACCOUNT)
    assert {"analysis.submit", "analysis.erase", "user.export"} <= set(log.split())
    with pytest.raises(subprocess.CalledProcessError) as refused:
        server.command("serve", "--port", "0", "--data", str(tmp_path / "second"))
    assert refused.value.returncode == 2
    assert "Another server is using this database" in refused.value.stderr


def has_odd_answers(client):
    """What PostgreSQL refuses to compare is nobody's, and no failure."""
    for path in ("/analysis/%00", "/analysis/%00/audio", "/analysis/%00%F0%9F%99%82"):
        assert client.get(path).status_code == 404
    assert client.delete("/analysis/%00").status_code == client.post("/analysis/%00/retry").status_code == 404
    for query in ({"agent_id": "\0"}, {"contact_id": "a\0", "offset": 2**62}, {"search": "\0"}):
        assert client.get("/analysis/", params=query).json()["total"] == 0
    assert client.get("/insights/summary", params={"agent_id": "\0"}).json()["calls"] == 0
