"""One database, two pools: writers, and readers that each see one snapshot; and its migrations.

What SQLite and PostgreSQL each do in their own way is in the module of that name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util.exc import CommandError
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from callcov.errors import BadSetting, CallcovError, NoRoom
from callcov.store import postgresql, sqlite
from callcov.store.sealed import Vault

LARGEST = 2**63 - 1
"""The largest number that a database takes, as an offset for one."""
UNANSWERED = (OperationalError, InterfaceError, NoConnection)
"""What a database raises that is away, or locked for longer than anybody waits; the same may work in a minute."""
_MIGRATIONS = Path(__file__).with_name("migrations")
_SCRUB, _CHECKPOINT = "scrub the log", "checkpoint"
_CHECKPOINT_SECONDS = 0.2
_AFTER_FAILURE_SECONDS = 60.0
_log = structlog.stdlib.get_logger()


class Kind(Protocol):
    """What is particular to one kind of database; `sqlite` and `postgresql` are it."""

    def pools(self, address: sa.URL, vault: Vault | None, /) -> tuple[sa.Engine, sa.Engine]:
        """The pool of writers and that of readers, on which writing fails. Raises BadSetting."""
        ...

    def check(self, writers: sa.Engine, /) -> None:
        """See that the database can be used. Raises BadSetting."""
        ...

    def turns(self) -> AbstractContextManager[object]:
        """What writers of one process hold while they write."""
        ...

    def writing(self, writers: sa.Engine, /) -> AbstractContextManager[sa.Connection]:
        """A transaction of a writer."""
        ...

    def alone(self, writers: sa.Engine, /) -> AbstractContextManager[None]:
        """Hold the database for one server. Raises BadSetting when another one does."""
        ...

    def scrub(self, writers: sa.Engine, /) -> bool:
        """As `Database.scrub`."""
        ...

    def checkpoint(self, writers: sa.Engine, /) -> None:
        """Write what is in the write-ahead log into the file, while others read and write."""
        ...

    def is_full(self, error: DBAPIError, /) -> bool:
        """Whether that went wrong because a disk is full."""
        ...


class Database:
    """An open database. `engine` is the writing pool, which the durable engine shares. Made by `open_database`.

    `feed_folder` is where the feed index keeps its segments; None keeps none.
    """

    def __init__(self, kind: Kind, engine: sa.Engine, readers: sa.Engine, feed_folder: Path | None) -> None:
        self.engine = engine
        self.feed_folder = feed_folder
        self._kind = kind
        self._readers = readers
        self._writing = kind.turns()
        self._later = ThreadPoolExecutor(1, thread_name_prefix="callcov-later")
        self._pending: set[str] = set()
        self._next_checkpoint = 0.0  # seconds of the monotonic clock

    @property
    def vault(self) -> Vault | None:
        """Who encrypts the documents; None when nobody does."""
        return self.engine.get_execution_options()["vault"]

    @property
    def is_near(self) -> bool:
        """Whether it is a file of this machine: finding a row there takes less than handing the search to a thread."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """A connection on which every statement sees the snapshot of the first; writing on it fails.

        Raises NoRoom when the disk is so full that not even a reader can start.
        """
        with _no_room(self._kind), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[sa.Connection]:
        """One writing transaction: committed at the end of the block, rolled back when the block raises.

        Never open one inside another, and do nothing slow inside. On SQLite all writers take turns; on PostgreSQL
        those of one account do, from `turns.take` on. Raises NoRoom when the disk is full, with nothing written.
        """
        with self._writing, _no_room(self._kind), self._kind.writing(self.engine) as connection:
            yield connection
        self._checkpoint_soon()

    def alone(self) -> AbstractContextManager[None]:
        """Hold the database for one server until the block ends. Raises BadSetting when another one does."""
        return self._kind.alone(self.engine)

    def later(self, name: str, work: Callable[[sa.Connection], object]) -> None:
        """Do a small write soon, in the background; dropped when work of that name is already waiting.

        For notes, not for promises: a write that fails, because the disk is full, is not tried again but logged.
        """
        self._soon(name, partial(self._write, work))

    def scrub(self) -> bool:
        """Take what was deleted out of the files, as far as a client of the database can.

        On SQLite the write-ahead log, which may still hold it, is emptied into the file, where it is overwritten with
        zeros. On PostgreSQL nothing is done (docs/operating.md). False when the log is in use by readers; try again
        later.
        """
        with self._writing, _no_room(self._kind):
            return self._kind.scrub(self.engine)

    def scrub_soon(self) -> None:
        """Do `scrub` in the background, unless that is already waiting."""
        self._soon(_SCRUB, self.scrub)

    def _soon(self, name: str, work: Callable[[], object]) -> None:
        """Do that in the background, unless it is waiting already, or the database is being closed."""

        def now() -> None:
            self._pending.discard(name)  # what is wanted from here on is wanted again
            work()

        if name not in self._pending:
            self._pending.add(name)
            with suppress(RuntimeError):  # the thread takes nothing any more
                self._later.submit(now).add_done_callback(_tell)

    def _write(self, work: Callable[[sa.Connection], object]) -> None:
        with self.write() as connection:
            work(connection)

    def _checkpoint_soon(self) -> None:
        # In the background, so that nobody's commit waits for the disk (see `sqlite`); not after every one, because
        # changes of the same pages are then written once.
        now = time.monotonic()
        if now >= self._next_checkpoint:
            self._next_checkpoint = now + _CHECKPOINT_SECONDS
            self._soon(_CHECKPOINT, self._checkpoint)

    def _checkpoint(self) -> None:
        try:
            self._kind.checkpoint(self.engine)
        except DBAPIError:
            self._next_checkpoint = time.monotonic() + _AFTER_FAILURE_SECONDS
            raise

    def close(self) -> None:
        """Finish the background writes and close every connection."""
        self._later.shutdown()
        self._readers.dispose()
        self.engine.dispose()


def open_database(url: str, vault: Vault | None = None, feed_folder: Path | None = None) -> Database:
    """Open `sqlite:///path`, making the file when it is missing, or `postgresql://user:password@host/name`.

    With a vault, documents are sealed (see `sealed`). The default of `feed_folder` is beside the SQLite file, and on
    PostgreSQL none.

    Raises BadSetting for another kind of address, a place that cannot be written, a file that is no database, or a
    server that does not let us in, and NoRoom when the disk is full. No error tells the password.
    """
    try:
        address = sa.make_url(url)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        address = None
    if address is None or address.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        raise BadSetting(
            "The database is written as postgresql://user:password@host/name or sqlite:///path/to/file.db."
        )
    kind: Kind = sqlite if address.drivername == "sqlite" else postgresql
    writers, readers = kind.pools(address, vault)
    try:
        with _no_room(kind):
            kind.check(writers)
    except CallcovError:
        writers.dispose()
        raise
    if feed_folder is None and kind is sqlite:
        feed_folder = Path(str(address.database)).with_name("feed")
    return Database(kind, writers, readers, feed_folder)


def migrate(database: Database) -> None:
    """Bring the tables up to this version. Does nothing when they are; a second process waits for the first.

    The engine's own tables in the same file are left alone. The whole migration is one transaction. Raises BadSetting
    when a later version made them.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            if not isinstance(error.__cause__, ResolutionError):
                raise
            raise BadSetting(
                "A newer CallCov has changed these tables; start that version, or put back the backup of before it."
            ) from error


def _tell(done: Future[None]) -> None:
    """Log what went wrong in the background, where nobody else asks."""
    if not done.cancelled() and (error := done.exception()):
        _log.error("work on the database in the background failed", exc_info=error)


@contextmanager
def _no_room(kind: Kind) -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        if kind.is_full(error):
            raise NoRoom("The disk that holds the database is full; free some space and try again.") from error
        raise
