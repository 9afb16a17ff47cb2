"""The server's secret: one value from which keys are hashed and links are signed; while it counts, the one before."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from callcov.errors import BadSetting

_SHORTEST = 32  # bytes, the length of the hashes made with it
_FEWEST = 8  # different bytes: hexadecimal digits have up to sixteen, a word that is repeated has fewer
_NAME = "secret"


class Secret(bytes):
    """A secret that does not show itself. `old` is the one before it: what was made with that is accepted still."""

    old: Secret | None = None

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Secret(…)"

    __str__ = __repr__


def load_secret(folder: Path, given: str | None, old: str | None = None) -> Secret:
    """The secret that was given as a setting, or else the one kept in the data folder, made there at first.

    `old` is the secret before it, given as a setting, or else the second line of the file. The file `secret` is
    readable by its owner only. Processes that start at once agree on one secret. Raises BadSetting for a secret of less
    than 32 bytes or of few different ones, or a file that cannot be used.
    """
    path = folder / _NAME
    lines = [given.encode()] if given is not None else _read(path)
    secret = _strong(lines[0], "The secret that was given" if given is not None else f"The secret in {path}")
    if old is not None:
        secret.old = _strong(old.encode(), "The old secret that was given")
    elif len(lines) > 1:
        secret.old = _strong(lines[1], f"The old secret in {path}")
    return secret


def accepted(secret: bytes) -> tuple[bytes, ...]:
    """The secrets with which something may have been made: this one, and the one before it while there is one."""
    old = secret.old if isinstance(secret, Secret) else None
    return (secret,) if old is None else (secret, old)


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that what is made for one cannot be passed off as another (HMAC-SHA-256)."""
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def keyed_hash(secret: bytes, purpose: str, token: str) -> str:
    """What is stored of a random token: HMAC-SHA-256 under the purpose's key, as hexadecimal.

    A fast hash is enough for what nobody chose; keyed, so that a stolen database alone verifies nothing.
    """
    return hmac.digest(derived(secret, purpose), token.encode(errors="replace"), hashlib.sha256).hex()


def _read(path: Path) -> list[bytes]:
    try:
        if not path.exists():
            _make(path)
        return path.read_bytes().strip().split(b"\n")[:2]
    except OSError as error:
        raise BadSetting(f"The secret in {path} cannot be read or made: {error.strerror}.") from error


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


def _strong(secret: bytes, name: str) -> Secret:
    secret = secret.strip()
    if len(secret) < _SHORTEST:
        raise BadSetting(f"{name} is too short; use at least {_SHORTEST} random bytes.")
    if len(set(secret)) < _FEWEST:
        raise BadSetting(f"{name} is too simple; use at least {_SHORTEST} random bytes.")
    return Secret(secret)
