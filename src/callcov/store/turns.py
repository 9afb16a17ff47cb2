"""Writers of one account take turns, so that each sees what the one before it left."""

from __future__ import annotations

import sqlalchemy as sa

from callcov.errors import NotFound
from callcov.store.tables import users

# Made once: every change asks it.
_TURN = sa.select(users.c.id).where(users.c.id == sa.bindparam("user_id")).with_for_update()


def take(connection: sa.Connection, user_id: str) -> None:
    """Wait for whoever writes for the account, and keep others waiting to the end of the transaction.

    The first thing that a transaction does for an account: whoever reads before decides by what may be over, and two
    that have written already may wait for each other for ever. Taking it again does nothing. Raises NotFound for an
    unknown account.
    """
    if connection.scalar(_TURN, {"user_id": user_id}) is None:
        raise NotFound("User not found")


def wait(connection: sa.Connection, user_id: str) -> None:
    """`take`, for whoever sees by what it reads next whether the account is there: for an unknown one nothing is done.

    On SQLite all writers take turns from their beginning, and there is nothing to wait for.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_TURN, {"user_id": user_id})
