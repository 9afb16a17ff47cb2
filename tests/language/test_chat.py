"""A chat endpoint words the summary, or what was drawn stays: against a real HTTP server that behaves well or badly."""

import json
import threading
import time
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from callcov.language.chat import Chat

CALL = "Agent: Hello.\nCustomer: My card [card_number] was charged 42 pounds twice.\nAgent: I'll refund it tomorrow."
DRAWN = "The customer says what the call is about: “My card [card_number] was charged 42 pounds twice”."
GOOD = "The customer's card [card_number] was charged 42 pounds twice; the agent will refund it."


def answer(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": json.dumps({"text": text})}}]}).encode()


class Endpoint:
    """What was POSTed, in `got` as (path, headers, body); answers with `answers` in turn, the last one for good."""

    def __init__(self):
        self.got, self.answers, self.delay = [], [(200, answer(GOOD))], 0.0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                endpoint.got.append((self.path, dict(self.headers), body.decode()))
                time.sleep(endpoint.delay)
                status, told = endpoint.answers[min(len(endpoint.got), len(endpoint.answers)) - 1]
                with suppress(ConnectionError):  # whoever asked may have gone
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(told)

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


def test_a_good_answer_is_the_text(endpoint):
    assert Chat(endpoint.url, "m").write(CALL, DRAWN) == GOOD
    assert len(endpoint.got) == 1


def test_what_is_asked_is_a_chat_completion_of_a_shape(endpoint):
    Chat(endpoint.url, "small-model", "sk-secret").write(CALL, DRAWN)
    ((path, headers, body),) = endpoint.got
    asked = json.loads(body)
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer sk-secret"
    assert asked["model"] == "small-model"
    assert asked["response_format"]["type"] == "json_schema"
    assert asked["response_format"]["json_schema"]["schema"]["required"] == ["text"]
    assert CALL in asked["messages"][-1]["content"]
    assert DRAWN in asked["messages"][-1]["content"]


def test_no_key_sends_none(endpoint):
    Chat(endpoint.url, "m").write(CALL, DRAWN)
    assert "authorization" not in {name.lower() for name in endpoint.got[0][1]}


def test_the_key_is_not_shown():
    assert "sk-secret" not in repr(Chat("http://x", "m", "sk-secret"))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (500, b"boom"), (302, b""), (401, b"{}"), (200, b"no json"), (200, b"{}"), (200, b'{"choices": []}'),
        (200, b'{"choices": [{"message": {"content": null}}]}'), (200, b'{"choices": [{"message": {"content": "prose"}}]}'),
        (200, answer("")), (200, answer("   ")), (200, answer(GOOD * 10)), (200, answer(GOOD)[:-5]), (200, b" " * 100_000),
        (200, answer("The customer was charged 42 pounds twice.")),
        (200, answer(GOOD + " They live at [address].")),
        (200, answer(GOOD + " The card is 4539 1488.")),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_used_is_none_after_two_tries(endpoint, status, told, capfd):
    endpoint.answers = [(status, told)]
    assert Chat(endpoint.url, "m", "sk-secret").write(CALL, DRAWN) is None
    assert len(endpoint.got) == 2
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["attempt"] for line in lines] == [1, 2]
    for line in lines:
        datetime.fromisoformat(line.pop("timestamp"))  # nothing else, and its digits are of chance
    for secret in ("card", "pounds", "refund", "sk-secret", "4539"):
        assert secret not in str(lines)


def test_the_second_try_may_do(endpoint):
    endpoint.answers = [(500, b""), (200, answer(GOOD))]
    assert Chat(endpoint.url, "m").write(CALL, DRAWN) == GOOD


def test_one_that_does_not_answer_in_time_is_left(endpoint):
    endpoint.delay = 1.5
    began = time.monotonic()
    assert Chat(endpoint.url, "m", timeout=0.2).write(CALL, DRAWN) is None
    assert time.monotonic() - began < 1.2


def test_one_that_is_not_there_is_left():
    assert Chat("http://127.0.0.1:9", "m", timeout=1).write(CALL, DRAWN) is None


def test_of_a_long_call_the_middle_is_not_sent(endpoint):
    call = "\n".join(f"Customer: line {at} is said here" for at in range(5_000))
    Chat(endpoint.url, "m").write(call, "")
    assert len(endpoint.got[0][2]) < 60_000
    assert "line 4999 is" in endpoint.got[0][2]
    assert "line 2500 is" not in endpoint.got[0][2]
