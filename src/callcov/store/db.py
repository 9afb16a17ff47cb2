"""One database, two pools: writers that take turns, readers that each see one snapshot; and its migrations.

SQLite in WAL mode: a reader never waits for a writer. A writer begins with BEGIN IMMEDIATE, so it never fails half
way for a lock it could not get, and takes this process's lock first, so that threads queue fairly instead of polling
the file. The durable engine shares `engine` and begins its own transactions there, therefore nothing is emitted when
one of its connections begins; `synchronous=NORMAL` survives the death of the process.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError

from callcov.errors import BadSetting, NoRoom
from callcov.store.sealed import Vault

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_MS = 30_000
_SCRUB_MS = 1_000  # writers wait while the log is emptied, so a long reader is not waited for
_SCRUB = "scrub the log"
# The second: the index of the write-ahead log cannot grow, which it must when the file is opened again.
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}


class Database:
    """An open database. `engine` is the writing pool, which the durable engine shares. Made by `open_database`."""

    def __init__(self, engine: sa.Engine, readers: sa.Engine, vault: Vault | None) -> None:
        self.engine = engine
        self.vault = vault
        self._readers = readers
        self._writing = threading.Lock()
        self._later = ThreadPoolExecutor(1, thread_name_prefix="callcov-later")
        self._pending: set[str] = set()

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """A connection on which every statement sees the snapshot of the first; writing on it fails.

        Raises NoRoom when the disk is so full that not even a reader can start.
        """
        with _no_room(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[sa.Connection]:
        """One writing transaction: committed at the end of the block, rolled back when the block raises.

        Blocks of one process take turns; never open one inside another, and do nothing slow inside. Raises NoRoom
        when the disk is full, with nothing written.
        """
        with self._writing, _no_room(), self.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def later(self, name: str, work: Callable[[sa.Connection], object]) -> None:
        """Do a small write soon, in the background; dropped when work of that name is already waiting.

        For notes, not for promises: a write that fails, because the disk is full, is not tried again.
        """
        if name not in self._pending:
            self._pending.add(name)
            self._later.submit(self._do, name, work)

    def scrub(self) -> bool:
        """Empty the write-ahead log into the database file, where deleted content is overwritten with zeros.

        Until then the log may still hold what was deleted. False when it is in use by readers; try again later.
        """
        with self._writing, _no_room(), self.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_SCRUB_MS}")
            try:
                (busy, *_) = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_MS}")
        return not busy

    def scrub_soon(self) -> None:
        """Do `scrub` in the background, unless that is already waiting."""
        if _SCRUB not in self._pending:
            self._pending.add(_SCRUB)
            self._later.submit(self._scrub)

    def _scrub(self) -> None:
        self._pending.discard(_SCRUB)
        self.scrub()

    def _do(self, name: str, work: Callable[[sa.Connection], object]) -> None:
        try:
            with self.write() as connection:
                work(connection)
        finally:
            self._pending.discard(name)

    def close(self) -> None:
        """Finish the background writes and close every connection."""
        self._later.shutdown()
        self._readers.dispose()
        self.engine.dispose()


def open_database(url: str, vault: Vault | None = None) -> Database:
    """Open `sqlite:///path`, making the file (readable by its owner only) and its folder when they are missing.

    With a vault, documents are sealed (see `sealed`).

    Raises BadSetting for another kind of address, a place that cannot be written, or a file that is no database, and
    NoRoom when the disk is full.
    """
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in {None, "", ":memory:"}:
        raise BadSetting("The database must be a SQLite file, written as sqlite:///path/to/callcov.db.")
    path = Path(str(address.database))
    engine = sa.create_engine(url, pool_size=10, max_overflow=30, execution_options={"vault": vault})
    readers = sa.create_engine(url, pool_size=8, max_overflow=40, execution_options={"vault": vault})
    event.listen(engine, "connect", _prepare_writer)
    event.listen(readers, "connect", _prepare_reader)
    event.listen(readers, "begin", _begin_snapshot)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with _no_room(), engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA schema_version")
    except (OSError, DatabaseError) as error:
        reason = error.orig if isinstance(error, DatabaseError) else error.strerror
        raise BadSetting(f"The database {path} cannot be opened: {reason}.") from error
    return Database(engine, readers, vault)


def migrate(database: Database) -> None:
    """Bring the tables up to this version. Does nothing when they are; a second process waits for the first.

    The engine's own tables in the same file are left alone. The whole migration is one transaction.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare_writer(connection: DBAPIConnection, _record: object) -> None:
    # As the engine's own pool does: the driver begins a transaction before the first change, and takes the lock then.
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten with zeros (see `Database.scrub`)
    cursor.close()


def _prepare_reader(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing; `_begin_snapshot` does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _begin_snapshot(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")


@contextmanager
def _no_room() -> Generator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) in _FULL:
            raise NoRoom("The disk that holds the database is full; free some space and try again.") from error
        raise
