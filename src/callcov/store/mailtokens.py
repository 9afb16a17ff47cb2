"""Tokens that are mailed: a keyed hash each. A new one voids the older one of its purpose, and using one deletes it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from callcov.store import turns
from callcov.store.tables import mail_tokens
from callcov.store.times import iso

Purpose = Literal["verify", "reset"]


def put(connection: sa.Connection, user_id: str, purpose: Purpose, token_hash: str, expires_at: datetime) -> None:
    """Keep a new token; the older one of that purpose is void."""
    turns.take(connection, user_id)
    void(connection, user_id, purpose)
    values = {"purpose": purpose, "token_hash": token_hash, "expires_at": iso(expires_at)}
    connection.execute(sa.insert(mail_tokens).values(user_id=user_id, **values))


def use(connection: sa.Connection, purpose: Purpose, token_hashes: Collection[str], now: datetime) -> str | None:
    """Use up the token that has one of those hashes and give the id of its account.

    None when it is unknown, void, over, or was used before.
    """
    wanted = sa.and_(
        mail_tokens.c.token_hash.in_(token_hashes),
        mail_tokens.c.purpose == purpose,
        mail_tokens.c.expires_at > iso(now),
    )
    user_id = connection.scalar(sa.select(mail_tokens.c.user_id).where(wanted))
    if user_id is None:
        return None
    turns.take(connection, user_id)
    return connection.scalar(sa.delete(mail_tokens).where(wanted).returning(mail_tokens.c.user_id))


def void(connection: sa.Connection, user_id: str, *purposes: Purpose) -> None:
    """Make the account's tokens of those purposes worth nothing."""
    connection.execute(
        sa.delete(mail_tokens).where(mail_tokens.c.user_id == user_id, mail_tokens.c.purpose.in_(purposes))
    )
