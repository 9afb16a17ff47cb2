"""One id field of many rows, by character position: a search is a few comparisons of whole columns.

Texts are UTF-8 without NUL, so a part of the bytes is a part of the text and 0 can fill up what is shorter. A byte
that never occurs at some position rules out every match that needs it there, without looking at a row.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Found = Bools | bool
"""Which rows: one by one, or all (True) or none (False) of them."""

WIDEST = 80
"""Longer texts are kept one by one: one of a thousand bytes would give every other row as many. "sha256:" and what it
makes has 71."""
_FEW = 64
_TOGETHER = 8  # positions that are compared at a time: what is found of them stays in a core's cache
_PER_LONG = 150
"""What a long text costs beside its bytes: two objects and their place in the table."""


def folded(text: str) -> str:
    """How ids are compared by `search`: full Unicode case folding of the composed form (CONTRACT §4)."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def _bytes_of(long: bytes) -> int:
    return len(long) + _PER_LONG


class Text:
    """The texts of the rows from 0 on, room for `capacity` of them."""

    def __init__(self, capacity: int) -> None:
        self.letters: Bytes = np.zeros((0, capacity), np.uint8)
        self.long: dict[int, bytes] = {}
        # For each byte the positions where it occurs, as bits; and the positions where all rows have the same byte.
        # Texts that were wiped may still be counted, until somebody wants to know: that costs time, never a match.
        self._where = [0] * 256
        self._constant = 0
        self._was_wiped = False
        self._long_bytes = 0

    @classmethod
    def restored(cls, letters: Bytes, long: dict[int, bytes], where: Mapping[int, int]) -> Text:
        """What `letters`, `long` and `where` of another one say."""
        text = cls(0)
        text.letters, text.long = letters, long
        text._long_bytes = sum(map(_bytes_of, long.values()))
        for byte, positions in where.items():
            text._where[byte] = positions
        text._compare()
        return text

    @property
    def where(self) -> dict[int, int]:
        """For each byte that occurs the positions where it does, as bits."""
        if self._was_wiped:  # what is told, or kept in a file, spells nothing that is gone
            ends, self._where, self._was_wiped = self._where[0], [0] * 256, False
            self._mark(self.letters)
            self._where[0] = ends
            self._compare()
        return {byte: positions for byte, positions in enumerate(self._where) if positions}

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self.letters.nbytes + self._long_bytes

    def copy(self) -> Text:
        """The same texts, to be changed apart from these."""
        return Text.restored(self.letters.copy(), dict(self.long), self.where)

    def resize(self, capacity: int) -> None:
        """Give room for that many rows, never fewer than there are."""
        letters = np.zeros((len(self.letters), capacity), np.uint8)
        kept = min(capacity, self.letters.shape[1])
        letters[:, :kept] = self.letters[:, :kept]
        self.letters = letters

    def append(self, at: int, texts: Sequence[bytes]) -> None:
        """Put the texts at the rows from `at` on, which are the first free ones."""
        longest = max(map(len, texts))
        if longest > WIDEST:
            longer = {at + number: text for number, text in enumerate(texts) if len(text) > WIDEST}
            self.long |= longer
            self._long_bytes += sum(map(_bytes_of, longer.values()))
            texts = [text if len(text) <= WIDEST else b"" for text in texts]
            longest = max(map(len, texts))
        self._widen(longest, at)
        width = len(self.letters)
        if width:
            block = np.array(texts, f"S{width}").view(np.uint8).reshape(len(texts), width).T
            self.letters[:, at : at + len(texts)] = block
            self._mark(block)

    def wipe(self, rows: npt.NDArray[np.intp]) -> None:
        """Forget the texts of those rows."""
        self.letters[:, rows] = 0
        self._was_wiped = True
        for row in rows.tolist():
            if text := self.long.pop(row, None):
                self._long_bytes -= _bytes_of(text)

    def containing(self, part: bytes, count: int) -> Found:
        """Which of the first `count` rows contain the part, which is not empty."""
        found: Found = False
        starts = self._starts(part)
        if starts & self._always(part):
            return True
        while starts:
            first = (starts & -starts).bit_length() - 1
            ahead = starts >> first
            run = min((~ahead & ahead + 1).bit_length() - 1, _TOGETHER)
            starts &= -1 << first + run
            found = _either(found, self._at(part, slice(first, first + run), count))
        longer = [row for row, text in self.long.items() if part in text]
        if longer:
            found = found if isinstance(found, np.ndarray) else np.zeros(count, np.bool_)
            found[longer] = True
        return found

    def equal(self, text: bytes, count: int) -> Found:
        """Which of the first `count` rows are the text, which is not empty."""
        if len(text) > WIDEST:
            rows = [row for row, other in self.long.items() if other == text]
            return _only(rows, count) if rows else False
        width = len(self.letters)
        wanted = text.ljust(width, b"\0")
        if len(wanted) > width or not all(self._where[byte] >> place & 1 for place, byte in enumerate(wanted)):
            return False
        # The end of an id says most: two columns of it leave few rows to look at one by one.
        places = [place for place in reversed(range(width)) if not self._constant >> place & 1]
        if not places:
            return True
        found: Bools = self.letters[places[0], :count] == wanted[places[0]]
        for place in places[1:3]:
            found &= self.letters[place, :count] == wanted[place]
        rows = np.flatnonzero(found)
        for place in places[3:]:
            rows = rows[self.letters[place, rows] == wanted[place]]
        return _only(rows, count) if len(rows) else False

    def _at(self, part: bytes, starts: slice, count: int) -> Found:
        """Which rows have the part from one of those positions on, of which none is among `_always`.

        They are compared in one call a byte, for a call costs as well.
        """
        run = (1 << starts.stop) - (1 << starts.start)
        first, *others = (place for place in range(len(part)) if run & ~(self._constant >> place))
        found = self._same(part, first, starts, count)
        for place in others:
            found &= self._same(part, place, starts, count)
            if not found.any():
                return False
        return np.logical_or.reduce(found, axis=0) if len(found) > 1 else found[0]

    def _same(self, part: bytes, place: int, starts: slice, count: int) -> Bools:
        """Where the rows have that byte of the part, if it begins at those positions, [positions, rows]."""
        found: Bools = self.letters[starts.start + place : starts.stop + place, :count] == part[place]
        return found

    def _always(self, part: bytes) -> int:
        """The positions from which every row has the same bytes, as many as the part, as bits."""
        starts = -1
        for place in range(len(part)):
            starts &= self._constant >> place
        return starts

    def _starts(self, part: bytes) -> int:
        """The positions from which the part may be found in some row, as bits."""
        starts = (1 << len(self.letters)) - 1
        for place, byte in enumerate(part):
            starts &= self._where[byte] >> place
            if not starts:
                break
        return starts

    def _widen(self, width: int, rows: int) -> None:
        before, capacity = self.letters.shape
        if width > before:
            wider = np.zeros((width, capacity), np.uint8)
            wider[:before] = self.letters
            self.letters = wider
            if rows:  # their texts end before
                self._where[0] |= (1 << width) - (1 << before)

    def _mark(self, block: Bytes) -> None:
        few = block.shape[1] <= _FEW
        for place, column in enumerate(block):
            seen = set(column.tolist()) if few else np.flatnonzero(np.bincount(column, minlength=256)).tolist()
            for byte in seen:
                self._where[byte] |= 1 << place
        self._compare()

    def _compare(self) -> None:
        once = twice = 0
        for positions in self._where:
            twice |= once & positions
            once |= positions
        self._constant = once & ~twice


def _either(one: Found, other: Found) -> Found:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        one |= other
        return one
    return other if one is False else one


def _only(rows: npt.NDArray[np.intp] | list[int], count: int) -> Bools:
    found = np.zeros(count, np.bool_)
    found[rows] = True
    return found
