"""The secret that signs webhooks, what became of each attempt, and sending one again."""

from datetime import UTC, datetime, timedelta

import pytest

from callcov.deliver import DELAYS
from callcov.store import analyses, deliveries, webhooks
from callcov.store.deliveries import Delivery
from callcov.store.times import iso

HOOK = "https://example.com/hook"
BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def tried(account):
    """Notes an attempt to tell of an analysis, as the worker does; `minute` is when."""

    def add(analysis_id, attempt, minute, *, run=1, outcome="retry", owner=account):
        at, next_at = iso(BEGAN + timedelta(minutes=minute)), iso(BEGAN) if outcome == "retry" else None
        name = f"{analysis_id}.{run}.{attempt}"
        one = Delivery(name, analysis_id, attempt, at, 12, 500, outcome, "It answered 500.", next_at)
        with owner.server.services.database.write() as connection:
            deliveries.add(connection, owner.user_id, one)
        return one.id

    return add


def listed(account, key=None, **query):
    body = account.call("GET", "/webhook-deliveries/", key=key, params=query).json()
    return [one["id"] for one in body["data"]], body["has_more"]


def redeliver(account, delivery_id, key=None):
    answer = account.call("POST", f"/webhook-deliveries/{delivery_id}/redeliver", key=key)
    return answer.status_code, answer.json().get("detail") or answer.json()["message"]


def test_the_secret_is_what_signs_and_looking_at_it_is_logged(account):
    answer = account.get("/webhook-secret")
    with account.server.services.database.read() as connection:
        signing = webhooks.secrets_of(connection, account.user_id, datetime.now(UTC)).signing
    assert answer.json() == {"secret": signing[0], "old_secret_valid_until": None}
    assert len(signing) == 1
    assert answer.headers["cache-control"] == "no-store"
    assert account.call("GET", "/webhook-secret", key=account.test).json() == answer.json()
    assert [line["action"] for line in account.get("/audit/").json()["data"]] == ["webhook_secret.read"] * 2


def test_a_changed_secret_is_another_and_the_old_one_signs_for_a_day(account, other):
    before, others = account.get("/webhook-secret").json(), other.get("/webhook-secret").json()
    asked = datetime.now(UTC)
    changed = account.post("/webhook-secret/rotate").json()
    assert changed["secret"] != before["secret"]
    until = datetime.fromisoformat(changed["old_secret_valid_until"])
    assert timedelta(0) <= until - asked - timedelta(hours=24) < timedelta(minutes=1)
    assert account.get("/webhook-secret").json() == changed
    with account.server.services.database.read() as connection:
        signing = webhooks.secrets_of(connection, account.user_id, datetime.now(UTC)).signing
    assert signing == (changed["secret"], before["secret"])
    assert other.get("/webhook-secret").json() == others
    assert account.get("/audit/").json()["data"][1]["action"] == "webhook_secret.rotate"


def test_attempts_are_listed_newest_first_whole_and_by_analysis_and_mode(account, tried):
    one, two = (account.failed("why", webhook_url=HOOK) for _ in range(2))
    hidden = account.failed("why", webhook_url=HOOK, key=account.test)
    ids = [tried(one, 1, 0), tried(two, 1, 1), tried(one, 2, 2, outcome="delivered")]
    test_id = tried(hidden, 1, 3)
    assert listed(account) == (ids[::-1], False)
    assert listed(account, analysis_id=one) == ([ids[2], ids[0]], False)
    assert listed(account, limit=2) == (ids[:0:-1], True)
    assert listed(account, limit=2, offset=2) == (ids[:1], False)
    assert listed(account, offset=10**18) == ([], False)
    assert listed(account, analysis_id=hidden) == listed(account, analysis_id="\0") == ([], False)
    assert listed(account, account.test) == ([test_id], False)
    (shown,) = account.get("/webhook-deliveries/", params={"limit": 1}).json()["data"]
    assert shown == {
        "id": ids[2],
        "analysis_id": one,
        "attempt": 2,
        "started_at": "2026-11-23T12:02:00.000Z",
        "duration_ms": 12,
        "status_code": 500,
        "outcome": "delivered",
        "error": "It answered 500.",
        "next_at": None,
    }


def test_one_more_attempt_beyond_those_that_come_by_themselves_can_be_asked_for(account, tried):
    call = account.failed("why", webhook_url=HOOK)
    first = tried(call, 1, 0)
    told = account.server.engine.told
    assert redeliver(account, first) == (202, "Webhook is sent again")
    beyond = len(DELAYS) + 2
    assert told(call) == [(1, beyond)]
    second = tried(call, beyond, 1, outcome="given_up")
    assert redeliver(account, second) == (202, "Webhook is sent again")
    assert told(call) == [(1, beyond), (1, beyond + 1)]
    line = account.get("/audit/", params={"object_id": call}).json()["data"][0]
    assert (line["action"], line["outcome"]) == ("webhook.redeliver", "done")


def test_what_is_told_again_is_what_the_analysis_is_now(account, tried):
    call = account.failed("why", webhook_url=HOOK)
    old = tried(call, len(DELAYS) + 5, 0)
    account.post(f"/analysis/{call}/retry")
    assert redeliver(account, old) == (409, "The analysis has not ended")
    line = account.get("/audit/", params={"object_id": call}).json()["data"][0]
    assert (line["action"], line["outcome"]) == ("webhook.redeliver", "refused")
    with account.server.services.database.write() as connection:
        analyses.fail(connection, account.user_id, call, 2, "why", iso(BEGAN), 1)
    assert redeliver(account, old)[0] == 202
    assert account.server.engine.told(call) == [(2, len(DELAYS) + 2)]


def test_an_attempt_that_is_not_there_or_anybody_elses_is_not_found(account, other, tried):
    call = account.failed("why", webhook_url=HOOK)
    there = tried(call, 1, 0)
    missing = (404, "Delivery not found")
    for answer in (
        redeliver(account, "none"),
        redeliver(account, "%00"),
        redeliver(account, there, account.test),
        redeliver(other, there),
    ):
        assert answer == missing
    account.call("DELETE", f"/analysis/{call}")
    assert redeliver(account, there) == missing
    assert account.server.engine.told(call) == []
