import re
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from callcov.auth.keys import PREFIX_LENGTH, hash_key, identify, new_key
from callcov.auth.secret import Secret
from callcov.errors import InvalidCredentials
from callcov.store import keys, users
from callcov.store.tables import api_keys

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes or more"


@pytest.fixture
def user(database):
    with database.write() as connection:
        return users.create(connection, "dana@example.com", NOON).id


@pytest.fixture
def made(database, user):
    """Makes a key and gives it."""

    def made(*, livemode=True, **expiry):
        key = new_key(livemode)
        with database.write() as connection:
            hashed = hash_key(SECRET, key)
            keys.create(connection, user, livemode, hashed, key[:PREFIX_LENGTH], None, NOON, **expiry)
        return key

    return made


@pytest.mark.parametrize(("livemode", "start"), [(True, "sk_live_"), (False, "sk_test_")])
def test_a_key_is_its_mode_and_48_random_characters(livemode, start):
    made = {new_key(livemode) for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(start + "[A-Za-z0-9]{48}", key) for key in made)


def test_a_hash_depends_on_the_key_and_on_the_secret_and_shows_neither():
    key = new_key(livemode=True)
    hashed = hash_key(SECRET, key)
    assert re.fullmatch("[0-9a-f]{64}", hashed)
    assert hashed == hash_key(SECRET, key)
    assert len({hashed, hash_key(SECRET, key[:-1]), hash_key(SECRET + b"!", key)}) == 3


@pytest.mark.parametrize("livemode", [True, False])
@pytest.mark.parametrize(
    "headers",
    [
        lambda key: (key, None),
        lambda key: (None, f"Bearer {key}"),
        lambda key: (None, f"bearer  {key} "),
        lambda key: (f" {key} ", None),
        lambda key: (key, "Basic b3RoZXI6"),
    ],
)
def test_both_documented_headers_name_the_caller(database, user, made, livemode, headers):
    caller = identify(database, SECRET, *headers(made(livemode=livemode)), NOON)
    assert (caller.user_id, caller.livemode) == (user, livemode)


@pytest.mark.parametrize(
    "headers",
    [
        lambda _: (None, None),
        lambda _: ("", None),
        lambda _: (None, ""),
        lambda _: (None, "Bearer"),
        lambda _: (None, "Bearer "),
        lambda key: (None, key),
        lambda key: (None, f"Basic {key}"),
        lambda key: (key[:-1], None),
        lambda key: (key.swapcase(), None),
        lambda key: ("sk_live_" + "x" * 48, f"Bearer {key}"),
        lambda key: (hash_key(SECRET, key), None),
        lambda _: ("x" * 100_000, None),
        lambda _: ("\udcff\0é", None),
    ],
)
def test_anything_else_is_refused_with_the_contracts_words(database, made, headers):
    with pytest.raises(InvalidCredentials, match=r"^Invalid authentication credentials$"):
        identify(database, SECRET, *headers(made()), NOON)


def test_an_expired_key_is_refused_with_the_same_words(database, made):
    key = made(expires_at=NOON + timedelta(seconds=1))
    identify(database, SECRET, key, None, NOON)
    with pytest.raises(InvalidCredentials, match=r"^Invalid authentication credentials$"):
        identify(database, SECRET, key, None, NOON + timedelta(seconds=1))


def test_a_key_hashed_with_another_secret_is_nobodys(database, made):
    with pytest.raises(InvalidCredentials):
        identify(database, SECRET + b"!", made(), None, NOON)


def test_using_a_key_is_written_though_a_writer_is_busy_meanwhile(database, made):
    """The caller is known at once; the note of it waits for its turn."""
    key = made()
    with database.write():
        assert identify(database, SECRET, key, None, NOON).last_used_at is None
        assert identify(database, SECRET, key, None, NOON).last_used_at is None
    database.close()
    with database.read() as connection:
        assert connection.scalar(sa.select(api_keys.c.last_used_at)) == "2026-11-23T12:00:00.000Z"


def test_a_key_is_never_in_the_database(database, made, tmp_path):
    key = made()
    identify(database, SECRET, key, None, NOON)
    database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert key[:PREFIX_LENGTH].encode() in stored
    assert key[PREFIX_LENGTH:].encode() not in stored


def test_a_key_survives_a_new_secret_and_moves_to_it_when_it_is_used(database, user, made):
    used, unused = made(), made()
    new = Secret(b"another secret of thirty-two bytes or more")
    new.old = Secret(SECRET)
    assert identify(database, new, used, None, NOON).user_id == user
    wait_until_moved(database, hash_key(new, used))
    alone = Secret(new)
    assert identify(database, alone, used, None, NOON).user_id == user
    with pytest.raises(InvalidCredentials):
        identify(database, alone, unused, None, NOON)


def wait_until_moved(database, hashed):
    end = time.monotonic() + 30
    while True:
        with database.read() as connection:
            if connection.scalar(sa.select(api_keys.c.id).where(api_keys.c.key_hash == hashed)):
                return
        assert time.monotonic() < end
        time.sleep(0.02)
