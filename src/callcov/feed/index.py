"""One account's list of one mode: which analyses a page shows, how many there are, whether more follow.

What it says is exact for the revision it was brought up to. Not to be used by two threads at once: `feeds` holds a
lock.
"""

from __future__ import annotations

import threading
import uuid
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, count, groupby, pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from callcov.feed.segment import ROWS, STATUSES, Bits, Row, Segment, Wanted, first_key, halves, key, written
from callcov.feed.text import Found

_Kept = Bits | bool
_PER_ANSWER = 600
"""What an answer costs beside its bits: the objects, the tallies and their place in the table."""
_SOON = 4
"""Segments that are searched within milliseconds."""
_LOOKED_THROUGH = 2_000
"""Texts too long for columns that are, too; they are looked at one by one."""
_numbers = count()
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page:
    """Ids, newest first; `total` counts all that match, `has_more` says whether anything follows."""

    ids: tuple[str, ...]
    total: int
    has_more: bool


def _part(ids: Sequence[str], limit: int, offset: int, starting_after: str | None) -> Page:
    """The page of a list that is these ids, newest first."""
    older = ids if starting_after is None else [one for one in ids if one < starting_after]
    shown = tuple(older[offset : offset + limit])
    return Page(shown, len(ids), has_more=len(older) > offset + len(shown))


class Searches:
    """What searches found in full segments, for all indexes of a process; the longest unused go first."""

    def __init__(self, most: int = 64 * 1024**2) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[int, bytes], dict[int, _Kept]] = OrderedDict()
        self._sizes: dict[tuple[int, bytes], int] = {}
        self._lock = threading.Lock()
        self.nbytes = 0

    def take(self, index: int, part: bytes) -> dict[int, _Kept]:
        """What is known of that search in that index, by segment; to be given back with `keep`."""
        with self._lock:
            self.nbytes -= self._sizes.pop((index, part), 0)
            return self._kept.pop((index, part), {})

    def knows(self, index: int, part: bytes) -> bool:
        """Whether anything is known of that search in that index."""
        return (index, part) in self._kept

    def keep(self, index: int, part: bytes, found: dict[int, _Kept]) -> None:
        """Keep it for the next time, if there is room for it."""
        size = len(part) + sum(_PER_ANSWER + (0 if isinstance(one, bool) else one.nbytes) for one in found.values())
        if not found or size > self._most:
            return
        with self._lock:
            self._kept[index, part], self._sizes[index, part] = found, size
            self.nbytes += size
            while self.nbytes > self._most:
                oldest, _ = self._kept.popitem(last=False)
                self.nbytes -= self._sizes.pop(oldest)


class Index:
    """The rows of one list, in segments, newest last, as of `revision`."""

    def __init__(self, searches: Searches, rows: int = ROWS) -> None:
        self.revision = 0
        self.segments: list[Segment] = []
        self._number = next(_numbers)
        self._searches = searches
        self._rows = rows

    @property
    def nbytes(self) -> int:
        """Memory in bytes, what searches found apart."""
        return sum(segment.nbytes for segment in self.segments)

    @property
    def last(self) -> str | None:
        """The newest id; None when there has been none."""
        if not self.segments:
            return None
        segment = self.segments[-1]
        return written(segment.keys(np.array([segment.count - 1])))[0]

    def __len__(self) -> int:
        """How many analyses there are."""
        return sum(segment.counted(Wanted()) for segment in self.segments)

    def extend(self, rows: Sequence[Row]) -> None:
        """Add rows, oldest first, all newer than those that are here."""
        begin = 0
        while begin < len(rows):
            if not self.segments or self.segments[-1].is_full:
                self.segments.append(Segment(self._rows))
            segment = self.segments[-1]
            end = begin + self._rows - segment.count
            segment.append(rows[begin:end])
            begin = end

    def apply(self, changed: Sequence[Row], gone: Sequence[str], revision: int) -> None:
        """Take over what has happened since `revision`: rows as they are now, oldest first, and ids that are deleted.

        What is here already may come again. Raises KeyError for a row that should have been here before.
        """
        last = self._last_key()
        new = next((number for number, row in enumerate(changed) if key(row.id) > last), len(changed))
        for segment, rows in self._by_segment([(key(row.id), row) for row in changed[:new]]):
            keys = np.array([row_key for row_key, _ in rows], np.uint64)
            segment.change(keys, [STATUSES[row.status] for _, row in rows], [row.flags for _, row in rows])
        for segment, ids in self._by_segment(sorted((key(row_id), row_id) for row_id in gone if key(row_id) <= last)):
            segment.remove(np.array([row_key for row_key, _ in ids], np.uint64))
        self.extend(changed[new:])
        # The last one stays, to tell what is newer.
        self.segments = [one for one in self.segments if not one.is_empty or one is self.segments[-1]]
        self.revision = revision

    def is_quick(self, wanted: Wanted) -> bool:
        """Whether a page takes but milliseconds: no text is looked at, or few are, as of what was searched before."""
        named = wanted.agent is not None or wanted.contact is not None
        if not (named or wanted.part):
            return True
        known = not named and self._searches.knows(self._number, wanted.part or b"")
        looked_at = self.segments[-1:] if known else self.segments
        long = sum(len(text.long) for segment in looked_at for text in segment.texts)
        return len(looked_at) <= _SOON and long <= _LOOKED_THROUGH

    def page(self, wanted: Wanted, limit: int, offset: int = 0, starting_after: str | None = None) -> Page:
        """`limit` of the wanted rows after the newest `offset`, or of those with smaller ids than `starting_after`."""
        if wanted.nothing:
            return Page((), 0, has_more=False)
        walk = _Walk(wanted, limit, offset, starting_after)
        if wanted.part:
            known = self._searches.take(self._number, wanted.part)
            for segment in reversed(self.segments):
                walk.visit(segment, _searched(segment, wanted.part, known))
            self._searches.keep(self._number, wanted.part, known)
        else:
            for segment in reversed(self.segments):
                walk.visit(segment, searched=True)
        ids = walk.ids()
        return Page(ids, walk.total, has_more=walk.reached > offset + len(ids))

    def among(
        self, ids: Sequence[str], wanted: Wanted, limit: int, offset: int = 0, starting_after: str | None = None
    ) -> Page:
        """The same of those ids alone, newest first and all of them here; only status and flag are looked at."""
        if not ids:
            return Page((), 0, has_more=False)
        keys = halves(ids)[:, 0]
        places = np.array([segment.first for segment in self.segments], np.uint64).searchsorted(keys, "right") - 1
        ends = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), len(ids)]
        meets = [
            self.segments[int(places[begin])].meeting(keys[begin:end], wanted.status, wanted.flag)
            for begin, end in pairwise(ends)
        ]
        return _part(list(compress(ids, np.concatenate(meets).tolist())), limit, offset, starting_after)

    def _last_key(self) -> int:
        return self.segments[-1].last if self.segments else -1

    def _by_segment(self, keyed: Sequence[tuple[int, _T]]) -> list[tuple[Segment, list[tuple[int, _T]]]]:
        firsts = [segment.first for segment in self.segments]

        def number(one: tuple[int, _T]) -> int:
            return max(0, bisect_right(firsts, one[0]) - 1)

        return [(self.segments[place], list(rows)) for place, rows in groupby(keyed, number)]


class _Walk:
    """A page being collected, from the newest segment to the oldest."""

    def __init__(self, wanted: Wanted, limit: int, offset: int, starting_after: str | None) -> None:
        self._wanted, self._need, self._skip = wanted, limit, offset
        cursor = None if starting_after is None else uuid.UUID(starting_after).int
        self._cursor = None if cursor is None else (cursor >> 64, cursor & (1 << 64) - 1)
        self._shown: list[npt.NDArray[np.uint64]] = []
        self.total = self.reached = 0

    def ids(self) -> tuple[str, ...]:
        """The ids of the page."""
        return tuple(written(np.concatenate(self._shown))) if self._shown else ()

    def visit(self, segment: Segment, searched: Found | Bits) -> None:
        """Take the segment's part; segments come newest first."""
        wanted = self._wanted
        begin = 0 if wanted.after is None else segment.place(first_key(wanted.after))
        end = segment.count if wanted.before is None else segment.place(first_key(wanted.before))
        cut = end if self._cursor is None else min(max(segment.place(*self._cursor), begin), end)
        if begin >= end or searched is False:
            return
        bits = searched if isinstance(searched, Bits) else None
        if (bits or searched is True) and wanted.is_counted and end - begin == segment.count and cut in {begin, end}:
            there = segment.counted(wanted, bits)
            shown = cut == end and self._need and self._skip < there
            if bits and shown:
                self._show(segment, segment.among(wanted, bits))
            if bits or not shown:
                self._pass(there, there if cut == end else 0)
                return
        found = segment.matching(wanted, searched.rows if isinstance(searched, Bits) else searched)
        if found is False:
            return
        here = _tally(found, begin, cut)
        if self._need and self._skip < here:
            places = np.arange(begin, cut) if found is True else np.flatnonzero(found[begin:cut]) + begin  # pyright: ignore[reportIndexIssue]
            self._show(segment, places)
        self._pass(here + _tally(found, cut, end), here)

    def _show(self, segment: Segment, places: npt.NDArray[np.intp]) -> None:
        """Take of those places, in order, what the page still needs behind what it skips."""
        shown = places[::-1][self._skip : self._skip + self._need]
        self._shown.append(segment.keys(shown))
        self._need -= len(shown)

    def _pass(self, total: int, reached: int) -> None:
        self.total += total
        self.reached += reached
        self._skip = max(0, self._skip - reached)


def _searched(segment: Segment, part: bytes, known: dict[int, _Kept]) -> Found | Bits:
    if not segment.is_full:
        return segment.search(part)
    first = segment.first
    if first not in known:
        found = segment.search(part)
        known[first] = found if isinstance(found, bool) else Bits.of(found)
    return known[first]


def _tally(found: Found, begin: int, end: int) -> int:
    return max(0, end - begin) if isinstance(found, bool) else int(np.count_nonzero(found[begin:end]))
