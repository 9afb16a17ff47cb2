"""What a login is made of: an access token of half an hour and a refresh token of a week (CONTRACT §1).

The access token is a signed JWT (HS256) that names the account and the login. It is looked up all the same, in one
indexed read, because a login that was ended must be worth nothing at once. The refresh token is random, stored as a
keyed hash, and good for one use.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt

from callcov.auth.secret import accepted, derived, keyed_hash
from callcov.errors import InvalidCredentials
from callcov.store import audit, logins
from callcov.store.audit import Entry
from callcov.store.db import Database
from callcov.store.logins import Login

ACCESS = timedelta(minutes=30)
REFRESH = timedelta(days=7)
REFUSED = "Could not validate credentials"
_PURPOSE = "callcov access token"


@dataclass(frozen=True, slots=True)
class Pair:
    """What a client gets when it logs in; shown once."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A pair, and what is kept of its refresh token."""

    pair: Pair
    login_id: str
    refresh_hash: str
    expires_at: datetime


def issue(secret: bytes, user_id: str, now: datetime, login_id: str | None = None) -> Issued:
    """A new pair for that login of the account; for a new login when none is named. It works once it is stored."""
    login_id = login_id or str(uuid.uuid4())
    claims = {
        "purpose": _PURPOSE,
        "user": user_id,
        "login": login_id,
        "exp": int((now + ACCESS).timestamp()),
        "jti": secrets.token_hex(8),  # so that two made in one second differ
    }
    access = jwt.encode(claims, derived(secret, _PURPOSE), algorithm="HS256")  # pyright: ignore[reportUnknownMemberType] as in links.py
    refresh_token = secrets.token_urlsafe(48)
    return Issued(Pair(access, refresh_token), login_id, hash_refresh(secret, refresh_token), now + REFRESH)


def hash_refresh(secret: bytes, token: str) -> str:
    """What is stored of a refresh token."""
    return keyed_hash(secret, "callcov refresh token", token)


def check_access(database: Database, secret: bytes, token: str, now: datetime, refused: str = REFUSED) -> Login:
    """The login of an access token.

    Raises InvalidCredentials with the text `refused` when it was not made by `issue`, was altered, or is over, and when
    its login has been ended or the account deactivated.
    """
    login = next((found for one in accepted(secret) if (found := _claimed(one, token, now))), None)
    if login is not None:
        with database.read() as connection:
            if logins.lives(connection, login.user_id, login.login_id):
                return login
    raise InvalidCredentials(refused)


def refresh(database: Database, secret: bytes, refresh_token: str, now: datetime, address: str | None = None) -> Pair:
    """A new pair for a refresh token, which is used up.

    Raises InvalidCredentials when it is unknown, over, or was used before, however long ago, or its login has as many
    tokens as it may have; then the whole login is ended, which the account's audit log tells with the `address` it came
    from.
    """
    with database.write() as connection:
        hashes = [hash_refresh(one, refresh_token) for one in accepted(secret)]
        login = next((found for one in hashes if (found := logins.rotate(connection, one, now))), None)
        if login is not None:
            new = issue(secret, login.user_id, now, login.login_id)
            logins.add(connection, login.user_id, login.login_id, new.refresh_hash, now, new.expires_at)
            return new.pair
        user_id = next((found for one in hashes if (found := logins.end(connection, one))), None)
        if user_id is not None:
            entry = Entry(audit.TOKEN, "user.refresh", "user", user_id, now, address, outcome=audit.REFUSED)
            audit.write(connection, user_id, entry)
    # After the transaction: what it ended must stay ended.
    raise InvalidCredentials(REFUSED)


def _claimed(secret: bytes, token: str, now: datetime) -> Login | None:
    if not token.isascii():
        return None
    try:
        claims = jwt.decode(  # pyright: ignore[reportUnknownMemberType] as in links.py
            token,
            derived(secret, _PURPOSE),
            algorithms=["HS256"],
            # The time is the caller's; everything else about the token is checked here.
            options={"require": ["exp"], "verify_exp": False},
        )
    except jwt.PyJWTError:
        return None
    user_id, login_id = claims.get("user"), claims.get("login")
    if claims.get("purpose") != _PURPOSE or now.timestamp() >= claims["exp"]:
        return None
    return Login(user_id, login_id) if isinstance(user_id, str) and isinstance(login_id, str) else None
