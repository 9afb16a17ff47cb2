"""Users, their keys, and the attempts to call their webhooks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from store_samples import LIVE, NOON, TEST, submission

from callcov.errors import AlreadyExists, BadForm, NotFound
from callcov.store import analyses, deliveries, keys, users
from callcov.store.deliveries import Delivery
from callcov.store.tables import users as users_table

HASH = "a" * 64
ATTEMPT = Delivery("d1", "", 1, "2026-11-23T12:00:00.678Z", 30, None, "failed", "no answer", "2026-11-23T12:00:05.678Z")


def test_a_new_user_is_active_verified_and_answers_in_iso_time(database, user):
    with database.read() as connection:
        found = users.get(connection, user)
    assert (found.is_active, found.is_verified, found.phone_number) == (True, True, None)
    assert found.created_at == found.updated_at == "2026-11-23T12:00:00.678Z"


@pytest.mark.parametrize("email", ["DANA@Example.com", " dana@example.com ", "dana@EXAMPLE.COM"])
def test_an_email_is_one_account_whatever_its_case(database, user, email):
    with database.write() as connection:
        assert users.find(connection, email).id == user
        with pytest.raises(AlreadyExists, match=r"^Email already registered$"):
            users.create(connection, email, NOON)


@pytest.mark.parametrize("bad", ["", "dana", "@example.com", "dana@", "da na@example.com", "d" * 320 + "@example.com"])
def test_what_is_no_email_is_refused(database, bad):
    with database.write() as connection, pytest.raises(BadForm, match=r"name@example\.com"):
        users.create(connection, bad, NOON)


def test_a_key_leads_to_its_account_and_mode(database, user):
    with database.write() as connection:
        live = keys.create(connection, user, LIVE, HASH, "sk_live_abcdef", "the demo", NOON)
        test = keys.create(connection, user, TEST, "b" * 64, "sk_test_abcdef", None, NOON)
    with database.read() as connection:
        assert keys.caller(connection, HASH, NOON) == keys.Caller(user, LIVE, live.id, None)
        assert keys.caller(connection, "b" * 64, NOON) == keys.Caller(user, TEST, test.id, None)
        assert keys.caller(connection, "c" * 64, NOON) is None
    assert (live.key_prefix, live.description, live.is_active) == ("sk_live_abcdef", "the demo", True)


def test_a_hash_is_kept_once(database, user):
    with database.write() as connection:
        keys.create(connection, user, LIVE, HASH, "sk_live_abcdef", None, NOON)
        with pytest.raises(IntegrityError):
            keys.create(connection, user, TEST, HASH, "sk_test_abcdef", None, NOON)


@pytest.mark.parametrize(("seconds", "known"), [(0, True), (59.999, True), (60, False), (3600, False)])
def test_a_key_ends_at_its_moment(database, user, seconds, known):
    with database.write() as connection:
        keys.create(connection, user, LIVE, HASH, "sk_live_abcdef", None, NOON, NOON + timedelta(minutes=1))
        found = keys.caller(connection, HASH, NOON + timedelta(seconds=seconds))
    assert (found is not None) is known


def test_the_keys_of_a_deactivated_account_are_nobodys(database, user):
    with database.write() as connection:
        keys.create(connection, user, LIVE, HASH, "sk_live_abcdef", None, NOON)
        connection.execute(users_table.update().values(is_active=False))
        assert keys.caller(connection, HASH, NOON) is None


def test_a_use_is_written_once_a_minute(database, user, other_user):
    with database.write() as connection:
        key = keys.create(connection, user, LIVE, HASH, "sk_live_abcdef", None, NOON)
        seen = []
        for seconds in (0, 1, 59, 60, 61, 120):
            now = NOON + timedelta(seconds=seconds)
            due = keys.use_is_due(keys.caller(connection, HASH, now), now)
            keys.used(connection, other_user, key.id, now)  # not theirs: nothing
            keys.used(connection, user, key.id, now)
            seen.append((due, keys.caller(connection, HASH, now).last_used_at[17:23]))
    assert seen == [
        (True, "00.678"),
        (False, "00.678"),
        (False, "00.678"),
        (True, "00.678"),
        (False, "00.678"),
        (True, "00.678"),
    ]


@pytest.fixture
def analysis(database, user):
    with database.write() as connection:
        return analyses.accept(connection, user, LIVE, submission(), NOON).id


def test_attempts_are_told_oldest_first_and_only_to_their_owner_and_mode(database, user, other_user, analysis):
    first = replace(ATTEMPT, analysis_id=analysis)
    second = replace(first, id="d2", attempt=2, started_at="2026-11-23T12:00:06.000Z", status_code=200, next_at=None)
    with database.write() as connection:
        deliveries.add(connection, user, second)
        deliveries.add(connection, user, first)
        assert deliveries.of_analysis(connection, user, LIVE, analysis) == (first, second)
        assert deliveries.of_analysis(connection, user, TEST, analysis) == ()
        assert deliveries.of_analysis(connection, other_user, LIVE, analysis) == ()


def test_an_attempt_made_again_after_a_crash_is_one_row(database, user, analysis):
    first = replace(ATTEMPT, analysis_id=analysis)
    again = replace(first, status_code=200, error=None)
    with database.write() as connection:
        deliveries.add(connection, user, first)
        deliveries.add(connection, user, again)
        assert deliveries.of_analysis(connection, user, LIVE, analysis) == (again,)


def test_an_attempt_for_an_analysis_that_is_gone_is_not_kept(database, other_user, analysis):
    with database.write() as connection, pytest.raises(NotFound):
        deliveries.add(connection, other_user, replace(ATTEMPT, analysis_id=analysis))
