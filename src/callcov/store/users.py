"""Accounts. The user owns everything else; an email is one account whatever its case."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from callcov.errors import AlreadyExists, BadForm, NotFound
from callcov.store import logins, mailtokens, webhooks
from callcov.store.tables import api_keys, feeds, policies, users
from callcov.store.times import iso

LONGEST_EMAIL = 320
_PHONE_TAKEN = "Phone number already in use"
_EMAIL = re.compile(r"(?!.*=\?)[^\s@,;:<>()\[\]\\\"]+@[\w-]+(\.[\w-]+)*")


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


def create(
    connection: sa.Connection,
    email: str,
    now: datetime,
    *,
    phone_number: str | None = None,
    password_hash: str | None = None,
    is_verified: bool = True,
) -> User:
    """A new and active account with its feeds and its webhook secret.

    Raises BadForm when that is no email address, AlreadyExists when the email, in whatever case, or the phone number
    is another account's.
    """
    email = folded(email)
    if find(connection, email):
        raise AlreadyExists("Email already registered")
    _phone_is_free(connection, phone_number)
    moment = iso(now)
    user = User(
        str(uuid.uuid4()),
        email,
        phone_number,
        is_active=True,
        is_verified=is_verified,
        created_at=moment,
        updated_at=moment,
    )
    values = {column.name: getattr(user, column.name) for column in _COLUMNS}
    secrets_of_it = {"webhook_secret": webhooks.new(), "password_hash": password_hash}
    with _taken("Email already registered"):
        connection.execute(sa.insert(users).values(**values, **secrets_of_it))
    empty = {"user_id": user.id, "last_ms": 0, "last_counter": 0, "revision": 0}
    connection.execute(sa.insert(feeds), [{**empty, "livemode": True}, {**empty, "livemode": False}])
    return user


def update(
    connection: sa.Connection,
    user_id: str,
    now: datetime,
    email: str | None = None,
    phone_number: str | None = None,
    password_hash: str | None = None,
) -> User:
    """Change what is given and leave the rest; gives the account as it is then.

    Raises BadForm when that is no email address, AlreadyExists when the email or the phone number is another
    account's, NotFound.
    """
    email = None if email is None else folded(email)
    other = None if email is None else find(connection, email)
    if other is not None and other.id != user_id:
        raise AlreadyExists("Email already in use")
    _phone_is_free(connection, phone_number, user_id)
    given = {"email": email, "phone_number": phone_number, "password_hash": password_hash}
    values = {name: value for name, value in given.items() if value is not None}
    with _taken("Email already in use"):
        connection.execute(sa.update(users).where(users.c.id == user_id).values(**values, updated_at=iso(now)))
    return get(connection, user_id)


def verify(connection: sa.Connection, user_id: str, now: datetime) -> None:
    """Keep that the account's email is its owner's."""
    changed = sa.update(users).where(users.c.id == user_id, sa.not_(users.c.is_verified))
    connection.execute(changed.values(is_verified=True, updated_at=iso(now)))


def deactivate(connection: sa.Connection, user_id: str, now: datetime) -> None:
    """Close the account for good: its keys and its logins end; everything it owns is kept, its email too."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(is_active=False, updated_at=iso(now)))
    ended = sa.update(api_keys).where(api_keys.c.user_id == user_id, api_keys.c.is_active)
    connection.execute(ended.values(is_active=False, updated_at=iso(now)))
    logins.end_all(connection, user_id)
    mailtokens.void(connection, user_id, "verify", "reset")


def erase(connection: sa.Connection, user_id: str, now: datetime) -> None:
    """Close the account and forget who it was: email, phone number, password, webhook secret, policies, descriptions.

    Its id stays, for the audit log and the ledger of minutes, and so do its keys without what they were for.
    """
    deactivate(connection, user_id, now)
    nobody = {"email": f"{user_id}@erased.invalid", "phone_number": None, "password_hash": None}
    nobody |= {"webhook_secret": webhooks.new(), "webhook_secret_old": None, "webhook_secret_until": None}
    changed = sa.update(users).where(users.c.id == user_id)
    connection.execute(changed.values(**nobody, updated_at=iso(now)))
    connection.execute(sa.update(api_keys).where(api_keys.c.user_id == user_id).values(description=None))
    connection.execute(sa.delete(policies).where(policies.c.user_id == user_id))


def find(connection: sa.Connection, email: str) -> User | None:
    """The account with that email, in whatever case; None if there is none."""
    row = connection.execute(sa.select(*_COLUMNS).where(users.c.email == folded(email))).one_or_none()
    return User(*row) if row else None


def every(connection: sa.Connection) -> tuple[User, ...]:
    """Every account, the oldest first."""
    rows = connection.execute(sa.select(*_COLUMNS).order_by(users.c.created_at, users.c.id))
    return tuple(User(*row) for row in rows)


def exist(connection: sa.Connection) -> bool:
    """Whether there is any account."""
    return connection.scalar(sa.select(sa.literal(1)).select_from(users).limit(1)) is not None


def password_hash(connection: sa.Connection, user_id: str) -> str | None:
    """The argon2id hash of the account's password; None for an account without one, or no account."""
    return connection.scalar(sa.select(users.c.password_hash).where(users.c.id == user_id))


def get(connection: sa.Connection, user_id: str) -> User:
    """The account. Raises NotFound."""
    row = connection.execute(sa.select(*_COLUMNS).where(users.c.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("User not found")
    return User(*row)


def folded(email: str) -> str:
    """The email address as it is kept: NFC, casefolded, without space around it.

    Raises BadForm for what is not one name and one domain of 320 characters at most, and for characters that would
    make it two addresses, or another one than it looks like, in a mail's header.
    """
    found = unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold().strip())
    if len(found) > LONGEST_EMAIL or not found.isprintable() or not _EMAIL.fullmatch(found):
        raise BadForm("An email address looks like name@example.com.")
    return found


def _phone_is_free(connection: sa.Connection, phone_number: str | None, user_id: str | None = None) -> None:
    owner = sa.select(users.c.id).where(users.c.phone_number == phone_number)
    if phone_number is not None and connection.scalar(owner) not in {None, user_id}:
        raise AlreadyExists(_PHONE_TAKEN)


@contextmanager
def _taken(email_taken: str) -> Generator[None]:
    """The same, where the other account came into being since we looked, which on PostgreSQL it can."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyExists(_PHONE_TAKEN if "uq_users_phone_number" in str(error.orig) else email_taken) from error
