"""What an account may use and has used of minutes (CONTRACT §6); counted from the ledger at every request."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Response

from callcov.api import schemas
from callcov.api.caller import Known
from callcov.api.services import Given, Services
from callcov.billing import TIERS, Tier, Usage, period, usage
from callcov.store import billing
from callcov.store.billing import Account
from callcov.store.keys import Caller
from callcov.store.times import iso

router = APIRouter(prefix="/api/v1/billing", tags=["billing"])

_SUBSCRIPTIONS = uuid.UUID("5c6f2a0e-6a0f-5b53-9d0c-0f4b7f1f7c11")


@router.get("/tiers", response_model=schemas.Tiers, summary="List the tiers")
async def list_tiers() -> Response:
    """Every tier there is; no credentials needed."""
    return _json({"tiers": [_tier(tier) for tier in TIERS.values()]})


@router.get(
    "/subscription",
    response_model=schemas.Subscription,
    responses=schemas.errors(401),
    summary="Retrieve the subscription",
)
def get_subscription(services: Given, caller: Known) -> Response:
    """The account's tier and the minutes of this month. Live analyses count when they complete."""
    return _json(_subscription(*_account(services, caller)))


@router.get(
    "/subscription/summary",
    response_model=schemas.SubscriptionSummary,
    responses=schemas.errors(401),
    summary="Retrieve the subscription with its usage",
)
def get_summary(services: Given, caller: Known) -> Response:
    """The subscription, how much of it is used, and what the overage comes to so far."""
    account, used, now = _account(services, caller)
    return _json(
        {
            "subscription": _subscription(account, used, now),
            "usage": {
                "total_minutes_used": used.minutes_used,
                "analysis_count": account.calls,
                "minutes_remaining": used.minutes_remaining,
                "usage_percentage": used.percentage,
            },
            "estimated_overage_cost": used.overage_cost,
        }
    )


def _account(services: Services, caller: Caller) -> tuple[Account, Usage, datetime]:
    now = datetime.now(UTC)
    with services.database.read() as connection:
        account = billing.account(connection, caller.user_id, now)
    return account, usage(account.tier, account.used_ms), now


def _subscription(account: Account, used: Usage, now: datetime) -> dict[str, Any]:
    start, end = period(now)
    return {
        "id": str(uuid.uuid5(_SUBSCRIPTIONS, account.user_id)),  # an account has one, for good
        "user_id": account.user_id,
        "tier": account.tier.tier,
        "status": "active",
        "minutes_included": account.tier.minutes_included,
        "minutes_used": used.minutes_used,
        "minutes_remaining": used.minutes_remaining,
        "overage_minutes": used.overage_minutes,
        "current_period_start": iso(start),
        "current_period_end": iso(end),
        "created_at": account.created_at,
        "tier_info": {
            "name": account.tier.name,
            "price_monthly": account.tier.price_monthly,
            "minutes_included": account.tier.minutes_included,
            "overage_rate": account.tier.overage_rate,
            "features": account.tier.features,
        },
    }


def _tier(tier: Tier) -> dict[str, Any]:
    rate = {} if tier.overage_rate is None else {"overage_rate": tier.overage_rate}
    return {
        "tier": tier.tier,
        "name": tier.name,
        "price_monthly": tier.price_monthly,
        "minutes_included": tier.minutes_included,
        **rate,
        "overage_allowed": tier.overage_allowed,
        "features": tier.features,
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
