import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import LIVE, NOON, TEST, change, finished, submission

from callcov.billing import TIERS
from callcov.errors import BadForm, Conflict, NoMinutes, NotFound
from callcov.store import analyses, billing, deliveries, documents, judgements, listing, upkeep
from callcov.store.analyses import Filters
from callcov.store.deliveries import Delivery

ENDED = "2026-11-23T12:00:09.000Z"


@pytest.fixture
def accept(database, user):
    def accept(*arguments, livemode=LIVE, now=NOON, **fields):
        with database.write() as connection:
            return analyses.accept(connection, user, livemode, submission(*arguments, **fields), now)

    return accept


@pytest.fixture
def got(database, user):
    """The analysis as it is now."""

    def got(analysis_id):
        with database.read() as connection:
            return analyses.get(connection, user, LIVE, analysis_id)

    return got


@pytest.fixture
def listed(database, user):
    """The whole list, filtered."""

    def listed(**filters):
        with database.read() as connection:
            return listing.page(connection, user, LIVE, Filters(**filters), 1000, 0).items

    return listed


@pytest.fixture
def revision(database, user):
    def revision():
        with database.read() as connection:
            return analyses.revision(connection, user, LIVE)

    return revision


def test_an_accepted_analysis_is_what_was_submitted(accept, got):
    sent = {"metadata": '{"a":1}', "language": "en", "agent_channel": 0, "webhook_url": "https://example.com/hook"}
    analysis = accept("a", "c", call_direction="inbound", call_timestamp="2026-11-23T11:00:00Z", **sent)
    assert got(analysis.id) == analysis
    assert (analysis.agent_id, analysis.contact_id) == ("a", "c")
    assert (analysis.status, analysis.stage, analysis.attempt) == ("processing", "accepted", 1)
    assert {name: getattr(analysis, name) for name in sent} == sent
    assert (analysis.error_message, analysis.completed_at, analysis.masked_key) == (None, None, None)


def test_created_is_the_second_of_acceptance(accept):
    assert accept().created == int(NOON.timestamp())


@given(clock=st.lists(st.integers(min_value=-5_000, max_value=5_000), min_size=1, max_size=15))
@settings(max_examples=30)
def test_order_of_created_and_id_is_order_of_acceptance_though_the_clock_runs_backwards(database_once, clock):
    database, user = database_once()
    accepted = []
    for offset in clock:
        with database.write() as connection:
            now = NOON + timedelta(milliseconds=offset)
            accepted.append(analyses.accept(connection, user, LIVE, submission(), now))
    places = [(analysis.created, analysis.id) for analysis in accepted]
    assert places == sorted(set(places))
    assert all(analysis.created >= (NOON + timedelta(milliseconds=min(clock))).timestamp() - 1 for analysis in accepted)


def test_a_clock_that_was_wrong_for_once_is_caught_up_with(accept):
    ahead = accept(now=NOON + timedelta(seconds=5))
    behind = accept()
    later = accept(now=NOON + timedelta(seconds=9))
    assert ahead.created == behind.created < later.created


def test_an_unknown_account_is_not_found(database):
    with database.write() as connection, pytest.raises(NotFound):
        analyses.accept(connection, "nobody", LIVE, submission(), NOON)


@pytest.mark.parametrize("ids", [("a\0b", "c"), ("a", "\0")])
def test_a_nul_in_an_id_is_refused(accept, ids):
    with pytest.raises(BadForm, match="NUL"):
        accept(*ids)


def test_a_finished_analysis_is_answered_by_its_documents(database, user, accept, got):
    analysis = accept()
    with database.write() as connection:
        assert analyses.finish(connection, user, analysis.id, 1, finished(masked_key="masked/one"))
    after = got(analysis.id)
    assert (after.status, after.stage, after.completed_at) == ("completed", "done", ENDED)
    assert (after.masked_key, after.processing_time_ms, after.policy_version) == ("masked/one", 9_000, "1")
    with database.read() as connection:
        for read in (documents.full, documents.light, documents.transcript):
            assert json.loads(read(connection, user, LIVE, analysis.id)) == {read.__name__: "first"}
        for expand, name in ((True, "full"), (False, "light")):
            page = listing.page(connection, user, LIVE, Filters(), 1, 0, expand=expand)
            assert page.items == (f'{{"{name}":"first"}}'.encode(),)


def test_a_failed_analysis_says_why_and_is_listed_as_its_row(database, user, accept, got, listed):
    analysis = accept()
    with database.write() as connection:
        analyses.set_stage(connection, user, analysis.id, 1, "speakers")
        assert analyses.fail(connection, user, analysis.id, 1, "Below one second of sound.", ENDED, 12)
    after = got(analysis.id)
    assert (after.status, after.stage, after.error_message) == ("failed", "speakers", "Below one second of sound.")
    assert listed() == (after,)


END = {
    "finish": lambda connection, user, analysis_id, attempt: analyses.finish(
        connection, user, analysis_id, attempt, finished("late")
    ),
    "fail": lambda connection, user, analysis_id, attempt: analyses.fail(
        connection, user, analysis_id, attempt, "late", ENDED, 1
    ),
    "set_stage": lambda connection, user, analysis_id, attempt: analyses.set_stage(
        connection, user, analysis_id, attempt, "judging"
    ),
}


@pytest.mark.parametrize("late", END.values(), ids=END)
@pytest.mark.parametrize("ended", ["completed", "failed", "deleted", "retried", "somebody else's"])
def test_work_that_comes_too_late_does_nothing(database, user, other_user, accept, got, listed, revision, late, ended):
    analysis, owner = accept(), user
    with database.write() as connection:
        if ended == "completed":
            analyses.finish(connection, user, analysis.id, 1, finished())
        if ended in {"failed", "retried"}:
            analyses.fail(connection, user, analysis.id, 1, "first", ENDED, 1)
        if ended == "retried":
            analyses.retry(connection, user, LIVE, analysis.id)
        if ended == "deleted":
            analyses.delete(connection, user, LIVE, analysis.id)
        if ended == "somebody else's":
            owner = other_user
    before = got(analysis.id), listed(), revision()
    with database.write() as connection:
        assert late(connection, owner, analysis.id, 1) is False
    assert (got(analysis.id), listed(), revision()) == before


def test_a_retried_analysis_keeps_its_place_and_counts_its_attempt(database, user, accept, got):
    analysis = accept()
    with database.write() as connection:
        analyses.set_stage(connection, user, analysis.id, 1, "judging")
        analyses.fail(connection, user, analysis.id, 1, "out of memory", ENDED, 12)
        retried = analyses.retry(connection, user, LIVE, analysis.id)
    assert retried == got(analysis.id)
    assert (retried.status, retried.stage, retried.attempt) == ("processing", "accepted", 2)
    assert (retried.id, retried.created) == (analysis.id, analysis.created)
    assert (retried.error_message, retried.completed_at, retried.processing_time_ms) == (None, None, None)
    with database.write() as connection:
        assert analyses.finish(connection, user, analysis.id, 2, finished())


@pytest.mark.parametrize("completed", [True, False])
def test_only_a_failed_analysis_is_retried(database, user, accept, completed):
    analysis = accept()
    with database.write() as connection:
        if completed:
            analyses.finish(connection, user, analysis.id, 1, finished())
        with pytest.raises(Conflict, match="not failed"):
            analyses.retry(connection, user, LIVE, analysis.id)


def test_deleting_leaves_no_row_and_names_the_objects_to_remove(database, user, accept):
    analysis = accept(blob_key="recordings/two")
    attempt = Delivery("d1", analysis.id, 1, ENDED, 30, 200, "delivered", None, None)
    with database.write() as connection:
        analyses.finish(connection, user, analysis.id, 1, finished(masked_key="masked/two", vectors_key="vectors/two"))
        deliveries.add(connection, user, attempt)
        assert analyses.delete(connection, user, LIVE, analysis.id) == ("recordings/two", "masked/two", "vectors/two")
    with database.read() as connection:
        for table in ("analyses", "documents", "judgements", "deliveries"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0  # noqa: S608 - our own names
        assert analyses.get(connection, user, LIVE, analysis.id) is None
        assert documents.full(connection, user, LIVE, analysis.id) is None


@pytest.mark.parametrize("attempted", [analyses.delete, analyses.retry])
def test_what_is_not_there_is_not_found(database, user, attempted):
    with database.write() as connection, pytest.raises(NotFound, match="Analysis not found"):
        attempted(connection, user, LIVE, "0193-no-such-id")


def test_every_change_is_the_next_revision_and_a_look_is_none(database, user, accept, got, listed, revision):
    analysis = accept()
    steps = [
        lambda connection: analyses.set_stage(connection, user, analysis.id, 1, "transcribing"),
        lambda connection: analyses.fail(connection, user, analysis.id, 1, "why", ENDED, 1),
        lambda connection: analyses.retry(connection, user, LIVE, analysis.id),
        lambda connection: analyses.finish(connection, user, analysis.id, 2, finished()),
        lambda connection: judgements.replace(connection, user, LIVE, [change(got(analysis.id))]),
    ]
    assert (revision(), analysis.revision) == (1, 1)
    for number, step in enumerate(steps, start=2):
        with database.write() as connection:
            assert step(connection)
        assert listed()
        assert (revision(), got(analysis.id).revision) == (number, number)
    with database.write() as connection:
        analyses.delete(connection, user, LIVE, analysis.id)
    assert revision() == len(steps) + 2


def test_the_worker_finds_what_is_unfinished_in_every_account_oldest_first(database, user, other_user, accept):
    first = accept(livemode=TEST)
    ended = accept()
    with database.write() as connection:
        second = analyses.accept(connection, other_user, LIVE, submission(), NOON + timedelta(seconds=1))
        analyses.finish(connection, user, ended.id, 1, finished())
    with database.read() as connection:
        assert upkeep.unfinished(connection) == (first, second)
        assert analyses.assigned(connection, user, first.id) == first
        assert analyses.assigned(connection, other_user, first.id) is None


FOLDS = [
    ("École", "école", True),
    ("Straße", "STRASSE", True),
    ("ΣΟΦΟΣ", "σοφος", True),
    ("\N{KELVIN SIGN}elvin", "kel", True),
    ("e\N{COMBINING ACUTE ACCENT}cole", "\N{LATIN SMALL LETTER E WITH ACUTE}", True),
    ("İstanbul", "istanbul", False),
    ("İstanbul", "i\N{COMBINING DOT ABOVE}stan", True),
    ("100%_sure\\", "%_sure\\", True),
    ("100 percent", "%", False),
    ("agent_1", "t_1", True),
    ("agent-1", "t_1", False),
    ("back/slash", "/s", True),
    ("a\\b", "\\", True),
    ('O\'Brien, "Al"', "'brien, \"a", True),
    ("עברית 🙂", "ת 🙂", True),
    ("agent", "agentagent", False),
]


@pytest.mark.parametrize(("name", "search", "found"), FOLDS)
def test_search_compares_folded_text_and_every_character_means_itself(accept, listed, name, search, found):
    as_agent, as_contact = accept(name, "nobody"), accept("nobody", name)
    assert listed(search=search) == ((as_contact, as_agent) if found else ())


@pytest.mark.parametrize(
    "needle", ["x" * 10_000, "\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}" * 10_000, "a\0", "\0"]
)
def test_a_needle_no_id_can_hold_finds_nothing(accept, listed, needle):
    accept("x" * 255, "a")
    assert listed(search=needle) == ()


def test_the_longest_id_is_found_by_all_of_it(accept, listed):
    name = "\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}" * 255  # folds to three characters each
    analysis = accept(name)
    assert listed(search=name) == listed(agent_id=name) == (analysis,)


def test_exact_filters_mind_case_and_empty_ones_match_nothing_but_an_empty_search_is_none(accept, listed):
    analysis = accept("Agent", "Contact")
    assert listed(agent_id="Agent", contact_id="Contact", status="processing", search="") == (analysis,)
    for nothing in ({"agent_id": "agent"}, {"agent_id": ""}, {"contact_id": ""}, {"status": "failed"}):
        assert listed(**nothing) == ()


@pytest.mark.parametrize("offset", [1, 2, 10**18])
def test_past_the_end_the_page_is_empty_and_the_total_right(database, user, accept, offset):
    accept()
    with database.read() as connection:
        assert listing.page(connection, user, LIVE, Filters(), 10, offset) == listing.Page(
            (), 1, has_more=False, revision=1
        )


def test_a_long_list_is_paged_without_losing_or_repeating_one(database, user):
    with database.write() as connection:
        accepted = [
            analyses.accept(connection, user, LIVE, submission(), datetime(2026, 1, 1, tzinfo=UTC)).id
            for _ in range(625)
        ]
        for analysis_id in accepted[::2]:
            analyses.finish(connection, user, analysis_id, 1, finished(full=f'{{"id":"{analysis_id}"}}'))
    seen, offset = [], 0
    with database.read() as connection:
        while True:
            page = listing.page(connection, user, LIVE, Filters(), 250, offset)
            seen += [json.loads(item)["id"] if isinstance(item, bytes) else item.id for item in page.items]
            offset += len(page.items)
            if not page.has_more:
                break
    assert seen == accepted[::-1]
    assert page.total == 625


def test_several_are_taken_on_in_their_order_as_one_after_the_other_would_be(database, user):
    with database.write() as connection:
        before = analyses.accept(connection, user, LIVE, submission("first"), NOON)
        made = analyses.accept_all(connection, user, LIVE, [submission("b"), submission("a"), submission("b")], NOON)
        after = analyses.accept(connection, user, LIVE, submission("last"), NOON)
        assert analyses.accept_all(connection, user, LIVE, [], NOON) == []
    every = [before, *made, after]
    assert [row.agent_id for row in every] == ["first", "b", "a", "b", "last"]
    assert [row.revision for row in every] == [1, 2, 3, 4, 5]
    assert sorted(row.id for row in every) == [row.id for row in every]
    with database.read() as connection:
        assert [analyses.get(connection, user, LIVE, row.id) for row in every] == every
        assert analyses.revision(connection, user, LIVE) == 5


@pytest.mark.parametrize(
    ("refused", "submissions"),
    [
        (BadForm, [submission("a"), submission("b\0")]),
        (NoMinutes, [submission("a", duration_ms=300 * 60_000), submission("b", duration_ms=201 * 60_000)]),
    ],
)
def test_of_several_all_are_taken_on_or_none(database, user, refused, submissions):
    with database.write() as connection:
        billing.set_tier(connection, user, TIERS["free"], NOON)
    with pytest.raises(refused), database.write() as connection:
        analyses.accept_all(connection, user, LIVE, submissions, NOON)
    with database.read() as connection:
        assert listing.page(connection, user, LIVE, Filters(), 10) == listing.Page((), 0, has_more=False, revision=0)
