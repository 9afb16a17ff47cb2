"""One webhook attempt against real receivers on this machine."""

import base64
import json
import ssl
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from callcov.deliver import DELAYS, Outcome, attempt, judged, lookup, next_delay

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOOPBACK = (ip_network("127.0.0.0/8"),)
BODY = json.dumps({"object": "analysis", "text": "Müller said “no”"}, ensure_ascii=False).encode()
CERTIFICATE = Path(__file__).with_name("receiver.pem")  # made for these tests, of hooks.example.test


@pytest.fixture
def receiver():
    """A server that notes what it got; `answer(handler)` decides what it says."""
    heard = []
    state = SimpleNamespace(heard=heard, answer=lambda handler: handler.send_response(200), tail=b"")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append(
                SimpleNamespace(path=self.path, headers={k.lower(): v for k, v in self.headers.items()}, body=body)
            )
            state.answer(self)
            self.end_headers()
            self.wfile.write(state.tail)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_args: None  # a sender that hangs up is what some of these tests are about
    state.server = server
    state.port = server.server_address[1]
    state.url = f"http://127.0.0.1:{state.port}/hook?x=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def send(url, allow=LOOPBACK, **how):
    return attempt(url, BODY, "msg_1", [SECRET], allow, datetime.now(UTC), **how)


def always(*addresses):
    """A resolver that gives every name these addresses."""
    return lambda _host, _port: list(addresses)


HERE = always("127.0.0.1")


def test_a_2xx_answer_is_delivered(receiver):
    receiver.answer = lambda handler: handler.send_response(204)
    outcome = send(receiver.url)
    assert (outcome.kind, outcome.status_code, outcome.error) == ("delivered", 204, None)
    assert outcome.duration_ms >= 0
    assert receiver.heard[0].path == "/hook?x=1"
    assert receiver.heard[0].body == BODY
    assert receiver.heard[0].headers["content-type"] == "application/json"
    assert receiver.heard[0].headers["host"] == f"127.0.0.1:{receiver.port}"


def test_the_signature_is_accepted_by_the_standard_library_and_covers_body_and_id(receiver):
    send(receiver.url)
    got = receiver.heard[0]
    assert got.headers["webhook-id"] == "msg_1"
    assert Webhook(SECRET).verify(got.body, got.headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body + b" ", got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body, got.headers | {"webhook-id": "msg_2"})


def test_whoever_knows_one_of_two_secrets_is_satisfied(receiver):
    both = [SECRET, "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()]
    attempt(receiver.url, BODY, "msg_1", both, LOOPBACK, datetime.now(UTC))
    got = receiver.heard[0]
    for secret in both:
        assert Webhook(secret).verify(got.body, got.headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"a third").decode()).verify(got.body, got.headers)


def test_the_signed_time_is_the_given_moment_whatever_its_zone(receiver):
    berlin = datetime.fromisoformat("2026-11-23T16:00:00+01:00")
    attempt(receiver.url, BODY, "msg_1", [SECRET], LOOPBACK, berlin)
    stamp = receiver.heard[0].headers["webhook-timestamp"]
    assert int(stamp) == berlin.timestamp()
    expected = Webhook(SECRET).sign("msg_1", berlin.astimezone(UTC), BODY.decode())
    assert receiver.heard[0].headers["webhook-signature"] == expected


def test_410_stops_at_once(receiver):
    receiver.answer = lambda handler: handler.send_response(410)
    outcome = send(receiver.url)
    assert (outcome.kind, outcome.status_code) == ("gone", 410)


@pytest.mark.parametrize("status", [304, 400, 404, 429, 500, 503])
def test_every_other_answer_is_tried_again(receiver, status):
    receiver.answer = lambda handler: handler.send_response(status)
    outcome = send(receiver.url)
    assert (outcome.kind, outcome.status_code) == ("retry", status)
    assert str(status) in outcome.error


def test_a_redirect_is_not_followed(receiver):
    def elsewhere(handler):
        handler.send_response(307)
        handler.send_header("location", f"http://127.0.0.1:{receiver.port}/other")

    receiver.answer = elsewhere
    outcome = send(receiver.url)
    assert (outcome.kind, outcome.status_code) == ("retry", 307)
    assert "redirects are not followed" in outcome.error
    assert [request.path for request in receiver.heard] == ["/hook?x=1"]


def test_nobody_listening_is_tried_again(receiver):
    receiver.server.socket.close()
    outcome = send(receiver.url)
    assert (outcome.kind, outcome.status_code) == ("retry", None)
    assert "could not be reached" in outcome.error


def test_a_receiver_that_answers_nothing_meets_the_limit(receiver):
    stop = threading.Event()
    receiver.answer = lambda _handler: stop.wait(10)
    outcome = send(receiver.url, limit=0.3)
    stop.set()
    assert (outcome.kind, outcome.status_code) == ("retry", None)
    assert outcome.error == "The receiver did not answer within 0.3 seconds."


def test_a_receiver_that_drips_its_header_meets_the_limit_of_the_whole_attempt(receiver):
    dripped = []

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
        for _ in range(100):
            handler.wfile.write(b"a")
            dripped.append(1)
            time.sleep(0.05)

    receiver.answer = drip
    outcome = send(receiver.url, limit=0.4)
    assert outcome.kind == "retry"
    assert outcome.status_code is None
    assert 0 < len(dripped) < 100


def test_a_name_server_that_never_answers_meets_the_limit(receiver):
    stop = threading.Event()

    def silent(_host, _port):
        stop.wait(10)
        return ["127.0.0.1"]

    outcome = send(f"http://hooks.example.test:{receiver.port}/", resolve=silent, limit=0.2)
    stop.set()
    assert outcome.kind == "retry"
    assert "did not answer" in outcome.error
    assert receiver.heard == []


def test_a_receiver_that_drips_its_body_holds_the_next_up_for_a_second(receiver):
    dripped = []

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        for drop in range(100):
            handler.wfile.write(b"x")
            dripped.append(drop)
            time.sleep(0.1)

    receiver.answer = drip
    outcome = send(receiver.url)
    assert (outcome.kind, outcome.status_code, len(dripped) < 100) == ("delivered", 200, True)


def test_an_endless_answer_is_read_only_a_little(receiver):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"x" * 10_000)
            sent.append(10_000)

    receiver.answer = endless
    assert send(receiver.url).kind == "delivered"
    assert sum(sent) < 50_000_000


def test_a_body_that_breaks_off_changes_nothing(receiver):
    def broken(handler):
        handler.send_response(200)
        handler.send_header("content-length", "100")

    receiver.answer = broken
    receiver.tail = b"half"
    assert send(receiver.url).kind == "delivered"


def test_proxies_of_the_environment_are_ignored(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9/")
    assert send(receiver.url).kind == "delivered"


def test_a_name_and_password_in_the_url_become_basic_authorization(receiver):
    send(f"http://me:p%40ss@127.0.0.1:{receiver.port}/")
    assert receiver.heard[0].headers["authorization"] == "Basic bWU6cEBzcw=="


HOSTILE = {
    "loopback": "http://127.0.0.1/",
    "loopback by name": "http://localhost/",
    "loopback, another": "http://127.8.8.8/",
    "decimal": "http://2130706433/",
    "hex": "http://0x7f000001/",
    "octal": "http://0177.0.0.1/",
    "short": "http://127.1/",
    "zero": "http://0/",
    "unspecified": "http://0.0.0.0/",
    "private 10": "http://10.0.0.1/",
    "private 172": "http://172.16.0.1/",
    "private 192": "http://192.168.1.1/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata, decimal": "http://2852039166/",
    "metadata, another cloud": "http://192.0.0.192/",
    "metadata, CGNAT": "http://100.100.100.200/",
    "wire server": "http://168.63.129.16/",
    "CGNAT": "http://100.64.0.1/",
    "benchmark": "http://198.18.0.1/",
    "multicast": "http://224.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "v6 loopback": "http://[::1]/",
    "v6 unspecified": "http://[::]/",
    "v6 mapped": "http://[::ffff:127.0.0.1]/",
    "v6 mapped hex": "http://[::ffff:7f00:1]/",
    "v6 compatible": "http://[::7f00:1]/",
    "v6 link-local": "http://[fe80::1]/",
    "v6 site-local": "http://[fec0::1]/",
    "v6 unique local": "http://[fd00:ec2::254]/",
    "v6 multicast": "http://[ff02::1]/",
    "NAT64": "http://[64:ff9b::7f00:1]/",
    "NAT64 local": "http://[64:ff9b:1::a00:1]/",
    "6to4": "http://[2002:7f00:1::1]/",
    "Teredo": "http://[2001:0:7f00:1::1]/",
    "documentation": "http://[2001:db8::1]/",
    "full-width digits": "http://\uff11\uff12\uff17.0.0.1/",
}


@pytest.mark.parametrize("url", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_address_off_the_public_internet_is_refused(url):
    outcome = send(url, allow=(), limit=5)
    assert outcome.status_code is None
    # Most resolve and are refused; a form that is no valid URL or that the system cannot read leads nowhere.
    said = {"retry": ("not on the public internet", "could not be resolved"), "given_up": ("not a valid http",)}
    assert any(one in outcome.error for one in said[outcome.kind])


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"])
def test_the_system_reads_every_numeric_form_of_loopback_and_each_is_refused(host):
    found = lookup(host, 80)
    assert found
    assert not any(judged(address, ()) for address in found)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_a_public_address_is_accepted(address):
    assert judged(address, ())


def test_a_listed_network_is_accepted_and_its_neighbour_is_not():
    allow = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert judged("10.1.2.3", allow)
    assert judged("::ffff:10.1.2.3", allow)
    assert judged("fd00::1", allow)
    assert not judged("10.2.0.1", allow)
    assert not judged("127.0.0.1", allow)


def test_one_hostile_address_among_good_ones_refuses_the_attempt(receiver):
    mixed = always("127.0.0.1", "10.0.0.1")
    outcome = send(f"http://hooks.example.test:{receiver.port}/", resolve=mixed)
    assert "not on the public internet" in outcome.error
    assert receiver.heard == []


def test_the_name_is_resolved_once_and_the_connection_goes_to_that_address(receiver):
    asked = []

    def rebinding(host, port):
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    outcome = send(f"http://hooks.example.test:{receiver.port}/", resolve=rebinding)
    assert outcome.kind == "delivered"
    assert asked == [("hooks.example.test", receiver.port)]
    assert receiver.heard[0].headers["host"] == f"hooks.example.test:{receiver.port}"


def test_a_name_that_turns_hostile_between_attempts_is_refused(receiver):
    url = f"http://hooks.example.test:{receiver.port}/"
    answers = ("127.0.0.1", "169.254.169.254")
    assert [send(url, resolve=always(answer)).kind for answer in answers] == ["delivered", "retry"]
    assert len(receiver.heard) == 1


def test_the_next_address_is_tried_when_the_first_refuses(receiver):
    two = always("127.0.0.2", "127.0.0.1")
    assert send(f"http://hooks.example.test:{receiver.port}/", resolve=two).kind == "delivered"


def test_a_name_without_address_is_tried_again():
    outcome = send("http://hooks.example.test/", resolve=always())
    assert outcome.error == "The receiver could not be reached: hooks.example.test has no address."


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "//example.com", "", "http://", "http://a:b/", "http://\u2603.net/"],
)
def test_what_is_no_http_address_is_told_so_and_not_tried_again(url):
    error = "The webhook's address is not a valid http or https URL."
    assert send(url) == Outcome("given_up", None, error, 0)


@given(st.text(max_size=40), st.sampled_from(["", "http://", "https://", "http://[", "http://a@"]))
@settings(max_examples=200, deadline=None)
def test_no_text_as_address_raises_or_gets_past_the_guard(text, start):
    outcome = send(start + text, resolve=always("127.0.0.1"), allow=())
    assert outcome.kind in {"retry", "given_up"}
    assert outcome.status_code is None
    assert outcome.error


@pytest.fixture
def secure(receiver):
    """The receiver behind TLS, with a certificate for hooks.example.test; and the trust that accepts it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    receiver.trust = ssl.create_default_context(cafile=CERTIFICATE)
    return receiver


def test_tls_checks_the_name_not_the_address(secure):
    good = f"https://hooks.example.test:{secure.port}/"
    other = f"https://other.example.test:{secure.port}/"
    assert send(good, resolve=HERE, trust=secure.trust).kind == "delivered"
    outcome = send(other, resolve=HERE, trust=secure.trust)
    assert outcome.kind == "retry"
    assert "Hostname mismatch" in outcome.error
    assert len(secure.heard) == 1


def test_a_certificate_nobody_trusts_is_refused(secure):
    outcome = send(f"https://hooks.example.test:{secure.port}/", resolve=HERE)
    assert outcome.kind == "retry"
    assert "certificate" in outcome.error


def test_the_delays_are_those_of_the_contract_and_then_it_is_given_up():
    minutes = 60
    hours = 3600
    contract = [5, 5 * minutes, 30 * minutes, *(n * hours for n in (2, 5, 10, 14, 20, 24))]
    assert [next_delay(n, 0.5) for n in range(1, 10)] == pytest.approx(contract)
    assert next_delay(10, 0.5) is None


@given(st.integers(1, len(DELAYS)), st.floats(0, 1))
def test_jitter_moves_a_delay_by_a_tenth_at_most(tried, jitter):
    assert 0.9 * DELAYS[tried - 1] - 1e-6 <= next_delay(tried, jitter) <= 1.1 * DELAYS[tried - 1] + 1e-6
