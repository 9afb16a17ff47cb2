"""Some tens of thousands of rows of one list, oldest first: ids, states, flags, and the texts that are searched.

A row's place never changes and its texts are only ever wiped, so what a search found in a full segment stays true;
whether the rows found still exist is looked up each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from callcov.feed.text import Bools, Found, Text, folded

GONE = 0
STATUSES = {"processing": 1, "completed": 2, "failed": 3}
SMALLEST = 256
"""Rows that a new segment has room for; when it is used up there is a quarter more."""
ROWS = 65_536
"""Rows of a full segment."""
_STATES = 1 + len(STATUSES)
_COUNTER_BITS = 16  # of the upper half of a UUIDv7, below its milliseconds: version and counter
_LAST = 2**48 - 1


class Row(NamedTuple):
    """What the list needs to know of one analysis; `flags` has bit n for the n-th field that can be flagged."""

    id: str
    status: str
    agent_id: str
    contact_id: str
    flags: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: None narrows nothing, all that is given must hold.

    `agent` and `contact` are whole ids, `part` is of either once folded, UTF-8 all three. `after` is inclusive,
    `before` exclusive, in seconds since 1970. `flag` is one bit.
    """

    status: int | None = None
    agent: bytes | None = None
    contact: bytes | None = None
    part: bytes | None = None
    flag: int | None = None
    after: int | None = None
    before: int | None = None

    @property
    def nothing(self) -> bool:
        """Whether no row can be meant: no id is empty or has a NUL character."""
        exact = [text for text in (self.agent, self.contact) if text is not None]
        return b"" in exact or any(b"\0" in text for text in (*exact, self.part or b""))

    @property
    def is_counted(self) -> bool:
        """Whether, in a segment that lies within the times, those are meant that have the status and were searched."""
        return self.agent is None and self.contact is None and self.flag is None


@dataclass(frozen=True, slots=True)
class Bits:
    """Some of `count` rows, `total` of them, a bit each; the last word is filled up with zeros.

    `tallies` is for whoever counts the same again: numbers of them, and what those hold for.
    """

    words: npt.NDArray[np.uint64]
    count: int
    total: int
    tallies: dict[int | None, tuple[int, int]] = field(default_factory=dict[int | None, tuple[int, int]])

    @classmethod
    def of(cls, found: Bools) -> Bits:
        """Those rows."""
        bits = np.zeros(-(-len(found) // 64) * 8, np.uint8)
        bits[: -(-len(found) // 8)] = np.packbits(found)
        return cls(bits.view(np.uint64), len(found), int(np.count_nonzero(found)))

    @property
    def rows(self) -> Bools:
        """The same, one by one."""
        return np.unpackbits(self.words.view(np.uint8), count=self.count).view(np.bool_)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self.words.nbytes

    def places(self, others: Bits | None = None) -> npt.NDArray[np.intp]:
        """Which rows they are, in order, or which of the others are among them; of few it takes no look at each row."""
        words = self.words if others is None else self.words & others.words
        filled = np.flatnonzero(words)
        bits = np.flatnonzero(np.unpackbits(words[filled].view(np.uint8)))
        return (filled[bits >> 6] << 6) + (bits & 63)

    def tally(self, others: Bits) -> int:
        """How many of the others are among them."""
        return int(np.bitwise_count(self.words & others.words).sum())


def key(row_id: str) -> int:
    """The upper half of an id, which orders the ids of one list and tells them apart."""
    return int(row_id[:8] + row_id[9:13] + row_id[14:18], 16)


def halves(row_ids: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Upper and lower halves of many ids, [ids, 2]."""
    return np.frombuffer(bytes.fromhex("".join(row_ids).replace("-", "")), ">u8").reshape(-1, 2).astype(np.uint64)


def written(ids: npt.NDArray[np.uint64]) -> list[str]:
    """The ids of which those are the `halves`."""
    digits = ids.astype(">u8").tobytes().hex()
    texts = [digits[at : at + 32] for at in range(0, len(digits), 32)]
    return [f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}" for text in texts]


def first_key(seconds: int) -> int:
    """No id made in that second or later has a smaller key, and no other id has a greater one."""
    return min(max(seconds * 1000, 0), _LAST + 1) << _COUNTER_BITS


class Field:
    """An id field: as it is searched, and as it was written where that differs in any row."""

    def __init__(self, capacity: int) -> None:
        self.folded = Text(capacity)
        self.written: Text | None = None

    @classmethod
    def of(cls, texts: Sequence[Text]) -> Field:
        """The field whose `texts` these are."""
        field = cls(0)
        field.folded = texts[0]
        field.written = texts[1] if len(texts) > 1 else None
        return field

    @property
    def texts(self) -> tuple[Text, ...]:
        """Both, or the one."""
        return (self.folded,) if self.written is None else (self.folded, self.written)

    def append(self, at: int, texts: Sequence[str]) -> None:
        """Put the texts at the rows from `at` on."""
        written = [text.encode() for text in texts]
        searched = [folded(text).encode() for text in texts]
        if self.written is None and searched != written:
            self.written = self.folded.copy()
        for text in self.texts:
            text.append(at, searched if text is self.folded else written)

    def equal(self, text: bytes, count: int) -> Found:
        """Which rows are exactly that text."""
        return self.texts[-1].equal(text, count)


class Segment:
    """A run of rows; `count` of them, of which `counts` says how many have each state.

    `saved_as` is for whoever keeps it as a file of that name: a change makes it None.
    """

    def __init__(self, rows: int = ROWS) -> None:
        capacity = min(SMALLEST, rows)
        self.most = rows
        self.count = 0
        self.counts = [0] * _STATES
        self.upper: npt.NDArray[np.uint64] = np.zeros(capacity, np.uint64)
        self.lower: npt.NDArray[np.uint64] = np.zeros(capacity, np.uint64)
        self.status: npt.NDArray[np.uint8] = np.zeros(capacity, np.uint8)
        self.flags: npt.NDArray[np.uint16] = np.zeros(capacity, np.uint16)
        self.agent, self.contact = Field(capacity), Field(capacity)
        self.saved_as: str | None = None
        self._of_status: dict[int | None, Bits] = {}
        self._changes = 0  # how often a status changed: what was counted before does not hold

    @property
    def texts(self) -> tuple[Text, ...]:
        """All the columns of text."""
        return (*self.agent.texts, *self.contact.texts)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        numbers = (self.upper, self.lower, self.status, self.flags, *self._of_status.values())
        return sum(array.nbytes for array in numbers) + sum(text.nbytes for text in self.texts)

    @property
    def first(self) -> int:
        """The key of the oldest row, whether it still exists or not; there must have been one."""
        return int(self.upper[0])

    @property
    def last(self) -> int:
        """The key of the newest row, the same."""
        return int(self.upper[self.count - 1])

    @property
    def is_full(self) -> bool:
        """Whether no row can be added."""
        return self.count == self.most

    @property
    def is_empty(self) -> bool:
        """Whether every row is gone."""
        return self.counts[GONE] == self.count

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows, which are newer than all others and for which there is room."""
        begin, end = self.count, self.count + len(rows)
        if end > len(self.upper):
            self._resize(min(self.most, max(end, len(self.upper) * 5 // 4)))
        self.upper[begin:end], self.lower[begin:end] = halves([row.id for row in rows]).T
        self.status[begin:end] = [STATUSES[row.status] for row in rows]
        self.flags[begin:end] = [row.flags for row in rows]
        self.agent.append(begin, [row.agent_id for row in rows])
        self.contact.append(begin, [row.contact_id for row in rows])
        states = np.bincount(self.status[begin:end], minlength=_STATES).tolist()
        self.counts = [before + now for before, now in zip(self.counts, states, strict=True)]
        self.count = end
        self._of_status.clear()
        self._changes += 1
        self.saved_as = None

    def change(self, keys: npt.NDArray[np.uint64], status: Sequence[int], flags: Sequence[int]) -> None:
        """Give the rows of those keys another state and other flags; KeyError when one is not here, or not any more."""
        places = self.upper[: self.count].searchsorted(keys)
        if (places == self.count).any() or (self.upper[places] != keys).any() or (self.status[places] == GONE).any():
            raise KeyError("a changed row was never added, or is gone")
        self._put(places, np.array(status, np.uint8), np.array(flags, np.uint16))

    def remove(self, keys: npt.NDArray[np.uint64]) -> None:
        """Forget the rows of those keys, texts and all; one that is not here is left out."""
        places = self.upper[: self.count].searchsorted(keys)
        here = places < self.count
        places, keys = places[here], keys[here]
        places = places[self.upper[places] == keys]
        self._put(places, np.full(len(places), GONE, np.uint8), np.zeros(len(places), np.uint16))
        for text in self.texts:
            text.wipe(places)

    def place(self, upper: int, lower: int = 0) -> int:
        """How many rows have a smaller id."""
        if upper >> 64:
            return self.count
        rows = self.upper[: self.count]
        place = int(rows.searchsorted(np.uint64(upper)))
        return place + int(place < self.count and int(rows[place]) == upper and int(self.lower[place]) < lower)

    def keys(self, places: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
        """The ids of the rows at those places, as `halves` gives them."""
        return np.column_stack((self.upper[places], self.lower[places]))

    def search(self, part: bytes) -> Found:
        """Which rows have the part in either id, of those that exist; of others nothing is said."""
        found = self.agent.folded.containing(part, self.count)
        if found is True:
            return True
        other = self.contact.folded.containing(part, self.count)
        if isinstance(found, np.ndarray) and isinstance(other, np.ndarray):
            return np.logical_or(found, other, out=found)
        return other if found is False else True if other is True else found

    def matching(self, wanted: Wanted, searched: Found) -> Found:
        """Which rows are meant, times apart; `searched` is what `search` said, True when nothing is searched."""
        found = searched
        if wanted.contact is not None and found is not False:
            found = _both(found, self.contact.equal(wanted.contact, self.count))
        if wanted.agent is not None and found is not False:
            found = _both(found, self.agent.equal(wanted.agent, self.count))
        if wanted.flag is not None and found is not False:
            found = _both(found, (self.flags[: self.count] & np.uint16(wanted.flag)) != 0)
        if wanted.status is not None and self.counts[wanted.status] < self.count and found is not False:
            found = _both(found, self.status[: self.count] == wanted.status)
        elif self.counts[GONE] and found is not False:
            found = _both(found, self.status[: self.count] != GONE)
        return found

    def meeting(self, keys: npt.NDArray[np.uint64], status: int | None, flag: int | None) -> Bools:
        """Which of the rows of those keys, all of them here, have the status, or any, and the flag, if one is given."""
        places = self.upper[: self.count].searchsorted(keys)
        found: Bools = self.status[places] != GONE if status is None else self.status[places] == status
        return found if flag is None else found & ((self.flags[places] & np.uint16(flag)) != 0)

    def counted(self, wanted: Wanted, among: Bits | None = None) -> int:
        """How many rows there are of the wanted status, or of any; of those alone, if such are given."""
        if among is None:
            return self.count - self.counts[GONE] if wanted.status is None else self.counts[wanted.status]
        narrowing = self._narrowing(wanted)
        if narrowing is None:
            return among.total
        # Looking at every bit of millions takes longer than all the rest of an answer.
        changes, there = among.tallies.get(wanted.status, (-1, 0))
        if changes != self._changes:
            there = among.tally(narrowing)
            among.tallies[wanted.status] = self._changes, there
        return there

    def among(self, wanted: Wanted, among: Bits) -> npt.NDArray[np.intp]:
        """The places of those rows that have the wanted status, or any, in order."""
        return among.places(self._narrowing(wanted))

    def _narrowing(self, wanted: Wanted) -> Bits | None:
        """The rows that exist and have the wanted status, or any; None for all."""
        return self._having(wanted.status) if wanted.status is not None or self.counts[GONE] else None

    def _having(self, status: int | None) -> Bits:
        """The rows of that status, or of any, kept until a status changes."""
        if status not in self._of_status:
            rows = self.status[: self.count]
            self._of_status[status] = Bits.of(rows != GONE if status is None else rows == status)
        return self._of_status[status]

    def _put(self, places: npt.NDArray[np.intp], status: npt.NDArray[np.uint8], flags: npt.NDArray[np.uint16]) -> None:
        if (self.status[places] == status).all() and (self.flags[places] == flags).all():
            return  # most changes of an analysis are none that the list shows
        before = np.bincount(self.status[places], minlength=_STATES)
        after = np.bincount(status, minlength=_STATES)
        self.counts = (np.array(self.counts) - before + after).tolist()
        self._of_status.clear()
        self._changes += 1
        self.status[places], self.flags[places] = status, flags
        self.saved_as = None

    def _resize(self, capacity: int) -> None:
        for name in ("upper", "lower", "status", "flags"):
            array = getattr(self, name)
            wider = np.zeros(capacity, array.dtype)
            wider[: self.count] = array[: self.count]
            setattr(self, name, wider)
        for text in self.texts:
            text.resize(capacity)


def _both(one: Found, other: Found) -> Found:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.logical_and(one, other)
    if one is False or other is False:
        return False
    return other if one is True else one
