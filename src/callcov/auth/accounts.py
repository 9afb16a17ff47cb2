"""What an account goes through: registered, verified, logged in, its password set anew, changed, closed (CONTRACT §2).

Each is one transaction, and in it a line of the audit log with the `address` that the request came from. Mail is given
back as a letter, or handed to the post, after what it tells of is stored.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from callcov.auth import mail, tokens
from callcov.auth.mail import Letter
from callcov.auth.passwords import Passwords
from callcov.auth.secret import accepted, keyed_hash
from callcov.auth.tokens import Pair
from callcov.errors import AlreadyVerified, BadCode, InvalidCredentials, NotFound, Unverified
from callcov.store import audit, logins, mailtokens, turns, users
from callcov.store.audit import Entry
from callcov.store.db import Database
from callcov.store.users import User

CODE = timedelta(minutes=15)
"""How long a mailed code or token works."""
_WRONG = "Incorrect email or password"


def new_code(secret: bytes) -> tuple[str, str]:
    """A code to be mailed, and what is stored of it."""
    code = secrets.token_urlsafe(32)
    return code, hash_code(secret, code)


def hash_code(secret: bytes, code: str) -> str:
    """What is stored of a mailed code."""
    return keyed_hash(secret, "callcov mailed code", code)


def register(
    database: Database,
    secret: bytes,
    base: str,
    email: str,
    phone_number: str,
    password_hash: str,
    now: datetime,
    address: str | None = None,
) -> Letter:
    """A new account that is not verified, and the mail with its code. Raises AlreadyExists."""
    code, hashed = new_code(secret)
    with database.write() as connection:
        user = users.create(
            connection, email, now, phone_number=phone_number, password_hash=password_hash, is_verified=False
        )
        mailtokens.put(connection, user.id, "verify", hashed, now + CODE)
        audit.write(connection, user.id, _entry("user.register", user.id, now, address))
    return mail.verification(base, user.email, code)


def verify_again(database: Database, secret: bytes, base: str, email: str, now: datetime) -> Letter:
    """The mail with a new code; the older one is void. Raises NotFound, AlreadyVerified."""
    code, hashed = new_code(secret)
    with database.write() as connection:
        user = users.find(connection, email)
        if user is None or not user.is_active:
            raise NotFound("User not found")
        if user.is_verified:
            raise AlreadyVerified("Email already verified")
        mailtokens.put(connection, user.id, "verify", hashed, now + CODE)
    return mail.verification(base, user.email, code)


def verify(database: Database, secret: bytes, code: str, now: datetime, address: str | None = None) -> Pair:
    """Take the code that was mailed: the email is verified, and its owner logged in. Raises BadCode."""
    with database.write() as connection:
        user_id = mailtokens.use(connection, "verify", _hashes(secret, code), now)
        if user_id is None:
            raise BadCode("Invalid or expired verification code")
        users.verify(connection, user_id, now)
        audit.write(connection, user_id, _entry("user.verify", user_id, now, address))
        new = tokens.issue(secret, user_id, now)
        logins.add(connection, user_id, new.login_id, new.refresh_hash, now, new.expires_at)
    return new.pair


async def log_in(
    database: Database,
    secret: bytes,
    passwords: Passwords,
    email: str,
    password: str,
    now: datetime,
    address: str | None = None,
) -> Pair:
    """A new login. A password hashed with older parameters is hashed anew.

    Raises InvalidCredentials for a wrong password, an unknown email, an account without a password and one that was
    deactivated, all with the same text and after the same work; Unverified when only that is missing.
    """
    user, stored = await asyncio.to_thread(_known, database, email)
    right = await passwords.verify(password, stored)
    if user is None or stored is None or not right:
        if user is not None:
            _note_refused(database, user.id, now, address)
        raise InvalidCredentials(_WRONG)
    if not user.is_verified:
        _note_refused(database, user.id, now, address)
        raise Unverified("Please verify your email before logging in")
    newer = await passwords.hash(password) if passwords.is_outdated(stored) else None
    return await asyncio.to_thread(_begin, database, secret, user.id, stored, newer, now, address)


def log_out(database: Database, secret: bytes, refresh_token: str, now: datetime, address: str | None = None) -> None:
    """End the login of that refresh token; nothing happens when there is none."""
    with database.write() as connection:
        for one in accepted(secret):
            user_id = logins.end(connection, tokens.hash_refresh(one, refresh_token))
            if user_id is not None:
                audit.write(connection, user_id, _entry("user.logout", user_id, now, address, audit.TOKEN))


def ask_reset(database: Database, secret: bytes, base: str, email: str, now: datetime) -> Letter | None:
    """The mail with which the password is set anew; None when nobody active has that email."""
    code, hashed = new_code(secret)
    with database.write() as connection:
        user = users.find(connection, email)
        if user is None or not user.is_active:
            return None
        mailtokens.put(connection, user.id, "reset", hashed, now + CODE)
    return mail.reset(base, user.email, code)


def reset_password(
    database: Database, secret: bytes, token: str, password_hash: str, now: datetime, address: str | None = None
) -> None:
    """Take the token that was mailed and set the password; every login ends. Raises BadCode.

    Who has the mail has the mailbox, so the email is verified too.
    """
    with database.write() as connection:
        user_id = mailtokens.use(connection, "reset", _hashes(secret, token), now)
        if user_id is None:
            raise BadCode("Invalid or expired reset token")
        users.update(connection, user_id, now, password_hash=password_hash)
        users.verify(connection, user_id, now)
        logins.end_all(connection, user_id)
        audit.write(connection, user_id, _entry("user.reset", user_id, now, address))


def change(
    database: Database,
    user_id: str,
    now: datetime,
    email: str | None = None,
    phone_number: str | None = None,
    password_hash: str | None = None,
    address: str | None = None,
) -> tuple[User, Letter | None]:
    """Change what is given; the account as it is then, and the mail that tells the old address of a new one.

    A new password ends every login, a new email voids what was mailed to the old one. Raises AlreadyExists.
    """
    with database.write() as connection:
        turns.take(connection, user_id)
        old = users.get(connection, user_id)
        new = users.update(connection, user_id, now, email, phone_number, password_hash)
        if password_hash is not None:
            logins.end_all(connection, user_id)
        if password_hash is not None or new.email != old.email:
            mailtokens.void(connection, user_id, "verify", "reset")
        audit.write(connection, user_id, _entry("user.change", user_id, now, address, audit.TOKEN))
    return new, mail.moved(old.email, new.email) if new.email != old.email else None


def _hashes(secret: bytes, code: str) -> tuple[str, ...]:
    """What may be stored of a mailed code: it may have been mailed under the secret before this one."""
    return tuple(hash_code(one, code) for one in accepted(secret))


def _known(database: Database, email: str) -> tuple[User | None, str | None]:
    """The active account with that email, and its password's hash."""
    with database.read() as connection:
        user = users.find(connection, email)
        if user is None or not user.is_active:
            return None, None
        return user, users.password_hash(connection, user.id)


def _entry(action: str, user_id: str, now: datetime, address: str | None, who: str = audit.VISITOR) -> Entry:
    return Entry(who, action, "user", user_id, now, address)


def _note_refused(database: Database, user_id: str, now: datetime, address: str | None) -> None:
    """Log it in the background: an email that nobody has must not be refused sooner than one that somebody has."""
    entry = replace(_entry("user.login", user_id, now, address), outcome=audit.REFUSED)
    database.later(f"refused login {secrets.token_hex(8)}", lambda connection: audit.write(connection, user_id, entry))


def _begin(
    database: Database, secret: bytes, user_id: str, stored: str, newer: str | None, now: datetime, address: str | None
) -> Pair:
    with database.write() as connection:
        turns.take(connection, user_id)
        # It may have been changed, or the account closed, while the password was verified.
        if users.password_hash(connection, user_id) != stored or not users.get(connection, user_id).is_active:
            raise InvalidCredentials(_WRONG)
        if newer is not None:
            users.update(connection, user_id, now, password_hash=newer)
        new = tokens.issue(secret, user_id, now)
        logins.add(connection, user_id, new.login_id, new.refresh_hash, now, new.expires_at)
        audit.write(connection, user_id, _entry("user.login", user_id, now, address))
    return new.pair
