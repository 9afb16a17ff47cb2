"""What an index is read from: a list as one snapshot of the database shows it; and how an index follows it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from callcov.feed.index import Index, Page
from callcov.feed.segment import Row, Wanted


class Source(Protocol):
    """One list as one snapshot of the database shows it."""

    remembered: int
    """For how many revisions the database remembers what was deleted."""

    def revision(self) -> int:
        """The list's revision; every change raises it."""
        ...

    def mark(self) -> str | None:
        """The mark of the files that agree with the list; None when there are none."""
        ...

    def count(self, most: int | None = None) -> int:
        """How many analyses there are, up to `most`."""
        ...

    def rows(self, after: str, limit: int) -> list[Row]:
        """The oldest analyses with greater ids than `after`."""
        ...

    def changed(self, since: int, limit: int) -> list[Row]:
        """The analyses added or changed after that revision, oldest first; the first `limit` of them."""
        ...

    def gone(self, since: int, limit: int) -> list[str]:
        """The ids deleted after that revision; `limit` of them."""
        ...

    def of(self, wanted: Wanted, most: int) -> list[str]:
        """The ids of the wanted agent or contact within the wanted times, newest first; the newest `most` of them."""
        ...

    def page_of(self, wanted: Wanted, most: int, limit: int, offset: int, starting_after: str | None) -> Page | None:
        """The page of those, of whatever status and flags; None when there are more than `most`."""
        ...


class Lists(Protocol):
    """The lists of a database, by account and mode."""

    def opened(self, user_id: str, livemode: bool) -> AbstractContextManager[Source]:
        """A list as of now."""
        ...

    def marked(self, user_id: str, livemode: bool) -> str:
        """A new mark of a list, for files that agree with it."""
        ...


def follow(index: Index, source: Source, revision: int, most: int) -> bool:
    """Bring the index to the source's revision by no more changes than that; False when it cannot be or is not to be.

    It stays usable unless what it holds does not agree with what changed: then whoever reads everything again helps.
    """
    if not index.revision <= revision <= index.revision + source.remembered:
        return False
    if revision > index.revision:
        changed, gone = source.changed(index.revision, most + 1), source.gone(index.revision, most + 1)
        if max(len(changed), len(gone)) > most:
            return False
        try:
            index.apply(changed, gone, revision)
        except KeyError:
            return False
    return True
