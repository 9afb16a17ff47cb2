"""Senders that are slow, and requests that are large beside their body: each is ended, nothing waits or grows for it."""

import http.client
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import leaks
import pytest
import requests
from api_server import running, wait_until

from callcov.api.requests import STALL_SECONDS
from callcov.api.wire import HEAD_SECONDS, MAX_HEAD


@pytest.fixture
def connect(server):
    host, port = server.base.removeprefix("http://").split(":")
    return lambda: socket.create_connection((host, int(port)), timeout=2 * STALL_SECONDS)


def answer_of(client):
    """Status, headers and JSON of what the server says before it ends the connection."""
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, json.loads(response.read())


def flood(client, piece, most=5_000_000):
    """Send a piece again and again until the other side has had enough; gives the bytes that were sent."""
    sent = 0
    try:
        while sent < most:
            client.sendall(piece)
            sent += len(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


@pytest.mark.parametrize(
    "piece",
    [b"a" * 1000, b"X-A: b\r\n" * 100, b"GET /" + b"a" * 995],
    ids=["one header", "many headers", "the address"],
)
def test_a_header_without_end_is_ended(connect, piece):
    with connect() as client:
        start = b"" if piece.startswith(b"GET") else b"GET / HTTP/1.1\r\nHost: x\r\nX: "
        client.sendall(start + piece)
        assert flood(client, piece.removeprefix(b"GET /")) < 5_000_000


def test_a_large_header_is_431_and_one_below_the_limit_is_served(connect):
    for size, status in ((MAX_HEAD - 1000, 200), (MAX_HEAD + 300_000, 431)):
        with connect() as client:
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"a" * size)
            time.sleep(0.2)  # so that the end is not in the same piece
            if status == 200:
                client.sendall(b"\r\n\r\n")
            got, headers, body = answer_of(client)
            assert got == status
            assert headers["content-type"] == "application/json"
            assert re.fullmatch("req_[0-9a-f]{24}", headers["x-request-id"])
            assert status == 200 or body["detail"].startswith("The header of the request is larger")


@pytest.mark.parametrize(
    "piece", [b"1;" + b"a" * 5000 + b"\r\nx\r\n", b"0\r\n" + b"X-A: b\r\n" * 1000], ids=["extensions", "trailers"]
)
def test_a_body_that_is_mostly_framing_is_ended(account, connect, piece):
    head = (
        f"PUT /api/v1/policy HTTP/1.1\r\nHost: x\r\nX-API-Key: {account.live}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    with connect() as client:
        client.sendall(head + piece)
        assert flood(client, piece.removeprefix(b"0\r\n")) < 5_000_000


def test_what_is_no_http_is_refused_in_the_shape_of_every_error(connect):
    with connect() as client:
        client.sendall(b"hello\r\n\r\n")
        status, headers, body = answer_of(client)
    assert (status, set(body), headers["x-content-type-options"]) == (400, {"detail"}, "nosniff")


def test_what_is_refused_before_it_is_a_request_has_its_id_in_the_log(connect):
    with leaks.captured() as lines, connect() as client:
        client.sendall(b"hello\r\n\r\n")
        status, headers, _body = answer_of(client)
        told = (headers["x-request-id"], status)
        wait_until(lambda: told in [(line.get("request_id"), line.get("status")) for line in lines])


@pytest.mark.parametrize(("path", "status"), [("/health/live", 200), ("/api/v1/analysis/", 401), ("/nothing", 404)])
def test_a_websocket_is_answered_as_the_plain_request_it_is(connect, path, status):
    asked = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"
    with connect() as client:
        for upgrade in (asked, ""):  # the connection goes on as it was
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n".encode())
            got, headers, _body = answer_of(client)
            assert (got, headers["content-type"]) == (status, "application/json")
            assert headers["x-request-id"].startswith("req_")


def test_a_websocket_counts_for_the_limits_like_any_request(tmp_path):
    with running(tmp_path, rate="1/minute") as server:
        asked = {"Connection": "Upgrade", "Upgrade": "websocket"}
        answers = [requests.get(server.api + "/analysis/", headers=asked, timeout=30) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]


def sends_nothing(_account, client):
    return client.recv(1000)


def drips_a_header(_account, client):
    client.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    answer_of(client)
    return drip(client, b"GET / HTTP/1.1\r\nX: ", 0.5)


def stalls(account, client):
    client.sendall(begun(account) + b"x" * 100_000)
    return client.recv(1000)


def drips_a_body(account, client):
    return drip(client, begun(account), 0.5)


def goes_on_behind_a_refusal(_account, client):
    client.sendall(b"POST /api/v1/analysis/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    assert client.recv(1000).startswith(b"HTTP/1.1 401 ")
    return drip(client, b"", 0.5)


def begun(account):
    return (
        f"POST /api/v1/analysis/ HTTP/1.1\r\nHost: x\r\nX-API-Key: {account.live}\r\nContent-Length: 50000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="audio_file"; filename="a"\r\n\r\n'
    ).encode()


def drip(client, start, pause):
    client.sendall(start)
    client.settimeout(pause)
    while True:
        try:
            return client.recv(1000)
        except TimeoutError:
            client.sendall(b"a")
        except ConnectionError:
            return b""


SLOW = {
    sends_nothing: (HEAD_SECONDS, b"HTTP/1.1 408 "),
    drips_a_header: (HEAD_SECONDS, b"HTTP/1.1 408 "),
    stalls: (STALL_SECONDS, b"HTTP/1.1 408 "),
    drips_a_body: (STALL_SECONDS, b"HTTP/1.1 408 "),
    goes_on_behind_a_refusal: (HEAD_SECONDS, b""),
}


@pytest.mark.slow
def test_whoever_is_slow_is_told_so_and_leaves_nothing(account, connect):
    before = account.server.objects()

    def ended(sender):
        begun_at = time.monotonic()
        with connect() as client:
            said = sender(account, client)
        return said, time.monotonic() - begun_at

    with ThreadPoolExecutor(len(SLOW)) as pool:
        results = dict(zip(SLOW, pool.map(ended, SLOW), strict=True))
    for sender, (seconds, said) in SLOW.items():
        heard, lasted = results[sender]
        assert heard[: len(said)] == said, sender
        assert heard == b"" or said, sender
        assert b"\r\nx-request-id: req_" in heard or not said, sender
        assert seconds - 1 < lasted < seconds + 15, sender
    wait_until(lambda: account.server.objects() == before)
