"""Segments as files, so that a large list is back in a fraction of a second after a restart.

A list has a folder: a file a segment, named by its first and last key and what it holds, and `list.json`, which names
the files that count, the revision that they have seen all of, and the mark that the list's row in the database bears as
long as they agree with it. A mark is new whenever `list.json` is written, so a database that was put back from an older
copy bears another. A file is written beside its place and moved there, never over another, and one that is damaged does
not count: whatever is broken off leaves files that agree with each other, or none that count.
Whoever writes or erases holds the folder's lock and renews the mark within it; nobody waits for the lock with a
transaction open. Erasing comes after the rows are gone from the database: a writer that came first is followed by the
erasing, one that comes later has seen in the database what is gone. An erasing that was broken off is finished by what
the database remembers of deletions (`finish`); where the files cannot be written anew, those of the list are removed.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

from callcov.errors import NoRoom
from callcov.feed.segment import Field, Segment, key
from callcov.feed.text import Text

_log = structlog.stdlib.get_logger()

_FORMAT = 2
_LIST = "list.json"
_ENDING, _UNFINISHED = ".segment", ".new"
_MODES = {True: "live", False: "test"}


def place(root: Path, user_id: str, livemode: bool) -> Path:
    """Where a list is kept below the folder of all of them."""
    return root / user_id / _MODES[livemode]


def places(root: Path) -> list[tuple[Path, str, bool]]:
    """Where something is kept, with account and mode; none of a folder that is not there."""
    return [(one, one.parent.name, mode) for mode, name in _MODES.items() for one in root.glob(f"*/{name}")]


def size(folder: Path) -> int:
    """Bytes of a list's files, which are about as many in memory; 0 when there are none."""
    try:
        return sum(path.stat().st_size for path in folder.glob("*" + _ENDING))
    except FileNotFoundError:  # replaced just now, by an erasing or another process
        return 0


def name_of(folder: Path, segment: Segment) -> str | None:
    """The name of the segment's file, as the segment is now; None when it has to be written."""
    return segment.saved_as if segment.saved_as and (folder / segment.saved_as).exists() else None


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """The folder, made when it is missing, for nobody else to the end of the block."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(folder: Path, segment: Segment) -> str:
    """Keep a segment in a file, and give its name; it counts once `declare` names it. Within `locked`."""
    arrays = [segment.upper, segment.lower, segment.flags, segment.status, *(text.letters for text in segment.texts)]
    data = b"".join([array[..., : segment.count].tobytes() for array in arrays])
    about = {
        "format": _FORMAT,
        "rows": segment.count,
        "counts": segment.counts,
        "texts": [_about(text) for text in segment.texts],
        "agent": len(segment.agent.texts),
    }
    head = json.dumps(about).encode() + b"\n"
    total = zlib.crc32(data, zlib.crc32(head))
    segment.saved_as = f"{segment.first:016x}-{segment.last:016x}-{total:08x}{_ENDING}"
    _replace(folder / segment.saved_as, b"%d\n%b%b" % (total, head, data))
    return segment.saved_as


def declare(folder: Path, names: Sequence[str], revision: int, mark: str) -> None:
    """Say that these files, oldest segment first, have seen everything up to the revision. Within `locked`.

    `mark` is the list's in the database, renewed after the files were written. Other files are removed.
    """
    about = {"format": _FORMAT, "revision": revision, "mark": mark, "segments": names}
    _replace(folder / _LIST, json.dumps(about).encode())
    for path in folder.glob("*" + _ENDING):
        if path.name not in names:
            path.unlink()
    _remove(folder, _UNFINISHED)


def read(folder: Path, rows: int, mark: str | None) -> tuple[list[Segment], int] | None:
    """The segments that count, with room for `rows` each, oldest first, and their revision.

    None when there are none, they bear another mark than the list, or a file is missing or damaged.
    """
    try:
        about = json.loads((folder / _LIST).read_bytes())
        if about["format"] != _FORMAT or mark is None or about["mark"] != mark:
            return None
        # Reading and checking let other threads run: two take half the time.
        with ThreadPoolExecutor(2) as pool:
            paths = [folder / str(name) for name in about["segments"]]
            segments = list(pool.map(_segment, paths, repeat(rows)))
        return segments, int(about["revision"])
    except (OSError, ValueError, KeyError):  # another version's, damaged, or replaced by another process just now
        return None


def erase(folder: Path, ids: Sequence[str], renewed: Callable[[], tuple[str | None, str]]) -> None:
    """Take rows that are gone from the database out of the files. A folder that is not there has none.

    `renewed` gives the list another mark, and says which it had and has. Where files cannot be written anew, because
    the disk is full, all of the list's are removed instead.
    """
    if folder.exists():
        with locked(folder):
            _erase(folder, ids, renewed)


def finish(
    folder: Path,
    gone: Callable[[str | None, int], Sequence[str] | None],
    renewed: Callable[[], tuple[str | None, str]],
) -> None:
    """Finish an erasing that was broken off, if one was.

    `gone` gives for the files' mark and revision the ids deleted since; None when such files do not agree with the
    list, and are removed: nobody knows what should not be there. `renewed` is as for `erase`.
    """
    with locked(folder):
        try:
            about = json.loads((folder / _LIST).read_bytes())
            mark, revision = about["mark"], int(about["revision"])
        except (OSError, ValueError, KeyError):
            mark, revision = None, 0
        ids = gone(mark, revision)
        if ids is None:
            _discard(folder)
        else:
            _erase(folder, ids, renewed)


def _erase(folder: Path, ids: Sequence[str], renewed: Callable[[], tuple[str | None, str]]) -> None:
    """Do `erase`, within `locked`."""
    keys, written = np.array(sorted(map(key, ids)), np.uint64), dict[str, str | None]()
    try:
        for path in list(folder.glob("*" + _ENDING)):
            first, last = (np.uint64(int(half, 16)) for half in path.name.removesuffix(_ENDING).split("-")[:2])
            here = keys[(keys >= first) & (keys <= last)]
            if len(here) and (name := _without(path, here)) != path.name:
                written[path.name] = name
        if written:
            _renew(folder / _LIST, written, *renewed())
    except (OSError, NoRoom) as error:
        _discard(folder)
        _log.warning("the files of a list could not be written anew and were removed", error=type(error).__name__)
        return
    for name in written:
        (folder / name).unlink()
    _remove(folder, _UNFINISHED)  # of somebody who was killed: it holds ids


def _discard(folder: Path) -> None:
    """Remove all files of a list: it is read anew where they are missing. Within `locked`."""
    (folder / _LIST).unlink(missing_ok=True)
    _remove(folder, _ENDING)
    _remove(folder, _UNFINISHED)


def _remove(folder: Path, ending: str) -> None:
    for path in folder.glob("*" + ending):
        path.unlink()


def _without(path: Path, keys: npt.NDArray[np.uint64]) -> str | None:
    """The name of a file with the same rows but those, the same when none is there; None for a file that is damaged."""
    try:
        segment = _segment(path, 0)
    except (OSError, ValueError, KeyError):
        return None
    segment.remove(keys)
    return segment.saved_as or write(path.parent, segment)


def _renew(path: Path, written: Mapping[str, str | None], before: str | None, after: str) -> None:
    """Name the new files; they agree with the list if those before did."""
    try:
        about = json.loads(path.read_bytes())
        names = [written.get(name, name) for name in about["segments"]]
    except (OSError, ValueError, KeyError):
        return
    mark = after if before is not None and about.get("mark") == before else None
    _replace(path, json.dumps(about | {"segments": names, "mark": mark}).encode())


def _about(text: Text) -> dict[str, Any]:
    long = {row: other.decode() for row, other in text.long.items()}
    return {"width": len(text.letters), "where": text.where, "long": long}


def _segment(path: Path, rows: int) -> Segment:
    """The segment in that file, with room for `rows`; ValueError when it is damaged."""
    with path.open("rb") as file:
        total, head = int(file.readline()), file.readline()
        data = np.empty(path.stat().st_size - file.tell(), np.uint8)
        file.readinto(data.data)
    if zlib.crc32(data.data, zlib.crc32(head)) != total:
        raise ValueError("the file is damaged")
    about = json.loads(head)
    count = int(about["rows"])
    if about["format"] != _FORMAT:
        raise ValueError("the file is of another version")
    segment = Segment(0)
    segment.most, segment.count = rows, count
    segment.counts = about["counts"]
    ends = np.cumsum([8 * count, 8 * count, 2 * count, count])
    upper, lower, flags, segment.status, rest = np.split(data, ends)
    segment.upper, segment.lower, segment.flags = upper.view(np.uint64), lower.view(np.uint64), flags.view(np.uint16)
    texts: list[Text] = []
    for kept in about["texts"]:
        letters, rest = np.split(rest, [kept["width"] * count])
        long = {int(row): text.encode() for row, text in kept["long"].items()}
        where = {int(byte): positions for byte, positions in kept["where"].items()}
        texts.append(Text.restored(letters.reshape(kept["width"], count), long, where))
    segment.agent, segment.contact = Field.of(texts[: about["agent"]]), Field.of(texts[about["agent"] :])
    segment.saved_as = path.name
    return segment


def _replace(path: Path, data: bytes) -> None:
    """Write the file, readable by its owner only, in one step."""
    new = path.with_suffix(_UNFINISHED)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError:
        new.unlink(missing_ok=True)  # it holds ids, and the disk is full
        raise
    new.replace(path)
