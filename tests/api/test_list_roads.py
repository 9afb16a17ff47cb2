"""The list over HTTP: by the feed index and by the database byte for byte the same, and the filters that are ours."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product

import pytest
import requests
from api_server import PUBLIC, running, sample_transcript
from callscript import transcript_of

from callcov.checks import FLAGS
from callcov.feed.feeds import Feeds
from callcov.store import analyses, listing
from callcov.store.analyses import Submission
from callcov.store.db import open_database

QUERIES = [
    {},
    {"status_filter": "failed"},
    {"status_filter": "completed", "expand": "false"},
    {"agent_id": "Agent_É"},
    {"agent_id": ""},
    {"contact_id": "x" * 255},
    {"search": "agent_é"},
    {"search": "%"},
    {"search": "\0"},
    {"search": "z" * 10_000},
    {"search": "🙂,"},
    {"search": "STRASSE"},
    *({"flagged": name} for name in FLAGS),
    {"created_after": "2001-01-01"},
    {"created_after": 1_000_000_000.5, "created_before": "9999-12-31T23:59:59Z"},
    {"created_before": 0},
]
THREADS = 40  # that a server has (anyio)
PAGES = [
    {},
    {"limit": 2},
    {"limit": 3, "offset": 2},
    {"offset": 10**18},
    {"limit": 1, "starting_after": str(uuid.UUID(int=2**128 - 1))},
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def roads(request, tmp_path_factory):
    """Two servers over one folder, one with a feed index of every list and one without; the index; an account."""
    folder = tmp_path_factory.mktemp("roads")
    url = f"sqlite:///{folder}/callcov.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh()
    with running(folder, url=url, public_url=PUBLIC) as plain:
        database = open_database(url, feed_folder=folder / "feed")
        feeds = Feeds(listing.Lists(database), database.feed_folder, short=0, rows=4)
        with running(folder, url=url, public_url=PUBLIC, feeds=feeds) as quick:
            yield plain, quick, feeds, plain.account("roads@example.com")
        feeds.close()
        database.close()


def answers(roads, query):
    """What both servers answer, once the index has been read."""
    plain, quick, feeds, account = roads
    both = []
    for server in (quick, plain):
        account.server = server
        both.append(account.get("/analysis/", params=query))
        feeds.wait()
    account.server = plain
    return both


def test_every_answer_is_the_same_byte_for_byte(roads):
    account = roads[3]
    for agent_id, contact_id in [("Agent_É", "x" * 255), ("agent_é", "🙂" * 255), ("straße", '🙂,"x"'), ("%", "_")]:
        account.completed(agent_id=agent_id, contact_id=contact_id)
        account.accept_directly(agent_id=agent_id, contact_id=contact_id)
        account.failed("no sound", agent_id=contact_id, contact_id=agent_id)
    answers(roads, {})
    assert roads[2].nbytes > 0
    totals = set()
    for query, place in product(QUERIES, PAGES):
        quick, plain = answers(roads, query | place)
        assert quick.status_code == plain.status_code == 200, (query, quick.text)
        assert quick.content == plain.content, (query, place)
        totals.add(plain.json()["total"])
    assert {0, 12} < totals


@contextmanager
def every_thread_waiting(server, account, one):
    """Until the block ends all threads of the server wait for the database. Gives how to ask the server something."""

    def ask(method, path, seconds):
        return requests.request(method, server.api + path, headers={"X-API-Key": account.live}, timeout=seconds)

    def until_it_waits():
        while ask("GET", f"/analysis/{one}", 1).ok:
            pass

    with ThreadPoolExecutor(THREADS) as clients:
        with server.services.database.write():
            waiting = [clients.submit(ask, "POST", "/webhook-secret/rotate", 60) for _ in range(THREADS)]
            with pytest.raises(requests.Timeout):
                until_it_waits()
            yield ask
        assert all(answer.result().ok for answer in waiting)


@pytest.mark.parametrize("roads", ["sqlite"], indirect=True)
def test_a_list_with_an_index_is_answered_while_every_thread_waits(roads):
    one = roads[3].accept_directly()
    answers(roads, {})
    with every_thread_waiting(roads[1], roads[3], one) as ask:
        assert ask("GET", "/analysis/", 20).json()["data"][0]["id"] == one


@pytest.mark.parametrize("roads", ["sqlite"], indirect=True)
def test_a_list_whose_index_is_far_behind_keeps_its_own_caller_waiting_and_nobody_else(roads):
    account, one = roads[3], roads[3].accept_directly()
    before = answers(roads, {})[0].json()["total"]
    submission = Submission("agent", "contact", "recordings/none", "0" * 64, 44, "wav", 1, 1, 8000)
    with roads[1].services.database.write() as connection:
        many = {"submissions": [submission] * 400, "now": datetime.now(UTC)}
        analyses.accept_all(connection, account.user_id, livemode=True, **many)
    with every_thread_waiting(roads[1], account, one) as ask:
        with pytest.raises(requests.Timeout):
            ask("GET", "/analysis/", 2)
        assert requests.get(f"{roads[1].base}/health/live", timeout=20).ok
    quick, plain = answers(roads, {})
    assert quick.content == plain.content
    assert quick.json()["total"] == before + 400


def test_a_page_of_long_calls_is_the_same_packed_and_not_packed(roads):
    account, feeds = roads[3], roads[2]
    said = " ".join(f"word{number}" for number in range(400))
    for _ in range(5):
        account.completed(transcript=transcript_of(f"A 0.0-300.0 {said}"), agent_id="long")
    for _ in range(2):  # the second when the server knows how long they are
        whole, again = answers(roads, {"agent_id": "long"})
        assert len(whole.content) > 100_000
        assert whole.content == again.content
        for server in roads[:2]:
            account.server = server
            packed = account.get("/analysis/", params={"agent_id": "long"}, headers={"Accept-Encoding": "gzip"})
            plain = account.get("/analysis/", params={"agent_id": "long"}, headers={"Accept-Encoding": "identity"})
            assert packed.content == plain.content == whole.content
            assert packed.headers["Content-Encoding"] == "gzip"
            assert int(packed.headers["Content-Length"]) < len(whole.content) / 2
            for name in ("ETag", "Vary", "Content-Type", "Cache-Control"):
                assert packed.headers[name] == plain.headers[name]
        account.server = roads[0]
        feeds.wait()


def test_what_happens_is_seen_at_once_and_what_is_deleted_lies_in_no_file(roads):
    account, folder = roads[3], roads[0].folder
    made = [account.accepted(contact_id=f"erase-{number}") for number in range(9)]
    answers(roads, {})
    roads[0].complete(account.user_id, made[0], sample_transcript())
    assert len({answer.content for answer in answers(roads, {"search": "ERASE", "status_filter": "completed"})}) == 1
    feeds = Feeds(listing.Lists(roads[0].services.database), folder / "feed", short=0, rows=4)
    roads[2].close()
    listed = roads[0].services.database
    with listed.read() as connection:
        listing.page(connection, account.user_id, True, listing.Filters(), 1, feeds=feeds)  # noqa: FBT003 - owner and mode
    feeds.close()
    kept = b"".join(path.read_bytes() for path in (folder / "feed").rglob("*.segment"))
    for analysis_id in made:
        assert account.call("DELETE", f"/analysis/{analysis_id}").status_code == 200
    left = b"".join(path.read_bytes() for path in (folder / "feed").rglob("*.segment"))
    assert len(left) > 0
    assert kept != left
    assert account.get("/analysis/", params={"search": "erase"}).json()["total"] == 0


def test_the_cursor_walks_the_list_and_counts_all_of_it(account):
    made = [account.accept_directly() for _ in range(5)]
    walked, cursor = [], {}
    for _ in range(3):
        page = account.get("/analysis/", params={"limit": 2, **cursor}).json()
        walked += [item["id"] for item in page["data"]]
        assert page["total"] == 5
        assert page["has_more"] == (len(walked) < 5)
        cursor = {"starting_after": walked[-1].upper()}
    assert walked == made[::-1]


def test_a_cursor_need_not_name_an_analysis_of_ones_own(account, other):
    older, theirs, newer = account.accept_directly(), other.accept_directly(), account.accept_directly()
    assert account.call("DELETE", f"/analysis/{newer}").status_code == 200
    for cursor in (theirs, newer, str(uuid.UUID(int=2**128 - 1))):
        page = account.get("/analysis/", params={"starting_after": cursor}).json()
        # Two accounts may have taken calls on in the same millisecond, in either order.
        assert [item["id"] for item in page["data"]] == [older] * (older < cursor)
    page = account.get("/analysis/", params={"starting_after": str(uuid.UUID(int=0))}).json()
    assert (page["data"], page["total"], page["has_more"]) == ([], 1, False)


def test_flagged_is_what_the_results_say(account):
    analysis_id = account.completed()
    account.accept_directly()
    flagged = account.server.results(sample_transcript())
    for name in FLAGS:
        total = account.get("/analysis/", params={"flagged": name}).json()["total"]
        assert total in {0, 1}
    absent = flagged["compliance"]["mandatory_disclosures"]["read"]
    page = account.get("/analysis/", params={"flagged": "mandatory_disclosures"}).json()
    assert [item["id"] for item in page["data"]] == ([] if absent else [analysis_id])


def test_times_are_seconds_or_iso_and_the_end_is_exclusive(account):
    account.accept_directly()
    created = account.get("/analysis/").json()["data"][0]["created"]

    def total(**times):
        return account.get("/analysis/", params=times).json()["total"]

    assert total(created_after=created) == total(created_before=created + 1) == 1
    assert total(created_after=created + 1) == total(created_before=created) == 0
    assert total(created_after=created - 0.5) == 1
    assert total(created_after=created + 0.5) == 0


@pytest.mark.parametrize(
    ("query", "parameter", "message", "kind"),
    [
        ({"starting_after": "nonsense"}, "starting_after", "value is not a valid uuid", "type_error.uuid"),
        (
            {"starting_after": str(uuid.uuid4()), "offset": 0},
            "starting_after",
            "starting_after and offset cannot be used together",
            "value_error",
        ),
        (
            {"flagged": "empathetic_language"},
            "flagged",
            "value is not a valid enumeration member; permitted: " + ", ".join(f"'{name}'" for name in FLAGS),
            "type_error.enum",
        ),
    ],
)
def test_what_cannot_be_used_is_422_in_the_documented_words(account, query, parameter, message, kind):
    response = account.get("/analysis/", params=query)
    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": ["query", parameter], "msg": message, "type": kind}]}


@pytest.mark.parametrize("value", ["yesterday", "-1", "1e99", ""])
@pytest.mark.parametrize("name", ["created_after", "created_before"])
def test_a_time_that_is_none_is_422(account, name, value):
    response = account.get("/analysis/", params={name: value})
    assert response.status_code == 422
    assert [item["loc"] for item in response.json()["detail"]] == [["query", name]]
