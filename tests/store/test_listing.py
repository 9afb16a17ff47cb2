"""The list by SQL and by the feed index, over one real database: the same ids, totals and pages, whatever happened."""

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import LIVE, NOON, SQLITE, TEST, change, finished, submission

from callcov import checks
from callcov.api.filters import Flag
from callcov.errors import NotFound
from callcov.feed.feeds import Feeds
from callcov.feed.segment import Wanted
from callcov.store import analyses, deletions, figures, judgements, listing, users
from callcov.store.analyses import Filters
from callcov.store.db import migrate, open_database
from callcov.store.tables import FLAGS, MEASURES, uncounted
from callcov.store.tables import users as users_table

IDS = ["a", "A", "ab", "Straße", "STRASSE", "é", "e\u0301", "İ", "%", "_", "\\", 'x,"y"', "🙂" * 255, "שלום", "x" * 65]
PARTS = ["a", "s", "ss", "ß", "É", "i", "%", "\\", ",", "🙂🙂", "לו", "x" * 65, "\0", "a\0", "z" * 10_000, "", "e"]
ODD = ["\ufffd", "\ufffe", "\uffff"]  # SQLite's LIKE takes them for the same character
IDS += ODD
PARTS += ODD
SECOND = int(NOON.timestamp())
ids = st.sampled_from(IDS)
filters = st.builds(
    Filters,
    status=st.none() | st.none() | st.sampled_from(["processing", "completed", "failed"]),
    agent_id=st.none() | st.none() | st.none() | st.sampled_from([*IDS, "", "a\0"]),
    contact_id=st.none() | st.none() | st.none() | ids,
    search=st.none() | st.sampled_from(PARTS),
    created_after=st.none() | st.none() | st.integers(SECOND - 2, SECOND + 30) | st.sampled_from([-1, 0, 10**18]),
    created_before=st.none() | st.none() | st.integers(SECOND - 2, SECOND + 30) | st.sampled_from([-1, 0, 10**18]),
    flagged=st.none() | st.none() | st.none() | st.sampled_from(FLAGS[:2]),
)
steps = st.lists(
    st.tuples(st.sampled_from(["accept", "accept", "finish", "fail", "retry", "delete", "judge", "ask"]), st.randoms()),
    min_size=5,
    max_size=25,
)


def counted(flags):
    """What insights count of a call in which just these fields are flagged."""
    return {name: int(name in flags) for name in MEASURES if name != "duration_ms"}


def act(database, user, action, random, at):
    """Let something happen to one of the account's analyses, if it can."""
    with database.read() as connection:
        items = listing.selected(connection, user, LIVE, Filters(), 1000).ids
    row_id = random.choice(items) if items else str(uuid.uuid4())
    flags = random.sample(FLAGS[:2], random.randint(0, 2))
    with database.write() as connection:
        row = analyses.get(connection, user, LIVE, row_id)
        if action == "accept":
            accepted = submission(random.choice(IDS), random.choice(IDS))
            analyses.accept(connection, user, LIVE, accepted, NOON + timedelta(milliseconds=at * 700))
            return
        if row is None:
            return
        if action == "finish":
            analyses.finish(connection, user, row.id, row.attempt, finished(figures=counted(flags)))
        elif action == "fail":
            analyses.fail(connection, user, row.id, row.attempt, "no sound", "2026-11-23T12:00:09.000Z", 1)
        elif action == "retry" and row.status == "failed":
            analyses.retry(connection, user, LIVE, row.id)
        elif action == "delete":
            analyses.delete(connection, user, LIVE, row.id)
        elif action == "judge" and row.status == "completed":
            judgements.replace(connection, user, LIVE, [change(row, figures=counted(flags), judgements=())])


@given(steps=steps, wanted=st.lists(filters, min_size=6, max_size=6), data=st.data())
@settings(max_examples=25, deadline=None)
def test_both_roads_say_the_same_whatever_happened_before(database_once, steps, wanted, data):
    database, user = database_once()
    feeds = Feeds(listing.Lists(database), None, short=0, rows=4, few=1)
    seen = [str(uuid.uuid4())]
    for at, (action, random) in enumerate([*steps, ("ask", None)]):
        if action != "ask":
            act(database, user, action, random, at)
            continue
        limit, offset = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 3) | st.just(2**63 - 1))
        for one in [Filters(), *wanted]:
            # Not drawn from `seen`: how many were seen depends on what the random part of an id matches.
            cursor = seen[data.draw(st.integers(0, 999)) % len(seen)]
            for place in ({"offset": offset}, {"starting_after": cursor}):
                with database.read() as connection:
                    listing.indexed(listing.Source(connection, user, LIVE), feeds, one, limit, **place)
                feeds.wait()
                with database.read() as connection:
                    quick = listing.indexed(listing.Source(connection, user, LIVE), feeds, one, limit, **place)
                    assert quick == listing.selected(connection, user, LIVE, one, limit, **place)
                seen.extend(quick.ids)
    feeds.close()


@given(steps=steps, expand=st.booleans())
@settings(max_examples=15, deadline=None)
def test_a_list_of_one_status_shows_its_analyses_as_the_whole_list_does(database_once, steps, expand):
    database, user = database_once()
    for at, (action, random) in enumerate(steps):
        if action != "ask":
            act(database, user, action, random, at)
    with database.read() as connection:
        whole = listing.page(connection, user, LIVE, Filters(), 1000, expand=expand).items
        states = [
            analyses.get(connection, user, LIVE, one).status
            for one in listing.selected(connection, user, LIVE, Filters(), 1000).ids
        ]
        for status in analyses.PROCESSING, analyses.COMPLETED, analyses.FAILED:
            found = listing.page(connection, user, LIVE, Filters(status), 1000, expand=expand).items
            assert found == tuple(item for item, state in zip(whole, states, strict=True) if state == status)


def test_the_cursor_shows_smaller_ids_and_counts_all(database, user):
    with database.write() as connection:
        made = [analyses.accept(connection, user, LIVE, submission(), NOON).id for _ in range(5)]
    with database.read() as connection:
        first = listing.selected(connection, user, LIVE, Filters(), 2)
        second = listing.selected(connection, user, LIVE, Filters(), 2, starting_after=first.ids[-1])
        last = listing.selected(connection, user, LIVE, Filters(), 2, starting_after=second.ids[-1])
    assert [*first.ids, *second.ids, *last.ids] == made[::-1]
    assert [(page.total, page.has_more) for page in (first, second, last)] == [(5, True), (5, True), (5, False)]


@pytest.mark.parametrize("road", ["selected", "indexed"])
@pytest.mark.parametrize("wanted", [Filters(), Filters(search="AGENT"), Filters(agent_id="agent-1")])
def test_walking_with_the_cursor_while_calls_arrive_and_go_shows_every_old_one_once(database, user, road, wanted):
    with database.write() as connection:
        made = [analyses.accept(connection, user, LIVE, submission(), NOON).id for _ in range(40)]
    feeds = Feeds(listing.Lists(database), None, short=0, rows=16, few=43)
    with database.read() as connection:
        listing.indexed(listing.Source(connection, user, LIVE), feeds, wanted, 7)
    feeds.wait()
    walked, cursor = [], None
    while True:
        with database.read() as connection:
            page = (
                listing.selected(connection, user, LIVE, wanted, 7, starting_after=cursor)
                if road == "selected"
                else listing.indexed(listing.Source(connection, user, LIVE), feeds, wanted, 7, starting_after=cursor)
            )
        walked += page.ids
        if not page.has_more:
            break
        cursor = page.ids[-1]
        with database.write() as connection:
            for _ in range(2):
                analyses.accept(connection, user, LIVE, submission(), NOON)
            analyses.delete(connection, user, LIVE, cursor)  # shown already
    assert walked == made[::-1]
    feeds.close()


@SQLITE
def test_a_page_far_back_of_one_agent_with_many_calls_goes_no_further_than_where_nothing_is_shown(database, user):
    with database.write() as connection:
        analyses.accept_all(connection, user, TEST, [submission()] * 500, NOON)
    with database.read() as connection:
        source, raw = listing.Source(connection, user, TEST), connection.connection.driver_connection

        def steps(offset):
            """How many SQLite makes for that page."""
            made = []
            raw.set_progress_handler(lambda: made.append(offset), 1)
            assert source.page_of(Wanted(agent=b"agent-1"), 10, 5, offset, None) is None
            raw.set_progress_handler(None, 1)
            return len(made)

        steps(0)  # the statement is made ready
        assert steps(0) < steps(11) == steps(400)


@pytest.mark.parametrize("road", ["selected", "indexed"])
def test_neither_road_shows_another_accounts_or_modes_analyses(database, user, other_user, road):
    with database.write() as connection:
        for owner, livemode in ((user, LIVE), (user, TEST), (other_user, LIVE)):
            for _ in range(3):
                analyses.accept(connection, owner, livemode, submission(), NOON)
    feeds = Feeds(listing.Lists(database), None, short=0)
    for owner, livemode in ((user, LIVE), (user, TEST), (other_user, LIVE)):
        with database.read() as connection:
            listing.indexed(listing.Source(connection, owner, livemode), feeds, Filters(), 10)
    feeds.wait()
    shown = []
    for owner, livemode in ((user, LIVE), (user, TEST), (other_user, LIVE)):
        with database.read() as connection:
            page = (
                listing.selected(connection, owner, livemode, Filters(), 10)
                if road == "selected"
                else listing.indexed(listing.Source(connection, owner, livemode), feeds, Filters(), 10)
            )
        assert page.total == 3
        shown += page.ids
    assert len(set(shown)) == 9
    feeds.close()


def test_deletions_are_told_by_revision_and_forgotten_in_time(database, user):
    with database.write() as connection:
        for revision in (1, 5, deletions.REMEMBERED, deletions.REMEMBERED + 1):
            deletions.note(connection, user, LIVE, f"id-{revision}", revision)
        told = deletions.since(connection, user, LIVE, 0, 10)
        later = deletions.since(connection, user, LIVE, 5, 1)
    assert told == ["id-5", f"id-{deletions.REMEMBERED}", f"id-{deletions.REMEMBERED + 1}"]
    assert later == [f"id-{deletions.REMEMBERED}"]


def test_an_unknown_account_has_an_empty_list_on_both_roads(database):
    with database.read() as connection:
        page = listing.selected(connection, "nobody", LIVE, Filters(), 10)
    assert (page.ids, page.total, page.has_more) == ((), 0, False)
    with database.write() as connection, pytest.raises(NotFound):
        analyses.accept(connection, "nobody", LIVE, submission(), NOON)


def test_the_fields_that_can_be_flagged_have_one_list(database):
    assert FLAGS == checks.FLAGS == Flag.__args__
    with database.read() as connection:
        assert not users.exist(connection)


def test_what_is_counted_long_after_it_ended_changes_the_list_on_both_roads(database, user):
    flagged, feeds = Filters(flagged=FLAGS[0]), Feeds(listing.Lists(database), None, short=0)

    def asked():
        """The list's revision, and how many are flagged by SQL and by the index."""
        with database.read() as connection:
            listing.indexed(listing.Source(connection, user, LIVE), feeds, flagged, 10)
        feeds.wait()
        with database.read() as connection:
            source = listing.Source(connection, user, LIVE)
            quick = listing.indexed(source, feeds, flagged, 10)
            return source.revision(), listing.selected(connection, user, LIVE, flagged, 10).total, quick.total

    with database.write() as connection:
        row = analyses.accept(connection, user, LIVE, submission(), NOON)
        analyses.finish(connection, user, row.id, row.attempt, finished(figures=counted([FLAGS[0]])))
        figures.remove(connection, user, [row.id])  # as it was before there were figures
        connection.execute(sa.insert(uncounted).values(analysis_id=row.id))
    before, *totals = asked()
    assert totals == [0, 0]
    with database.write() as connection:
        older = {one.analysis_id: counted([FLAGS[0]]) for one in figures.missing(connection, 5)}
        analyses.count_older(connection, user, older)
    after, *totals = asked()
    assert totals == [1, 1]
    assert after > before
    feeds.close()


def test_a_database_put_back_from_a_copy_is_not_listed_by_what_was_kept_of_it_since(tmp_path):
    path, failed = tmp_path / "callcov.db", Filters(status="failed")

    def opened(work):
        """Work on the database with an index of it; gives by both roads the failed analyses."""
        database = open_database(f"sqlite:///{path}", feed_folder=tmp_path / "feed")
        migrate(database)
        work(database)
        feeds = Feeds(listing.Lists(database), database.feed_folder, short=0)
        with database.read() as connection:
            user = connection.scalar(sa.select(users_table.c.id))
            listing.indexed(listing.Source(connection, user, LIVE), feeds, failed, 9)
        feeds.wait()
        with database.read() as connection:
            quick = listing.indexed(listing.Source(connection, user, LIVE), feeds, failed, 9)
            plain = listing.selected(connection, user, LIVE, failed, 9)
        feeds.close()
        database.close()
        return quick, plain

    def fill(database):
        with database.write() as connection:
            user = users.create(connection, "dana@example.com", NOON).id
            for number in range(3):
                analyses.accept(connection, user, LIVE, submission(f"a{number}", "c"), NOON)

    def fail(number):
        def work(database):
            with database.write() as connection:
                user = connection.scalar(sa.select(users_table.c.id))
                row_id = listing.selected(connection, user, LIVE, Filters(agent_id=f"a{number}"), 1).ids[0]
                analyses.fail(connection, user, row_id, 1, "no sound", "2026-11-23T12:00:09.000Z", 1)

        return work

    opened(fill)
    copy = path.read_bytes()
    first, _ = opened(fail(0))
    path.write_bytes(copy)
    quick, plain = opened(fail(1))
    assert quick == plain != first
