"""Logins: families of refresh tokens, a keyed hash each. What a token is made of is `auth/tokens.py`.

A login lives while it has a row that is not over; its access tokens are worth nothing once the rows are gone. So ending
a login is deleting its rows, and a change of password ends them all by deleting the account's. Of a login that lives
every token is kept, however old: one that comes back was copied by somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from callcov.store import turns
from callcov.store.tables import refresh_tokens, users
from callcov.store.times import iso

MOST = 20_000
"""Tokens of one login, of which none is forgotten; one every half an hour is more than a year."""


@dataclass(frozen=True, slots=True)
class Login:
    """One login of an account."""

    user_id: str
    login_id: str


def add(
    connection: sa.Connection, user_id: str, login_id: str, token_hash: str, now: datetime, expires_at: datetime
) -> None:
    """Keep a refresh token of that login, the newest from now on. The account's logins that are over are forgotten."""
    theirs = refresh_tokens.c.user_id == user_id
    living = sa.select(refresh_tokens.c.login_id).where(theirs, refresh_tokens.c.expires_at > iso(now))
    connection.execute(sa.delete(refresh_tokens).where(theirs, refresh_tokens.c.login_id.not_in(living)))
    values = {"token_hash": token_hash, "login_id": login_id, "expires_at": iso(expires_at)}
    connection.execute(sa.insert(refresh_tokens).values(user_id=user_id, **values))


def rotate(connection: sa.Connection, token_hash: str, now: datetime) -> Login | None:
    """Use the refresh token up and tell whose it was; None when it is unknown, over, or was used before.

    One that was used before must `end` its whole login: somebody has a copy of it, and nobody can tell who. None also
    when its login has MOST tokens; that one, too, must end.
    """
    if _turn_of_owner(connection, token_hash) is None:
        return None
    family = refresh_tokens.alias()
    tokens = sa.select(sa.func.count()).where(family.c.login_id == refresh_tokens.c.login_id).scalar_subquery()
    used = sa.update(refresh_tokens).where(
        refresh_tokens.c.token_hash == token_hash,
        refresh_tokens.c.rotated_at.is_(None),
        refresh_tokens.c.expires_at > iso(now),
        refresh_tokens.c.user_id.in_(sa.select(users.c.id).where(users.c.is_active)),
        tokens < MOST,
    )
    columns = (refresh_tokens.c.user_id, refresh_tokens.c.login_id)
    row = connection.execute(used.values(rotated_at=iso(now)).returning(*columns)).one_or_none()
    return Login(*row) if row else None


def end(connection: sa.Connection, token_hash: str) -> str | None:
    """End the login that the refresh token is of, however old the token, and give its account.

    None, and nothing happens, when it is unknown.
    """
    if _turn_of_owner(connection, token_hash) is None:
        return None
    login_id = sa.select(refresh_tokens.c.login_id).where(refresh_tokens.c.token_hash == token_hash)
    ended = sa.delete(refresh_tokens).where(refresh_tokens.c.login_id.in_(login_id))
    return next(iter(connection.scalars(ended.returning(refresh_tokens.c.user_id)).all()), None)


def end_all(connection: sa.Connection, user_id: str) -> None:
    """End every login of the account."""
    connection.execute(sa.delete(refresh_tokens).where(refresh_tokens.c.user_id == user_id))


def lives(connection: sa.Connection, user_id: str, login_id: str) -> bool:
    """Whether that login of the account has not been ended and the account is active; one indexed read."""
    return connection.scalar(_LIVES, {"user_id": user_id, "login_id": login_id}) is not None


def _turn_of_owner(connection: sa.Connection, token_hash: str) -> str | None:
    """Take the turn of the account that the refresh token is of; None for an unknown token."""
    owner = sa.select(refresh_tokens.c.user_id).where(refresh_tokens.c.token_hash == token_hash)
    user_id = connection.scalar(owner)
    if user_id is not None:
        turns.take(connection, user_id)
    return user_id


# Made once: every request with a token asks this, and putting it together takes longer than the database's answer.
_LIVES = (
    sa.select(sa.literal(1))
    .select_from(refresh_tokens.join(users, users.c.id == refresh_tokens.c.user_id))
    .where(
        refresh_tokens.c.login_id == sa.bindparam("login_id"),
        refresh_tokens.c.user_id == sa.bindparam("user_id"),
        users.c.is_active,
    )
    .limit(1)
)
