"""API keys: a keyed hash each, never the key itself. What a key is made of and how it is hashed is `auth/keys.py`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from callcov.errors import NotFound, TooManyKeys
from callcov.store import turns
from callcov.store.exact import equal
from callcov.store.tables import api_keys, users
from callcov.store.times import iso


@dataclass(frozen=True, slots=True)
class Key:
    """A key as its owner sees it, without the key. Times are ISO 8601 UTC."""

    id: str
    livemode: bool
    key_prefix: str
    description: str | None
    is_active: bool
    expires_at: str | None
    last_used_at: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the account, the mode its credential works in, and the key that was shown; None for a login."""

    user_id: str
    livemode: bool
    key_id: str | None
    last_used_at: str | None


_COLUMNS = [api_keys.c[name] for name in Key.__dataclass_fields__]
_USED_EVERY = timedelta(minutes=1)
MOST_ACTIVE = 10
"""Keys of an account that work at the same time."""


def create(
    connection: sa.Connection,
    user_id: str,
    livemode: bool,
    key_hash: str,
    prefix: str,
    description: str | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> Key:
    """A new active key of that account. `prefix` is the key's first 14 characters; None never expires.

    Raises NotFound for no account, TooManyKeys when ten of its keys are active.
    """
    turns.take(connection, user_id)
    active = sa.select(sa.func.count()).select_from(api_keys).where(api_keys.c.user_id == user_id, _active(now))
    if connection.scalar(active) == MOST_ACTIVE:
        raise TooManyKeys(f"Maximum of {MOST_ACTIVE} active API keys reached")
    key = Key(
        id=str(uuid.uuid4()),
        livemode=livemode,
        key_prefix=prefix,
        description=description,
        is_active=True,
        expires_at=iso(expires_at) if expires_at else None,
        last_used_at=None,
        created_at=iso(now),
        updated_at=iso(now),
    )
    values = {column.name: getattr(key, column.name) for column in _COLUMNS}
    connection.execute(sa.insert(api_keys).values(**values, user_id=user_id, key_hash=key_hash))
    return key


def caller(connection: sa.Connection, key_hash: str, now: datetime) -> Caller | None:
    """Whose key that is; None for an unknown, inactive or expired key and for a deactivated account."""
    row = connection.execute(_CALLER, {"key_hash": key_hash, "now": iso(now)}).one_or_none()
    return Caller(*row) if row else None


def stands(connection: sa.Connection, user_id: str, key_id: str | None) -> bool:
    """Whether the account is still active, and the key not ended that was shown, if one was; it may have expired."""
    active = connection.scalars(_STANDS, {"user_id": user_id, "key_id": key_id or ""}).all()
    return bool(active) and (key_id is None or bool(active[0]))


def of_user(connection: sa.Connection, user_id: str, now: datetime, *, ended: bool) -> tuple[Key, ...]:
    """The account's keys, newest first; those that have ended only when asked for."""
    columns = [_active(now).label("is_active") if column.name == "is_active" else column for column in _COLUMNS]
    wanted = sa.select(*columns).where(api_keys.c.user_id == user_id)
    if not ended:
        wanted = wanted.where(_active(now))
    rows = connection.execute(wanted.order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc()))
    return tuple(Key(*row) for row in rows)


def end(connection: sa.Connection, user_id: str, key_id: str, now: datetime) -> None:
    """End the key for good; its row is kept. One that has ended already stays as it is. Raises NotFound."""
    turns.take(connection, user_id)
    own = sa.and_(equal(api_keys.c.id, key_id), api_keys.c.user_id == user_id)
    if connection.scalar(sa.select(api_keys.c.id).where(own)) is None:
        raise NotFound("API key not found")
    ended = sa.update(api_keys).where(own, api_keys.c.is_active)
    connection.execute(ended.values(is_active=False, updated_at=iso(now)))


def use_is_due(caller: Caller, now: datetime) -> bool:
    """Whether the last written use is a minute old or more, or there is none."""
    return caller.last_used_at is None or caller.last_used_at <= iso(now - _USED_EVERY)


def used(connection: sa.Connection, user_id: str, key_id: str, now: datetime) -> None:
    """Write that the key was used now, unless a use within the last minute is written already."""
    connection.execute(
        sa.update(api_keys)
        .where(
            api_keys.c.id == key_id,
            api_keys.c.user_id == user_id,
            sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= iso(now - _USED_EVERY)),
        )
        .values(last_used_at=iso(now))
    )


def rehash(connection: sa.Connection, user_id: str, key_id: str, key_hash: str) -> None:
    """Keep another hash of the same key."""
    mine = sa.and_(api_keys.c.id == key_id, api_keys.c.user_id == user_id)
    connection.execute(sa.update(api_keys).where(mine).values(key_hash=key_hash))


def _active(now: datetime) -> sa.ColumnElement[bool]:
    over = sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > iso(now))
    return sa.and_(api_keys.c.is_active, over)


# Made once: every request asks this, and putting it together takes longer than the database's answer.
_CALLER = (
    sa.select(api_keys.c.user_id, api_keys.c.livemode, api_keys.c.id, api_keys.c.last_used_at)
    .join(users, users.c.id == api_keys.c.user_id)
    .where(
        api_keys.c.key_hash == sa.bindparam("key_hash"),
        api_keys.c.is_active,
        users.c.is_active,
        sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > sa.bindparam("now")),
    )
)
_STANDS = (
    sa.select(api_keys.c.is_active)
    .select_from(
        users.outerjoin(api_keys, sa.and_(api_keys.c.id == sa.bindparam("key_id"), api_keys.c.user_id == users.c.id))
    )
    .where(users.c.id == sa.bindparam("user_id"), users.c.is_active)
)
