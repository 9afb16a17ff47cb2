"""Knowing who calls: the median time of the credential check, with one key in the database and with a thousand.

The check alone, as every request makes it: headers in, caller out, one indexed read of a real database. The two
databases and the two kinds of credential take turns, so that a busy moment of the machine falls on all alike. The use
of a key is written at most once a minute and in the background; it is written beforehand here.
"""

import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from figures import Figure, NotRun

from callcov.auth import tokens
from callcov.auth.keys import PREFIX_LENGTH, hash_key, identify, new_key
from callcov.store import keys, logins, users
from callcov.store.db import Database
from callcov.store.folder import installation

SECRET = b"a secret for the benchmark, of thirty-two bytes"
LIVE = True
MANY = 1000
MOST = 0.2  # milliseconds


def account(database: Database, number: int, keys_of_it: int, now: datetime) -> tuple[str, str]:
    """An account with that many keys, used just now, and a login; its last key and its access token."""
    key = ""
    with database.write() as connection:
        user_id = users.create(connection, f"user{number}@example.com", now).id
        for _ in range(keys_of_it):
            key = new_key(livemode=True)
            made = keys.create(connection, user_id, LIVE, hash_key(SECRET, key), key[:PREFIX_LENGTH], None, now)
            keys.used(connection, user_id, made.id, now)
        login = tokens.issue(SECRET, user_id, now)
        logins.add(connection, user_id, login.login_id, login.refresh_hash, now, login.expires_at)
    return key, login.pair.access_token


def milliseconds(database: Database, credential: str, now: datetime) -> float:
    """The time of one check."""
    began = time.perf_counter()
    identify(database, SECRET, None, f"Bearer {credential}", now)
    return (time.perf_counter() - began) * 1000


def measure(*, short: bool) -> list[Figure | NotRun]:
    """Medians over 4,000 checks each (400 in the short form)."""
    now = datetime.now(UTC)
    with ExitStack() as stack:
        places: dict[str, tuple[Database, str]] = {}
        for count in (1, MANY):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            database = stack.enter_context(installation(Path(folder)))
            made = [account(database, number, min(count, keys.MOST_ACTIVE), now) for number in range(-(-count // 10))]
            key, token = made[len(made) // 2]
            places[f"a key among {count:,}"] = database, key
            if count == MANY:
                places["an access token"] = database, token
        times: dict[str, list[float]] = {name: [] for name in places}
        for _ in range(400 if short else 4000):
            for name, (database, credential) in places.items():
                times[name].append(milliseconds(database, credential, now))
    medians = {name: statistics.median(found) for name, found in times.items()}
    figures = [
        Figure(f"credential check of {name}, median", found, "ms", at_most=MOST) for name, found in medians.items()
    ]
    ratio = medians[f"a key among {MANY:,}"] / medians["a key among 1"]
    return [*figures, Figure(f"credential check, {MANY:,} keys against one", ratio, at_most=1.25)]
