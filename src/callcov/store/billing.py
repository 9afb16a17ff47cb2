"""Minutes: the tier of an account, and the ledger of what was analysed for it (CONTRACT §6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from callcov.billing import TIERS, Tier, affords, capped, period
from callcov.errors import NoMinutes, NotFound
from callcov.store.tables import AT_WORK, analyses, minutes, users
from callcov.store.times import iso


@dataclass(frozen=True, slots=True)
class Account:
    """An account's tier and its use of the period; `created_at` is ISO 8601 UTC, `used_ms` milliseconds."""

    user_id: str
    created_at: str
    tier: Tier
    used_ms: int
    calls: int


def account(connection: sa.Connection, user_id: str, now: datetime) -> Account:
    """The account's tier and what the ledger says of the month of `now`. Raises NotFound."""
    row = connection.execute(sa.select(users.c.created_at, users.c.tier).where(users.c.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("User not found")
    used_ms, calls = _used(connection, user_id, now)
    return Account(user_id, row.created_at, TIERS[row.tier], used_ms, calls)


def set_tier(connection: sa.Connection, user_id: str, tier: Tier, now: datetime) -> None:
    """Give the account that tier from now on; what it used of the month stays used. Raises NotFound."""
    change = sa.update(users).where(users.c.id == user_id).values(tier=tier.tier, updated_at=iso(now))
    if not connection.execute(change).rowcount:
        raise NotFound("User not found")


def afford(connection: sa.Connection, user_id: str, tier_name: str, duration_ms: int, now: datetime) -> None:
    """Raise NoMinutes when the account's tier, of that name, does not allow one more live recording of that length.

    For the transaction that accepts it, in the account's turn: what others submit meanwhile waits.
    """
    tier = TIERS[tier_name]
    if not capped(tier):
        return
    processing = connection.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(analyses.c.duration_ms), 0)).where(
            analyses.c.user_id == user_id, analyses.c.livemode == sa.true(), AT_WORK
        )
    )
    if not affords(tier, _used(connection, user_id, now)[0], processing or 0, duration_ms):
        raise NoMinutes(f"The {tier.minutes_included} minutes of the month are used up, or too few are left for this.")


def charge(connection: sa.Connection, user_id: str, analysis_id: str, duration_ms: int, completed_at: str) -> None:
    """Enter a live analysis in the ledger, in the transaction that completes it: that happens once to each."""
    connection.execute(
        sa.insert(minutes).values(
            analysis_id=analysis_id,
            user_id=user_id,
            livemode=True,
            completed_at=completed_at,
            duration_ms=duration_ms,
        )
    )


def _used(connection: sa.Connection, user_id: str, now: datetime) -> tuple[int, int]:
    """Milliseconds and number of the live analyses completed in the month of `now`."""
    start, end = map(iso, period(now))
    used_ms, calls = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(minutes.c.duration_ms), 0), sa.func.count()).where(
            minutes.c.user_id == user_id,
            minutes.c.livemode == sa.true(),
            minutes.c.completed_at >= start,
            minutes.c.completed_at < end,
        )
    ).one()
    return int(used_ms), calls
