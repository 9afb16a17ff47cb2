"""Every field of every body of the accounts: whatever is wrong with it is 422 or 413 in the contract's shape."""

import json

import leaks
import pytest
import requests
from api_server import wait_until
from good_bodies import GOOD
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov.api import schemas

REQUIRED = [(route, field) for route, body in GOOD.items() if route[1].startswith("/auth/") for field in body]
FIELDS = [(route, field) for route, body in GOOD.items() for field in body]
OPTIONAL = [route for route in GOOD if not route[1].startswith("/auth/")]
WRONG = {
    "a number": "7",
    "a list": '["a@example.com"]',
    "an object": '{"a": 1}',
    "a boolean": "true",
    "too long": json.dumps("+1" * 600),
    "a control character": json.dumps("a\x00b@example.com"),
    "a line": json.dumps("a@example.com\r\nBcc: b@example.com"),
    "a lone surrogate": r'"\ud800"',
    "not a number": "NaN",
    "a huge number": "1" + "0" * 5000,
}


@pytest.fixture(scope="module")
def token(server):
    """An access token."""
    from visitor import Visitor  # noqa: PLC0415 one person for the whole module

    return Visitor(server, "bodies@example.com", "+4915112345678").admitted().access


def call(server, token, route, data):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return requests.request(route[0], server.api + route[1], data=data, headers=headers, timeout=60)


def reasons(answer):
    assert answer.status_code == 422, answer.text
    return schemas.BodyProblem.model_validate_json(answer.content, strict=True).detail


def with_field(route, field, value):
    """The good body with that JSON text as the value of the field."""
    rest = {name: json.dumps(one) for name, one in GOOD[route].items()} | {field: value}
    return "{" + ", ".join(f'"{name}": {one}' for name, one in rest.items()) + "}"


@pytest.mark.parametrize(("route", "field"), REQUIRED)
def test_what_is_missing_is_named(server, token, route, field):
    rest = {name: value for name, value in GOOD[route].items() if name != field}
    (item,) = reasons(call(server, token, route, json.dumps(rest)))
    assert (item.type, item.loc, item.msg) == ("missing", ["body", field], "Field required")


@pytest.mark.parametrize(("route", "field"), REQUIRED)
def test_null_is_no_text(server, token, route, field):
    (item,) = reasons(call(server, token, route, with_field(route, field, "null")))
    assert (item.loc, item.msg) == (["body", field], "Input should be a valid string")


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(("route", "field"), FIELDS)
def test_a_wrong_value_is_refused_at_its_place(server, token, route, field, wrong):
    items = reasons(call(server, token, route, with_field(route, field, WRONG[wrong])))
    assert items[0].loc[:2] in (["body", field], ["body"])


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "@b",
        "a@",
        "a@b@c",
        "a b@c",
        "a,b@c.d",
        "<a@b>",
        "a@b,c@d",
        "a@[1.2.3.4]",
        'a"@b',
        "a@b..c",
        "a\u202eb@c.d",
        "=?utf-8?q?a?=@b.c",
    ],
)
def test_what_is_no_single_email_address_is_refused(server, token, email):
    for route, field in FIELDS:
        if field == "email":
            (item,) = reasons(call(server, token, route, with_field(route, field, json.dumps(email))))
            assert (item.loc, item.msg) == (
                ["body", "email"],
                "Value error, An email address looks like name@example.com.",
            )


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "123",
        "+0123456789",
        "+1 555 000 1111",
        "1-555-000",
        "+1234567890123456",
        "٠١٢٣٤٥٦٧٨",
        "+15550001111\n",
        "tel:+15550001111",
    ],
)
def test_what_is_no_phone_number_is_refused(server, token, number):
    for route, field in FIELDS:
        if field == "phone_number":
            (item,) = reasons(call(server, token, route, with_field(route, field, json.dumps(number))))
            assert item.loc == ["body", "phone_number"]


@pytest.mark.parametrize("route", GOOD)
def test_a_name_twice_is_refused(server, token, route):
    name, value = next(iter(GOOD[route].items()))
    body = json.dumps(GOOD[route])[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"
    (item,) = reasons(call(server, token, route, body))
    assert (item.loc, item.msg) == (["body"], "Value error, the body gives a name twice")


@pytest.mark.parametrize("route", GOOD)
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"{",
        b"{]",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"email=a%40b.c",
        b"[" * 10_000,
        b'{"a":' * 2000,
    ],
)
def test_what_is_no_object_is_refused(server, token, route, body):
    assert all(item.loc[0] == "body" for item in reasons(call(server, token, route, body)))


@pytest.mark.parametrize("route", [route for route in GOOD if route[1] != "/api-keys/"])
def test_no_body_is_refused(server, token, route):
    (item,) = reasons(call(server, token, route, b""))
    assert (item.type, item.loc, item.msg) == ("missing", ["body"], "Field required")


@pytest.mark.parametrize("route", GOOD)
def test_ten_megabytes_are_413(server, token, route):
    answer = call(server, token, route, b'{"email": "' + b"a" * 10_000_000 + b'"}')
    assert (answer.status_code, answer.json()) == (413, {"detail": "The body is larger than 16,384 bytes"})


@pytest.mark.parametrize("route", OPTIONAL)
def test_null_is_as_good_as_nothing_where_nothing_is_needed(server, token, route):
    field = "description" if route[1] == "/api-keys/" else "email"
    answer = call(server, token, route, json.dumps({field: None}))
    assert answer.status_code in {201, 400}


def test_the_log_names_the_request_that_was_refused(server, token):
    with leaks.captured() as lines:
        answer = call(server, token, ("POST", "/auth/login"), b"{")
        wait_until(lambda: lines)
    assert lines[-1]["status"] == 422
    assert answer.headers["X-Request-ID"].startswith("req_")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=120)
@given(st.sampled_from(FIELDS), JSON)
def test_no_value_of_a_field_is_a_failure_of_the_server(server, token, place, value):
    route, field = place
    answer = call(server, token, route, with_field(route, field, json.dumps(value)))
    assert answer.status_code < 500
    if answer.status_code == 422:
        reasons(answer)
