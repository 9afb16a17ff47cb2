"""What registering, logging in and managing keys leaves in the account's audit log."""

import pytest
from api_server import wait_until
from visitor import Visitor


@pytest.fixture(scope="module")
def visitor(server):
    return Visitor(server, "logged@example.com", "+15557770001").admitted()


def lines(visitor):
    """The account's log, oldest first; read with a token, which sees what belongs to the account as a whole."""
    data = visitor.call("GET", "/audit/").json()["data"]
    assert all(line["address"] == "127.0.0.1" for line in data)
    return [(line["who"], line["action"], line["outcome"]) for line in reversed(data)]


def test_an_account_begins_its_log_with_its_registration(visitor):
    assert lines(visitor)[:2] == [("visitor", "user.register", "done"), ("visitor", "user.verify", "done")]


def test_each_thing_done_to_an_account_is_a_line(visitor):
    before = len(lines(visitor))
    key = visitor.call("POST", "/api-keys/", json={}).json()["id"]
    visitor.call("DELETE", f"/api-keys/{key}")
    visitor.call("PUT", "/users/me", json={"phone_number": "+15557770002"})
    visitor.log_in()
    used = visitor.refresh
    visitor.keep(visitor.post("/auth/refresh", refresh_token=used))
    assert visitor.post("/auth/refresh", refresh_token=used).status_code == 401
    visitor.log_in()
    visitor.post("/auth/logout", refresh_token=visitor.refresh)
    visitor.log_in()
    assert lines(visitor)[before:] == [
        ("token", "key.create", "done"),
        ("token", "key.expire", "done"),
        ("token", "user.change", "done"),
        ("visitor", "user.login", "done"),
        ("token", "user.refresh", "refused"),
        ("visitor", "user.login", "done"),
        ("token", "user.logout", "done"),
        ("visitor", "user.login", "done"),
    ]


def test_a_wrong_password_is_a_line_and_an_unknown_refresh_token_or_email_is_none(visitor):
    before = len(lines(visitor))
    assert visitor.post("/auth/login", email=visitor.email, password="Wrong.Horse9").status_code == 401
    assert visitor.post("/auth/login", email="nobody@example.com", password="Wrong.Horse9").status_code == 401
    assert visitor.post("/auth/refresh", refresh_token="unknown").status_code == 401
    wait_until(lambda: len(lines(visitor)) > before)
    assert lines(visitor)[before:] == [("visitor", "user.login", "refused")]


def test_what_is_refused_for_another_reason_is_no_line(visitor):
    before = lines(visitor)
    assert visitor.call("PUT", "/users/me", json={}).status_code == 400
    assert visitor.call("DELETE", "/api-keys/none").status_code == 404
    assert lines(visitor) == before


def test_closing_the_account_and_a_new_password_are_lines(server):
    visitor = Visitor(server, "closing@example.com", "+15557770003").admitted()
    visitor.post("/auth/password-reset", email=visitor.email)
    token = visitor.code(2)
    confirmed = visitor.post("/auth/password-reset/confirm", token=token, new_password="Another.Horse9")
    assert confirmed.status_code == 200
    visitor.log_in(password="Another.Horse9")
    assert lines(visitor)[2:] == [("visitor", "user.reset", "done"), ("visitor", "user.login", "done")]
    assert visitor.call("DELETE", "/users/me").status_code == 200
    with server.services.database.read() as connection:
        row = connection.exec_driver_sql("SELECT who, action, outcome FROM audit ORDER BY at DESC, id DESC LIMIT 1")
        assert tuple(row.one()) == ("token", "user.deactivate", "done")
