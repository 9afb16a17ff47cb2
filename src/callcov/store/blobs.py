"""Stored objects under keys: recordings, masked sound, the work files of the stages. Thin over obstore.

An object appears whole or not at all: bytes go to a hidden place that becomes the object when the writer ends well
and vanishes when it does not. A full disk is NoRoom wherever it shows.
"""

from __future__ import annotations

import asyncio
import errno
import io
import os
import re
import secrets
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from callcov.errors import BadSetting, NoRoom, NotFound
from callcov.store.sealed import HEADER, Opener, Sealer, Vault, is_sealed

UNSERVED = (BaseError, OSError)
"""What an object store raises that cannot be reached or written; the same may work in a minute."""
_PART = 8 * 1024 * 1024  # bytes written at a time: what an upload costs in memory, times two
_BUFFER = 1024 * 1024  # bytes read at a time
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Writer:
    """What `Blobs.writer` gives; see there."""

    def __init__(self, file: obstore.AsyncWritableFile, sealer: Sealer | None) -> None:
        self._file = file
        self._sealer = sealer

    async def write(self, data: bytes) -> None:
        """Add bytes. Raises NoRoom when the store is full."""
        with _no_room():
            await self._file.write(self._sealer.feed(data) if self._sealer else data)


class Blobs:
    """An open object store; made by `open_blobs`. Keys are paths like `recordings/ab12`, without a leading slash.

    With a vault what is written is sealed for an account, which `of` names; what is read needs no name.
    """

    def __init__(self, root: Path, vault: Vault | None = None, owner: str | None = None) -> None:
        self._root, self._vault, self._owner = root, vault, owner
        self._store = LocalStore(root, automatic_cleanup=True, mkdir=True)

    def of(self, user_id: str) -> Blobs:
        """The same store, writing for that account."""
        return Blobs(self._root, self._vault, user_id)

    @asynccontextmanager
    async def writer(self, key: str) -> AsyncGenerator[Writer]:
        """Write an object in parts, in bounded memory; it exists when the block ends well.

        Whatever ends the block otherwise, an error or a cancelled request, leaves nothing. Raises NoRoom.
        """
        sealer = self._sealer()
        with _no_room():
            async with obstore.open_writer_async(self._store, key, buffer_size=_PART, max_concurrency=1) as file:
                yield Writer(file, sealer)
                if sealer:
                    await file.write(sealer.finish())

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        """Store bytes, or a file from where it stands to its end, in place of what was there. Raises NoRoom."""
        sealer = self._sealer()
        with _named():
            if sealer:
                source = io.BytesIO(data) if isinstance(data, bytes) else data
                obstore.put(self._store, key, sealer.all_of(source), chunk_size=_PART, max_concurrency=1)
            else:
                obstore.put(self._store, key, data, chunk_size=_PART, max_concurrency=1)

    def seal(self, key: str) -> bool:
        """Seal an object that is stored readable, in place of itself; whether it was. Raises NotFound and NoRoom."""
        if is_sealed(self._header(key)[1]):
            return False
        # Not by `reader`: the store cannot be asked for the old object while it takes the new one.
        with _named(), (self._root / key).open("rb") as source:
            self.write(key, source)
        return True

    def read(self, key: str) -> bytes:
        """All bytes of an object. Raises NotFound; of a sealed one Unreadable, or BadSetting without a vault."""
        with _named():
            found = bytes(obstore.get(self._store, key).bytes())
        if not is_sealed(found):
            return found
        opener = Opener(self._vault, found[:HEADER], len(found))
        return opener.open(found[HEADER:], 0, opener.size)

    def reader(self, key: str) -> io.BufferedReader:
        """An object as a seekable binary file, read as it is needed. Raises NotFound."""
        total, opener = self._seen(key)
        return io.BufferedReader(_Ranges(self._store, key, total, opener), _BUFFER)

    async def stream(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from `start` up to, not with, `end`, a part at a time; the end is cut to the object's. NotFound."""
        with _named():
            total, opener = await asyncio.to_thread(self._seen, key)
            end = min(end, opener.size if opener else total)
            for place in range(start, end, _BUFFER):
                after = min(place + _BUFFER, end)
                first, last = opener.where(place, after) if opener else (place, after)
                part = bytes(await obstore.get_range_async(self._store, key, start=first, end=last))
                yield opener.open(part, place, after) if opener else part

    def size(self, key: str) -> int:
        """How many bytes the content of an object has. Raises NotFound."""
        total, opener = self._seen(key)
        return opener.size if opener else total

    def exists(self, key: str) -> bool:
        """Whether there is an object under that key."""
        try:
            with _named():
                obstore.head(self._store, key)
        except NotFound:
            return False
        return True

    def move(self, source: str, target: str) -> None:
        """Give an object another key, in place of what was there; nothing happens when there is no source."""
        try:
            with _named():
                obstore.rename(self._store, source, target)
        except NotFound:
            return

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        try:
            with _named():
                obstore.delete(self._store, key)
        except NotFound:
            return

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object below a folder such as `work/ab12/`, and what killed processes were writing there.

        Nothing happens when there is none.
        """
        for part in _being_written(self._root / prefix):
            Path(part).unlink(missing_ok=True)
        with _named():
            for found in obstore.list(self._store, prefix):  # pyright: ignore[reportUnknownMemberType] - its Arrow overload is
                for item in found:
                    self.delete(item["path"])

    def older(self, prefix: str, before: datetime) -> Generator[list[str]]:
        """The keys of the objects below a folder that were written before that time, up to a thousand at once."""
        with _named():
            for found in obstore.list(self._store, prefix, chunk_size=1000):  # pyright: ignore[reportUnknownMemberType] - its Arrow overload is
                keys = [item["path"] for item in found if item["last_modified"] < before]
                if keys:
                    yield keys

    def _sealer(self) -> Sealer | None:
        if self._vault is None:
            return None
        if self._owner is None:
            raise RuntimeError("What is sealed is sealed for an account: write with `of`.")
        return Sealer(self._vault, self._owner)

    def _seen(self, key: str) -> tuple[int, Opener | None]:
        """How many bytes are stored under a key, and who opens them if they are sealed. Raises as `read`."""
        total, header = self._header(key)
        return total, Opener(self._vault, header, total) if is_sealed(header) else None

    def _header(self, key: str) -> tuple[int, bytes]:
        """How many bytes are stored under a key, and the first of them. Raises NotFound."""
        with _named():
            total = obstore.head(self._store, key)["size"]
            header = bytes(obstore.get_range(self._store, key, start=0, end=min(HEADER, total))) if total else b""
        return total, header

    def sweep(self, before: datetime) -> None:
        """Remove what a killed process was writing and has not touched since `before`."""
        for part in _being_written(self._root):
            with suppress(FileNotFoundError):  # it has its name by now
                if part.stat().st_mtime < before.timestamp():
                    Path(part).unlink()


def open_blobs(url: str, vault: Vault | None = None) -> Blobs:
    """Open `file:///absolute/folder`, making the folder when it is missing. Raises BadSetting.

    With a vault what is written is sealed, and what is sealed can be read.
    """
    address = urlsplit(url)
    if address.scheme != "file" or address.netloc or not address.path.startswith("/"):
        raise BadSetting("The object store must be a folder, written as file:///absolute/path.")
    root = Path(url2pathname(address.path))
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"The folder {root} for recordings cannot be used: {error.strerror}.") from error
    return Blobs(root, vault)


def fresh_key(folder: str, suffix: str = "") -> str:
    """A key that nobody can guess and nothing has: 32 hexadecimal digits.

    Twelve are milliseconds since 1970, so that the database's index of keys grows at its end, not in a page anywhere.
    """
    return f"{folder}/{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}{suffix}"


def _being_written(folder: Path | str) -> Generator[os.DirEntry[str]]:
    """The files below a folder that have no name yet; of one that goes meanwhile, or is not ours, there are none.

    One by one: a folder may hold millions.
    """
    with suppress(FileNotFoundError, PermissionError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _being_written(entry.path)
            elif "#" in entry.name:
                yield entry


class _Ranges(io.RawIOBase):
    """The unbuffered half of `Blobs.reader`: each read is one range request."""

    def __init__(self, store: LocalStore, key: str, total: int, opener: Opener | None) -> None:
        self._store, self._key, self._opener = store, key, opener
        self._size = opener.size if opener else total
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "A file has nothing before its start.")
        self._place = start + offset
        return self._place

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - always a memoryview
        count = min(len(buffer), self._size - self._place)
        if count <= 0:
            return 0
        start, end = self._place, self._place + count
        first, last = self._opener.where(start, end) if self._opener else (start, end)
        with _named():
            found = obstore.get_range(self._store, self._key, start=first, end=last)
        buffer[:count] = self._opener.open(bytes(found), start, end) if self._opener else found
        self._place += count
        return count


@contextmanager
def _named() -> Generator[None]:
    """Give the failures of the store our names."""
    try:
        with _no_room():
            yield
    except FileNotFoundError as error:
        raise NotFound("The stored object is gone.") from error


@contextmanager
def _no_room() -> Generator[None]:
    """Name a full disk, which obstore tells by the system's number in its message only."""
    try:
        yield
    except (BaseError, OSError) as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if (number and int(number[1]) in _FULL) or getattr(error, "errno", None) in _FULL:
            raise NoRoom("There is no room left to store recordings; nothing of this one was kept.") from error
        raise
