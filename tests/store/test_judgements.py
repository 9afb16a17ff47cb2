import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_samples import LIVE, NOON, TEST, change, finished, submission

from callcov.store import analyses, documents, judgements, upkeep
from callcov.store.analyses import Filters
from callcov.store.judgements import Judgement
from callcov.store.tables import judgements as kept

EVERYTHING = Filters()


@pytest.fixture
def completed(database, user):
    """A completed analysis as its row is read."""

    def completed(name="first", livemode=LIVE, owner=user, later=0, **fields):
        with database.write() as connection:
            now = NOON + timedelta(seconds=later)
            row = analyses.accept(connection, owner, livemode, submission(**fields), now)
            assert analyses.finish(connection, owner, row.id, 1, finished(name, agent_speaker="A"))
            return analyses.get(connection, owner, livemode, row.id)

    return completed


@pytest.fixture
def history(database, user):
    def history(analysis_id, owner=user, livemode=LIVE):
        with database.read() as connection:
            return judgements.of_analysis(connection, owner, livemode, analysis_id)

    return history


def put(database, user, *changes, livemode=LIVE):
    with database.write() as connection:
        return judgements.replace(connection, user, livemode, changes)


def read(database, user, ids, *, whole=True, livemode=LIVE):
    with database.read() as connection:
        return judgements.stored(connection, user, livemode, ids, whole=whole)


def test_the_end_of_an_analysis_is_its_first_judgement(completed, history):
    row = completed()
    first = Judgement(1, "1", "1", row.completed_at, "A", '{"results":"first"}')
    assert history(row.id) == (first,)


def test_judging_again_adds_a_judgement_and_replaces_the_documents(database, user, completed, history):
    row = completed()
    assert put(database, user, change(row)) == {row.id}
    assert [one.results for one in history(row.id)] == ['{"results":"first"}', '{"results":"second"}']
    ((stored,), documented) = read(database, user, [row.id]), {}
    with database.read() as connection:
        for name in ("full", "light", "transcript"):
            documented[name] = json.loads(getattr(documents, name)(connection, user, LIVE, row.id))[name]
    assert documented == {"full": "second", "light": "second", "transcript": "first"}
    assert (stored.row.policy_version, stored.row.checks_version) == ("2", "1")
    assert stored.newest == history(row.id)[-1]


def test_what_was_changed_since_it_was_read_stays_as_it_is_now(database, user, completed, history):
    row = completed()
    put(database, user, change(row, "second"))
    before = read(database, user, [row.id])
    assert put(database, user, change(row, "third")) == frozenset()
    assert read(database, user, [row.id]) == before
    assert len(history(row.id)) == 2


def test_of_a_chunk_only_what_was_changed_or_deleted_is_left_out(database, user, completed):
    rows = [completed(later=place) for place in range(4)]
    put(database, user, change(rows[1], "early"))
    with database.write() as connection:
        analyses.delete(connection, user, LIVE, rows[2].id)
        before = analyses.revision(connection, user, LIVE)
    assert put(database, user, *map(change, rows)) == {rows[0].id, rows[3].id}
    with database.read() as connection:
        assert analyses.revision(connection, user, LIVE) == before + 1
    shown = {one.row.id: json.loads(one.full)["full"] for one in read(database, user, [row.id for row in rows])}
    assert shown == {rows[0].id: "second", rows[1].id: "early", rows[3].id: "second"}


def test_a_change_in_somebody_elses_name_or_the_other_mode_does_nothing(database, user, other_user, completed):
    row = completed()
    before = read(database, user, [row.id])
    assert put(database, other_user, change(row)) == frozenset()
    assert put(database, user, change(row), livemode=TEST) == frozenset()
    assert read(database, user, [row.id]) == before
    assert read(database, other_user, [row.id]) == ()
    assert read(database, user, [row.id], livemode=TEST) == ()


def test_what_is_not_completed_cannot_be_read_or_changed(database, user):
    with database.write() as connection:
        row = analyses.accept(connection, user, LIVE, submission(), NOON)
    assert read(database, user, [row.id]) == ()
    assert put(database, user, change(row)) == frozenset()


def test_keys_change_with_the_documents(database, user, completed):
    row = completed()
    put(database, user, change(row, masked_key="masked/new", vectors_key="vectors/new"))
    (stored,) = read(database, user, [row.id])
    assert (stored.row.masked_key, stored.row.vectors_key) == ("masked/new", "vectors/new")
    with database.read() as connection:
        asked = ["masked/new", "masked/old", "vectors/new", "vectors/old"]
        assert upkeep.named(connection, asked) == {"masked/new", "vectors/new"}


def test_documents_that_are_not_given_stay(database, user, completed, history):
    row = completed()
    put(database, user, change(row, full=None, light=None, judgements=(), transcript='{"transcript":"new"}'))
    (stored,) = read(database, user, [row.id])
    assert [json.loads(text) for text in (stored.full, stored.light, stored.transcript)] == [
        {"full": "first"},
        {"light": "first"},
        {"transcript": "new"},
    ]
    assert len(history(row.id)) == 1


def test_rewritten_judgements_are_all_there_are(database, user, completed, history):
    row = completed()
    new = tuple(Judgement(number, "3", "1", row.completed_at, None, "{}") for number in (1, 2))
    put(database, user, change(row, judgements=new, rewritten=True))
    assert history(row.id) == new


def test_an_analysis_from_before_judgements_were_kept_shows_its_document(database, user, completed):
    new, old = completed(), completed("old", later=1)
    with database.write() as connection:
        connection.execute(sa.delete(kept).where(kept.c.analysis_id == old.id))
    light = read(database, user, [new.id, old.id], whole=False)
    assert [(one.row.id, one.newest is None, one.full) for one in light] == [
        (old.id, True, '{"full":"old"}'),
        (new.id, False, None),
    ]


def test_completed_analyses_are_paged_newest_first_as_the_list_filters_them(database, user, other_user, completed):
    mine = [completed(later=place, agent_id=f"agent-{place % 2}") for place in range(5)][::-1]
    completed(livemode=TEST)
    completed(owner=other_user)
    with database.write() as connection:
        analyses.accept(connection, user, LIVE, submission(), NOON)
    with database.read() as connection:

        def page(filters, limit, before=None):
            return [found for found, _ in judgements.completed(connection, user, LIVE, filters, limit, before)]

        ids = [row.id for row in mine]
        assert page(EVERYTHING, 10) == ids
        assert page(EVERYTHING, 2) == ids[:2]
        assert page(EVERYTHING, 2, ids[1]) == ids[2:4]
        assert page(EVERYTHING, 2, ids[-1]) == []
        assert page(Filters(agent_id="agent-0"), 10) == ids[::2]
        assert page(Filters(status="failed"), 10) == []
        assert judgements.completed(connection, user, LIVE, EVERYTHING, 1, None) == ((ids[0], 2_000),)
