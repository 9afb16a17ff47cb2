"""The whole server and every command on PostgreSQL; `test_durable` kills it there, too."""

import json
import subprocess
import time
import zipfile

import pytest
from serving import Server, ended, submit
from sounds import SOUND, samples, write_wav


@pytest.fixture
def url(postgres):
    url = postgres.empty()
    yield url
    postgres.drop(url)


@pytest.fixture
def server(tmp_path, models_folder, url):
    server = Server(tmp_path / "data", models_folder, CALLCOV_DATABASE=url, CALLCOV_WEBHOOK_ALLOW="127.0.0.0/8")
    server.start("--api-processes", "2")
    yield server
    assert server.stop() == 0


def refused(server, *arguments):
    with pytest.raises(subprocess.CalledProcessError) as told:
        server.command(*arguments)
    assert told.value.returncode == 2
    return told.value.stderr


@pytest.mark.slow
def test_a_call_is_analysed_listed_told_judged_again_exported_and_erased(server, tmp_path, receiver):
    assert not list(server.data.glob("callcov.db*"))
    sound = write_wav(tmp_path / "short.wav", samples(SOUND / "two-voices.wav")[:, :80_000])
    with server.client(server.new_key()) as client:
        accepted = submit(client, sound, webhook_url=receiver.url, agent_id="Straße_%")
        assert ended(client, accepted["id"])["status"] == "completed"
        gone = submit(client, sound, contact_id="x/y")
        assert ended(client, gone["id"])["status"] == "completed"
        assert client.get("/analysis/", params={"search": "STRASSE_%"}).json()["total"] == 1
        assert [one["id"] for one in client.get("/analysis/").json()["data"]] == [gone["id"], accepted["id"]]
        for path in ("/analysis/%00", "/analysis/%00/audio", "/analysis/%00%F0%9F%99%82"):
            assert client.get(path).status_code == 404
        assert client.get("/analysis/", params={"agent_id": "\0"}).json()["total"] == 0
        assert client.get("/analysis/", params={"agent_id": "\0", "offset": 2**62}).json()["total"] == 0
        assert client.get("/insights/summary", params={"agent_id": "\0"}).json()["calls"] == 0
        assert client.delete("/analysis/%00").status_code == client.post("/analysis/%00/retry").status_code == 404
    deadline = time.monotonic() + 60
    while not receiver.got:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [json.loads(body)["id"] for _, body in receiver.got] == [accepted["id"]]
    account = ("--user", "qa@example.com")
    server.command("hold", "set", *account, accepted["id"])
    assert server.command("erase", *account, "x/y") == gone["id"]
    server.command("rejudge", *account, "--all")
    server.command("users", "export", "qa@example.com", "--out", str(tmp_path / "qa.zip"))
    with zipfile.ZipFile(tmp_path / "qa.zip") as exported:
        assert any(accepted["id"] in name for name in exported.namelist())
    log = server.command("audit", *account)
    assert {"analysis.submit", "hold.set", "analysis.erase", "user.export"} <= set(log.split())
    assert "Another server is using this database" in refused(
        server, "serve", "--port", "0", "--data", str(tmp_path / "second")
    )
