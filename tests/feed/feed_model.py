"""A list in plain Python that the feed index is compared with, and a source of rows as the database would give them."""

from __future__ import annotations

import random
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from callcov.feed.index import Page
from callcov.feed.segment import STATUSES, Row, Wanted
from callcov.feed.text import folded
from callcov.store.ids import Tick, following, uuid7

BEGAN = 1_764_000_000_000  # Unix milliseconds
LIVE = True
ROWS = 50
"""Rows of a full segment."""


@dataclass
class Listed:
    """One analysis of the list: what is shown of it, and at which revision it last changed."""

    row: Row
    created: int
    revision: int


@dataclass
class PlainList:
    """One list with everything that has happened to it. It is its own `Source`: each call sees the present."""

    listed: dict[str, Listed] = field(default_factory=dict)
    deleted: list[tuple[int, str]] = field(default_factory=list)
    count_of_changes: int = 0
    tick: Tick = field(default_factory=lambda: Tick(BEGAN, 0))
    remembered: int = 10**9
    rows_read: int = 0
    row_mark: str | None = None
    is_broken: bool = False  # whether counting everything fails

    def insert(self, agent_id: str, contact_id: str, later_ms: int = 0) -> str:
        self.count_of_changes += 1
        self.tick = following(self.tick, self.tick.milliseconds + later_ms)
        row = Row(uuid7(self.tick), "processing", agent_id, contact_id, 0)
        self.listed[row.id] = Listed(row, self.tick.milliseconds // 1000, self.count_of_changes)
        return row.id

    def change(self, row_id: str, **values: object) -> None:
        self.count_of_changes += 1
        before = self.listed[row_id]
        self.listed[row_id] = replace(before, row=before.row._replace(**values), revision=self.count_of_changes)

    def delete(self, row_id: str) -> None:
        self.count_of_changes += 1
        del self.listed[row_id]
        self.deleted.append((self.count_of_changes, row_id))

    def page(self, wanted: Wanted, limit: int, offset: int = 0, starting_after: str | None = None):
        """The ids of the page, the total, and whether more follow: the contract's own words as a loop."""
        matching = [row_id for row_id, one in reversed(self.listed.items()) if matches(one, wanted)]
        following_ids = [row_id for row_id in matching if starting_after is None or row_id < starting_after]
        ids = following_ids[offset : offset + limit]
        return tuple(ids), len(matching), len(following_ids) > offset + len(ids)

    # What a `Source` is asked.

    def revision(self) -> int:
        return self.count_of_changes

    def mark(self) -> str | None:
        return self.row_mark

    def renewed(self) -> tuple[str | None, str]:
        """A new mark: the one it had and the new one."""
        before, self.row_mark = self.row_mark, uuid.uuid4().hex
        return before, self.row_mark

    def count(self, most: int | None = None) -> int:
        if self.is_broken and most is None:
            raise OSError("the database went away")
        return len(self.listed) if most is None else min(most, len(self.listed))

    def rows(self, after: str, limit: int) -> list[Row]:
        found = [one.row for row_id, one in self.listed.items() if row_id > after][:limit]
        self.rows_read += len(found)
        return found

    def changed(self, since: int, limit: int) -> list[Row]:
        return [one.row for one in self.listed.values() if one.revision > since][:limit]

    def gone(self, since: int, limit: int) -> list[str]:
        return [row_id for revision, row_id in self.deleted if revision > since][:limit]

    def of(self, wanted: Wanted, most: int) -> list[str]:
        named = replace(wanted, status=None, flag=None)
        return [row_id for row_id, one in reversed(self.listed.items()) if matches(one, named)][:most]

    def page_of(self, wanted: Wanted, most: int, limit: int, offset: int, starting_after: str | None) -> Page | None:
        ids, total, has_more = self.page(replace(wanted, status=None, flag=None), limit, offset, starting_after)
        return Page(ids, total, has_more=has_more) if total <= most else None


@dataclass
class PlainLists:
    """Lists by account, as `feed.source.Lists` asks for them."""

    by_account: dict[str, PlainList]

    @contextmanager
    def opened(self, user_id: str, _livemode: bool):  # noqa: FBT001 - as a database is asked
        yield self.by_account[user_id]

    def marked(self, user_id: str, _livemode: bool) -> str:  # noqa: FBT001 - as a database is asked
        return self.by_account[user_id].renewed()[1]


def matches(one: Listed, wanted: Wanted) -> bool:
    row = one.row
    part = wanted.part.decode() if wanted.part else ""
    return (
        (wanted.status is None or STATUSES[row.status] == wanted.status)
        and (wanted.agent is None or row.agent_id == wanted.agent.decode())
        and (wanted.contact is None or row.contact_id == wanted.contact.decode())
        and (part in folded(row.agent_id) or part in folded(row.contact_id))
        and (wanted.flag is None or row.flags & wanted.flag > 0)
        and (wanted.after is None or one.created >= wanted.after)
        and (wanted.before is None or one.created < wanted.before)
    )


def shaped(count: int, seed: int = 7) -> PlainList:
    """That many rows with ids as a contact centre writes them."""
    random_ = random.Random(seed)  # noqa: S311 - the same rows every time
    made = PlainList()
    for _ in range(count):
        row_id = made.insert(f"agent_{random_.randrange(5_000):05}", f"customer_{random_.randrange(2_000_000):07}", 400)
        made.change(row_id, status=random_.choice(("completed",) * 9 + ("failed",)), flags=random_.randrange(8))
    return made


def ask(feeds, one, user="u", wanted=None, limit=7, offset=0):
    page = feeds.page(one, user, LIVE, wanted or Wanted(), limit, offset, None)
    return page and (page.ids, page.total, page.has_more)


def settled(feeds, one, user="u"):
    """The answer once the background is done."""
    ask(feeds, one, user)
    feeds.wait()
    return ask(feeds, one, user)


def restarted(made, one):
    """The rows read from the list after a restart, whose answers are right."""
    one.rows_read = 0
    feeds = made({"u": one})
    assert settled(feeds, one) == one.page(Wanted(), 7)
    for wanted in (Wanted(status=STATUSES["failed"]), Wanted(part=b"12")):
        assert ask(feeds, one, wanted=wanted) == one.page(wanted, 7)
    feeds.close()
    return one.rows_read
