from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from callcov.store.ids import Tick, following, uuid7

CLOCK = st.integers(min_value=0, max_value=2**47)


@given(st.lists(CLOCK, min_size=1, max_size=50))
def test_ids_ascend_whatever_the_clock_does(clock):
    tick, ids = Tick(0, 0), []
    for now in clock:
        tick = following(tick, now)
        ids.append(uuid7(tick))
    assert ids == sorted(set(ids))


@given(CLOCK, CLOCK, st.integers(min_value=0, max_value=4095))
def test_a_place_is_never_before_the_clock_nor_before_the_last_place(now, last, counter):
    tick = following(Tick(last, counter), now)
    assert tick.milliseconds >= now
    assert (tick.milliseconds, tick.counter) > (last, counter)
    assert tick.counter < 4096


def test_a_full_counter_borrows_the_next_millisecond():
    assert following(Tick(1_000, 4095), 1_000) == Tick(1_001, 0)
    assert following(Tick(1_000, 4095), 900) == Tick(1_001, 0)


def test_a_later_clock_starts_the_counter_again():
    assert following(Tick(1_000, 7), 1_001) == Tick(1_001, 0)


@given(CLOCK, st.integers(min_value=0, max_value=4095))
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(milliseconds, counter):
    text = uuid7(Tick(milliseconds, counter))
    parsed = UUID(text)
    assert (parsed.version, parsed.variant) == (7, RFC_4122)
    assert parsed.int >> 80 == milliseconds
    assert str(parsed) == text


def test_two_ids_of_one_place_differ():
    assert len({uuid7(Tick(1, 1)) for _ in range(1_000)}) == 1_000
