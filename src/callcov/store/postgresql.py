"""PostgreSQL, as `db.Kind` says: writers of one account take turns (see `turns`), those of different ones do not wait.

Writers run at READ COMMITTED on purpose: whoever had to wait for its turn must then see what the one before it left,
and an isolation level with one snapshot for the whole transaction would fail there instead. Readers run at REPEATABLE
READ, so that a page, its total and the list's revision are of one moment.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from callcov.errors import BadSetting
from callcov.store.sealed import Vault

BINARY = "callcov_binary"
"""Option of a statement: the answer comes as it lies in memory. As text, bytes come as hexadecimal, twice as long."""
_BINARY_FORMAT = 1  # of the protocol, and of psycopg.pq.Format
_DISK_FULL = "53100"
_WAITING_SECONDS = 10
# Any number will do that nothing else in the database takes for a lock; this one is the letters "callcov".
_SERVER = 0x63616C6C636F76


def pools(address: sa.URL, vault: Vault | None) -> tuple[sa.Engine, sa.Engine]:
    """The pool of writers and that of readers, together at most forty connections."""
    address = address.set(drivername="postgresql+psycopg")
    # Asked before each use whether it still lives: a server that was restarted meanwhile is not noticed otherwise.
    options = {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True, "hide_parameters": True}
    connecting = {"connect_timeout": _WAITING_SECONDS, "application_name": "callcov", "client_encoding": "utf8"}
    options |= {"connect_args": connecting}
    reading = {"vault": vault, "postgresql_readonly": True}
    try:
        writers = sa.create_engine(
            address, isolation_level="READ COMMITTED", execution_options={"vault": vault}, **options
        )
        readers = sa.create_engine(address, isolation_level="REPEATABLE READ", execution_options=reading, **options)
    except ImportError as error:
        raise BadSetting("PostgreSQL needs the package psycopg: install callcov[postgres].") from error
    event.listen(readers, "before_cursor_execute", _in_binary)
    return writers, readers


def check(writers: sa.Engine) -> None:
    """See that the database is there and keeps every character."""
    where = f"The PostgreSQL database {writers.url.database} cannot be used"
    try:
        with writers.connect() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    except SQLAlchemyError as error:
        if isinstance(error, DBAPIError) and is_full(error):
            raise
        reason = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0].rstrip(".")
        raise BadSetting(f"{where}: {reason}.") from None
    if encoding != "UTF8":
        raise BadSetting(f"{where}: its encoding is {encoding}; make one with ENCODING 'UTF8'.")


def turns() -> AbstractContextManager[object]:
    """Nothing: who has to wait, waits in the database."""
    return nullcontext()


def writing(writers: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """A transaction."""
    return writers.begin()


@contextmanager
def alone(writers: sa.Engine) -> Generator[None]:
    """Hold the whole database for one server; PostgreSQL lets go of it when the process ends, however it ends."""
    with writers.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_SERVER))):
            raise BadSetting("Another server is using this database; stop it, or give this one another database.")
        try:
            yield
        finally:
            connection.invalidate()  # with the connection the lock goes


def scrub(_writers: sa.Engine) -> bool:
    """Nothing that a client could do: PostgreSQL's own vacuum frees what was deleted, and its log is recycled."""
    return True


def checkpoint(_writers: sa.Engine) -> None:
    """Nothing: the server does that by itself."""


def is_full(error: DBAPIError) -> bool:
    """Whether a disk of the server is full."""
    return getattr(error.orig, "sqlstate", None) == _DISK_FULL


class _Cursor(Protocol):
    """What the driver's cursor has beyond others: the format in which its answers come."""

    format: int


def _in_binary(
    _connection: sa.Connection,
    cursor: _Cursor,
    _sql: str,
    _given: object,
    context: sa.ExecutionContext,
    _many: object,
) -> None:
    # The driver's own setting for a cursor; SQLAlchemy, which reads the catalogue as text, has none for a statement.
    if context.execution_options.get(BINARY):
        cursor.format = _BINARY_FORMAT
