"""Nobody sees what is somebody else's: proved for every operation of the API document, those that come later included.

An operation whose path or query names an object that this file cannot make fails here until it says how to make one.
"""

import re
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from secrets import token_hex

import pytest
import requests
import sqlalchemy as sa
from api_server import Account

from callcov.auth import tokens
from callcov.auth.keys import new_key
from callcov.store import deliveries, keys, logins
from callcov.store.deliveries import Delivery

LIVE = True


def key_of(account):
    """The id of another key of the account."""
    with account.server.services.database.write() as connection:
        made = keys.create(connection, account.user_id, LIVE, token_hex(32), "sk_live_000000", None, datetime.now(UTC))
        return made.id


def delivery_of(account):
    """The id of an attempt to deliver a webhook of the account."""
    analysis_id = account.failed("why", webhook_url="https://example.com/hook")
    with account.server.services.database.write() as connection:
        one = Delivery(f"{analysis_id}.1.1", analysis_id, 1, "2026-11-23T12:00:00.000Z", 9, 500, "retry", "why", None)
        deliveries.add(connection, account.user_id, one)
    return one.id


# How to make an object that a path or query parameter names, in each state that an answer may depend on.
MAKE = {
    "analysis_id": {
        "processing": lambda account: account.accepted(),
        "completed": lambda account: account.completed(),
        "failed": lambda account: account.failed("why"),
    },
    "key_id": {"active": key_of},
    "delivery_id": {"failed": delivery_of},
    "object_id": {"completed": lambda account: account.completed()},
}
# What belongs to the account as a whole, whatever the mode; only others must not see it.
OF_ACCOUNT = {"key_id"}
ACCOUNT_WIDE = ("/api/v1/billing/", "/api/v1/users/", "/api/v1/api-keys/")
# Routes that an access token opens and a key does not.
TOKEN_ONLY = ("/api/v1/users/", "/api/v1/api-keys/")
# Ids that are the client's own words, no objects of ours.
WORDS = {"agent_id", "contact_id"}
# A body that each operation takes, where it needs one; None is an upload.
BODIES = {
    ("post", "/api/v1/analysis/"): None,
    ("post", "/api/v1/analysis/{analysis_id}/roles"): {"agent_speaker": "A"},
    ("put", "/api/v1/policy"): {},
    ("post", "/api/v1/policy/backtest"): {"policy": {}},
    ("put", "/api/v1/users/me"): {},
    ("post", "/api/v1/api-keys/"): {},
}
# What is different in any two answers.
OWN = {"x-request-id", "date", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
# Who is calling, and the order of an account's changes: statements that are not the look-up of the object.
BESIDE = re.compile(
    r"^(BEGIN|COMMIT|ROLLBACK|PRAGMA)|\b(FROM|UPDATE|INTO) (refresh_tokens|users|feeds|queue)\b"
    r"|api_keys\.key_hash = \?|SET last_used_at"
)

_numbers = count()
_tokens = {}


def token_of(account):
    """An access token of the account, of a login that is made when it is first asked for."""
    if account.user_id not in _tokens:
        new = tokens.issue(account.server.services.secret, account.user_id, datetime.now(UTC))
        _tokens[account.user_id] = new.pair.access_token
        with account.server.services.database.write() as connection:
            login = (new.login_id, new.refresh_hash, datetime.now(UTC), new.expires_at)
            logins.add(connection, account.user_id, *login)
    return _tokens[account.user_id]


@pytest.fixture(scope="module")
def document(server):
    return requests.get(server.base + "/openapi.json", timeout=60).json()


@pytest.fixture(scope="module")
def operations(document):
    """Every operation that needs credentials: method, path, and the names of the objects it takes."""
    found = []
    for path, ways in document["paths"].items():
        for method, operation in ways.items():
            if "security" in operation:
                names = {one["name"] for one in operation.get("parameters", []) if one["in"] in {"path", "query"}}
                found.append((method, path, sorted(n for n in names if re.search(r"(^|_)id$", n) and n not in WORDS)))
    assert len(found) > 10
    return found


@pytest.fixture(scope="module")
def account(server):
    """Whose things they are."""
    return server.account(f"owner{next(_numbers)}@example.com")


def newcomer(server):
    return server.account(f"newcomer{next(_numbers)}@example.com")


def send(account, method, path, objects, key=None):
    """Call an operation with those objects and a body that it takes."""
    body = BODIES.get((method, path), {})
    options = {"json": body}
    if (method, path) in BODIES and body is None:
        options = {"data": {"agent_id": "a", "contact_id": "c"}, "files": {"audio_file": ("a.wav", b"no sound")}}
    if path.startswith(TOKEN_ONLY):
        options["headers"] = {"Authorization": f"Bearer {token_of(account)}"}
    query = {name: value for name, value in objects.items() if f"{{{name}}}" not in path}
    return account.call(method.upper(), path.removeprefix("/api/v1").format(**objects), key, params=query, **options)


def seen(response, objects):
    """All that a caller can tell of an answer, with the ids it asked for taken out."""
    text = response.content
    for value in objects.values():
        text = text.replace(value.encode(), b"<id>")
    headers = {name.lower(): value for name, value in response.headers.items() if name.lower() not in OWN}
    return response.status_code, headers, text


def nothing(names):
    return {name: str(uuid.uuid4()) for name in names}


def test_every_operation_that_takes_a_body_or_an_object_is_known_here(operations, document):
    assert {name for *_, names in operations for name in names} <= set(MAKE)
    with_body = {(way, path) for way, path, _ in operations if "requestBody" in document["paths"][path][way]}
    assert with_body == set(BODIES)


@pytest.mark.parametrize("state", sorted({state for states in MAKE.values() for state in states}))
def test_somebody_elses_object_is_answered_like_one_that_does_not_exist(server, account, operations, state):
    other = newcomer(server)
    for method, path, names in operations:
        if not names:
            continue
        objects = {name: MAKE[name].get(state, next(iter(MAKE[name].values())))(account) for name in names}
        before = account.get(f"/analysis/{objects['analysis_id']}").content if "analysis_id" in objects else None
        missing = nothing(names)
        for key in (other.live, other.test, *(() if OF_ACCOUNT.issuperset(names) else (account.test,))):
            theirs = seen(send(other, method, path, objects, key), objects)
            assert theirs == seen(send(other, method, path, missing, key), missing), (method, path)
        if before is not None:
            assert account.get(f"/analysis/{objects['analysis_id']}").content == before, (method, path)


def test_what_others_have_and_what_is_live_changes_no_answer(server, account, operations):
    other = newcomer(server)
    mine = newcomer(server)
    plain = [(method, path) for method, path, names in operations if not names and method == "get"]
    views = [(way, other.live) for way in plain] + [
        (way, mine.test) for way in plain if not way[1].startswith(ACCOUNT_WIDE)
    ]
    before = [seen(send(other, *way, {}, key), {}) for way, key in views]
    for name, states in MAKE.items():
        for make in states.values():
            make(account)
            if name not in OF_ACCOUNT:
                make(mine)
    assert [seen(send(other, *way, {}, key), {}) for way, key in views] == before


def test_whoever_may_not_call_gets_the_same_401_everywhere(server, operations):
    gone, expired = newcomer(server), newcomer(server)
    things = {name: next(iter(make.values())) for name, make in MAKE.items()}
    nobody = Account(server, "", new_key(livemode=True), new_key(livemode=False))
    _tokens[""] = "none"
    assert token_of(gone) != token_of(expired)
    of = {id(one): {name: make(one) for name, make in things.items()} for one in (gone, expired)}
    with server.services.database.write() as connection:
        connection.exec_driver_sql("UPDATE users SET is_active = 0 WHERE id = ?", (gone.user_id,))
        connection.exec_driver_sql(
            "UPDATE api_keys SET expires_at = '2020-01-01T00:00:00.000Z' WHERE user_id = ?", (expired.user_id,)
        )
        logins.end_all(connection, expired.user_id)
    for method, path, names in operations:
        told = []
        for one in (gone, expired, nobody):
            objects = {name: of.get(id(one), nothing(names))[name] for name in names}
            told += [seen(send(one, method, path, objects, key), objects) for key in (one.live, one.test)]
        assert told == [told[-1]] * len(told), (method, path)
        assert told[0][0] == 401, (method, path)
        assert told[0][1]["www-authenticate"] == "Bearer"


def test_a_link_ends_with_its_account(server):
    account = newcomer(server)
    url = account.post(f"/analysis/{account.completed()}/audio-link").json()["url"]
    assert requests.get(url, timeout=60).status_code == 200
    with server.services.database.write() as connection:
        connection.exec_driver_sql("UPDATE users SET is_active = 0 WHERE id = ?", (account.user_id,))
    assert requests.get(url, timeout=60).status_code == 401


@contextmanager
def statements():
    """Every statement that any database of this process is given meanwhile."""
    told = []

    def note(_connection, _cursor, statement, *_others):
        told.append(" ".join(statement.split()))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_a_look_up_is_one_statement_that_names_the_owner(server, account, operations):
    other = newcomer(server)
    looked = 0
    for method, path, names in operations:
        if not names:
            continue
        objects = {name: MAKE[name][min(MAKE[name])](account) for name in names}
        with statements() as told:
            send(other, method, path, objects)
        asked = [one for one in told if not BESIDE.search(one)]
        assert len(asked) == 1, (method, path, asked)
        assert "user_id = ?" in asked[0], (method, path, asked)
        looked += 1
    assert looked >= 5
