"""Accounts and keys from the shell, by whoever runs the server."""

import re
import sys
from datetime import UTC, datetime

import leaks
import pytest
import structlog

from callcov.auth import accounts, mail
from callcov.auth.keys import hash_key
from callcov.auth.mail import Outbox, Post
from callcov.auth.secret import load_secret
from callcov.cli import main
from callcov.errors import BadCode
from callcov.store import analyses, keys, users, webhooks
from callcov.store.analyses import Submission
from callcov.store.folder import installation, outbox

QA = "qa@example.com"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def callcov(data, monkeypatch, capsys):
    """The command as the shell runs it, in this process, with an account; gives what it printed."""
    monkeypatch.setenv("CALLCOV_DATA", str(data))

    def run(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["callcov", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        leaks.note(err)
        assert ended.value.code == code, err
        return err if code else out

    before = structlog.get_config()  # another file's server in this process has its own way of logging
    run("users", "create", QA)
    yield run
    structlog.configure(**before)


def test_the_secret_of_webhooks_is_shown_and_changed_and_both_are_logged(callcov, data):
    asked = ("webhooks", "secret", "--user", QA)
    first = callcov(*asked).strip()
    assert callcov(*asked).strip() == first
    second = callcov(*asked, "--rotate").strip()
    assert second != first
    with installation(data) as database, database.read() as connection:
        user = users.find(connection, QA).id
        assert webhooks.secrets_of(connection, user, datetime.now(UTC)).signing == (second, first)
    told = [line.split("\t")[2] for line in callcov("audit", "--user", QA).splitlines()]
    assert told[:3] == ["webhook_secret.rotate", "webhook_secret.read", "webhook_secret.read"]


def test_accounts_are_listed_oldest_first_and_shown(callcov):
    second = callcov("users", "create", "Erin@Example.com").strip()
    rows = [line.split("\t") for line in callcov("users", "list").splitlines()]
    assert [row[1:3] for row in rows] == [[QA, "active"], ["erin@example.com", "active"]]
    shown = dict(line.split("\t") for line in callcov("users", "show", "ERIN@example.com").splitlines())
    assert (shown["id"], shown["email"], shown["phone_number"]) == (second, "erin@example.com", "")
    assert (shown["state"], shown["password"]) == ("active", "none")


def test_a_deactivated_account_has_no_key_that_works(callcov, data):
    key = callcov("keys", "create", "--user", QA).strip()
    callcov("users", "deactivate", QA)
    assert callcov("users", "list").split("\t")[2] == "deactivated"
    with installation(data) as database, database.read() as connection:
        assert keys.caller(connection, hash_key(load_secret(data, None), key), datetime.now(UTC)) is None
    assert "ended" in callcov("keys", "list", "--user", QA, "--all")


def test_the_token_of_a_reset_sets_the_password_once_and_a_newer_one_voids_it(callcov, data):
    first, second = (callcov("users", "reset-password", QA).strip() for _ in range(2))
    secret, now = load_secret(data, None), datetime.now(UTC)
    with installation(data) as database:
        with pytest.raises(BadCode):
            accounts.reset_password(database, secret, first, "hash", now)
        accounts.reset_password(database, secret, second, "hash", now)
        with pytest.raises(BadCode):
            accounts.reset_password(database, secret, second, "hash", now)
    assert "password\tset" in callcov("users", "show", QA)


def test_the_outbox_is_shown_oldest_first_and_to_one_address_when_asked(callcov, data):
    assert callcov("users", "outbox") == ""
    post = Post(Outbox(outbox(data)), "callcov@localhost", "https://calls.example.com")
    post.send(mail.verification(post.base, QA, "CODE-1"))
    post.send(mail.reset(post.base, "erin@example.com", "CODE-2"))
    post.close()
    assert re.findall(r"^Code: (.*)$", callcov("users", "outbox"), flags=re.MULTILINE) == ["CODE-1", "CODE-2"]
    mine = callcov("users", "outbox", "QA@example.com")
    assert "To: qa@example.com\nSubject: Verify your email for CallCov\n" in mine
    assert "CODE-2" not in mine


def test_keys_are_listed_and_expired(callcov):
    callcov("keys", "create", "--user", QA, "--description", "first")
    callcov("keys", "create", "--user", QA, "--test")
    newer, older = (line.split("\t") for line in callcov("keys", "list", "--user", QA).splitlines())
    assert (older[1][:8], older[2:]) == ("sk_live_", ["active", "never used", "first"])
    assert newer[1].startswith("sk_test_")
    callcov("keys", "expire", "--user", QA, older[0])
    assert len(callcov("keys", "list", "--user", QA).splitlines()) == 1
    assert f"{older[0]}\t{older[1]}\tended" in callcov("keys", "list", "--user", QA, "--all")


@pytest.mark.parametrize(
    "command",
    [
        ("users", "list"),
        ("users", "show", QA),
        ("users", "export", QA, "--out", "never.zip"),
        ("keys", "list", "--user", QA),
        ("policy", "show", "--user", QA),
        ("audit", "--user", QA),
        ("keys", "create", "--user", QA),
        ("users", "retention", QA, "30"),
        ("policy", "set", "--user", QA, "health"),
        ("rejudge", "--user", QA, "--all"),
    ],
    ids=" ".join,
)
def test_only_an_account_begins_an_installation(callcov, tmp_path, command):
    nowhere = tmp_path / "nowhere"
    assert f"There is no installation in {nowhere}" in callcov(*command, "--data", str(nowhere), code=2)
    assert not nowhere.exists()


def test_an_id_may_be_spelt_in_every_way_that_the_api_takes(callcov, data):
    with installation(data) as database, database.write() as connection:
        user, now = users.find(connection, QA).id, datetime.now(UTC)
        call = Submission("a", "c", "recordings/x", "0" * 64, 1, "wav", 1, 1, 8000)
        row = analyses.accept(connection, user, livemode=True, submission=call, now=now)
    for way, action in ((row.id.upper(), "set"), (row.id.replace("-", ""), "release"), (f"urn:uuid:{row.id}", "set")):
        callcov("hold", action, "--user", QA, way)
    lines = callcov("audit", "--user", QA, "--object", row.id.upper()).splitlines()
    assert [line.split("\t")[2] for line in lines] == ["hold.set", "hold.release", "hold.set"]
    callcov("keys", "create", "--user", QA)
    key = callcov("keys", "list", "--user", QA).split("\t")[0]
    callcov("keys", "expire", "--user", QA, key.upper())
    assert callcov("keys", "list", "--user", QA) == ""


@pytest.mark.usefixtures("callcov")
def test_that_nothing_is_logged_about_an_object_is_said(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["callcov", "audit", "--user", QA, "--object", "nobodys"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (0, "")
    assert "Nothing is logged about an object nobodys." in told.err


def test_an_operators_eleventh_key_is_refused_too(callcov, data):
    with installation(data) as database, database.write() as connection:
        owner = users.find(connection, QA).id
        for number in range(10):
            keys.create(connection, owner, True, str(number), "sk_live_abcdef", None, datetime.now(UTC))  # noqa: FBT003 - as in the store
    assert "Maximum of 10 active API keys reached" in callcov("keys", "create", "--user", QA, code=1)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("users", "show", "nobody@example.com"), 2, "callcov users create nobody@example.com"),
        (("users", "deactivate", "nobody@example.com"), 2, "callcov users create nobody@example.com"),
        (("users", "reset-password", "nobody@example.com"), 2, "callcov users create nobody@example.com"),
        (("users", "show", "nobody"), 1, "name@example.com"),
        (("users", "outbox", "nobody"), 1, "name@example.com"),
        (("keys", "list", "--user", "nobody@example.com"), 2, "callcov users create nobody@example.com"),
        (("keys", "create", "--user", "nobody@example.com"), 2, "callcov users create nobody@example.com"),
        (("keys", "expire", "--user", QA, "nonsense"), 1, "API key not found"),
    ],
)
def test_a_mistake_ends_with_its_code_and_one_sentence(callcov, arguments, code, says):
    assert says in callcov(*arguments, code=code)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://dana:open-sesame@127.0.0.1:1/calls", "The PostgreSQL database calls cannot be used: "),
        ("mysql://dana:open-sesame@127.0.0.1/calls", "The database is written as "),
        ("postgresql://dana:open-sesame@127.0.0.1:port/calls", "The database is written as "),
        ("", "CALLCOV_DATABASE cannot be used: "),
    ],
)
def test_a_database_that_cannot_be_is_named_in_one_sentence_without_its_password(callcov, monkeypatch, address, says):
    monkeypatch.setenv("CALLCOV_DATABASE", address)
    told = callcov("users", "list", code=2)
    assert told.startswith(f"callcov: {says}")
    assert told.count("\n") == 1
    assert "open-sesame" not in told
