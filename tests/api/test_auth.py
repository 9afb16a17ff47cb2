"""The doors: register, verify, log in, refresh, log out, a new password. Texts and codes are the contract's."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import leaks
import pytest
import requests
from api_server import PUBLIC, wait_until
from visitor import PASSWORD, Visitor

from callcov.api import schemas
from callcov.store import users

REGISTERED = "User registered successfully. Please check your email for the verification link."
RESET = "If the email exists, a password reset link has been sent"
TOKEN_ONLY = {"detail": "Could not validate credentials"}


def said(answer, status, message):
    assert (answer.status_code, answer.json()) == (status, {"message": message, "success": True})


def refused(answer, status, detail):
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def admits(visitor, token=None):
    return visitor.call("GET", "/users/me", token).status_code == 200


def test_from_registering_to_an_analysis_list(visitor):
    said(visitor.register(), 201, REGISTERED)
    refused(visitor.log_in(), 403, "Please verify your email before logging in")
    pair = visitor.post("/auth/verify-email", code=visitor.code())
    schemas.TokenPair.model_validate_json(pair.content, strict=True)
    assert (pair.json()["token_type"], pair.json()["expires_in"]) == ("bearer", 1800)
    assert pair.headers["Cache-Control"] == "no-store"
    visitor.keep(pair)
    assert visitor.call("GET", "/analysis/").json()["total"] == 0
    visitor.keep(visitor.log_in())
    assert visitor.call("GET", "/analysis/").status_code == 200


def test_an_email_and_a_phone_number_are_one_account(visitor, stranger):
    visitor.register()
    refused(visitor.register(phone_number="+15550009999"), 400, "Email already registered")
    refused(visitor.register(email=visitor.email.upper(), phone_number="+15550009999"), 400, "Email already registered")
    refused(stranger.register(phone_number=visitor.phone.removeprefix("+")), 400, "Phone number already in use")
    said(stranger.register(), 201, REGISTERED)


def test_twenty_who_register_one_email_at_once_are_one_account(visitor):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: visitor.register(phone_number=f"+1777000{number:04}"), range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 19
    assert {answer.json()["detail"] for answer in answers if answer.status_code == 400} == {"Email already registered"}
    assert len(visitor.mail()) == 1


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("Aa1!Aa1", "Password must have at least 8 characters"),
        ("aaaaaa1!", "Password must contain an uppercase letter"),
        ("AAAAAA1!", "Password must contain a lowercase letter"),
        ("Aaaaaaa!", "Password must contain a digit"),
        ("Aaaaaaa1", 'Password must contain one of !@#$%^&*(),.?":|<>'),
        ("ÄÖÜäöü1-", "Password must contain an uppercase letter, a lowercase letter, one of"),
    ],
)
def test_a_weak_password_is_refused_with_what_it_lacks_and_not_repeated(visitor, password, says):
    visitor.register()
    for answer, field in (
        (visitor.register(password=password), "password"),
        (visitor.post("/auth/password-reset/confirm", token="x", new_password=password), "new_password"),
    ):
        (item,) = schemas.BodyProblem.model_validate_json(answer.content, strict=True).detail
        assert (answer.status_code, item.loc, item.input) == (422, ["body", field], None)
        assert item.msg.startswith(f"Value error, {says}")
        assert password not in answer.text


def test_a_code_verifies_once_and_only_the_newest_does(visitor):
    visitor.register()
    first = visitor.code()
    said(
        visitor.post("/auth/resend-verification", email=visitor.email.upper()),
        200,
        "Verification email sent successfully",
    )
    second = visitor.code(2)
    for void in (first, "nonsense", "", first + "x"):
        refused(visitor.post("/auth/verify-email", code=void), 400, "Invalid or expired verification code")
    assert visitor.post("/auth/verify-email", code=second).status_code == 200
    refused(visitor.post("/auth/verify-email", code=second), 400, "Invalid or expired verification code")
    refused(visitor.post("/auth/resend-verification", email=visitor.email), 400, "Email already verified")


def test_one_code_sent_ten_times_at_once_works_once(visitor):
    visitor.register()
    code = visitor.code()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: visitor.post("/auth/verify-email", code=code).status_code, range(10)))
    assert sorted(answers) == [200] + [400] * 9


def test_a_code_of_one_purpose_is_none_of_the_other(visitor):
    visitor.register()
    answer = visitor.post("/auth/password-reset/confirm", token=visitor.code(), new_password=PASSWORD)
    refused(answer, 400, "Invalid or expired reset token")
    visitor.post("/auth/password-reset", email=visitor.email)
    refused(visitor.post("/auth/verify-email", code=visitor.code(2)), 400, "Invalid or expired verification code")


def test_nobody_is_told_apart_from_a_wrong_password(visitor, server, account):
    visitor.admitted()
    operators = f"{account.user_id}@example.com"
    with server.services.database.write() as connection:
        users.update(connection, account.user_id, datetime.now(UTC), operators)
    for email, password in ((visitor.email, PASSWORD + "x"), ("nobody@example.com", PASSWORD), (operators, PASSWORD)):
        answer = visitor.post("/auth/login", email=email, password=password)
        refused(answer, 401, "Incorrect email or password")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_unverified_account_is_not_told_of_to_who_has_not_its_password(visitor):
    visitor.register()
    refused(visitor.log_in(password="Wrong.Horse9"), 401, "Incorrect email or password")


def test_refreshing_gives_two_new_tokens_and_ends_the_old_one(visitor):
    visitor.admitted()
    old = visitor.access, visitor.refresh
    visitor.keep(visitor.post("/auth/refresh", refresh_token=visitor.refresh))
    assert not set(old) & {visitor.access, visitor.refresh}
    assert admits(visitor)


def test_a_refresh_token_used_again_ends_its_login_and_no_other(visitor):
    visitor.admitted()
    stolen, other = visitor.refresh, visitor.log_in().json()
    newer = visitor.post("/auth/refresh", refresh_token=stolen).json()
    refused(visitor.post("/auth/refresh", refresh_token=stolen), 401, "Could not validate credentials")
    refused(visitor.post("/auth/refresh", refresh_token=newer["refresh_token"]), 401, "Could not validate credentials")
    assert not admits(visitor, newer["access_token"])
    assert admits(visitor, other["access_token"])
    assert visitor.post("/auth/refresh", refresh_token=other["refresh_token"]).status_code == 200


def test_of_two_who_refresh_with_one_token_at_once_exactly_one_wins(visitor):
    visitor.admitted()
    for _ in range(5):
        visitor.log_in()
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda _: visitor.post("/auth/refresh", refresh_token=visitor.refresh), range(2)))
        assert sorted(answer.status_code for answer in both) == [200, 401]


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 256])
def test_an_unknown_refresh_token_is_401(visitor, token):
    answer = visitor.post("/auth/refresh", refresh_token=token)
    refused(answer, 401, "Could not validate credentials")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_access_token_is_no_refresh_token_and_the_other_way_round(visitor):
    visitor.admitted()
    assert visitor.post("/auth/refresh", refresh_token=visitor.access).status_code in {401, 422}
    assert not admits(visitor, visitor.refresh)


def test_logging_out_ends_that_login_its_access_token_too(visitor):
    visitor.admitted()
    other = visitor.access
    visitor.log_in()
    said(visitor.post("/auth/logout", refresh_token=visitor.refresh), 200, "Logged out successfully")
    said(visitor.post("/auth/logout", refresh_token=visitor.refresh), 200, "Logged out successfully")
    assert visitor.post("/auth/refresh", refresh_token=visitor.refresh).status_code == 401
    assert (admits(visitor), admits(visitor, other)) == (False, True)


def test_a_reset_password_is_the_password_and_every_login_ends(visitor):
    visitor.admitted()
    logins = [visitor.log_in().json() for _ in range(2)]
    said(visitor.post("/auth/password-reset", email=visitor.email.upper()), 200, RESET)
    token, new = visitor.code(2), "Another.Horse9"
    said(
        visitor.post("/auth/password-reset/confirm", token=token, new_password=new), 200, "Password reset successfully"
    )
    for login in logins:
        assert not admits(visitor, login["access_token"])
        assert visitor.post("/auth/refresh", refresh_token=login["refresh_token"]).status_code == 401
    assert visitor.log_in().status_code == 401
    assert visitor.log_in(password=new).status_code == 200
    again = visitor.post("/auth/password-reset/confirm", token=token, new_password=new)
    refused(again, 400, "Invalid or expired reset token")


def test_a_newer_reset_token_voids_the_older(visitor):
    visitor.admitted()
    visitor.post("/auth/password-reset", email=visitor.email)
    first = visitor.code(2)
    visitor.post("/auth/password-reset", email=visitor.email)
    second = visitor.code(3)
    confirm = {"new_password": "Another.Horse9"}
    assert visitor.post("/auth/password-reset/confirm", token=first, **confirm).status_code == 400
    assert visitor.post("/auth/password-reset/confirm", token=second, **confirm).status_code == 200


def test_who_resets_a_password_by_mail_has_the_mailbox_so_the_email_is_verified(visitor):
    visitor.register()
    visitor.post("/auth/password-reset", email=visitor.email)
    assert visitor.post("/auth/password-reset/confirm", token=visitor.code(2), new_password=PASSWORD).status_code == 200
    assert visitor.log_in().json()["token_type"] == "bearer"


def test_asking_for_a_reset_says_the_same_whoever_it_is_and_mails_only_who_is_there(visitor, stranger):
    visitor.admitted()
    said(visitor.post("/auth/password-reset", email=stranger.email), 200, RESET)
    said(visitor.post("/auth/password-reset", email=visitor.email), 200, RESET)
    assert len(visitor.mail(2)) == 2
    assert stranger.mail(0) == []


def test_nobody_gets_no_verification_mail(visitor):
    refused(visitor.post("/auth/resend-verification", email=visitor.email), 404, "User not found")


def test_links_lead_to_the_public_address_whatever_host_was_asked_for(visitor):
    sent = {"email": visitor.email, "phone_number": visitor.phone, "password": PASSWORD}
    requests.post(visitor.server.api + "/auth/register", json=sent, headers={"Host": "evil.example"}, timeout=30)
    visitor.post("/auth/password-reset", email=visitor.email)
    verify, reset = visitor.mail(2)
    assert f"{PUBLIC}/verify-email?token=" in verify
    assert f"{PUBLIC}/reset-password-confirmation?token=" in reset
    assert "evil" not in verify + reset


def test_three_verification_mails_an_hour_an_email_and_ten_an_address(quiet_server):
    visitors = [Visitor(quiet_server, f"v{number}@example.com", f"+1888000{number:04}") for number in range(4)]
    for visitor in visitors:
        visitor.register()
    for visitor in visitors[:3]:
        for _ in range(3):
            assert visitor.post("/auth/resend-verification", email=visitor.email).status_code == 200
    limited = visitors[0].post("/auth/resend-verification", email=visitors[0].email.upper())
    refused(limited, 429, "Rate limit exceeded")
    assert 3500 < int(limited.headers["Retry-After"]) <= 3601  # whole seconds, never too early
    refused(visitors[3].post("/auth/resend-verification", email=visitors[3].email), 429, "Rate limit exceeded")


def test_guessing_a_password_is_limited_by_email_whether_there_is_an_account_or_not(quiet_server):
    guesser = Visitor(quiet_server, "nobody@example.com", "+15550000000")
    answers = [guesser.log_in(password=f"Guess-number-{number}").status_code for number in range(21)]
    assert answers == [401] * 20 + [429]
    assert guesser.log_in(email="somebody@example.com").status_code == 401


def test_no_secret_is_in_the_log_or_the_database(quiet_server):
    visitor = Visitor(quiet_server, "dana@example.com", "+15550000000")
    with leaks.captured() as lines:
        visitor.admitted()
        secrets = [visitor.code(), visitor.access, visitor.refresh, PASSWORD]
        visitor.keep(visitor.post("/auth/refresh", refresh_token=visitor.refresh))
        key = visitor.call("POST", "/api-keys/", json={}).json()["api_key"]
        visitor.post("/auth/password-reset", email=visitor.email)
        secrets += [visitor.code(2), visitor.access, visitor.refresh, key]
        visitor.log_in(password="Wrong.Horse9")
        wait_until(lambda: len(lines) >= 6)
    assert len(set(secrets)) == 8
    stored = b"".join(path.read_bytes() for path in quiet_server.folder.glob("callcov.db*"))
    assert [secret for secret in secrets if secret in str(lines) or secret.encode() in stored] == []
    assert [secret for secret in secrets if secret in repr(quiet_server.services)] == []


def test_a_stored_password_is_argon2id(visitor):
    visitor.register()
    with visitor.server.services.database.read() as connection:
        stored = users.password_hash(connection, users.find(connection, visitor.email).id)
    assert re.match(r"\$argon2id\$v=19\$", stored)
