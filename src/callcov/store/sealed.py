"""Encryption at rest: one data key an account, wrapped by the operator's master key; AES-256-GCM throughout.

The wrapped keys are files of a folder beside the database, `keys/<user id>`: who has the data folder without the master
key reads nothing that is sealed, and removing an account's file makes all that is sealed for it unreadable, at once and
for good. What was stored before there was a master key stays readable as it is.

A sealed text is `sealed:` and base64. A sealed object is a header (mark, account, salt) and frames of 64 KiB, each
under a key of the object's own, with a nonce of its number and whether it is the last: frames that are cut off,
changed, moved or left out are refused, and a range needs the frames it lies in and no other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callcov.errors import BadSetting, Unreadable

FRAME = 64 * 1024
"""Bytes of an object in one frame."""
HEADER = 8 + 36 + 32

_MARK = b"CALLCOV\x01"
_TEXT = "sealed:"
_TAG, _NONCE, _KEY = 16, 12, 32
_WHOLE = FRAME + _TAG
_FEWEST = 16  # different bytes in a key; 32 random ones have 30
_CHECK, _ROTATING = "check", "rotating"
_NO_KEY = "This data folder is encrypted: set CALLCOV_MASTER_KEY to the key it was encrypted with."
_LOST = "What is stored cannot be decrypted: it was altered, or the account's data key is gone."


def master_key(text: str) -> bytes:
    """The 32 bytes that a setting gives as hexadecimal or base64. Raises BadSetting for anything else or a weak key."""
    try:
        if len(text) == 2 * _KEY:
            key = bytes.fromhex(text)
        else:
            standard = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
            key = base64.b64decode(standard, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY:
        raise BadSetting("A master key is 32 bytes, in hexadecimal or base64; `openssl rand -hex 32` makes one.")
    if len(set(key)) < _FEWEST:
        raise BadSetting("The master key is weak: its bytes are not random; `openssl rand -hex 32` makes one.")
    return key


@dataclass(frozen=True, slots=True)
class Vault:
    """The data keys of the accounts, under a master key; made by `open_vault`. Can be handed to a child process.

    Accounts are named by their ids, which are UUIDs: what an object's header says is no path.
    """

    folder: Path
    master: bytes = field(repr=False)
    _known: dict[str, tuple[tuple[int, int], bytes]] = field(default_factory=dict, repr=False, compare=False)  # pyright: ignore[reportUnknownVariableType] - typed at the left

    def begin(self) -> Vault:
        """Let this master key be the folder's from now on; gives itself. Raises BadSetting when it has another one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(self.folder / _CHECK, _wrapped(self.master, _CHECK, bytes(_KEY)))
        _agree(self.folder, self.master)
        return self

    def key(self, user_id: str) -> bytes:
        """The account's data key. Raises Unreadable when it is gone."""
        if not _is_id(user_id):
            raise Unreadable(_LOST)
        path = self.folder / user_id
        try:
            found = path.stat()
            state = (found.st_mtime_ns, found.st_ino)
            known = self._known.get(user_id)
            if known is None or known[0] != state:
                known = self._known[user_id] = (state, _unwrapped(self.master, user_id, path.read_bytes()))
        except (OSError, ValueError, InvalidTag) as error:
            self._known.pop(user_id, None)
            raise Unreadable(_LOST) from error
        return known[1]

    def key_for_writing(self, user_id: str) -> bytes:
        """The account's data key, made when it has none yet; processes that make it at once agree on one."""
        if not (self.folder / user_id).exists():
            _write_new(self.folder / user_id, _wrapped(self.master, user_id, secrets.token_bytes(_KEY)))
        return self.key(user_id)


def forget_key(folder: Path, user_id: str) -> None:
    """Erase an account's data key: nothing that is sealed for it can be read any more, by anybody. Nothing if none."""
    for path in (folder / user_id, *folder.glob(f"{user_id}.*")):  # drafts, too, of who was killed writing it
        path.unlink(missing_ok=True)


def is_begun(folder: Path) -> bool:
    """Whether there are keys in that folder, or their check at least."""
    return (folder / _CHECK).exists()


def open_vault(folder: Path, master: str | None) -> Vault | None:
    """The vault in that folder, to be begun where nothing is; None when no master key was given and none ever was.

    Raises BadSetting for an unusable key, one that is not this folder's, or none for a folder that has one.
    """
    if (folder / _ROTATING).exists():
        raise BadSetting("A change of the master key was cut off; finish it with `callcov rotate-key`.")
    if master is None:
        if is_begun(folder):
            raise BadSetting(_NO_KEY)
        return None
    key = master_key(master)
    if is_begun(folder):
        _agree(folder, key)
    return Vault(folder, key)


def rotate(folder: Path, old: str, new: str) -> int:
    """Put the data keys under another master key; gives how many accounts have one. To be run while nothing else does.

    Cut off and run again with the same keys it goes on. What else lies in the folder is let alone. Raises BadSetting
    when a key is unusable or not the folder's, and when both are the same.
    """
    before, after = master_key(old), master_key(new)
    if before == after:
        raise BadSetting("The new master key is the same as the one of now; `openssl rand -hex 32` makes another one.")
    if not is_begun(folder):
        raise BadSetting("This data folder is not encrypted; there is no key to change.")
    paths = [folder / _CHECK, *(path for path in sorted(folder.iterdir()) if _is_id(path.name))]
    fresh = {path: rewrapped for path in paths if (rewrapped := _rewrapped(path, before, after))}
    (folder / _ROTATING).touch(mode=0o600)
    for path, content in fresh.items():
        draft = _draft(path, content)
        draft.replace(path)
    for path in paths:  # drafts of who was killed: each holds a data key
        for draft in folder.glob(f"{path.name}.*"):
            draft.unlink()
    (folder / _ROTATING).unlink()
    return len(paths) - 1


def seal(connection: sa.Connection, user_id: str, about: str, text: str) -> str:
    """The text as it is to be stored; `about` says what it is, and it can be opened as nothing else."""
    vault = _vault(connection)
    if vault is None:
        return text
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(vault.key_for_writing(user_id)).encrypt(nonce, text.encode(), _about(user_id, about))
    return _TEXT + base64.b64encode(nonce + sealed).decode()


def opened(connection: sa.Connection, user_id: str, about: str, stored: str) -> str:
    """The text that was stored. Raises Unreadable, and BadSetting when it is sealed and there is no master key."""
    if not is_sealed_text(stored):
        return stored  # JSON never begins so
    vault = _vault(connection)
    if vault is None:
        raise BadSetting(_NO_KEY)
    sealed = base64.b64decode(stored.removeprefix(_TEXT))
    try:
        plain = AESGCM(vault.key(user_id)).decrypt(sealed[:_NONCE], sealed[_NONCE:], _about(user_id, about))
    except InvalidTag as error:
        raise Unreadable(_LOST) from error
    return plain.decode()


def is_sealed_text(stored: str) -> bool:
    """Whether a stored text is sealed."""
    return stored.startswith(_TEXT)


class Sealer:
    """Makes the bytes of one sealed object while its content comes in."""

    def __init__(self, vault: Vault, user_id: str) -> None:
        header = _MARK + user_id.encode().ljust(36) + secrets.token_bytes(32)
        self._key = _object_key(vault.key_for_writing(user_id), header)
        self._header = header
        self._waiting = bytearray()
        self._count = 0

    def feed(self, data: bytes) -> bytes:
        """What can be stored once these bytes have come too; the last frame waits for `finish`."""
        self._waiting += data
        out, self._header = bytearray(self._header), b""
        while len(self._waiting) > FRAME:
            out += self._frame(bytes(self._waiting[:FRAME]), last=False)
            del self._waiting[:FRAME]
        return bytes(out)

    def finish(self) -> bytes:
        """The rest of the object."""
        return self._header + self._frame(bytes(self._waiting), last=True)

    def all_of(self, source: BinaryIO) -> Iterator[bytes]:
        """The bytes of the object that holds a file, from where it stands to its end."""
        while data := source.read(16 * FRAME):
            yield self.feed(data)
        yield self.finish()

    def _frame(self, data: bytes, *, last: bool) -> bytes:
        sealed = self._key.encrypt(_nonce(self._count, last=last), data, None)
        self._count += 1
        return sealed


class Opener:
    """Reads a sealed object of `total` bytes that begins with that header. Raises Unreadable; BadSetting: no vault."""

    def __init__(self, vault: Vault | None, header: bytes, total: int) -> None:
        if vault is None:
            raise BadSetting(_NO_KEY)
        self._key = _object_key(vault.key(header[8:44].decode("ascii", "replace").strip()), header)
        self._frames = -(-(total - HEADER) // _WHOLE)
        self._total = total
        self.size = total - HEADER - self._frames * _TAG
        """How many bytes its content has."""
        if self._frames < 1 or self.size < 0:
            raise Unreadable(_LOST)

    def where(self, start: int, end: int) -> tuple[int, int]:
        """The bytes of the object, start and end, in which those of the content lie (0 <= start <= end <= size)."""
        first, after = start // FRAME, max(1, -(-end // FRAME))
        return HEADER + first * _WHOLE, min(self._total, HEADER + after * _WHOLE)

    def open(self, sealed: bytes, start: int, end: int) -> bytes:
        """The content from start to end, out of the bytes that `where` named."""
        first = start // FRAME
        plain = bytearray()
        for place in range(0, len(sealed), _WHOLE):
            number = first + place // _WHOLE
            nonce = _nonce(number, last=number == self._frames - 1)
            try:
                plain += self._key.decrypt(nonce, sealed[place : place + _WHOLE], None)
            except InvalidTag as error:
                raise Unreadable(_LOST) from error
        return bytes(plain[start - first * FRAME : end - first * FRAME])


def is_sealed(header: bytes) -> bool:
    """Whether an object that begins with those bytes is sealed."""
    return header.startswith(_MARK)


def _vault(connection: sa.Connection) -> Vault | None:
    return connection.get_execution_options().get("vault")


def _about(user_id: str, about: str) -> bytes:
    return f"{user_id}/{about}".encode()


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + bytes([last])


def _object_key(data_key: bytes, header: bytes) -> AESGCM:
    """A key for one object, so that its frames can be numbered from 0."""
    return AESGCM(hmac.digest(data_key, b"callcov object" + header, hashlib.sha256))


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _agree(folder: Path, master: bytes) -> None:
    """Raise BadSetting when the keys in that folder are under another master key."""
    try:
        _unwrapped(master, _CHECK, (folder / _CHECK).read_bytes())
    except InvalidTag as error:
        raise BadSetting("CALLCOV_MASTER_KEY is not the key that this data folder was encrypted with.") from error


def _wrapped(master: bytes, name: str, key: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(master).encrypt(nonce, key, b"callcov data key/" + name.encode())


def _unwrapped(master: bytes, name: str, wrapped: bytes) -> bytes:
    return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], b"callcov data key/" + name.encode())


def _rewrapped(path: Path, before: bytes, after: bytes) -> bytes | None:
    """A wrapped key under the new master key; None when it is already."""
    content = path.read_bytes()
    try:
        _unwrapped(after, path.name, content)
    except InvalidTag:
        try:
            return _wrapped(after, path.name, _unwrapped(before, path.name, content))
        except InvalidTag as error:
            raise BadSetting("CALLCOV_MASTER_KEY is not the key that this data folder was encrypted with.") from error
    return None


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that was not there; nothing happens when another process was first."""
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _draft(path: Path, content: bytes) -> Path:
    """A file beside it with that content, safely on the disk, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft
