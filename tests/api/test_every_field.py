"""Every field of every body in the API document, with everything that can be wrong with it: 422 or 413, never a 500.

The fields are read from the document, so a new one is sent its wrong values too; a body without an example here fails.
"""

import json
import os
from collections.abc import Iterator
from itertools import count

import good_bodies
import leaks
import pytest
import requests
from api_server import tone, wait_until
from visitor import Visitor

from callcov.api import app, schemas
from callcov.api.form import MAX_FIELD
from callcov.api.services import Services

POLICY = {
    "version": 1,
    "disclosures": [
        {"id": "a", "wordings": ["this is recorded"], "also": [["for training"]], "required": "always"}
        | {"match": "wording", "deadline_seconds": 5.0}
    ],
    "prohibited": [{"id": "a", "category": "threat", "wordings": ["or else"], "speaker": "agent", "match": "wording"}],
    "thresholds": {"identity_seconds": 15.0, "purpose_interactions": 4, "greeting_seconds": 15.0}
    | {"silence_seconds": 3.0, "dead_air_seconds": 10.0, "wpm_low": 110.0, "wpm_high": 190.0, "sentiment_band": 0.09}
    | {"long_call_seconds": 600.0, "effort_flag": 4},
    "mask": ["pin"],
    "never_solicit": ["pin"],
    "keep_original": False,
}
FORM = {"agent_id": "a", "contact_id": "c", "webhook_url": "https://example.com/hook", "call_direction": "inbound"}
FORM |= {"call_timestamp": "2026-11-23T12:00:00Z", "metadata": '{"a": 1}', "language": "en", "agent_channel": "0"}
GOOD = {(method.lower(), path): body for (method, path), body in good_bodies.GOOD.items()} | {
    ("put", "/policy"): POLICY,
    ("post", "/policy/backtest"): {"policy": POLICY, "limit": 10}
    | {"filter": {"agent_id": "a", "contact_id": "c", "search": "s"}},
    ("post", "/analysis/{analysis_id}/roles"): {"agent_speaker": "A"},
}
DEEP = "[" * 20_000 + "]" * 20_000
OF_TYPE = {"string": '"x"', "integer": "7", "number": "7.5", "boolean": "true", "array": "[]", "object": "{}"}
WHOLE = [b"", b"[]", b"null", b"7", b'"x"', b"{", b"{]", b"\xff", DEEP.encode(), b'{"a":' * 2000, b'{"a": "\\ud800"}']
_services = Services(**dict.fromkeys(Services.__dataclass_fields__) | {"version": "0"})
DOCUMENT = app.create(_services).openapi()
_numbers = count()


def bodies(kind):
    """Method, path and schema of every body of that kind in the document."""
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            sent = operation.get("requestBody", {}).get("content", {})
            if kind in sent:
                yield (method, path.removeprefix("/api/v1")), sent[kind]["schema"]


JSON = dict(bodies("application/json"))
FORMS = dict(bodies("multipart/form-data"))


def resolved(schema):
    """What a field may be: the schemas of its alternatives, references followed."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] | schema
    return [one for way in schema.get("anyOf", [schema]) for one in ([way] if way is schema else resolved(way))]


def fields(schema, place=()) -> Iterator[tuple[tuple, dict, bool]]:
    """Place, schema and whether it is required, of everything in a body; the first item stands for a list."""
    for way in resolved(schema):
        for name, field in way.get("properties", {}).items():
            yield (*place, name), field, name in way.get("required", ())
            yield from fields(field, (*place, name))
        if "items" in way:
            yield (*place, 0), way["items"], False
            yield from fields(way["items"], (*place, 0))


def wrong(schema, is_required):
    """Kinds of wrong values of a field, as JSON texts; None is to leave it out."""
    ways = resolved(schema)
    types = {way.get("type") for way in ways} | ({"integer"} if any(w.get("type") == "number" for w in ways) else set())
    yield from ((f"not a {kind}", text) for kind, text in OF_TYPE.items() if kind not in types)
    if is_required:
        yield "missing", None
    if "null" not in types:
        yield "null", "null"
    yield "deep nesting", DEEP
    yield "a lone surrogate", r'"\ud800"'
    yield "not a number", "NaN"
    yield "a huge number", "1" + "0" * 5000
    for way in ways:
        if way.get("type") == "string":
            yield "control characters", r'"a\u0000b"'
            yield "more control characters", r'"a\u001b[0m\u007f"'
            assert way.keys() & {"maxLength", "enum", "pattern", "const"}, f"how long {schema} may be is not documented"
            yield "too long", json.dumps("x" * (way.get("maxLength", 1000) + 1))
        if way.get("type") == "array":
            assert "maxItems" in way, f"how many {schema} may hold is not documented"
            yield "too many", json.dumps(["x"] * (way["maxItems"] + 1))


def changed(body, place, text):
    """The body as JSON, with that text at that place, or without it."""
    body, mark = json.loads(json.dumps(body)), "<here>"
    inside = body
    for name in place[:-1]:
        inside = inside[name]
    if text is None:
        del inside[place[-1]]
        return json.dumps(body).encode()
    inside[place[-1]] = mark
    return json.dumps(body).replace(json.dumps(mark), text).encode()


def at(body, place):
    for name in place:
        body = body[name]
    return body


@pytest.fixture(scope="module")
def person(server):
    """A key and an access token of one account, and an analysis of it."""
    account = server.account("fields@example.com")
    token = Visitor(server, "every.field@example.com", "+4915112345679").admitted().access
    return {"X-API-Key": account.live, "Authorization": f"Bearer {token}"}, account.accepted()


@pytest.fixture
def told(server, person):
    """Sends bodies; collects what was answered otherwise than it has to be, and looks for every request in the log."""
    problems, sent = [], []
    headers, analysis_id = person

    def send(route, what, statuses=(422, 413), **options):
        request_id = f"field-{os.getpid()}-{next(_numbers)}"
        given = headers | {"X-Request-ID": request_id} | options.pop("headers", {})
        if route[1].startswith(("/users", "/api-keys")):
            del given["X-API-Key"]
        address = server.api + route[1].format(analysis_id=analysis_id)
        answer = requests.request(route[0], address, headers=given, timeout=60, **options)
        if answer.status_code not in statuses:
            problems.append(f"{what}: {answer.status_code} {answer.text[:200]}")
        elif answer.status_code == 422:
            schemas.BodyProblem.model_validate_json(answer.content, strict=True)
        elif answer.status_code == 413:
            schemas.Problem.model_validate_json(answer.content, strict=True)
        sent.append((request_id, answer.status_code))

    yield send
    assert problems == []
    log = leaks.folder() / f"process-{os.getpid()}.log"

    def logged():
        lines = [json.loads(line) for line in log.read_text().splitlines() if '"field-' in line]
        return {(line["request_id"], line["status"]) for line in lines if line["event"] == "request"}

    wait_until(lambda: set(sent) <= logged())


def test_every_body_of_the_document_has_an_example_with_every_field():
    assert set(JSON) == set(GOOD)
    assert set(FORMS) == {("post", "/analysis/")}
    for route, schema in JSON.items():
        for place, _, _ in fields(schema):
            at(GOOD[route], place)
    (form,) = FORMS.values()
    assert set(form["properties"]) == {*FORM, "audio_file"}


@pytest.mark.parametrize("route", GOOD, ids=" ".join)
def test_a_json_body_with_anything_wrong_at_any_field_is_refused(told, route):
    for place, schema, is_required in fields(JSON[route]):
        for kind, text in wrong(schema, is_required):
            told(route, f"{kind} at {place}", data=changed(GOOD[route], place, text))
        if isinstance(place[-1], str):
            good = json.dumps(at(GOOD[route], place))
            twice = f"{good}, {json.dumps(place[-1])}: {good}"
            told(route, f"{place} twice", data=changed(GOOD[route], place, twice))
    told(route, "ten megabytes", (413,), data=b'{"a": "' + b"a" * 10_000_000 + b'"}')
    for body in WHOLE if route != ("post", "/api-keys/") else WHOLE[1:]:
        told(route, body[:20], data=body)


def multipart(fields, *more):
    """A form of those fields, the recording, and further parts with a name each, in that order."""
    parts = [*fields.items(), *more]
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in parts
    )
    head = b'--x\r\nContent-Disposition: form-data; name="audio_file"; filename="a.wav"\r\n\r\n'
    return {
        "data": body + head + tone() + b"\r\n--x--\r\n",
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
    }


BAD_TEXT = {
    "control characters": b"a\x00b",
    "more control characters": b"a\x1b[0m\x7f",
    "a line": b"a\r\nb",
    "no UTF-8, as a lone surrogate is none": b"a\xed\xa0\x80",
    "too long": b"x" * (MAX_FIELD + 1),
    "ten megabytes": b"x" * 10_000_000,
    "deep nesting": b"[" * 16_000,
}
TYPED = ("null", "true", "[]", "{}", "7.5", "x" * 256)
FREE = {"agent_id", "contact_id"}  # any words are an id


@pytest.mark.parametrize("name", FORM)
def test_a_form_with_anything_wrong_at_any_field_is_refused(told, name):
    route = ("post", "/analysis/")
    for kind, value in BAD_TEXT.items():
        told(route, f"{kind} at {name}", **multipart(FORM | {name: value}))
    for value in TYPED if name not in FREE else TYPED[-1:]:
        if (name, value) not in {("call_timestamp", "7.5"), ("metadata", "{}")}:
            told(route, f"{value} at {name}", **multipart(FORM | {name: value}))
    told(route, f"{name} twice", **multipart(FORM, (name, FORM[name])))
    rest = {other: value for other, value in FORM.items() if other != name}
    told(route, f"{name} missing", (422,) if name in FREE else (201,), **multipart(rest))
    told(route, f"{name} empty", (422,) if name in FREE else (201,), **multipart(FORM | {name: ""}))
