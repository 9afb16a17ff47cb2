"""Moments as kept and answered: ISO 8601 in UTC with milliseconds and `Z`, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(moment: datetime) -> str:
    """`2026-11-23T15:04:05.678Z` for an aware moment; microseconds are cut, so it is never too late."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware moment; microseconds are cut."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
