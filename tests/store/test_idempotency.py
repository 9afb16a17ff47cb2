"""Answers kept for submissions that come again."""

from datetime import timedelta

import pytest
from store_samples import LIVE, NOON, TEST, submission

from callcov.errors import Conflict
from callcov.store import analyses, idempotency


@pytest.fixture
def kept(database, user):
    """The id of an analysis whose answer is kept under `key`."""
    with database.write() as connection:
        row = analyses.accept(connection, user, LIVE, submission(), NOON)
        idempotency.keep(connection, user, LIVE, "key", "print", row.id, "the answer", NOON)
    return row.id


def find(database, user, mode=LIVE, key="key", fingerprint="print", later=timedelta(0)):
    with database.read() as connection:
        return idempotency.find(connection, user, mode, key, fingerprint, NOON + later)


def test_the_same_request_finds_what_was_answered(database, user, kept):
    assert kept
    assert find(database, user) == "the answer"


def test_a_key_belongs_to_one_account_and_mode(database, user, other_user, kept):
    assert kept
    assert find(database, other_user) is None
    assert find(database, user, mode=TEST) is None
    assert find(database, user, key="KEY") is None


def test_another_request_under_the_key_is_a_conflict(database, user, kept):
    assert kept
    with pytest.raises(Conflict, match="Idempotency-Key"):
        find(database, user, fingerprint="other")


def test_after_twenty_four_hours_the_key_is_free(database, user, kept):
    day = timedelta(hours=24)
    assert find(database, user, later=day - timedelta(milliseconds=1)) == "the answer"
    assert find(database, user, later=day) is None
    assert find(database, user, fingerprint="other", later=day) is None
    with database.write() as connection:
        idempotency.keep(connection, user, LIVE, "key", "other", kept, "another", NOON + day)
    assert find(database, user, fingerprint="other", later=day) == "another"


def test_what_is_old_is_forgotten_and_nothing_else(database, user, kept):
    with database.write() as connection:
        idempotency.keep(connection, user, LIVE, "later", "print", kept, "later", NOON + timedelta(hours=1))
        idempotency.forget(connection, NOON + timedelta(hours=24))
        keys = connection.exec_driver_sql("SELECT key FROM idempotency").scalars().all()
    assert keys == ["later"]


def test_deleting_the_analysis_removes_the_record(database, user, kept):
    with database.write() as connection:
        analyses.delete(connection, user, LIVE, kept)
    assert find(database, user) is None
