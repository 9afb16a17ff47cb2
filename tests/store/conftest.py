import subprocess
from itertools import count

import pytest
from store_samples import NOON

from callcov.store import users
from callcov.store.db import migrate, open_database


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/callcov.db"


@pytest.fixture
def database(url):
    database = open_database(url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def user(database):
    """The id of an account that exists."""
    with database.write() as connection:
        return users.create(connection, "dana@example.com", NOON).id


@pytest.fixture
def other_user(database):
    with database.write() as connection:
        return users.create(connection, "erin@example.com", NOON).id


@pytest.fixture(scope="module")
def database_once(tmp_path_factory):
    """One database for many examples: called, it gives the database and a new account in it."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('once')}/callcov.db")
    migrate(database)
    numbers = count()

    def fresh():
        with database.write() as connection:
            return database, users.create(connection, f"user{next(numbers)}@example.com", NOON).id

    yield fresh
    database.close()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of five megabytes, where the machine lets a test mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here; the tests beside this one limit a file's size instead")
    yield place
    subprocess.run(["umount", str(place)], check=True)
