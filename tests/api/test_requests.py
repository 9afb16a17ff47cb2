"""What every answer carries, and that a failure shows nothing of the inside."""

import gc
import re

import leaks
import pytest
import requests
from api_server import running, tone, wait_until
from starlette.requests import HTTPConnection


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/analysis/"),
        ("GET", "/api/v1/analysis/?limit=0"),
        ("PATCH", "/api/v1/analysis/"),
        ("GET", "/nothing/here"),
        ("GET", "/health/live"),
        ("GET", "/docs"),
        ("GET", "/docs/static/nothing"),
        ("GET", "/openapi.json"),
    ],
)
def test_every_answer_has_a_request_id_of_its_own(account, method, path):
    answers = [
        requests.request(method, account.server.base + path, headers={"X-API-Key": account.live}, timeout=30)
        for _ in range(2)
    ]
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert re.fullmatch(r"req_[0-9a-f]{24}", ids[0])
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/analysis/",
        "/api/v1/analysis/?limit=0",
        "/api/v1/analysis/no-such-analysis",
        "/api/v1/insights/summary",
        "/api/v1/audit/",
        "/health/ready",
        "/docs",
    ],
)
def test_an_answered_request_is_gone_without_a_search_for_garbage(account, path):
    """A full search halts every request, the longer the more there is to find."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for _ in range(20):
            requests.get(account.server.base + path, headers={"X-API-Key": account.live}, timeout=30)
        gc.collect()
        assert not [one for one in gc.garbage if isinstance(one, HTTPConnection)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_a_clients_request_id_comes_back_when_it_is_sane(server):
    def answered(request_id):
        headers = {"X-Request-ID": request_id}
        return requests.get(server.base + "/health/live", headers=headers, timeout=30).headers["X-Request-ID"]

    for sane in ("abc-123", "8f1c2e9a-7b7e-4d8e-9c58-0c6f9a1f2b3c", "x" * 128):
        assert answered(sane) == sane
    for other in ("", "two words", "x" * 129, "a\tb", 'a"b'):
        assert answered(other).startswith("req_")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_can_be_asked_without_a_body(server, path):
    told, asked = requests.get(server.base + path, timeout=30), requests.head(server.base + path, timeout=30)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["Content-Length"] == told.headers["Content-Length"]


def test_unknown_paths_and_methods_are_answered_as_json(server):
    for method, path, status in (("GET", "/nothing", 404), ("PATCH", "/api/v1/analysis/", 405)):
        response = requests.request(method, server.base + path, timeout=30)
        assert response.status_code == status
        assert isinstance(response.json()["detail"], str)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/analysis", "GET, POST"),
        ("/api/v1/analysis/x/", "DELETE, GET"),
        ("/api/v1/analysis/x/audio", "GET, HEAD"),
        ("/api/v1/policy", "GET, PUT"),
        ("/health/live", "GET, HEAD"),
    ],
)
def test_a_method_that_is_not_there_is_told_which_are(server, path, methods):
    response = requests.patch(server.base + path, timeout=30)
    assert (response.status_code, response.headers["Allow"]) == (405, methods)


def test_every_answer_tells_browsers_to_be_careful(server, account):
    answers = [
        account.get("/billing/tiers"),
        account.get("/analysis/nothing"),
        requests.get(server.api + "/analysis/", timeout=30),
        requests.get(server.base + "/health/live", timeout=30),
        requests.get(server.base + "/docs", timeout=30),
        requests.get(server.base + "/nothing", timeout=30),
        requests.patch(server.base + "/docs", timeout=30),
    ]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert not re.search(r"script-src[^;]*unsafe", policy)
    for answer in answers[:3]:
        assert answer.headers["Cache-Control"] == "private, no-store"
    sound = account.get(f"/analysis/{account.completed()}/audio")
    assert sound.headers["Cache-Control"] == "private, no-cache"


def explode(_key):
    raise RuntimeError("the inside of the server")


def test_a_failure_nobody_expected_is_500_with_a_request_id_and_nothing_of_the_inside(tmp_path):
    with running(tmp_path, probe=explode) as server:
        account = server.account("dana@example.com")
        with leaks.captured() as lines:
            form = {"data": {"agent_id": "a", "contact_id": "c"}, "files": {"audio_file": ("a.wav", tone())}}
            response = account.post("/analysis/", headers={"X-Request-ID": "mine"}, **form)
        assert response.status_code == 500
        assert response.json() == {"detail": "Internal Server Error"}
        assert response.headers["X-Request-ID"] == "mine"
        assert server.objects() == set()
    failure = next(line for line in lines if line["log_level"] == "error")
    assert failure["exc_info"]


def test_the_log_has_a_line_for_each_request_without_its_query(account):
    with leaks.captured() as lines:
        account.get("/analysis/?search=secret&token=secret")
        wait_until(lambda: lines)
    (line,) = lines
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/analysis/", 200)
    assert "secret" not in str(lines)


def test_health_says_whether_it_lives_and_can_work(tmp_path):
    with running(tmp_path) as server:
        for path in ("/health/live", "/health/ready"):
            response = requests.get(server.base + path, timeout=30)
            assert (response.status_code, response.json()) == (200, {"status": "ok"})
        with server.services.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE feeds")
        assert requests.get(server.base + "/health/live", timeout=30).status_code == 200
        assert requests.get(server.base + "/health/ready", timeout=30).status_code == 503
