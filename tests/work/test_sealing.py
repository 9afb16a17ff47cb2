"""An installation begun without a master key, encrypted; and an account erased with its data key."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from zipfile import ZipFile

import leaks
import pytest
from callscript import transcript_of

from callcov import document, judging
from callcov.checks.policy import DEFAULT
from callcov.serve import only_one
from callcov.store import analyses, idempotency, users
from callcov.store.analyses import Submission
from callcov.store.blobs import open_blobs
from callcov.store.folder import blobs_url, installation

CALLCOV = str(Path(sys.executable).with_name("callcov"))
OWNERS = ("dana@example.com", "erin@example.com")
SOUND = b"a recording nobody should read " * 5000
NOW = "2026-11-23T12:00:00.000Z"


@pytest.fixture
def callcov(tmp_path):
    def run(*arguments, key=None):
        environment = os.environ | {"CALLCOV_DATA": str(tmp_path / "data")}
        environment |= {"CALLCOV_MASTER_KEY": key} if key else {}
        words = [CALLCOV, *map(str, arguments)]
        return leaks.told(subprocess.run(words, capture_output=True, text=True, env=environment, check=False))

    return run


@pytest.fixture
def key():
    return leaks.secret("a master key", token_hex(32))


def call(word):
    return transcript_of(f"A 0.0-3.0 Hello this is Dana from Acme\nC 3.5-6.0 my word is {word}")


def stored(data, email, word, count=1, *, complete=True):
    """Analyses of a call with that word, with all that is ever kept of one; their ids."""
    blobs, made = open_blobs(blobs_url(data)), []
    for _ in range(count):
        with installation(data) as database, database.write() as connection:
            user = users.find(connection, email) or users.create(connection, email, datetime.now(UTC))
            recording = f"recordings/{token_hex(8)}"
            sent = Submission("a", "c", recording, "0" * 64, 100, "wav", 6_000, 2, 8_000)
            row = analyses.accept(connection, user.id, True, sent, datetime.now(UTC))  # noqa: FBT003 - as in the store
            idempotency.keep(connection, user.id, True, token_hex(4), "f" * 64, row.id, f'"{word}"', datetime.now(UTC))  # noqa: FBT003 - the same
            blobs.write(recording, SOUND + word.encode())
            if complete:
                judged = judging.judged(call(word), DEFAULT, None)
                keys = f"masked/{row.id}.flac", f"vectors/{row.id}"
                done = document.finished(row, call(word), judged, {}, NOW, 1, *keys)
                assert analyses.finish(connection, user.id, row.id, 1, done)
                for one in keys:
                    blobs.write(one, SOUND + word.encode())
            else:
                blobs.write(f"work/{row.id}/words", word.encode())
        made.append(row.id)
    return made


def on_disk(data):
    return b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())


def exported(callcov, tmp_path, email, key=None):
    """Every analysis and sound of an export, by name."""
    out = tmp_path / f"{token_hex(4)}.zip"
    done = callcov("users", "export", email, "--out", out, "--recordings", key=key)
    assert done.returncode == 0, done.stderr
    with ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist() if "/" in name}


@pytest.mark.slow
def test_what_was_stored_before_there_was_a_key_is_in_no_file_afterwards_and_reads_the_same(callcov, tmp_path, key):
    data, word = tmp_path / "data", f"w{token_hex(8)}"
    for email in OWNERS:
        stored(data, email, word, 2)
    stored(data, OWNERS[0], word, complete=False)
    open_blobs(blobs_url(data)).write("masked/nobodys", word.encode())
    (data / "blobs" / "recordings" / "cut#1").write_bytes(word.encode())
    before = {email: exported(callcov, tmp_path, email) for email in OWNERS}
    assert on_disk(data).count(word.encode()) > 20
    done = callcov("encrypt", key=key)
    # Two owners with two calls of three documents, a judgement and an answer each; an answer and two objects beside.
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "21 texts and 14 objects encrypted, 1 that were nobody's removed\n"
    disk = on_disk(data)
    assert [one for one in (word.encode(), SOUND[:31], key.encode(), bytes.fromhex(key)) if one in disk] == []
    assert {email: exported(callcov, tmp_path, email, key) for email in OWNERS} == before
    assert len(list((data / "keys").iterdir())) == 3
    again = callcov("encrypt", key=key)
    assert again.stdout == "0 texts and 0 objects encrypted, 0 that were nobody's removed\n"
    assert callcov("users", "export", OWNERS[0], "--out", tmp_path / "x.zip").returncode == 2


@pytest.mark.slow
def test_cut_off_anywhere_it_goes_on(callcov, tmp_path, key):
    data, word = tmp_path / "data", f"w{token_hex(8)}"
    stored(data, OWNERS[0], word, 40)
    before = exported(callcov, tmp_path, OWNERS[0])
    environment = os.environ | {"CALLCOV_DATA": str(data), "CALLCOV_MASTER_KEY": key}
    cut = 0
    for seconds in (0.0, 0.01, 0.03, 0.06):
        started = subprocess.Popen([CALLCOV, "encrypt"], env=environment, stdout=subprocess.PIPE)
        end = time.monotonic() + 60
        while not (data / "keys" / "check").exists() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(seconds)
        started.kill()
        cut += started.wait() != 0
        started.stdout.close()
    assert cut
    assert callcov("encrypt", key=key).returncode == 0
    assert word.encode() not in on_disk(data)
    assert exported(callcov, tmp_path, OWNERS[0], key) == before


@pytest.mark.slow
def test_it_needs_a_key_and_the_folder_for_itself(callcov, tmp_path, key):
    stored(tmp_path / "data", OWNERS[0], "word")
    done = callcov("encrypt")
    assert (done.returncode, "Set CALLCOV_MASTER_KEY" in done.stderr) == (2, True)
    assert callcov("encrypt", key="a" * 64).returncode == 2
    from contextlib import ExitStack  # noqa: PLC0415 - here alone

    with ExitStack() as stack:
        only_one(stack, tmp_path / "data", stack.enter_context(installation(tmp_path / "data")))
        done = callcov("encrypt", key=key)
    assert (done.returncode, "Another server is using" in done.stderr) == (2, True)


@pytest.mark.slow
def test_an_erased_account_leaves_its_id_its_log_and_no_key(callcov, tmp_path, key):
    data, word = tmp_path / "data", f"w{token_hex(8)}"
    callcov("encrypt", key=key)
    first = stored(data, OWNERS[0], word, 2)
    stored(data, OWNERS[1], word)
    assert callcov("encrypt", key=key).returncode == 0
    kept = {path.name: path.read_bytes() for path in (data / "keys").iterdir()}
    assert callcov("hold", "set", "--user", OWNERS[0], first[0]).returncode == 0
    held = callcov("erase", "--user", OWNERS[0], "--all")
    assert (held.returncode, held.stdout) == (1, first[1] + "\n")
    assert {path.name for path in (data / "keys").iterdir()} == set(kept)
    assert callcov("hold", "release", "--user", OWNERS[0], first[0]).returncode == 0
    done = callcov("erase", "--user", OWNERS[0], "--all")
    assert (done.returncode, done.stdout, done.stderr) == (0, first[0] + "\n", "")
    with installation(data) as database, database.read() as connection:
        (erased,) = (user for user in users.every(connection) if user.email.endswith("@erased.invalid"))
        lines = connection.exec_driver_sql("SELECT action FROM audit WHERE object_id = ?", (erased.id,)).scalars().all()
    assert set(kept) - {path.name for path in (data / "keys").iterdir()} == {erased.id}
    assert lines == ["user.erase"]
    assert OWNERS[0].encode() not in on_disk(data)
    assert callcov("audit", "--user", erased.email, "--limit", "1").stdout.split("\t")[2] == "user.erase"
    assert json.loads(next(iter(exported(callcov, tmp_path, OWNERS[1], key).values())))


@pytest.mark.parametrize("words", [(), ("c", "--all")])
def test_erasing_asks_what_is_meant(callcov, tmp_path, words):
    stored(tmp_path / "data", OWNERS[0], "word")
    done = callcov("erase", "--user", OWNERS[0], *words)
    assert (done.returncode, "--all" in done.stderr) == (2, True)
