"""How often: counted by key, in windows that begin with the first time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.storage import MemoryStorage

from callcov.limiting import Limiter, network


@pytest.fixture(scope="module")
def limiter():
    return Limiter(MemoryStorage())


def test_what_is_left_is_told_until_nothing_is(limiter):
    told = [limiter.take("3 per hour", "told") for _ in range(5)]
    assert [(taken.allowed, taken.limit, taken.remaining) for taken in told] == [
        (True, 3, 2),
        (True, 3, 1),
        (True, 3, 0),
        (False, 3, 0),
        (False, 3, 0),
    ]
    assert 3590 < told[0].reset - time.time() <= 3600
    assert len({round(taken.reset) for taken in told}) == 1


def test_a_window_ends(limiter):
    assert [limiter.take("1 per second", "ends").allowed for _ in range(2)] == [True, False]
    time.sleep(1.1)
    assert limiter.take("1 per second", "ends").allowed


def test_keys_and_rates_are_counted_apart(limiter):
    assert limiter.take("1 per hour", "a", "x").allowed
    assert limiter.take("1 per hour", "b", "x").allowed
    assert limiter.take("2 per hour", "a", "x").allowed
    assert not limiter.take("1 per hour", "a", "x").allowed


def test_of_many_at_once_as_many_pass_as_may(limiter):
    with ThreadPoolExecutor(20) as pool:
        allowed = list(pool.map(lambda _: limiter.take("7 per hour", "race").allowed, range(100)))
    assert sum(allowed) == 7


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_one_client_however_it_is_written(address):
    assert network(str(address)) == network(f"::ffff:{address}") == str(address)


@given(st.ip_addresses(v=6).filter(lambda one: one.ipv4_mapped is None), st.integers(0, 2**64 - 1))
def test_a_household_of_ipv6_is_one_client(address, host):
    other = type(address)(int(address) >> 64 << 64 | host)
    assert network(str(address)) == network(str(other)) or other.ipv4_mapped is not None


@pytest.mark.parametrize("host", [None, "", "unix:", "example.com"])
def test_what_is_no_address_is_a_client_of_its_own(host):
    assert network(host) == (host or "unknown")
