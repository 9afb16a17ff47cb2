"""The secrets that sign webhooks."""

import base64
from datetime import timedelta

import pytest
from store_samples import NOON

from callcov.errors import NotFound
from callcov.store import users, webhooks
from callcov.store.times import iso
from callcov.store.webhooks import Secrets

DAY = timedelta(hours=24)


@pytest.fixture
def at(database):
    """Asks for an account's secrets at a time."""

    def asked(user_id, now):
        with database.read() as connection:
            return webhooks.secrets_of(connection, user_id, now)

    return asked


@pytest.fixture
def rotated(database):
    def rotate(user_id, now):
        with database.write() as connection:
            return webhooks.rotate(connection, user_id, now)

    return rotate


def test_a_secret_is_one_of_standard_webhooks_and_every_users_own(at, user, other_user):
    secrets = {at(owner, NOON).current for owner in (user, other_user)}
    assert len(secrets) == 2
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64
    with pytest.raises(NotFound):
        at("nobody", NOON)


def test_the_secret_before_a_change_signs_for_a_day_and_one_from_before_that_no_more(at, rotated, user, other_user):
    first, others = at(user, NOON).current, at(other_user, NOON)
    second = rotated(user, NOON)
    assert second == at(user, NOON) == Secrets(second.current, first, iso(NOON + DAY))
    assert second.signing == (second.current, first)
    third = rotated(user, NOON + DAY / 2)
    assert third.signing == (third.current, second.current)
    assert len({first, second.current, third.current}) == 3
    assert at(user, NOON + DAY / 2 + DAY - timedelta(milliseconds=1)).signing == third.signing
    assert at(user, NOON + DAY / 2 + DAY) == Secrets(third.current, None, None)
    assert at(other_user, NOON) == others
    with pytest.raises(NotFound):
        rotated("nobody", NOON)


def test_an_erased_account_keeps_neither_secret(database, at, rotated, user):
    before = rotated(user, NOON)
    with database.write() as connection:
        users.erase(connection, user, NOON)
    after = at(user, NOON)
    assert after.old is None
    assert after.current not in before.signing
