"""API keys: what one looks like, how it is hashed, and whose a request's key is (CONTRACT §1)."""

from __future__ import annotations

import secrets
import string
from datetime import datetime

from callcov.auth import tokens
from callcov.auth.secret import accepted, keyed_hash
from callcov.errors import InvalidCredentials
from callcov.store import keys
from callcov.store.db import Database
from callcov.store.keys import Caller

PREFIX_LENGTH = 14
_RANDOM = 48
_ALPHABET = string.ascii_letters + string.digits
REFUSED = "Invalid authentication credentials"


def new_key(livemode: bool) -> str:
    """A new key: `sk_live_` or `sk_test_` and 48 random letters and digits (285 bits). Shown once, stored never."""
    return ("sk_live_" if livemode else "sk_test_") + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))


def hash_key(secret: bytes, key: str) -> str:
    """What is stored of a key."""
    return keyed_hash(secret, "callcov api key", key)


def identify(
    database: Database,
    secret: bytes,
    x_api_key: str | None,
    authorization: str | None,
    now: datetime,
    mode: str | None = None,
) -> Caller:
    """Whose request this is, by its `X-API-Key` header or else `Authorization: Bearer`, the values as they came.

    The bearer is a key or an access token; a token works in the live mode, or with `X-Callcov-Mode: test`, which is
    `mode`, in the test mode. The use of a key is written in the background, at most once a minute. Raises
    InvalidCredentials for no credential, an unknown or expired one, an ended login, and a deactivated account, all with
    the same text.
    """
    key = x_api_key if x_api_key is not None else bearer(authorization)
    if not key:
        raise InvalidCredentials(REFUSED)
    if x_api_key is None and not key.startswith("sk_"):
        login = tokens.check_access(database, secret, key, now, REFUSED)
        return Caller(login.user_id, (mode or "").strip().lower() != "test", None, None)
    caller = _known(database, secret, key.strip(), now)
    if caller is None:
        raise InvalidCredentials(REFUSED)
    key_id = caller.key_id
    if key_id is not None and keys.use_is_due(caller, now):
        database.later(key_id, lambda connection: keys.used(connection, caller.user_id, key_id, now))
    return caller


def bearer(authorization: str | None) -> str | None:
    """The credential in an `Authorization: Bearer` header; None for another scheme or no header."""
    scheme, _, credential = (authorization or "").strip().partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else None


def _known(database: Database, secret: bytes, key: str, now: datetime) -> Caller | None:
    """Whose key that is; one that was hashed with the old secret is hashed with the new one from now on."""
    for one in accepted(secret):
        with database.read() as connection:
            caller = keys.caller(connection, hash_key(one, key), now)
        if caller is not None:
            if one is not secret:
                _move(database, caller, hash_key(secret, key))
            return caller
    return None


def _move(database: Database, caller: Caller, key_hash: str) -> None:
    key_id = caller.key_id
    if key_id is not None:
        database.later(f"rehash {key_id}", lambda connection: keys.rehash(connection, caller.user_id, key_id, key_hash))
