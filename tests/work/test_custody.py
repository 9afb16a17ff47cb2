"""Audit log, retention, hold, erasure and export from the command line, and a server that obeys them."""

import json
import os
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from zipfile import ZipFile

import leaks
import pytest
from callscript import transcript_of
from serving import Server, ended, submit
from sounds import SOUND

from callcov import document, judging
from callcov.checks.policy import DEFAULT
from callcov.store import analyses, users, webhooks
from callcov.store.analyses import Submission
from callcov.store.blobs import open_blobs
from callcov.store.folder import blobs_url, installation

CALLCOV = str(Path(sys.executable).with_name("callcov"))
EMAIL = "qa@example.com"
CALL = "A 0.0-3.0 Hello this is Dana from Acme\nC 3.5-6.0 my bill is wrong"
FORTY_DAYS_AGO = datetime.now(UTC) - timedelta(days=40)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def command(folder, data):
    """The command, with an account."""
    with installation(data) as database, database.write() as connection:
        users.create(connection, EMAIL, datetime.now(UTC))

    def run(*arguments):
        environment = os.environ | {"CALLCOV_DATA": str(data)}
        words = [CALLCOV, *map(str, arguments)]
        return leaks.told(
            subprocess.run(words, capture_output=True, text=True, env=environment, cwd=folder, check=False)
        )

    return run


@pytest.fixture
def callcov(tmp_path, data):
    return command(tmp_path, data)


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory):
    """A folder with a file, and the command that works there, for mistakes that change nothing."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "there.txt").write_text("mine")
    return folder, command(folder, folder / "data")


def accepted(data, contact="c", *, livemode=True, now=None, **fields):
    """The id of an analysis whose recording lies in the data folder."""
    blobs = open_blobs(blobs_url(data))
    with installation(data) as database, database.write() as connection:
        user = users.find(connection, EMAIL).id
        key = f"recordings/{contact}{time.monotonic_ns()}"
        sent = Submission("a", contact, key, "0" * 64, 100, "wav", 6_000, 2, 8_000, **fields)
        row = analyses.accept(connection, user, livemode, sent, now or datetime.now(UTC))
    blobs.write(key, b"a recording")
    return row.id


def completed(data, contact="c"):
    one = accepted(data, contact)
    open_blobs(blobs_url(data)).write(f"masked/{one}", b"fLaC masked")
    with installation(data) as database, database.write() as connection:
        row = analyses.assigned(connection, users.find(connection, EMAIL).id, one)
        judged = judging.judged(transcript_of(CALL), DEFAULT, None)
        masked = f"masked/{one}"
        done = document.finished(row, transcript_of(CALL), judged, {}, "2026-11-23T12:00:00.000Z", 1, masked, None)
        assert analyses.finish(connection, row.user_id, one, 1, done)
    return one


def objects(data):
    return sorted(str(path.relative_to(data / "blobs")) for path in (data / "blobs").rglob("*") if path.is_file())


def log(callcov, *arguments):
    """Who, action and object of every line, newest first."""
    shown = callcov("audit", "--user", EMAIL, *arguments)
    assert (shown.returncode, shown.stderr) == (0, "")
    return [(line.split("\t")[1], line.split("\t")[2], line.split("\t")[4]) for line in shown.stdout.splitlines()]


@pytest.mark.slow
def test_what_the_operator_does_is_in_the_log(callcov, data):
    callcov("users", "create", "other@example.com")
    callcov("keys", "create", "--user", EMAIL)
    callcov("policy", "set", "--user", EMAIL, "health")
    callcov("policy", "set", "--user", EMAIL, "health")
    callcov("users", "retention", EMAIL, "30")
    one, test = accepted(data), accepted(data, livemode=False)
    callcov("hold", "set", "--user", EMAIL, one, test)
    callcov("hold", "release", "--user", EMAIL, one)
    told = log(callcov)
    assert {who for who, _, _ in told} == {"operator"}
    assert [action for _, action, _ in told][::-1] == [
        "key.create",
        "policy.set",
        "retention.set",
        "hold.set",
        "hold.release",
    ]
    assert [action for _, action, about in told if about == one] == ["hold.release", "hold.set"]
    assert log(callcov, "--test") == [("operator", "hold.set", test)]
    assert log(callcov, "--limit", "2") == told[:2]
    assert log(callcov, "--object", one) == told[:2]
    assert callcov("audit", "--user", "other@example.com").stdout.split("\t")[2] == "user.create"


def test_erasing_a_contact_removes_every_trace_but_what_is_held(callcov, data):
    gone = [completed(data, "Zoë"), accepted(data, "Zoë", livemode=False)]
    other, held = completed(data, "zoe"), accepted(data, "Zoë")
    assert callcov("hold", "set", "--user", EMAIL, held).returncode == 0
    before = objects(data)
    erased = callcov("erase", "--user", EMAIL, "Zoë")
    assert erased.returncode == 1
    assert erased.stdout.split() == sorted(gone)
    assert erased.stderr == f"{held} is under legal hold and was kept.\n"
    assert f"masked/{other}" in objects(data)
    assert len(objects(data)) == len(before) - 3  # two recordings and a masked one
    assert log(callcov, "--object", gone[0]) == [("operator", "analysis.erase", gone[0])]
    assert callcov("hold", "release", "--user", EMAIL, held).returncode == 0
    again = callcov("erase", "--user", EMAIL, "Zoë")
    assert (again.returncode, again.stdout, again.stderr) == (0, f"{held}\n", "")
    nothing = callcov("erase", "--user", EMAIL, "Zoë")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "no analysis of that contact" in nothing.stderr
    files = b"".join(path.read_bytes() for path in data.glob("callcov.db*"))
    assert "Zoë".encode() not in files
    assert b"zoe" in files


def test_an_export_holds_all_of_the_account_and_no_secret(callcov, data, tmp_path):
    key = callcov("keys", "create", "--user", EMAIL, "--description", "the demo").stdout.strip()
    callcov("policy", "set", "--user", EMAIL, "health")
    done, waiting = completed(data), accepted(data, livemode=False)
    exported = callcov("users", "export", EMAIL, "--out", "qa.zip", "--recordings")
    assert (exported.returncode, exported.stdout, exported.stderr) == (0, "", "")
    assert stat.S_IMODE((tmp_path / "qa.zip").stat().st_mode) == 0o600
    with ZipFile(tmp_path / "qa.zip") as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert set(parts) == {
        "account.json",
        "keys.json",
        "deliveries.json",
        "policies/2.json",
        *(f"analyses/{one}.json" for one in (done, waiting)),
        *(f"judgements/{one}.json" for one in (done, waiting)),
        f"recordings/{done}.flac",
        *(f"originals/{one}" for one in (done, waiting)),
        "audit.jsonl",
    }
    assert json.loads(parts["account.json"])["email"] == EMAIL
    assert json.loads(parts["keys.json"])[0]["description"] == "the demo"
    shown = json.loads(parts[f"analyses/{done}.json"])
    assert (shown["status"], shown["transcript"]["segments"][1]["text"]) == ("completed", "my bill is wrong")
    assert json.loads(parts[f"analyses/{waiting}.json"])["status"] == "processing"
    assert parts[f"recordings/{done}.flac"] == b"fLaC masked"
    assert json.loads(parts["audit.jsonl"].splitlines()[0])["action"] == "user.export"
    whole = b"".join(parts.values())
    with installation(data) as database, database.read() as connection:
        user = users.find(connection, EMAIL).id
        secret = webhooks.secrets_of(connection, user, datetime.now(UTC)).current
        hashed = connection.exec_driver_sql("SELECT key_hash FROM api_keys").scalar()
    assert [one for one in (key, secret, hashed) if one.encode() in whole] == []


def test_an_export_without_recordings_has_none(callcov, data, tmp_path):
    completed(data)
    callcov("users", "export", EMAIL, "--out", "qa.zip")
    with ZipFile(tmp_path / "qa.zip") as archive:
        assert not [name for name in archive.namelist() if name.startswith(("recordings/", "originals/"))]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("audit", "--user", "nobody@example.com"), 2, "no account nobody@example.com"),
        (("audit", "--user", EMAIL, "--limit", "0"), 2, "limit"),
        (("users", "retention", EMAIL, "0"), 1, "36,500"),
        (("users", "retention", EMAIL, "soon"), 2, "never"),
        (("users", "retention", EMAIL, "9" * 5000), 2, "never"),
        (("users", "retention", "nobody@example.com", "30"), 2, "no account"),
        (("users", "export", EMAIL, "--out", "there.txt"), 2, "exists already"),
        (("users", "export", EMAIL, "--out", "none/qa.zip"), 2, "cannot be written"),
        (("hold", "set", "--user", EMAIL, "nothing"), 1, "no analysis nothing"),
        (("hold", "release", "--user", EMAIL), 2, "ID"),
        (("rotate-key",), 2, "CALLCOV_NEW_MASTER_KEY"),
        (("erase", "--user", "nobody@example.com", "c"), 2, "no account"),
    ],
)
def test_a_mistake_ends_with_its_code_and_one_sentence(mistaken, arguments, code, says):
    folder, callcov = mistaken
    ended = callcov(*arguments)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (folder / "there.txt").read_text() == "mine"


def queued(data, analysis_id):
    """What the engine still knows of an analysis."""
    with installation(data) as database, database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT workflow_uuid FROM workflow_status WHERE workflow_uuid LIKE ?", (f"%{analysis_id}%",)
        )
        return [row[0] for row in found]


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.1)


@pytest.mark.slow
def test_a_server_deletes_what_is_due_and_what_was_left_half_deleted_and_forgets_what_waited(
    callcov, data, receiver, models_folder
):
    due, held = (accepted(data, now=FORTY_DAYS_AGO) for _ in range(2))
    lost = accepted(data, webhook_url=receiver.url)
    receiver.answers = [500]
    callcov("users", "retention", EMAIL, "30")
    callcov("hold", "set", "--user", EMAIL, held)
    left = [data / "blobs" / name for name in ("recordings/nobodys", "work/gone/words.json")]
    for path in left:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    server = Server(data, models_folder, CALLCOV_WEBHOOK_ALLOW="127.0.0.0/8")
    server.start()
    try:
        key = server.command("keys", "create", "--user", EMAIL)
        with server.client(key) as client:
            wait_until(lambda: not [path for path in left if path.exists()])
            assert client.get(f"/analysis/{due}").status_code == 404
            assert client.get(f"/analysis/{held}").status_code == 200
            wait_until(lambda: any(".1.2" in one for one in queued(data, lost)))  # the next webhook waits
            assert client.delete(f"/analysis/{lost}").status_code == 200
            assert [one for one in queued(data, lost) if one.startswith("deliver")] == []
    finally:
        server.stop()
    assert log(callcov, "--object", due) == [("server", "analysis.expire", due)]
    assert len(objects(data)) == 1


@pytest.mark.slow
def test_an_encrypted_server_analyses_a_call_and_only_its_key_opens_the_folder(data, tmp_path, models_folder, receiver):
    old, new = (leaks.secret("a master key", token_hex(32)) for _ in range(2))
    server = Server(data, models_folder, CALLCOV_MASTER_KEY=old, CALLCOV_WEBHOOK_ALLOW="127.0.0.0/8")
    server.start()
    with server.client(server.new_key(EMAIL)) as client:
        accepted_id = submit(client, SOUND / "two-voices.wav", webhook_url=receiver.url)["id"]
        analysis = ended(client, accepted_id)
        assert analysis["status"] == "completed", analysis["metadata"]
        sound = client.get(f"/analysis/{accepted_id}/audio").content
        assert sound.startswith(b"fLaC")
        wait_until(lambda: receiver.got)
    assert json.loads(receiver.got[0][1])["transcript"] == analysis["transcript"]
    server.stop()
    disk = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    spoken = max((segment["text"] for segment in analysis["transcript"]["segments"]), key=len)
    assert len(spoken) > 10
    assert [one for one in (spoken.encode(), sound[:64], old.encode()) if one in disk] == []

    def run(*words, **settings):
        environment = os.environ | {"CALLCOV_DATA": str(data), "CALLCOV_MODELS": str(models_folder)} | settings
        words = [CALLCOV, *words]
        return leaks.told(
            subprocess.run(words, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        )

    for settings, says in (({}, "set CALLCOV_MASTER_KEY"), ({"CALLCOV_MASTER_KEY": new}, "not the key")):
        refused = run("serve", "--port", "0", **settings)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert says in refused.stderr
    rotated = run("rotate-key", CALLCOV_MASTER_KEY=old, CALLCOV_NEW_MASTER_KEY=new)
    assert (rotated.returncode, rotated.stdout, rotated.stderr) == (0, "1\n", "")
    assert run("users", "export", EMAIL, "--out", "old.zip", CALLCOV_MASTER_KEY=old).returncode == 2
    assert run("rejudge", "--user", EMAIL, accepted_id, CALLCOV_MASTER_KEY=new).returncode == 0
    assert run("users", "export", EMAIL, "--out", "new.zip", "--recordings", CALLCOV_MASTER_KEY=new).returncode == 0
    with ZipFile(tmp_path / "new.zip") as archive:
        assert json.loads(archive.read(f"analyses/{accepted_id}.json"))["transcript"] == analysis["transcript"]
        assert archive.read(f"recordings/{accepted_id}.flac") == sound
