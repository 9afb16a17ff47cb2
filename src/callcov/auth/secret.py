"""The server's secret: one value from which keys are hashed and links are signed."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from callcov.errors import BadSetting

_SHORTEST = 32  # bytes, the length of the hashes made with it
_NAME = "secret"


def load_secret(folder: Path, given: str | None) -> bytes:
    """The secret that was given as a setting, or else the one kept in the data folder, made there at first.

    The file `secret` is readable by its owner only. Processes that start at once agree on one secret. Raises
    BadSetting for a secret of less than 32 bytes or a file that cannot be used.
    """
    if given is not None:
        return _strong(given.encode(), "The secret that was given")
    path = folder / _NAME
    try:
        if not path.exists():
            _make(path)
        return _strong(path.read_bytes().strip(), f"The secret in {path}")
    except OSError as error:
        raise BadSetting(f"The secret in {path} cannot be read or made: {error.strerror}.") from error


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that what is made for one cannot be passed off as another (HMAC-SHA-256)."""
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def keyed_hash(secret: bytes, purpose: str, token: str) -> str:
    """What is stored of a random token: HMAC-SHA-256 under the purpose's key, as hexadecimal.

    A fast hash is enough for what nobody chose; keyed, so that a stolen database alone verifies nothing.
    """
    return hmac.digest(derived(secret, purpose), token.encode(errors="replace"), hashlib.sha256).hex()


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        os.link(draft, path)  # fails when another process was first: then its secret is the secret
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _strong(secret: bytes, name: str) -> bytes:
    if len(secret) < _SHORTEST:
        raise BadSetting(f"{name} is too short; use at least {_SHORTEST} random bytes.")
    return secret
