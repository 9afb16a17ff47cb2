"""GET /billing/*: the shapes of the contract, and figures that are a recount of the ledger."""

import re
from datetime import UTC, datetime

import pytest
import requests
from api_server import sample_transcript, tone

from callcov.billing import TIERS
from callcov.store import analyses, billing
from callcov.store.analyses import Submission

MINUTE = 60_000


def set_tier(account, name):
    with account.server.services.database.write() as connection:
        billing.set_tier(connection, account.user_id, TIERS[name], datetime.now(UTC))


def used(account, minutes):
    """Enter so many minutes in the ledger, now."""
    with account.server.services.database.write() as connection:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        billing.charge(connection, account.user_id, f"past-{account.user_id}", round(minutes * MINUTE), now)


def test_the_tiers_are_public_and_exactly_these(server):
    answer = requests.get(server.api + "/billing/tiers", timeout=30)
    assert answer.status_code == 200
    shown = {tier["tier"]: tier for tier in answer.json()["tiers"]}
    assert list(shown) == ["free", "starter", "growth", "unlimited"]
    features = shown["free"]["features"]
    assert features
    assert all(isinstance(feature, str) for feature in features)
    free = {"tier": "free", "name": "Free", "price_monthly": 0, "minutes_included": 500, "overage_allowed": False}
    assert shown["free"] == free | {"features": features}
    assert shown["starter"] == {
        "tier": "starter",
        "name": "Starter",
        "price_monthly": 49,
        "minutes_included": 1000,
        "overage_rate": 0.05,
        "overage_allowed": True,
        "features": features,
    }
    assert (shown["growth"]["price_monthly"], shown["growth"]["overage_rate"]) == (199, 0.04)
    assert (shown["unlimited"]["minutes_included"], shown["unlimited"]["overage_allowed"]) == (None, False)


def test_a_subscription_has_the_shape_and_the_figures_of_the_reference(account):
    set_tier(account, "starter")
    used(account, 245.5)
    found = account.get("/billing/subscription").json()
    month = datetime.now(UTC).strftime("%Y-%m-01T00:00:00.000Z")
    assert found == {
        "id": found["id"],
        "user_id": account.user_id,
        "tier": "starter",
        "status": "active",
        "minutes_included": 1000,
        "minutes_used": 245.5,
        "minutes_remaining": 754.5,
        "overage_minutes": 0,
        "current_period_start": month,
        "current_period_end": found["current_period_end"],
        "created_at": found["created_at"],
        "tier_info": {
            "name": "Starter",
            "price_monthly": 49,
            "minutes_included": 1000,
            "overage_rate": 0.05,
            "features": found["tier_info"]["features"],
        },
    }
    assert re.fullmatch(r"\d{4}-\d\d-01T00:00:00\.000Z", found["current_period_end"])
    assert found["current_period_end"] > month
    assert account.get("/billing/subscription").json() == found
    summary = account.get("/billing/subscription/summary").json()
    assert summary == {
        "subscription": found,
        "usage": {
            "total_minutes_used": 245.5,
            "analysis_count": 1,
            "minutes_remaining": 754.5,
            "usage_percentage": pytest.approx(24.55),
        },
        "estimated_overage_cost": 0,
    }


def test_overage_is_told_and_costs(account):
    set_tier(account, "growth")
    used(account, 5100)
    summary = account.get("/billing/subscription/summary").json()
    assert (summary["subscription"]["overage_minutes"], summary["estimated_overage_cost"]) == (100, 4.0)
    assert (summary["usage"]["minutes_remaining"], summary["usage"]["usage_percentage"]) == (0, 102)
    assert account.submit().status_code == 201


def test_only_a_live_analysis_that_completes_is_counted_and_its_deletion_gives_nothing_back(account):
    # Minutes are counted in the month of completion, which the tests' server fixes: the ledger is read instead.
    def entered():
        with account.server.services.database.read() as connection:
            query = "SELECT analysis_id, duration_ms FROM minutes WHERE user_id = ?"
            return connection.exec_driver_sql(query, (account.user_id,)).all()

    account.accepted()
    account.failed("no sound")
    test = account.accepted(key=account.test)
    account.server.complete(account.user_id, test, sample_transcript())
    assert entered() == []
    analysis_id = account.completed(sound=tone(1.5))
    assert entered() == [(analysis_id, 1500)]
    assert account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "B"}).status_code == 200
    assert account.call("DELETE", f"/analysis/{analysis_id}").status_code == 200
    assert entered() == [(analysis_id, 1500)]


def test_a_capped_account_is_refused_before_it_exceeds_what_is_included(account):
    set_tier(account, "free")
    used(account, 500 - 2 / 60)
    before = account.server.objects()
    assert account.submit(sound=tone(1.5)).status_code == 201
    refused = account.submit(sound=tone(1.5))
    assert (refused.status_code, list(refused.json())) == (402, ["detail"])
    assert "minutes" in refused.json()["detail"]
    assert len(account.server.objects() - before) == 1
    assert account.submit(sound=tone(0.5)).status_code == 201
    assert account.submit(sound=tone(1.5), key=account.test).status_code == 201, "a test costs nothing"
    assert account.get("/analysis/").json()["total"] == 2


def test_what_waits_for_an_answer_counts_although_it_is_not_used_yet(account):
    set_tier(account, "free")
    long = Submission("a", "c", "recordings/none", "0" * 64, 1, "wav", 500 * MINUTE, 1, 8000)
    with account.server.services.database.write() as connection:
        analyses.accept(connection, account.user_id, livemode=True, submission=long, now=datetime.now(UTC))
    assert account.get("/billing/subscription").json()["minutes_used"] == 0
    assert account.submit().status_code == 402


@pytest.mark.parametrize("path", ["/billing/subscription", "/billing/subscription/summary"])
def test_a_subscription_is_its_accounts_only(server, account, other, path):
    used(account, 10)
    assert requests.get(server.api + path, timeout=30).status_code == 401
    theirs = other.get(path).json()
    theirs = theirs.get("subscription", theirs)
    assert (theirs["user_id"], theirs["minutes_used"]) == (other.user_id, 0)


def test_either_spelling_works(account):
    assert account.get("/billing/tiers/").status_code == 200
    assert account.get("/billing/subscription/").status_code == 200
    assert account.get("/billing/subscription/summary/").status_code == 200
