"""Which files of the feed index agree with a list: those that bear the mark in the list's row.

It is drawn anew whenever what counts of the files changes (`feed/saved.py`), so a database that was put back from a
copy bears none that newer files do.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from callcov.store.tables import feeds


def of(connection: sa.Connection, user_id: str, livemode: bool) -> str | None:
    """The list's mark; None when no files were written yet."""
    return connection.scalar(sa.select(feeds.c.mark).where(_feed(user_id, livemode)))


def renew(connection: sa.Connection, user_id: str, livemode: bool) -> tuple[str | None, str]:
    """Give the list a new mark: the one it had and the new one."""
    before, new = of(connection, user_id, livemode), uuid.uuid4().hex
    connection.execute(sa.update(feeds).where(_feed(user_id, livemode)).values(mark=new))
    return before, new


def _feed(user_id: str, livemode: bool) -> sa.ColumnElement[bool]:
    return sa.and_(feeds.c.user_id == user_id, feeds.c.livemode == livemode)
