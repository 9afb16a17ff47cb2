"""Counting what happens too often."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.storage import MemoryStorage

from callcov.limiting import Limiter, network

KEYS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=40)


@given(KEYS, st.integers(1, 9))
def test_each_key_may_do_it_as_often_as_the_rate_says_whatever_the_others_do(keys, amount):
    limiter, counts = Limiter(MemoryStorage()), {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
        taken = limiter.take(f"{amount}/hour", *key)
        assert (taken.allowed, taken.limit, taken.remaining) == (
            counts[key] <= amount,
            amount,
            max(0, amount - counts[key]),
        )


def test_a_window_ends_when_it_says_and_everything_is_free_again():
    limiter = Limiter(MemoryStorage())
    first = limiter.take("1/second", "a")
    refused = limiter.take("1/second", "a")
    assert (first.allowed, refused.allowed) == (True, False)
    assert 0 <= refused.reset - time.time() <= 2
    time.sleep(max(0.0, refused.reset - time.time()) + 0.05)
    assert limiter.take("1/second", "a").allowed


def test_no_more_than_the_limit_get_through_however_many_come_at_once():
    limiter = Limiter(MemoryStorage())
    with ThreadPoolExecutor(20) as threads:
        taken = list(threads.map(lambda _: limiter.take("50/hour", "a"), range(200)))
    assert sum(one.allowed for one in taken) == 50


class Broken(MemoryStorage):
    """A store that does not answer, as one whose server is down."""

    def incr(self, key, expiry, amount=1):
        raise ValueError(f"no connection for {key} {expiry} {amount}")


def test_a_store_that_does_not_answer_refuses_nobody():
    limiter = Limiter(Broken(wrap_exceptions=True))
    taken = [limiter.take("1/minute", "a") for _ in range(3)]
    assert [(one.allowed, one.remaining) for one in taken] == [(True, 1)] * 3


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
