"""Which lists have an index, and each kept in step with the database.

A list that is long enough is read in the background, once it is asked for; until that is done, and whenever it is
overtaken by more changes than a request should wait for, nothing is answered here and the caller asks the database.
What is answered is exact for the caller's snapshot: the index moves forward under the list's lock, by the revision
that the snapshot shows, and a snapshot older than the index is not answered.
"""

from __future__ import annotations

import fcntl
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import structlog

from callcov.feed import saved
from callcov.feed.index import Index, Page, Searches
from callcov.feed.segment import ROWS, Row, Segment, Wanted
from callcov.feed.source import Lists, Source, follow

_log = structlog.stdlib.get_logger()

SHORT = 5_000
"""Lists of fewer analyses than this are quick without an index."""
FEW = 2_000
"""Analyses of one agent or contact up to which the database finds them sooner than the index."""
MEMORY = 1024**3
_CHUNK = 8_192
_AT_ONCE = 10_000
"""Changes that a request takes over itself; more are taken over in the background."""
_QUICKLY = 300
"""Changes that somebody who may not wait takes over; many more are milliseconds of the loop's."""
_TRIES = 3
"""How often a list is saved again that something was erased of meanwhile."""
_MOST = 500_000
"""Changes after which reading everything is no slower."""


@dataclass
class _List:
    """One list. `lock` is held by whoever reads or moves `index`; `loads` of it are waiting or going on.

    `behind` is an index to begin a load with: one that too much has happened since, held by nobody else.
    `weight` is what a record of its last page had in bytes, 0 before one.
    Revisions: `asked_at`, to count it at again; `saved_at`, when saving was last begun; `declared`, of its files.
    """

    user_id: str
    livemode: bool
    lock: threading.Lock = field(default_factory=threading.Lock)
    index: Index | None = None
    behind: Index | None = None
    loads: int = 0
    is_too_large: bool = False
    weight: int = 0
    asked_at: int = 0
    saved_at: int = 0
    declared: int | None = None


class Feeds:
    """The indexes of one process. `folder` keeps segments, in any number of processes; None keeps none."""

    def __init__(
        self,
        lists: Lists,
        folder: Path | None,
        short: int = SHORT,
        memory: int = MEMORY,
        rows: int = ROWS,
        few: int = FEW,
    ) -> None:
        self._open, self._marked = lists.opened, lists.marked
        self._folder, self._short, self._memory, self._rows, self._few = folder, short, memory, rows, few
        self._searches = Searches()
        self._lists: OrderedDict[tuple[str, bool], _List] = OrderedDict()
        self._lock = threading.Lock()
        self._background = ThreadPoolExecutor(1, thread_name_prefix="callcov-feed")
        self._saver: TextIO | None = None
        self._is_closed = False

    def page(
        self,
        source: Source,
        user_id: str,
        livemode: bool,
        wanted: Wanted,
        limit: int,
        offset: int,
        starting_after: str | None,
        *,
        may_wait: bool = True,
    ) -> Page | None:
        """The page as of the source's snapshot, which must begin here; None when the database has to be asked.

        Without `may_wait` it is None, too, where it would take more than milliseconds: then whoever may wait asks anew.
        """
        if self._is_closed:  # a question that outlives the server
            return None
        with self._lock:
            one = self._lists.setdefault((user_id, livemode), _List(user_id, livemode))
            self._lists.move_to_end((user_id, livemode))
        # A snapshot that began before somebody else moved the index further would be answered in vain.
        if not one.lock.acquire(blocking=may_wait):
            return None
        try:
            index = self._moved(one, source, may_wait)
            if index is None:
                return None
            if few := self._few_of(index, source, wanted, limit, offset, starting_after):
                return few
            if not may_wait and not index.is_quick(wanted):
                return None
            return index.page(wanted, limit, offset, starting_after)
        finally:
            one.lock.release()

    def is_ready(self, user_id: str, livemode: bool, most: int | None = None) -> bool:
        """Whether the list has an index that nobody reads or moves just now, and records of at most `most` bytes."""
        with self._lock:
            one = self._lists.get((user_id, livemode))
        if one is None or one.index is None or one.lock.locked():
            return False
        return most is None or one.weight <= most

    def weigh(self, user_id: str, livemode: bool, weight: int) -> None:
        """Remember how many bytes a record of the list has, as its last page says."""
        with self._lock:
            if one := self._lists.get((user_id, livemode)):
                one.weight = weight

    @property
    def nbytes(self) -> int:
        """Memory of all indexes in bytes, what searches found apart."""
        with self._lock:
            lists = list(self._lists.values())
        return sum(map(_size, lists))

    def close(self) -> None:
        """Stop what is going on in the background, and keep what is not kept yet; the database must still be open."""
        self._is_closed = True
        self._background.shutdown(cancel_futures=True)
        if self._saver is None:
            return
        with ThreadPoolExecutor(1) as last:
            for one in self._lists.values():
                last.submit(self._save, one).add_done_callback(_tell)
        self._saver.close()

    def wait(self) -> None:
        """Until what was begun in the background is done."""
        self._background.submit(int).result()

    def _moved(self, one: _List, source: Source, may_wait: bool) -> Index | None:
        """The list's index, as of the snapshot; None when it cannot be. Whoever may not wait leaves the rest alone."""
        if one.index is None:
            if may_wait:
                self._consider(one, source)
            return None
        revision = source.revision()
        if revision < one.index.revision:
            return None
        if not follow(one.index, source, revision, _AT_ONCE if may_wait else _QUICKLY):
            if may_wait:
                self._load_later(one)
            return None
        if one.index.revision - one.saved_at >= self._rows:
            one.saved_at = one.index.revision
            self._background.submit(self._grown, one).add_done_callback(_tell)
        return one.index

    def _few_of(
        self, index: Index, source: Source, wanted: Wanted, limit: int, offset: int, starting_after: str | None
    ) -> Page | None:
        """A page of an agent or contact with so few analyses that the database finds them by name at once."""
        if wanted.nothing or wanted.part or (wanted.agent is None) == (wanted.contact is None):
            return None
        if wanted.status is None and wanted.flag is None:
            return source.page_of(wanted, self._few, limit, offset, starting_after)
        ids = source.of(wanted, self._few + 1)
        return index.among(ids, wanted, limit, offset, starting_after) if len(ids) <= self._few else None

    def _consider(self, one: _List, source: Source) -> None:
        """Load the list if it is long; a short one is counted again when it may have grown enough."""
        revision = source.revision()
        if one.loads or one.is_too_large or revision < max(one.asked_at, self._short):
            return
        missing = self._short - source.count(self._short)
        if missing > 0:
            one.asked_at = revision + missing
        else:
            self._load_later(one)

    def _load_later(self, one: _List) -> None:
        one.loads, one.behind, one.index = one.loads + 1, one.index, None
        self._background.submit(self._load, one).add_done_callback(_tell)

    def _load(self, one: _List) -> None:
        """Give the list an index that has seen all there is: the one it had, or what is kept, or a new one."""
        is_checked = False
        try:
            is_there = one.index is not None or self._is_brought_up(one)
            if not one.is_too_large and not (is_there and self._agrees(one)):
                one.declared = None
                self._give(one, None)
                self._give(one, self._filled(one))
            is_checked = True
        finally:
            if not is_checked:
                self._give(one, None)
            with one.lock:
                one.loads -= 1
                one.behind = one.behind if one.loads else None
        if not self._is_closed:
            self._grown(one)

    def _give(self, one: _List, index: Index | None) -> None:
        with one.lock:
            one.index, one.saved_at = index, 0 if index is None else index.revision

    def _is_brought_up(self, one: _List) -> bool:
        """Give the list the index behind, or else what is kept, with everything since; whether there is one that can.

        One that cannot is held by nobody when this ends: a new one takes as much room again.
        """
        with one.lock:
            index, one.behind = one.behind, None
        with self._open(one.user_id, one.livemode) as source:
            revision = source.revision()
            index = self._kept(one, source.mark()) if index is None else index
            if index is None or not follow(index, source, revision, _MOST):
                return False
        one.is_too_large = index.nbytes > self._memory
        self._give(one, None if one.is_too_large else index)
        return not one.is_too_large

    def _kept(self, one: _List, mark: str | None) -> Index | None:
        if self._folder is None:
            return None
        folder = saved.place(self._folder, one.user_id, one.livemode)
        self._fit(saved.size(folder))
        kept = saved.read(folder, self._rows, mark)
        if kept is None:
            return None
        index = Index(self._searches, self._rows)
        index.segments, index.revision = kept
        one.declared = index.revision
        return index

    def _agrees(self, one: _List) -> bool:
        """Whether the list's index has as many rows as the database: somebody may have changed those by hand.

        Of five million that takes half a second, in which the index answers already.
        """
        with self._open(one.user_id, one.livemode) as source:
            with one.lock:
                revision = source.revision()
                if one.index is None or not follow(one.index, source, revision, _AT_ONCE):
                    return True  # it is being loaded again, or will be
                there = len(one.index)
            return source.count() == there

    def _filled(self, one: _List) -> Index | None:
        """A new index of everything; None when too much changes meanwhile, or room is short."""
        index = Index(self._searches, self._rows)
        with self._open(one.user_id, one.livemode) as source:
            index.revision = source.revision()
        rows: list[Row] | None = None
        while rows is None or len(rows) == _CHUNK:
            with self._open(one.user_id, one.livemode) as source:
                rows = source.rows(index.last or "", _CHUNK)
            index.extend(rows)
            one.is_too_large = index.nbytes > self._memory
            if one.is_too_large or self._is_closed:
                return None
            self._fit(index.nbytes)
        with self._open(one.user_id, one.livemode) as source:
            return index if follow(index, source, source.revision(), _MOST) else None

    def _fit(self, coming: int = 0) -> None:
        """Let go of the indexes that were not asked for the longest, until the others fit beside so many bytes."""
        with self._lock:
            newest_first = list(reversed(self._lists.values()))
        room = self._memory - coming
        for one in newest_first:
            with one.lock:
                room -= one.index.nbytes if one.index else 0
                if room < 0:
                    one.index = None

    def _grown(self, one: _List) -> None:
        """What follows when a list was loaded or has grown."""
        self._fit()
        self._save(one)

    def _save(self, one: _List) -> None:
        """Keep the segments as files, unless another process does; what is not kept is read anew at the next start."""
        with one.lock:
            index = one.index
            if self._folder is None or index is None or not self._saves():
                return
            revision, segments = index.revision, list(index.segments)
        if revision == one.declared:
            return
        folder = saved.place(self._folder, one.user_id, one.livemode)
        for _ in range(_TRIES):
            names = self._written(one, index, segments, folder)
            if names is None:
                return
            with saved.locked(folder):
                if all((folder / name).exists() for name in names):  # or else something was erased meanwhile
                    saved.declare(folder, names, revision, self._marked(one.user_id, one.livemode))
                    one.declared = revision
                    return
        one.saved_at = 0  # the next question tries again

    def _written(self, one: _List, index: Index, segments: Sequence[Segment], folder: Path) -> list[str] | None:
        """The names of the segments' files, written where they are not there; None when the index is no more."""
        names = list[str]()
        for segment in segments:
            # Read what is gone within the folder's lock: see `saved`.
            with saved.locked(folder), self._open(one.user_id, one.livemode) as source, one.lock:
                name = saved.name_of(folder, segment)
                if name is None:
                    if one.index is not index or not follow(index, source, source.revision(), _AT_ONCE):
                        return None
                    name = saved.write(folder, segment)
            names.append(name)
        return names

    def _saves(self) -> bool:
        """Whether this is the process that keeps segments: the first that wants to, for as long as it lives."""
        if self._saver is None and self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self._folder / "saver.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                return False
            self._saver = lock
        return self._saver is not None


def _size(one: _List) -> int:
    with one.lock:
        return one.index.nbytes if one.index else 0


def _tell(done: Future[None]) -> None:
    """Log what went wrong in the background, where nobody else asks."""
    if not done.cancelled() and (error := done.exception()):
        _log.error("a list was not read or kept", exc_info=error)
