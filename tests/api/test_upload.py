"""POST /analysis/: what is accepted, and that nothing of what is refused stays."""

import json
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from api_server import running, tone, wait_until

from callcov.store import keys
from callcov.store.tables import analyses, users

SOUND = Path(__file__).parent.parent / "sound"


@pytest.fixture
def refused(account):
    """Submit and give the answer, having seen that neither an object nor an analysis stayed."""

    def submit(**options):
        before = account.server.objects()
        response = account.submit(**options)
        assert account.server.objects() == before
        assert account.get("/analysis/").json()["total"] == 0
        return response

    return submit


class Interrupted:
    """An engine behind whose work the connection breaks: the database commits, and its answer is lost."""

    def start(self, connection, *_what):
        connection.commit()
        raise sa.exc.OperationalError("COMMIT", {}, ConnectionError("the answer was lost"))


def test_the_recording_of_what_was_accepted_stays_when_nobody_is_told(tmp_path):
    with running(tmp_path, engine=Interrupted()) as server:
        account = server.account("lost@example.com")
        assert account.submit().status_code == 500
        assert account.get("/analysis/").json()["total"] == 1
        (left,) = server.objects()
        assert left.startswith("recordings/")


@pytest.mark.parametrize("ended", ["the key", "the account"])
def test_an_upload_is_refused_when_its_key_or_account_ended_while_it_came(account, ended):
    before, database = account.server.objects(), account.server.services.database
    form = {"agent_id": "a", "contact_id": "c"}
    whole = requests.Request("POST", "http://x", data=form, files={"audio_file": ("call.wav", tone())}).prepare()

    def body():
        yield whole.body[:5000]
        with database.write() as connection:
            if ended == "the account":
                connection.execute(sa.update(users).where(users.c.id == account.user_id).values(is_active=False))
            else:
                for key in keys.of_user(connection, account.user_id, datetime.now(UTC), ended=False):
                    keys.end(connection, account.user_id, key.id, datetime.now(UTC))
        yield whole.body[5000:]

    answer = account.post("/analysis/", data=body(), headers={"Content-Type": whole.headers["Content-Type"]})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid authentication credentials"})
    assert account.server.objects() == before
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(analyses.c.user_id == account.user_id)) == 0


def test_the_answer_to_a_submission_is_the_processing_analysis_with_its_durations(account):
    sound = (SOUND / "two-voices.wav").read_bytes()
    response = account.submit(sound=sound)
    analysis = response.json()
    assert response.status_code == 201
    assert {key: analysis[key] for key in ("object", "status", "livemode", "transcript", "results")} == {
        "object": "analysis",
        "status": "processing",
        "livemode": True,
        "transcript": None,
        "results": None,
    }
    assert abs(analysis["created"] - time.time()) < 60
    seconds = analysis["call"]["duration_seconds"]
    assert 1 < seconds < 100
    assert analysis["call"] == {
        "agent_id": "agent_001",
        "contact_id": "customer_12345",
        "duration_ms": round(seconds * 1000),
        "duration_seconds": seconds,
        "direction": None,
        "timestamp": None,
        "metadata": None,
    }
    assert analysis["audio"] == {
        "url": f"{account.server.api}/analysis/{analysis['id']}/audio",
        "size_bytes": len(sound),
        "format": "wav",
        "duration_seconds": seconds,
        "channels": 2,
        "sample_rate": 8000,
    }
    assert analysis["metadata"] == {
        "webhook_url": None,
        "completed_at": None,
        "processing_time_ms": None,
        "error_message": None,
        "stage": "accepted",
        "policy_version": None,
        "checks_version": None,
        "models": None,
    }


def test_the_optional_fields_are_kept_and_answered(account):
    metadata = {"team": "kündigung", "nested": {"n": [1, 2.5, None]}}
    analysis_id = account.accepted(
        webhook_url="https://example.com/hook?a=1",
        call_direction="outbound",
        call_timestamp="2026-11-23T14:00:00+02:00",
        metadata=json.dumps(metadata),
        language="en",
        agent_channel="1",
    )
    analysis = account.get(f"/analysis/{analysis_id}").json()
    assert analysis["call"]["direction"] == "outbound"
    assert analysis["call"]["timestamp"] == "2026-11-23T12:00:00.000Z"
    assert analysis["call"]["metadata"] == metadata
    assert analysis["metadata"]["webhook_url"] == "https://example.com/hook?a=1"


@pytest.mark.parametrize(
    "url", ["http://b\u00fccher.example/", "https://xn--bcher-kva.example/", "http://[2001:db8::1]:9/"]
)
def test_every_address_that_can_be_sent_to_is_taken_as_it_is(account, url):
    analysis_id = account.accepted(webhook_url=url)
    assert account.get(f"/analysis/{analysis_id}").json()["metadata"]["webhook_url"] == url


def test_an_empty_optional_field_counts_as_not_given(account):
    names = ("webhook_url", "call_direction", "call_timestamp", "metadata", "language", "agent_channel")
    analysis_id = account.accepted(**dict.fromkeys(names, ""))
    assert account.get(f"/analysis/{analysis_id}").json()["metadata"]["webhook_url"] is None


def test_fields_may_come_after_the_file(account):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="audio_file"; filename="a.wav"\r\n\r\n'
        + tone()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\nc'
        + b'\r\n--x\r\nContent-Disposition: form-data; name="agent_id"\r\n\r\na\r\n--x--\r\n'
    )
    response = account.post("/analysis", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert response.status_code == 201
    assert response.json()["audio"]["size_bytes"] == len(tone())


def test_the_stored_object_is_the_file_byte_for_byte(account):
    before = account.server.objects()
    sound = tone(30)
    account.submit(sound=sound)
    (key,) = account.server.objects() - before
    assert account.server.services.blobs.read(key) == sound


def test_accepting_enqueues_the_first_attempt_in_the_same_transaction(account):
    assert account.server.engine.started(account.accepted()) == [1]


def test_the_same_recording_twice_is_two_analyses_with_a_file_each(account):
    before = account.server.objects()
    assert account.accepted() != account.accepted()
    assert len(account.server.objects() - before) == 2


MISSING = {"type": "missing", "msg": "Field required", "input": None}


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"json": {"audio_url": "https://example.com"}}, "not application/json"),
        ({"data": {"agent_id": "a"}}, "not application/x-www-form-urlencoded"),
        ({"data": b"x"}, "as its Content-Type should say"),
        ({}, "as its Content-Type should say"),
        ({"data": b"x", "headers": {"Content-Type": "x/\u00ff" + "y" * 5000}}, f"not x/\ufffd{'y' * 97}"),
    ],
)
def test_a_body_that_is_no_form_lacks_its_file_and_is_told_what_to_be(account, body, sent):
    response = account.post("/analysis/", **body)
    assert response.status_code == 422
    form = {"type": "value_error", "msg": f"Value error, the body should be multipart/form-data, {sent}"}
    assert response.json() == {
        "detail": [MISSING | {"loc": ["body", "audio_file"]}, form | {"loc": ["body"], "input": None}]
    }


def test_every_missing_field_is_named(account):
    response = account.post("/analysis/", files={"other": ("a.txt", b"x")})
    assert response.status_code == 422
    assert response.json()["detail"] == [
        MISSING | {"loc": ["body", name]} for name in ("agent_id", "contact_id", "audio_file")
    ]


def test_a_form_without_a_boundary_is_refused(account):
    response = account.post("/analysis/", data=b"x", headers={"Content-Type": "multipart/form-data"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body"]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("agent_id", "", "string_too_short"),
        ("contact_id", "", "string_too_short"),
        ("agent_id", "x" * 256, "string_too_long"),
        ("contact_id", "é" * 256, "string_too_long"),
        ("agent_id", "a\0b", "value_error"),
        ("contact_id", "a\tb", "value_error"),
        ("metadata", "{", "json_invalid"),
        *(("metadata", '{"a": ' + "[" * deep + "]" * deep + "}", "value_error") for deep in (252, 253, 254)),
        ("metadata", '{"a": NaN}', "json_invalid"),
        ("metadata", '{"a": 1e999}', "value_error"),
        ("metadata", '{"a": 123456789012345678901234567890}', "value_error"),
        ("metadata", '{"a":' + "[" * 5000 + "]" * 5000 + "}", "value_error"),
        ("metadata", '{"a": "\\ud800"}', "value_error"),
        ("metadata", "[1]", "dict_type"),
        ("metadata", '{"a": "' + "x" * 16_384 + '"}', "too_long"),
        ("call_direction", "sideways", "literal_error"),
        ("call_timestamp", "yesterday", "datetime_from_date_parsing"),
        ("call_timestamp", "0001-01-01T00:00:00+14:00", "datetime_parsing"),
        ("language", "klingon", "value_error"),
        ("agent_channel", "2", "less_than_equal"),
        ("agent_channel", "-1", "greater_than_equal"),
        ("agent_channel", "left", "int_parsing"),
        ("webhook_url", "example.com/hook", "url_parsing"),
        ("webhook_url", "ftp://example.com/", "url_scheme"),
        ("webhook_url", "javascript:alert(1)", "url_scheme"),
        ("webhook_url", "http://exa\nmple.com", "url_parsing"),
        ("webhook_url", "http:example.com", "url_parsing"),
        ("webhook_url", "HTTPS:///example.com/hook", "url_parsing"),
        ("webhook_url", "https://", "url_parsing"),
        ("webhook_url", "http://\u2603.net/", "url_parsing"),
        ("webhook_url", "http://\U0001f600/", "url_parsing"),
        ("webhook_url", "http://\uff41.com/", "url_parsing"),
        ("webhook_url", "http://127.0.0.1:9\\x", "url_parsing"),
    ],
)
def test_a_field_that_cannot_be_used_is_422_and_named(refused, field, value, kind):
    response = refused(**{field: value})
    assert response.status_code == 422
    (item,) = response.json()["detail"]
    assert set(item) == {"type", "loc", "msg", "input"}
    assert (item["type"], item["loc"]) == (kind, ["body", field])


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ("{", "Invalid JSON: metadata should be a JSON object"),
        ('{"a": -Infinity}', "Invalid JSON: -Infinity is no JSON value"),
        ('{"a": -1e999}', "a number that is too large"),
        (f'{{"a": {2**64}}}', "a whole number of more than 64 bits"),
        (f'{{"a": {-(2**63) - 1}}}', "a whole number of more than 64 bits"),
        ('{"a": ' + "9" * 5000 + "}", "a whole number of more than 64 bits"),
        ('{"\\udfff": 1}', "half of a character"),
        ('{"a":' + "[" * 1000 + "]" * 1000 + "}", "objects or lists too deep"),
        ('{"a":' + "[" * 6000 + "]" * 6000 + "}", "objects or lists too deep"),
        ('"a"', "Input should be a valid dictionary"),
    ],
)
def test_metadata_that_cannot_be_kept_is_refused_with_what_is_wrong(refused, metadata, says):
    (item,) = refused(metadata=metadata).json()["detail"]
    assert says in item["msg"]
    assert ("Invalid JSON" in item["msg"]) == ("Invalid JSON" in says)


def test_metadata_at_the_limits_is_kept(account):
    metadata = {"least": -(2**63), "most": 2**64 - 1, "point": 1e308, "text": "\U0001f600"}
    answer = account.submit(metadata=json.dumps(metadata))
    assert answer.json()["call"]["metadata"] == metadata


@pytest.mark.parametrize(
    ("field", "value"), [("agent_id", "x" * 255), ("contact_id", "é" * 255), ("agent_id", "%_\\ ")]
)
def test_ids_of_1_to_255_characters_are_kept_as_they_are(account, field, value):
    analysis_id = account.accepted(**{field: value})
    assert account.get(f"/analysis/{analysis_id}").json()["call"][field] == value


@pytest.mark.parametrize("sound", [b"", b"hello, this is no recording\n" * 100, tone()[:20]])
def test_a_file_that_is_no_recording_is_400_with_one_sentence(refused, sound):
    response = refused(sound=sound)
    assert response.status_code == 400
    detail = response.json()["detail"]
    assert isinstance(detail, str)
    assert detail.endswith(".")


def test_a_form_of_thousands_of_parts_is_422(refused):
    response = refused(**{f"field{number}": "x" for number in range(3000)})
    assert response.status_code == 422
    assert response.json()["detail"][0]["type"] == "too_long"


def test_a_large_file_under_another_name_is_422_and_says_where_it_goes(account):
    response = account.post("/analysis/", files={"file": ("call.wav", tone(60))})
    assert response.status_code == 422
    assert "audio_file" in response.json()["detail"][0]["msg"]


def test_an_announced_body_that_is_too_large_is_413_before_any_of_it_is_read(account):
    host, port = account.server.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        head = (
            f"POST /api/v1/analysis/ HTTP/1.1\r\nHost: x\r\nX-API-Key: {account.live}\r\nContent-Length: 600000000\r\n"
        )
        client.sendall(head.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_without_credentials_it_is_401_before_any_of_the_body_is_read(server):
    host, port = server.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(b"POST /api/v1/analysis/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 401 ")


def test_a_client_that_leaves_in_the_middle_leaves_nothing(account):
    before = account.server.objects()
    host, port = account.server.base.removeprefix("http://").split(":")
    head = (
        f"POST /api/v1/analysis/ HTTP/1.1\r\nHost: x\r\nX-API-Key: {account.live}\r\nContent-Length: 50000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="audio_file"; filename="a"\r\n\r\n'
    )
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(head.encode() + bytes(20_000_000))
        wait_until(lambda: account.server.objects() != before)
    wait_until(lambda: account.server.objects() == before)
    assert account.get("/analysis/").json()["total"] == 0


class BrokenEngine:
    """An engine that cannot take work."""

    def start(self, *_work):
        raise RuntimeError("no engine")

    def cancel(self, *_work):
        raise RuntimeError("no engine")


def test_when_the_work_cannot_be_enqueued_nothing_is_accepted_and_nothing_stays(tmp_path):
    with running(tmp_path, engine=BrokenEngine()) as server:
        account = server.account("dana@example.com")
        response = account.submit()
        assert response.status_code == 500
        assert account.get("/analysis/").json()["total"] == 0
        assert server.objects() == set()
