"""The arithmetic of minutes: laws first, then the figures of the contract."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.billing import DEFAULT, TIERS, affords, period, usage

TIER = st.sampled_from(list(TIERS.values()))
LIMITED = st.sampled_from([tier for tier in TIERS.values() if tier.minutes_included is not None])
MS = st.integers(min_value=0, max_value=10**9)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(LIMITED, MS)
def test_what_is_used_is_what_is_included_less_what_remains_plus_the_overage(tier, used_ms):
    found = usage(tier, used_ms)
    assert found.minutes_used == used_ms / 60_000
    assert found.minutes_used == pytest.approx(tier.minutes_included - found.minutes_remaining + found.overage_minutes)
    assert 0 in (found.minutes_remaining, found.overage_minutes)
    assert found.percentage == pytest.approx(100 * found.minutes_used / tier.minutes_included)


@given(TIER, MS)
def test_only_overage_costs_and_never_less_for_more(tier, used_ms):
    found, more = usage(tier, used_ms), usage(tier, used_ms + 600_000)
    assert found.overage_cost == pytest.approx(found.overage_minutes * (tier.overage_rate or 0), abs=0.005)
    assert more.overage_cost >= found.overage_cost


@given(TIER, MS, MS, MS)
def test_a_recording_is_refused_only_where_it_would_exceed_what_is_included(tier, used_ms, processing_ms, more_ms):
    exceeds = usage(tier, used_ms + processing_ms + more_ms).overage_minutes > 0
    assert affords(tier, used_ms, processing_ms, more_ms) is (tier.overage_allowed or not exceeds)


def test_exactly_what_is_included_may_be_used_up():
    free = TIERS["free"]
    assert affords(free, 200 * 60_000, 299 * 60_000, 60_000)
    assert not affords(free, 200 * 60_000, 299 * 60_000, 60_001)


@given(st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=ZONES))  # noqa: DTZ001 bounds have no zone here
def test_a_moment_lies_in_its_month_and_months_follow_each_other(now):
    start, end = period(now)
    assert start <= now < end
    assert (start.tzinfo, start.day, start.hour, start.minute, start.second, start.microsecond) == (UTC, 1, 0, 0, 0, 0)
    assert period(end)[0] == end
    assert period(end - timedelta(microseconds=1)) == (start, end)


def test_december_ends_with_the_year():
    assert period(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )


def test_the_tiers_are_those_of_the_contract():
    shown = {tier.tier: (tier.price_monthly, tier.minutes_included, tier.overage_rate) for tier in TIERS.values()}
    assert shown == {
        "free": (0, 500, None),
        "starter": (49, 1000, 0.05),
        "growth": (199, 5000, 0.04),
        "unlimited": (0, None, None),
    }
    assert DEFAULT == "unlimited"


def test_the_sample_of_the_reference():
    """245.5 of 1,000 minutes are 24.55 percent."""
    found = usage(TIERS["starter"], 245_500 * 60)
    assert (found.minutes_used, found.minutes_remaining, found.percentage) == (245.5, 754.5, pytest.approx(24.55))
    assert usage(TIERS["starter"], 1100 * 60_000).overage_cost == 5.0


def test_without_a_limit_there_is_nothing_to_remain():
    found = usage(TIERS["unlimited"], 10**12)
    assert (found.minutes_remaining, found.percentage, found.overage_minutes, found.overage_cost) == (None, None, 0, 0)
