import shutil
import subprocess
from contextlib import contextmanager
from itertools import count

import pytest
from store_samples import NOON

from callcov.store import users
from callcov.store.db import migrate, open_database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of a database of the test's own, of each kind; on PostgreSQL the tables are there."""
    with _own(request, tmp_path, lambda postgres: postgres.fresh()) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """The same, without tables."""
    with _own(request, tmp_path, lambda postgres: postgres.empty()) as url:
        yield url


@contextmanager
def _own(request, folder, new):
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/callcov.db"
        return
    postgres = request.getfixturevalue("postgres")
    url = new(postgres)
    yield url
    postgres.drop(url)


@pytest.fixture
def database(url, tmp_path):
    database = open_database(url, feed_folder=tmp_path / "feed")
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_once(request, tmp_path_factory):
    """One database for many examples, of each kind: called, it gives the database and a new account in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('once')}/callcov.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh()
    database = open_database(url)
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
    with mounted(tmp_path / "disk") as place:
        yield place


@pytest.fixture
def small_disk_of_postgres(postgres):
    """The same, for the PostgreSQL server."""
    with mounted(postgres.folder / "disk") as place:
        shutil.chown(place, postgres.folder.owner())
        yield place


@contextmanager
def mounted(place):
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here; the tests beside this one limit a file's size instead")
    yield place
    subprocess.run(["umount", str(place)], check=True)
