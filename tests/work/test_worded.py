"""A chat endpoint may word the summary of a stored analysis: nothing else changes, and judging again draws it anew."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from callscript import transcript_of
from pydantic import TypeAdapter

from callcov import document, judging, pipeline
from callcov.checks.policy import DEFAULT
from callcov.document import Documents
from callcov.language.chat import Chat
from callcov.model import Transcript
from callcov.store.analyses import Analysis
from callcov.store.blobs import open_blobs

CALL = transcript_of("""
A 0.0-2.0 Hello, how can I help?
C 2.0-6.0 My card [card_number] [card_number] was stolen on the train.
A 6.0-9.0 I'll send you a new one tomorrow.
""")
TEXT = "A card was stolen on the train; the agent sends a new one."
MODELS = {"language": "minilm"}
ROW = Analysis(
    **dict.fromkeys(Analysis._fields)
    | {"id": "0190", "user_id": "u", "livemode": True, "created": 1, "revision": 1, "status": "processing"}
    | {"agent_id": "a", "contact_id": "c", "stage": "judging", "attempt": 1, "size_bytes": 1, "format": "wav"}
    | {"duration_ms": 9000, "channels": 2, "sample_rate": 8000, "blob_key": "recordings/x"}
)


@pytest.fixture
def endpoint():
    """The bodies of requests; `status` is what is answered, with TEXT."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(Handler.status)
            self.end_headers()
            message = {"content": json.dumps({"text": TEXT})}
            self.wfile.write(json.dumps({"choices": [{"message": message}]}).encode())

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Chat(f"http://127.0.0.1:{server.server_address[1]}/v1", "small-model"), got, Handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def finish(tmp_path):
    """What the judging stage stores for a call, with that chat endpoint or none."""
    job = pipeline.Job("0190", "recordings/x", 60.0, DEFAULT)

    def finish(chat, call=CALL):
        pipeline.equip(tmp_path.as_uri(), tmp_path, "tiny.en", chat)
        open_blobs(tmp_path.as_uri()).write(job.work("annotated.json"), TypeAdapter(Transcript).dump_json(call))
        return pipeline.do_judge(job, ROW, MODELS, "2026-11-23T12:00:45.230Z", 9)

    return finish


def test_the_text_alone_is_another_and_the_model_is_named(endpoint, finish):
    chat, got, _ = endpoint
    drawn, worded = json.loads(finish(None).full), json.loads(finish(chat).full)
    assert len(got) == 1
    assert "[card_number]" in got[0]
    assert worded["results"]["summary"]["text"] == TEXT
    assert worded["metadata"]["models"] == MODELS | {"summary": "small-model"}
    worded["results"]["summary"]["text"] = drawn["results"]["summary"]["text"]
    worded["metadata"]["models"] = MODELS
    assert worded == drawn


def test_an_endpoint_that_fails_changes_nothing(endpoint, finish):
    chat, got, handler = endpoint
    handler.status = 500
    assert finish(chat) == finish(None)
    assert len(got) == 2


@pytest.mark.parametrize("call", [Transcript(duration=3.0), replace(CALL, language="es")])
def test_nothing_is_sent_of_a_call_without_a_summary(endpoint, finish, call):
    chat, got, _ = endpoint
    assert finish(chat, call) == finish(None, call)
    assert got == []


def test_judging_again_gives_what_is_stored_without_an_endpoint(endpoint, finish):
    chat, _, _ = endpoint
    drawn, worded = finish(None), finish(chat)
    again = judging.judged(document.transcript_of(worded.transcript), DEFAULT, None).text()
    assert again == drawn.results
    row = ROW._replace(
        status="completed", stage="done", completed_at="2026-11-23T12:00:45.230Z", processing_time_ms=9,
        policy_version=drawn.policy_version, checks_version=drawn.checks_version,
    )  # fmt: skip
    anew = document.rejudged(row, Documents(worded.full, worded.light), again, None)
    assert anew == Documents(drawn.full, drawn.light)
