"""How often a caller may call: real requests to servers with small limits."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import sqlalchemy as sa
from api_server import running

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture
def limited(tmp_path):
    """Makes a server with such limits."""
    opened = []

    def start(**rates):
        opened.append(running(tmp_path, **({"rate": None, "submit_rate": None} | rates)))
        return opened[-1].__enter__()

    yield start
    for one in opened:
        one.__exit__(None, None, None)


def limits(answer):
    return tuple(int(answer.headers[name]) for name in HEADERS)


def test_a_credential_may_call_as_often_as_its_limit_and_then_waits(limited):
    account = limited(rate="5/minute").account("a@example.com")
    answers = [account.get("/analysis/") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [limits(answer)[:2] for answer in answers] == [(5, left) for left in (4, 3, 2, 1, 0, 0, 0)]
    assert all(0 < limits(answer)[2] - time.time() <= 61 for answer in answers)
    refused = answers[-1]
    assert refused.json() == {"detail": "Rate limit exceeded"}
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert "X-Request-ID" in refused.headers
    assert len({limits(answer)[2] for answer in answers}) == 1


def test_after_the_time_it_was_told_a_caller_may_call_again(limited):
    account = limited(rate="1/second").account("a@example.com")
    while (refused := account.get("/analysis/")).status_code != 429:
        pass
    time.sleep(int(refused.headers["Retry-After"]) + 0.1)
    assert account.get("/analysis/").status_code == 200


def test_each_credential_has_a_limit_of_its_own_however_it_is_sent(limited):
    server = limited(rate="2/minute")
    account, other = server.account("a@example.com"), server.account("b@example.com")
    bearer = {"Authorization": f"Bearer {account.live}"}
    assert account.get("/analysis/").status_code == 200
    assert requests.get(server.api + "/analysis/", headers=bearer, timeout=30).status_code == 200
    assert requests.get(server.api + "/analysis/", headers=bearer, timeout=30).status_code == 429
    assert account.get("/analysis/", key=account.test).status_code == 200
    assert other.get("/analysis/").status_code == 200
    assert requests.get(server.api + "/billing/tiers", timeout=30).status_code == 200


def test_who_shows_no_credential_that_is_one_shares_the_limit_of_the_address(limited):
    """Guessing keys, public routes and paths that do not exist: all one, so no header buys more."""
    server = limited(rate="4/minute")
    answers = [
        requests.get(server.api + "/billing/tiers", timeout=30),
        requests.get(server.api + "/analysis/", headers={"X-API-Key": "sk_live_guess1"}, timeout=30),
        requests.get(server.api + "/billing/tiers", headers={"Authorization": "Bearer guess2"}, timeout=30),
        requests.get(server.base + "/nothing", timeout=30),
        requests.get(server.api + "/billing/tiers", headers={"X-API-Key": "sk_live_guess3"}, timeout=30),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 200, 404, 429]
    assert [limits(answer)[:2] for answer in answers] == [(4, 3), (4, 2), (4, 1), (4, 0), (4, 0)]


def test_submissions_have_a_limit_of_their_own_which_is_told_when_it_is_the_tighter_one(limited):
    server = limited(rate="100/minute", submit_rate="2/minute")
    account = server.account("a@example.com")
    answers = [account.submit() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert [limits(answer)[:2] for answer in answers] == [(2, 1), (2, 0), (2, 0)]
    assert limits(account.get("/analysis/"))[:2] == (100, 96)
    assert account.post("/analysis", data={}).status_code == 429, "the other spelling is the same route"
    assert account.get("/analysis/").json()["total"] == 2


def test_the_general_limit_is_told_when_it_is_the_tighter_one(limited):
    account = limited(rate="3/minute", submit_rate="20/minute").account("a@example.com")
    assert limits(account.submit())[:2] == (3, 2)


def test_a_refused_submission_is_answered_before_its_body_is_sent(limited):
    """Five hundred megabytes are announced, none is sent, and the answer is there."""
    server = limited(submit_rate="1/minute")
    account = server.account("a@example.com")
    assert account.submit().status_code == 201
    before = server.objects()
    connection = http.client.HTTPConnection(server.base.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/api/v1/analysis/")
    connection.putheader("X-API-Key", account.live)
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", "500000000")
    connection.endheaders()
    assert connection.getresponse().status == 429
    connection.close()
    assert server.objects() == before


def test_every_answer_carries_the_headers(limited):
    server = limited(rate="50/minute")
    account = server.account("a@example.com")
    analysis_id = account.accepted()
    answers = [
        account.get("/analysis/?limit=0"),
        account.get(f"/analysis/{analysis_id}"),
        account.get("/analysis/none"),
        account.post("/analysis/", data={}),
        account.submit(sound=b"no sound"),
        account.call("DELETE", f"/analysis/{analysis_id}"),
        account.call("PATCH", "/analysis/"),
        requests.get(server.base + "/docs", timeout=30),
        requests.get(server.base + "/openapi.json", timeout=30),
        requests.get(server.base + "/health/live", timeout=30),
        requests.get(server.base + "/health/ready", timeout=30),
    ]
    assert [answer.status_code for answer in answers] == [422, 200, 404, 422, 400, 200, 405, 200, 200, 200, 200]
    for answer in answers:
        limit, remaining, reset = limits(answer)
        assert (limit, 0 <= remaining <= 50, reset > time.time()) == (50, True, True)


def test_a_failure_inside_carries_them_too(limited):
    def broken(_key):
        raise ZeroDivisionError

    account = limited(rate="50/minute", probe=broken).account("a@example.com")
    failed = account.submit()
    assert (failed.status_code, limits(failed)[:2]) == (500, (50, 49))


def test_whoever_watches_the_server_is_never_refused(limited):
    server = limited(rate="1/minute")
    assert [requests.get(server.base + "/health/live", timeout=30).status_code for _ in range(3)] == [200] * 3
    assert requests.get(server.api + "/billing/tiers", timeout=30).status_code == 200


def test_without_limits_there_are_no_headers_and_no_end(server):
    answers = [requests.get(server.api + "/billing/tiers", timeout=30) for _ in range(150)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any(name in answer.headers for answer in answers for name in HEADERS)


def test_of_many_at_once_exactly_as_many_get_through_as_may(limited):
    account = limited(rate="25/minute").account("a@example.com")
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: account.get("/analysis/"), range(60)))
    assert sorted(answer.status_code for answer in answers) == [200] * 25 + [429] * 35


def test_the_credential_is_looked_up_once_a_request(limited):
    account = limited(rate="50/minute", submit_rate="50/minute").account("a@example.com")
    account.get("/analysis/none")
    seen = []
    readers = account.server.services.database._readers  # noqa: SLF001 counted where they run

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    sa.event.listen(readers, "before_cursor_execute", note)
    account.get("/policy/versions")
    sa.event.remove(readers, "before_cursor_execute", note)
    assert sum("FROM api_keys" in statement for statement in seen) == 1
