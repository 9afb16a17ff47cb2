"""Counters of a rate limit that several processes share: a small SQLite file of its own, beside the database.

Nothing in it is worth keeping: it is never waited for, and a power cut may lose it.
"""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa
from limits.storage import Storage
from sqlalchemy import event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

_BUSY_SECONDS = 5  # that a writer waits for another
_metadata = sa.MetaData()
_counts = sa.Table(
    "counts",
    _metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("ends_at", sa.Float, nullable=False, index=True),  # Unix seconds, when it is forgotten
)


class Counts(Storage):
    """What `limits` counts in, for windows of fixed length; any number of processes may open the same file."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        super().__init__(wrap_exceptions=True)
        path.touch(mode=0o600)
        self._engine = sa.create_engine(f"sqlite:///{path}", pool_size=8, max_overflow=40)
        event.listen(self._engine, "connect", _prepare)
        with self._engine.begin() as connection:
            connection.execute(sa.schema.CreateTable(_counts, if_not_exists=True))
            for index in _counts.indexes:
                connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))

    @property
    def base_exceptions(self) -> type[Exception]:
        """What goes wrong here; `limits` wraps it."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count `amount` more under the key, in a window of `expiry` seconds that begins with the first; the count."""
        now = time.time()
        # A window that ends much later than one that begins now was begun by a clock that has been set back since; a
        # little later, by somebody who looked at the clock after us and wrote before.
        over = sa.or_(_counts.c.ends_at <= now, _counts.c.ends_at > now + expiry + 2 * _BUSY_SECONDS)
        fresh = insert(_counts).values(key=key, count=amount, ends_at=now + expiry)
        counted = fresh.on_conflict_do_update(
            index_elements=[_counts.c.key],
            set_={
                "count": sa.case((over, amount), else_=_counts.c.count + amount),
                "ends_at": sa.case((over, now + expiry), else_=_counts.c.ends_at),
            },
        ).returning(_counts.c.count)
        with self._engine.begin() as connection:
            count = connection.execute(counted).scalar_one()
            connection.execute(sa.delete(_counts).where(_counts.c.ends_at <= now))
        return count

    def get(self, key: str) -> int:
        """The count under the key, 0 when there is none."""
        wanted = sa.select(_counts.c.count).where(_counts.c.key == key, _counts.c.ends_at > time.time())
        with self._engine.connect() as connection:
            return connection.scalar(wanted) or 0

    def get_expiry(self, key: str) -> float:
        """When the window of the key ends, in Unix seconds; now when it has none."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(_counts.c.ends_at).where(_counts.c.key == key)) or time.time()

    def check(self) -> bool:
        """Whether the file can be read."""
        self.get("")
        return True

    def reset(self) -> int:
        """Forget everything; how many keys that were."""
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(_counts)).rowcount

    def clear(self, key: str) -> None:
        """Forget one key."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_counts).where(_counts.c.key == key))


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={1000 * _BUSY_SECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()
