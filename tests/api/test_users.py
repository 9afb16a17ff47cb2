"""Your own account, by access token alone."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from visitor import PASSWORD

from callcov.api import schemas

ROUTES = [
    ("GET", "/users/me"),
    ("PUT", "/users/me"),
    ("DELETE", "/users/me"),
    ("POST", "/api-keys/"),
    ("GET", "/api-keys/"),
    ("GET", "/api-keys/?include_expired=nonsense"),
    ("DELETE", "/api-keys/ID"),
]


def refused(answer, status, detail):
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_key_or_nonsense_is_401_in_the_documented_words(account, method, path):
    for headers in (
        {},
        {"X-API-Key": account.live},
        {"Authorization": f"Bearer {account.live}"},
        {"Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
    ):
        answer = requests.request(method, account.server.api + path, headers=headers, timeout=30)
        refused(answer, 401, "Could not validate credentials")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_account_is_shown_as_documented(visitor):
    answer = visitor.admitted().call("GET", "/users/me")
    shown = schemas.User.model_validate_json(answer.content, strict=True)
    assert (shown.email, shown.phone_number, shown.is_active, shown.is_verified) == (
        visitor.email,
        visitor.phone,
        True,
        True,
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown.created_at)
    assert list(answer.json()) == [
        "id",
        "email",
        "phone_number",
        "is_active",
        "is_verified",
        "created_at",
        "updated_at",
    ]


def test_what_is_given_is_changed_and_the_rest_stays(visitor):
    before = visitor.admitted().call("GET", "/users/me").json()
    answer = visitor.call("PUT", "/users/me", json={"phone_number": "4930" + visitor.phone[-8:]})
    changed = {"phone_number": "+4930" + visitor.phone[-8:], "updated_at": answer.json()["updated_at"]}
    assert (answer.status_code, answer.json()) == (200, before | changed)
    assert visitor.call("GET", "/users/me").json() == before | changed


@pytest.mark.parametrize("nothing", [{}, {"email": None}, {"name": "Dana"}])
def test_nothing_to_change_is_400(visitor, nothing):
    refused(visitor.admitted().call("PUT", "/users/me", json=nothing), 400, "No fields to update")


def test_what_another_account_has_cannot_be_taken(visitor, stranger):
    visitor.admitted()
    stranger.register()
    taken = visitor.call("PUT", "/users/me", json={"email": stranger.email.upper(), "phone_number": "+493012345678"})
    refused(taken, 400, "Email already in use")
    refused(visitor.call("PUT", "/users/me", json={"phone_number": stranger.phone}), 400, "Phone number already in use")
    own = {"email": visitor.email.upper(), "phone_number": visitor.phone}
    assert visitor.call("PUT", "/users/me", json=own).status_code == 200
    assert visitor.call("GET", "/users/me").json()["phone_number"] == visitor.phone


def test_a_new_email_is_the_one_to_log_in_with_and_the_old_one_is_told(visitor):
    visitor.admitted()
    visitor.post("/auth/password-reset", email=visitor.email)
    token, old = visitor.code(2), visitor.email
    changed = visitor.call("PUT", "/users/me", json={"email": "New." + old})
    assert (changed.json()["email"], changed.json()["is_verified"]) == ("new." + old, True)
    assert f"new.{old}" in visitor.mail(3)[-1]
    stale = visitor.post("/auth/password-reset/confirm", token=token, new_password=PASSWORD)
    refused(stale, 400, "Invalid or expired reset token")
    assert visitor.log_in().status_code == 401
    assert visitor.log_in(email="new." + old).status_code == 200


def test_a_new_password_ends_every_login(visitor):
    visitor.admitted()
    logins = [(visitor.access, visitor.refresh), *(tuple(visitor.log_in().json().values())[:2] for _ in range(2))]
    assert visitor.call("PUT", "/users/me", json={"password": "Another.Horse9"}).status_code == 200
    for access, refresh in logins:
        refused(visitor.call("GET", "/users/me", access), 401, "Could not validate credentials")
        refused(visitor.call("GET", "/analysis/", access), 401, "Invalid authentication credentials")
        assert visitor.post("/auth/refresh", refresh_token=refresh).status_code == 401
    assert visitor.log_in().status_code == 401
    assert visitor.log_in(password="Another.Horse9").status_code == 200


def test_a_closed_account_is_closed_everywhere_at_once_and_keeps_its_email(visitor):
    visitor.admitted()
    key = visitor.call("POST", "/api-keys/", json={}).json()["api_key"]
    visitor.post("/auth/password-reset", email=visitor.email)
    token = visitor.code(2)
    closed = visitor.call("DELETE", "/users/me")
    assert closed.json() == {"message": "Account deactivated successfully", "success": True}
    refused(visitor.call("GET", "/users/me"), 401, "Could not validate credentials")
    refused(visitor.call("GET", "/analysis/"), 401, "Invalid authentication credentials")
    refused(visitor.call("GET", "/analysis/", key), 401, "Invalid authentication credentials")
    refused(visitor.post("/auth/refresh", refresh_token=visitor.refresh), 401, "Could not validate credentials")
    refused(visitor.log_in(), 401, "Incorrect email or password")
    refused(visitor.post("/auth/resend-verification", email=visitor.email), 404, "User not found")
    stale = visitor.post("/auth/password-reset/confirm", token=token, new_password=PASSWORD)
    refused(stale, 400, "Invalid or expired reset token")
    visitor.post("/auth/password-reset", email=visitor.email)
    refused(visitor.register(phone_number="+493099999999"), 400, "Email already registered")
    assert len(visitor.mail(2)) == 2


def test_of_two_who_take_one_free_number_at_once_one_gets_it(visitor, stranger):
    both = [visitor.admitted(), stranger.admitted()]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one.call("PUT", "/users/me", json={"phone_number": "+81312345678"}), both))
    assert sorted(answer.status_code for answer in answers) == [200, 400]


@pytest.mark.parametrize("slash", ["", "/"])
def test_both_spellings_are_one_address(visitor, slash):
    visitor.admitted()
    assert visitor.call("GET", "/users/me" + slash).status_code == 200
    assert visitor.call("GET", "/api-keys" + slash).status_code == 200
    assert visitor.call("POST", "/auth/logout" + slash, json={"refresh_token": "x"}).status_code == 200
