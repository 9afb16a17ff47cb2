"""The audit log: what is written stays, in order, and is told to its owner and mode alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError
from store_samples import LIVE, NOON, TEST

from callcov.errors import NotFound
from callcov.store import audit
from callcov.store.audit import Entry, Wanted
from callcov.store.tables import audit as table

ENTRY = Entry("key-1", "analysis.delete", "analysis", "one", NOON, "192.0.2.7", LIVE)
HISTORY = st.lists(
    st.builds(
        Entry,
        who=st.just("key-1"),
        action=st.sampled_from(["audio.read", "analysis.delete"]),
        object_type=st.just("analysis"),
        object_id=st.sampled_from(["one", "two"]),
        at=st.integers(-3, 3).map(lambda seconds: NOON + timedelta(seconds=seconds)),
        livemode=st.sampled_from([LIVE, TEST, None]),
        outcome=st.sampled_from([audit.DONE, audit.REFUSED]),
    ),
    max_size=12,
)


def log(database, user, livemode=LIVE, limit=1000, **wanted):
    with database.read() as connection:
        return audit.page(connection, user, livemode, Wanted(**wanted), limit)


def told(entries):
    """What lines say of entries, the id apart."""
    return [(one.object_id, one.action, one.outcome) for one in entries]


@pytest.fixture(scope="module")
def once(database_once):
    return database_once


@given(
    history=HISTORY,
    limit=st.integers(1, 4),
    about=st.none() | st.sampled_from(["one", "three", "\0"]),
    after=st.none() | st.integers(-3, 3),
    before=st.none() | st.integers(-3, 3),
)
def test_pages_joined_are_what_was_written_newest_first_whatever_the_clock(once, history, limit, about, after, before):
    database, user = once()
    _, other = once()
    for entry in history:
        with database.write() as connection:
            audit.write(connection, user, entry)
            audit.write(connection, other, replace(entry, object_id="three"))
    since, until = (None if one is None else NOON + timedelta(seconds=one) for one in (after, before))
    for livemode in (LIVE, TEST):
        expected = [
            entry
            for entry in reversed(history)
            if (entry.livemode is not TEST) is livemode
            and about in {None, entry.object_id}
            and (since is None or entry.at >= since)
            and (until is None or entry.at < until)
        ]
        lines, more, last = [], True, None
        while more:
            page, more = log(
                database,
                user,
                livemode,
                limit,
                object_id=about,
                created_after=since,
                created_before=until,
                starting_after=last,
            )
            assert len(page) <= limit
            lines += page
            last = page[-1].id if page else None
        assert told(lines) == told(expected)
        assert [line.id for line in lines] == sorted((line.id for line in lines), reverse=True)


def test_a_line_says_who_what_when_from_where_and_what_came_of_it(database, user):
    with database.write() as connection:
        audit.write(connection, user, ENTRY)
    ((line,), more) = log(database, user)
    assert not more
    assert (line.who, line.action, line.object_type, line.object_id) == ("key-1", "analysis.delete", "analysis", "one")
    assert (line.at, line.address, line.outcome) == ("2026-11-23T12:00:00.678Z", "192.0.2.7", "done")


@pytest.mark.parametrize("change", [sa.update(table).values(who="me"), sa.delete(table)])
def test_the_database_itself_refuses_to_change_or_remove_a_line(database, user, change):
    with database.write() as connection:
        audit.write(connection, user, ENTRY)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as connection:
        connection.execute(change)
    assert told(log(database, user)[0]) == told([ENTRY])


def test_an_entry_whose_transaction_fails_is_not_there(database, user):
    def write_and_stop():
        with database.write() as connection:
            audit.write(connection, user, ENTRY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_stop()
    assert log(database, user) == ((), False)


def test_there_is_no_log_for_nobody(database):
    with database.write() as connection, pytest.raises(NotFound):
        audit.write(connection, "nobody", ENTRY)


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_any_moment_can_be_asked_for(database, user, moment):
    with database.write() as connection:
        audit.write(connection, user, ENTRY)
    found = [len(log(database, user, **{name: moment})[0]) for name in ("created_after", "created_before")]
    assert sorted(found) == [0, 1]
