"""SQLite in WAL mode, as `db.Kind` says: a reader never waits for a writer, and all writers take turns.

A writer begins with BEGIN IMMEDIATE, so it never fails half way for a lock it could not get. The durable engine shares
the writing pool and begins its own transactions there, therefore nothing is emitted when one of its connections
begins; `synchronous=NORMAL` survives the death of the process.

Checkpoints are made in the background (`checkpoint`): SQLite's own are part of a commit, every 4 MB of log, and that
commit waits for two fsyncs. Its own remain for when there is more writing than those in the background keep up with.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, DBAPIError

from callcov.errors import BadSetting
from callcov.store.sealed import Vault

_BUSY_MS = 30_000
_READ_KIB = 8_192  # pages a reader keeps: a list of 100 documents that lie apart is some 3 MB of them
_OWN_CHECKPOINT_PAGES = 10_000  # 40 MB of log; five times a second somebody else makes one
_SCRUB_MS = 1_000  # writers wait while the log is emptied, so a long reader is not waited for
_BETWEEN_SECONDS = 0.01
# The second: the index of the write-ahead log cannot grow, which it must when the file is opened again.
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}


def pools(address: sa.URL, vault: Vault | None) -> tuple[sa.Engine, sa.Engine]:
    """The pool of writers and that of readers."""
    if address.database in {None, "", ":memory:"}:
        raise BadSetting("The database must be a file, written as sqlite:///path/to/callcov.db.")
    options = {"vault": vault}
    writers = sa.create_engine(address, pool_size=10, max_overflow=30, hide_parameters=True, execution_options=options)
    # More than there are threads: the loop, which makes pages of the list too, must not wait for a connection.
    readers = sa.create_engine(address, pool_size=8, max_overflow=80, hide_parameters=True, execution_options=options)
    event.listen(writers, "connect", _prepare_writer)
    event.listen(readers, "connect", _prepare_reader)
    event.listen(readers, "begin", _begin_snapshot)
    return writers, readers


def check(writers: sa.Engine) -> None:
    """Make the file (readable by its owner only) and its folder when they are missing."""
    path = Path(str(writers.url.database))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with writers.connect() as connection:
            connection.exec_driver_sql("PRAGMA schema_version")
    except (OSError, DatabaseError) as error:
        if isinstance(error, DBAPIError) and is_full(error):
            raise
        reason = error.orig if isinstance(error, DatabaseError) else error.strerror
        raise BadSetting(f"The database {path} cannot be opened: {reason}.") from error


def turns() -> AbstractContextManager[object]:
    """A lock, so that threads queue fairly instead of polling the file."""
    return threading.Lock()


@contextmanager
def writing(writers: sa.Engine) -> Generator[sa.Connection]:
    """A transaction that holds the file's lock from its beginning."""
    with writers.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def alone(_writers: sa.Engine) -> AbstractContextManager[None]:
    """Nothing: the lock of the data folder says it."""
    return nullcontext()


def scrub(writers: sa.Engine) -> bool:
    """Empty the write-ahead log into the file, where deleted content is overwritten with zeros."""
    until = time.monotonic() + _SCRUB_MS / 1_000
    with writers.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_SCRUB_MS}")
        try:
            # Another checkpoint, ours in the background or another process's, is refused at once, whatever the timeout.
            while not (emptied := _emptied(connection)) and time.monotonic() < until:
                time.sleep(_BETWEEN_SECONDS)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_MS}")
    return emptied


def _emptied(connection: sa.Connection) -> bool:
    (busy, *_) = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy


def checkpoint(writers: sa.Engine) -> None:
    """Write the log into the file as far as readers allow; nobody waits for it, and it waits for nobody."""
    with writers.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def is_full(error: DBAPIError) -> bool:
    """Whether the disk is so full that not even a reader can start."""
    return getattr(error.orig, "sqlite_errorcode", None) in _FULL


def _prepare_writer(connection: DBAPIConnection, _record: object) -> None:
    # As the engine's own pool does: the driver begins a transaction before the first change, and takes the lock then.
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_OWN_CHECKPOINT_PAGES}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten with zeros (see `scrub`)
    cursor.close()


def _prepare_reader(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing; `_begin_snapshot` does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute(f"PRAGMA cache_size=-{_READ_KIB}")
    cursor.close()


def _begin_snapshot(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")
