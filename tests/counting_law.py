"""What every store of counts keeps: it counts as the one in memory does."""

from hypothesis import strategies as st
from limits.storage import MemoryStorage

from callcov.limiting import Limiter

STEPS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["2/hour", "5/hour"])), max_size=30)


def counts_alike(storage, steps):
    """Take the steps on that store and on one in memory, both empty, and compare every answer."""
    storage.reset()
    ours, theirs = Limiter(storage), Limiter(MemoryStorage())
    for key, rate in steps:
        one, other = ours.take(rate, key), theirs.take(rate, key)
        assert (one.allowed, one.limit, one.remaining) == (other.allowed, other.limit, other.remaining)
        assert abs(one.reset - other.reset) <= 1
