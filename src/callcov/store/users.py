"""Accounts. The user owns everything else; an email is one account whatever its case."""

from __future__ import annotations

import base64
import secrets
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from callcov.errors import AlreadyExists, BadForm, NotFound
from callcov.store.tables import feeds, users
from callcov.store.times import iso


@dataclass(frozen=True, slots=True)
class User:
    """An account. Times are ISO 8601 UTC."""

    id: str
    email: str
    phone_number: str | None
    is_active: bool
    is_verified: bool
    created_at: str
    updated_at: str


_COLUMNS = [users.c[name] for name in User.__dataclass_fields__]


def create(connection: sa.Connection, email: str, now: datetime) -> User:
    """A new, verified and active account with its feeds and its webhook secret.

    Raises BadForm when that is no email address, AlreadyExists when the email is taken, in whatever case.
    """
    email = _folded(email)
    if find(connection, email):
        raise AlreadyExists(f"A user with the email {email} exists already.")
    user = User(
        str(uuid.uuid4()), email, None, is_active=True, is_verified=True, created_at=iso(now), updated_at=iso(now)
    )
    values = {column.name: getattr(user, column.name) for column in _COLUMNS}
    connection.execute(sa.insert(users).values(**values, webhook_secret=_new_webhook_secret()))
    empty = {"user_id": user.id, "last_ms": 0, "last_counter": 0, "revision": 0}
    connection.execute(sa.insert(feeds), [{**empty, "livemode": True}, {**empty, "livemode": False}])
    return user


def find(connection: sa.Connection, email: str) -> User | None:
    """The account with that email, in whatever case; None if there is none."""
    row = connection.execute(sa.select(*_COLUMNS).where(users.c.email == _folded(email))).one_or_none()
    return User(*row) if row else None


def get(connection: sa.Connection, user_id: str) -> User:
    """The account. Raises NotFound."""
    row = connection.execute(sa.select(*_COLUMNS).where(users.c.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("User not found")
    return User(*row)


def webhook_secret(connection: sa.Connection, user_id: str) -> str:
    """The secret that signs the account's webhooks, `whsec_` and base64 (Standard Webhooks 1.0). Raises NotFound."""
    secret = connection.scalar(sa.select(users.c.webhook_secret).where(users.c.id == user_id))
    if secret is None:
        raise NotFound("User not found")
    return secret


def _folded(email: str) -> str:
    folded = unicodedata.normalize("NFC", email).casefold().strip()
    name, at, domain = folded.rpartition("@")
    if not (name and at and domain) or len(folded) > 320 or any(map(str.isspace, folded)):
        raise BadForm("An email address looks like name@example.com.")
    return folded


def _new_webhook_secret() -> str:
    # 32 bytes: Standard Webhooks asks for 24 to 64.
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
