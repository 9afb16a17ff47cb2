"""Tiers and the arithmetic of minutes (CONTRACT §6). Pure.

Durations are whole milliseconds; a minute is 60,000 of them, unrounded, and money is US dollars. A period is a
calendar month in UTC, its start inclusive, its end exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

_MINUTE_MS = 60_000
# Every tier has all of it: nothing of an analysis is withheld.
_FEATURES = ("Transcription with speakers", "16-point compliance", "Webhooks")


@dataclass(frozen=True, slots=True)
class Tier:
    """What an account may use a month. `minutes_included` None is no limit, `overage_rate` None no overage."""

    tier: str
    name: str
    price_monthly: float
    minutes_included: int | None
    overage_rate: float | None = None
    features: tuple[str, ...] = _FEATURES

    @property
    def overage_allowed(self) -> bool:
        """Whether more than is included may be used, for money."""
        return self.overage_rate is not None


TIERS = {
    tier.tier: tier
    for tier in (
        Tier("free", "Free", 0.0, 500),
        Tier("starter", "Starter", 49.0, 1000, 0.05),
        Tier("growth", "Growth", 199.0, 5000, 0.04),
        Tier("unlimited", "Unlimited", 0.0, None),
    )
}
DEFAULT = "unlimited"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tier and the milliseconds used in a period come to; None where the tier has no limit."""

    minutes_used: float
    minutes_remaining: float | None
    overage_minutes: float
    percentage: float | None
    overage_cost: float


def usage(tier: Tier, used_ms: int) -> Usage:
    """The figures of a period; remaining is never below zero, the percentage may be over 100, the cost is in cents."""
    included_ms = _included_ms(tier)
    if included_ms is None:
        return Usage(used_ms / _MINUTE_MS, None, 0.0, None, 0.0)
    over = max(0, used_ms - included_ms) / _MINUTE_MS
    return Usage(
        minutes_used=used_ms / _MINUTE_MS,
        minutes_remaining=max(0, included_ms - used_ms) / _MINUTE_MS,
        overage_minutes=over,
        percentage=100 * used_ms / included_ms,
        overage_cost=round(over * (tier.overage_rate or 0.0), 2),
    )


def capped(tier: Tier) -> bool:
    """Whether the tier ends at what it includes."""
    return tier.minutes_included is not None and not tier.overage_allowed


def affords(tier: Tier, used_ms: int, processing_ms: int, more_ms: int) -> bool:
    """Whether a recording of `more_ms` may be taken on; one that uses up exactly what is included may."""
    included_ms = _included_ms(tier)
    return not capped(tier) or included_ms is None or used_ms + processing_ms + more_ms <= included_ms


def period(now: datetime) -> tuple[datetime, datetime]:
    """The month that an aware moment lies in: its first instant and that of the next month, in UTC."""
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return start, start.replace(year=year, month=month)


def _included_ms(tier: Tier) -> int | None:
    return None if tier.minutes_included is None else tier.minutes_included * _MINUTE_MS
