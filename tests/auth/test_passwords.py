"""Passwords: which are strong enough, and how they are kept."""

import asyncio
import string
import threading
import time
import unicodedata
from datetime import UTC, datetime

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.auth import accounts
from callcov.auth.passwords import LONGEST, SPECIAL, Passwords, weakness
from callcov.errors import InvalidCredentials
from callcov.store import users

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes or more"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def passwords():
    passwords = Passwords(CHEAP)
    yield passwords
    passwords.close()


def run(coroutine):
    return asyncio.run(coroutine)


@given(st.text(string.ascii_letters + string.digits + SPECIAL + " -äЖ", max_size=14))
def test_a_password_is_accepted_exactly_when_it_keeps_to_every_rule(password):
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits, SPECIAL)
    keeps = len(password) >= 8 and all(any(one in kind for one in password) for kind in kinds)
    assert (weakness(password) is None) is keeps


def test_only_the_password_itself_is_right(passwords):
    stored = run(passwords.hash("Correct.Horse9"))
    assert stored.startswith("$argon2id$")
    assert stored != run(passwords.hash("Correct.Horse9"))
    assert run(passwords.verify("Correct.Horse9", stored))
    for wrong in ("correct.horse9", "Correct.Horse9 ", "", "x" * LONGEST):
        assert not run(passwords.verify(wrong, stored))


@pytest.mark.parametrize("stored", [None, "", "nonsense", "$argon2id$v=19$nonsense"])
def test_nothing_is_right_where_nothing_is_stored(passwords, stored):
    assert not run(passwords.verify("the password of nobody", stored))


def test_an_accent_may_be_typed_either_way(passwords):
    both = [unicodedata.normalize(form, "Müsli.Riegel9") for form in ("NFC", "NFD")]
    assert both[0] != both[1]
    assert run(passwords.verify(both[1], run(passwords.hash(both[0]))))


class Counting(argon2.PasswordHasher):
    """Takes a moment, and knows how many run at the same time."""

    running = most = 0
    lock = threading.Lock()

    def hash(self, password, **other):
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.02)
        with self.lock:
            self.running -= 1
        return super().hash(password, **other)


def test_two_are_hashed_at_once_and_never_more():
    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher)

    async def flood():
        await asyncio.gather(*(passwords.hash(f"password {number}") for number in range(20)))

    run(flood())
    passwords.close()
    assert hasher.most == 2


def test_the_shipped_cost_is_the_second_choice_of_rfc_9106():
    passwords = Passwords()
    stored = run(passwords.hash("Correct.Horse9"))
    passwords.close()
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def register(database, hashed):
    with database.write() as connection:
        return users.create(connection, "dana@example.com", NOON, password_hash=hashed).id


def test_a_hash_of_older_parameters_is_made_anew_when_its_owner_logs_in(database, passwords):
    old = argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash("Correct.Horse9")
    user = register(database, old)
    for _ in range(2):
        run(accounts.log_in(database, SECRET, passwords, "dana@example.com", "Correct.Horse9", NOON))
        with database.read() as connection:
            newer = users.password_hash(connection, user)
        assert newer != old
        assert "m=8,t=1,p=1" in newer


def test_a_password_changed_while_it_was_verified_no_longer_logs_in(database, passwords):
    """The change comes after the look-up and before the login is written."""
    user = register(database, run(passwords.hash("Correct.Horse9")))

    class Slow(Passwords):
        async def verify(self, password, stored):
            right = await super().verify(password, stored)
            accounts.change(database, user, NOON, password_hash="another")
            return right

    slow = Slow(CHEAP)
    with pytest.raises(InvalidCredentials):
        run(accounts.log_in(database, SECRET, slow, "dana@example.com", "Correct.Horse9", NOON))
    slow.close()


def test_an_unknown_email_takes_the_same_work_as_a_wrong_password(database):
    """Counted, not timed: a busy machine's clock proves nothing."""
    verified = []

    class Noting(argon2.PasswordHasher):
        def verify(self, stored, password):
            verified.append(argon2.extract_parameters(stored))
            return super().verify(stored, password)

    passwords = Passwords(Noting(time_cost=1, memory_cost=8, parallelism=1))
    register(database, run(passwords.hash("Correct.Horse9")))
    for email in ("dana@example.com", "nobody@example.com"):
        with pytest.raises(InvalidCredentials):
            run(accounts.log_in(database, SECRET, passwords, email, "Wrong.Horse9", NOON))
    passwords.close()
    assert len(verified) == 2
    assert verified[0] == verified[1]
