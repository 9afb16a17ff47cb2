"""Insights against a recount in plain Python, over random histories of two accounts in two modes."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import LIVE, NOON, TEST, change, figures, finished, submission, upgrade

from callcov.checks import FLAGS
from callcov.store import analyses, insights, judgements, users
from callcov.store.analyses import Filters
from callcov.store.db import migrate, open_database
from callcov.store.figures import DAY, missing, put, remove
from callcov.store.tables import MEASURES
from callcov.store.times import iso

MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())
WIDE = 3 * DAY
# Few values, so that calls meet on a day, on its first and last second, and at an agent.
SECOND = st.one_of(st.integers(-WIDE, WIDE), st.sampled_from([-DAY, -1, 0, 1, DAY - 1, DAY])).map(
    lambda offset: MIDNIGHT + offset
)
NAME = st.sampled_from(["a", "A", "ß", "agent 1"])
ANY = {name: st.integers(0, 1) if name in FLAGS else st.integers(-3, 2**40) for name in MEASURES}
COUNTED = st.fixed_dictionaries({}, optional=ANY).map(lambda some: figures(**some))
CALL = st.fixed_dictionaries(
    {
        "second": SECOND,
        "agent": NAME,
        "contact": NAME,
        "ms": st.integers(0, 10**8),
        "counted": COUNTED,
        "again": st.none() | COUNTED,
        "mode": st.sampled_from([LIVE, LIVE, TEST]),
        "mine": st.sampled_from([True, True, True, False]),
        "end": st.sampled_from(["completed", "completed", "completed", "failed", "processing", "deleted"]),
    }
)
FILTERS = st.builds(
    Filters,
    status=st.sampled_from([None, None, None, "completed", "failed"]),
    agent_id=st.none() | NAME | st.just(""),
    contact_id=st.none() | NAME,
    search=st.none() | st.sampled_from(["", "A", "gent", "SS"]),
    created_after=st.none() | SECOND,
    created_before=st.none() | SECOND,
    flagged=st.none() | st.none() | st.sampled_from(FLAGS[:2]),
)


def happen(connection, user, call):
    """One call from its acceptance to its end; gives when it was created, as the account's clock says."""
    mode, now = call["mode"], datetime.fromtimestamp(call["second"], UTC)
    sent = submission(call["agent"], call["contact"], duration_ms=call["ms"])
    row = analyses.accept(connection, user, mode, sent, now)
    if call["end"] == "failed":
        analyses.fail(connection, user, row.id, 1, "why", iso(NOON), 1)
    elif call["end"] != "processing":
        analyses.finish(connection, user, row.id, 1, finished(figures=call["counted"]))
        if call["again"]:
            row = analyses.get(connection, user, mode, row.id)
            judgements.replace(connection, user, mode, [change(row, figures=call["again"])])
        if call["end"] == "deleted":
            analyses.delete(connection, user, mode, row.id)
    return row.created


def wanted(call, created, filters):
    return (
        call["mine"]
        and call["mode"] == LIVE
        and call["end"] == "completed"
        and filters.status in {None, "completed"}
        and (filters.flagged is None or (call["again"] or call["counted"])[filters.flagged] == 1)
        and filters.agent_id in {None, call["agent"]}
        and filters.contact_id in {None, call["contact"]}
        and any((filters.search or "").casefold() in name.casefold() for name in (call["agent"], call["contact"]))
        and (filters.created_after is None or created >= filters.created_after)
        and (filters.created_before is None or created < filters.created_before)
    )


def recount(calls, filters, key):
    sums = {}
    for call, created in calls:
        if wanted(call, created, filters):
            counted = (call["again"] or call["counted"]) | {"duration_ms": call["ms"], "calls": 1}
            sums.setdefault(key(call, created), Counter(dict.fromkeys(counted, 0))).update(counted)
    return {place: dict(summed) for place, summed in sums.items()}


@given(calls=st.lists(CALL, max_size=12), narrowed=st.lists(FILTERS, min_size=1, max_size=6))
@settings(max_examples=120)
def test_the_sums_are_those_of_a_recount_after_any_history(database_once, calls, narrowed):
    database, user = database_once()
    _, other = database_once()
    # The clock of an account never runs backwards, so in order of time it is the calls' own.
    calls = sorted(calls, key=lambda call: call["second"])
    with database.write() as connection:
        known = [(call, happen(connection, user if call["mine"] else other, call)) for call in calls]
    with database.read() as connection:
        for filters in narrowed:
            days = insights.by_day(connection, user, LIVE, filters)
            agents = insights.by_agent(connection, user, LIVE, filters)
            assert days == recount(known, filters, lambda _, created: created // DAY)
            assert list(days) == sorted(days)
            assert agents == recount(known, filters, lambda call, _: call["agent"])
            assert list(agents) == sorted(agents, key=lambda agent: (-agents[agent]["calls"], agent))


def test_deleting_the_last_call_leaves_no_trace_of_its_agent(database, user):
    with database.write() as connection:
        row = analyses.accept(connection, user, LIVE, submission("somebody"), NOON)
        analyses.finish(connection, user, row.id, 1, finished())
        analyses.delete(connection, user, LIVE, row.id)
        assert connection.exec_driver_sql("SELECT count(*) FROM figures").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM figures_daily").scalar() == 0


def test_there_is_a_column_for_every_field_that_can_be_flagged():
    assert set(FLAGS) <= set(MEASURES)


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=400)])
def test_what_is_not_counted_is_found_and_counted_once(database, user, other_user, age):
    with database.write() as connection:
        row = analyses.accept(connection, user, LIVE, submission(), NOON - age)
        analyses.finish(connection, user, row.id, 1, finished())
        connection.exec_driver_sql("DELETE FROM figures")
        connection.exec_driver_sql("DELETE FROM figures_daily")
        connection.exec_driver_sql("INSERT INTO uncounted SELECT id FROM analyses")
        (one,) = missing(connection, 10)
        assert (one.user_id, one.analysis_id, one.results, one.full) == (user, row.id, '{"results":"first"}', None)
        put(connection, other_user, {row.id: figures()})  # not theirs: nothing
        for _ in range(2):
            analyses.count_older(connection, user, {row.id: figures(judged=1)})
        assert missing(connection, 10) == ()
        assert [sums["judged"] for sums in insights.by_agent(connection, user, LIVE, Filters()).values()] == [1]
        assert insights.by_agent(connection, other_user, LIVE, Filters()) == {}


def test_the_upgrade_notes_what_was_completed_and_not_counted_and_nothing_else(empty_url):
    """So that no later start has to look at every analysis for them."""
    database = open_database(empty_url)
    with database.write() as connection:
        upgrade(connection, "0010")
        user = users.create(connection, "dana@example.com", NOON).id
        _waiting, older, counted = (analyses.accept(connection, user, LIVE, submission(), NOON) for _ in range(3))
        for row in (older, counted):
            analyses.finish(connection, user, row.id, 1, finished())
        remove(connection, user, [older.id])
    migrate(database)
    with database.write() as connection:
        assert [one.analysis_id for one in missing(connection, 10)] == [older.id]
        analyses.delete(connection, user, LIVE, older.id)
        assert missing(connection, 10) == ()
    database.close()
