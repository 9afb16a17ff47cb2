"""API keys: what one looks like, how it is hashed, and whose a request's key is (CONTRACT §1)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from datetime import datetime

from callcov.auth.secret import accepted, derived
from callcov.errors import InvalidCredentials
from callcov.store import keys
from callcov.store.db import Database
from callcov.store.keys import Caller

PREFIX_LENGTH = 14
_RANDOM = 48
_ALPHABET = string.ascii_letters + string.digits
_REFUSED = "Invalid authentication credentials"


def new_key(livemode: bool) -> str:
    """A new key: `sk_live_` or `sk_test_` and 48 random letters and digits (285 bits). Shown once, stored never."""
    return ("sk_live_" if livemode else "sk_test_") + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))


def hash_key(secret: bytes, key: str) -> str:
    """What is stored of a key: HMAC-SHA-256 under the server's secret, as hexadecimal.

    A fast hash is enough for a key nobody chose; keyed, so that a stolen database alone verifies nothing.
    """
    return hmac.digest(derived(secret, "callcov api key"), key.encode(errors="replace"), hashlib.sha256).hex()


def identify(
    database: Database, secret: bytes, x_api_key: str | None, authorization: str | None, now: datetime
) -> Caller:
    """Whose request this is, by its `X-API-Key` header or else `Authorization: Bearer`, the values as they came.

    The use of the key is written in the background, at most once a minute. Raises InvalidCredentials for no key, an
    unknown or expired one, and a deactivated account, all with the same text.
    """
    key = x_api_key if x_api_key is not None else _bearer(authorization)
    if not key:
        raise InvalidCredentials(_REFUSED)
    caller = _known(database, secret, key.strip(), now)
    if caller is None:
        raise InvalidCredentials(_REFUSED)
    if keys.use_is_due(caller, now):
        database.later(caller.key_id, lambda connection: keys.used(connection, caller.user_id, caller.key_id, now))
    return caller


def _known(database: Database, secret: bytes, key: str, now: datetime) -> Caller | None:
    """Whose key that is; one that was hashed with the old secret is hashed with the new one from now on."""
    hashed = hash_key(secret, key)
    for one in accepted(secret):
        with database.read() as connection:
            caller = keys.caller(connection, hash_key(one, key), now)
        if caller is None:
            continue
        if one is not secret:
            database.later(
                f"rehash {caller.key_id}",
                lambda connection, caller=caller: keys.rehash(connection, caller.user_id, caller.key_id, hashed),
            )
        return caller
    return None


def _bearer(authorization: str | None) -> str | None:
    scheme, _, key = (authorization or "").strip().partition(" ")
    return key if scheme.lower() == "bearer" else None
