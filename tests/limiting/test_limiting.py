"""Counting what happens too often."""

import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st
from limits.storage import MemoryStorage

from callcov.limiting import Limiter

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
