"""The list: which analyses a page shows, how many match, whether more follow, and what is shown of each.

Two roads give the ids, `selected` by plain SQL and `indexed` by the feed index; what they say is the same, and a page
is made of it in one place. The SQL is always right; the index is quick on long lists.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, reduce
from operator import add
from typing import Any

import sqlalchemy as sa

from callcov.feed import index
from callcov.feed.feeds import Feeds
from callcov.feed.segment import STATUSES, Row, Wanted
from callcov.feed.text import folded
from callcov.store import deletions, marks
from callcov.store.analyses import COMPLETED, ROW, Analysis, Filters, first_of, matching, revision
from callcov.store.db import Database
from callcov.store.postgresql import BINARY
from callcov.store.sealed import opened as unsealed
from callcov.store.tables import FLAGS, analyses, documents, figures

_BITS = reduce(add, [figures.c[name] * (1 << number) for number, name in enumerate(FLAGS)])
# Not a join: PostgreSQL merged the figures from the first one on, for every few thousand rows that were wanted.
_FLAGS = sa.select(_BITS).where(figures.c.analysis_id == analyses.c.id).scalar_subquery()
_LAST = "g"  # later than every id, which begins with a hexadecimal digit
_ROW = (analyses.c.id, analyses.c.status, analyses.c.agent_id, analyses.c.contact_id, sa.func.coalesce(_FLAGS, 0))


@dataclass(frozen=True, slots=True)
class Page:
    """Part of the list. An item is a stored document (UTF-8, placeholder unfilled) or a row that has none yet.

    `total` counts everything that matches, `has_more` says whether anything follows this page; `revision` is that of
    the list.
    """

    items: tuple[bytes | Analysis, ...]
    total: int
    has_more: bool
    revision: int


def page(
    connection: sa.Connection,
    user_id: str,
    livemode: bool,
    filters: Filters,
    limit: int,
    offset: int = 0,
    expand: bool = True,  # noqa: FBT002 - the list's own default
    starting_after: str | None = None,
    feeds: Feeds | None = None,
) -> Page:
    """`limit` analyses after the newest `offset`, whole or light; past the end the page is empty, the total right.

    `starting_after` is a UUID in lower case: only analyses with smaller ids are shown, but all are counted. With
    `feeds` the connection's snapshot must begin here.
    """
    source, found = Source(connection, user_id, livemode), None
    if feeds is not None:
        found = indexed(source, feeds, filters, limit, offset, starting_after)
    if found is None:
        found = selected(connection, user_id, livemode, filters, limit, offset, starting_after)
    return _made(connection, source, found, filters.status, expand=expand)


def quick_page(
    connection: sa.Connection,
    user_id: str,
    livemode: bool,
    filters: Filters,
    limit: int,
    offset: int,
    expand: bool,
    starting_after: str | None,
    feeds: Feeds,
) -> Page | None:
    """The same if the index gives it within milliseconds; None when it does not, and whoever may wait is to ask."""
    source = Source(connection, user_id, livemode)
    found = indexed(source, feeds, filters, limit, offset, starting_after, may_wait=False)
    return None if found is None else _made(connection, source, found, filters.status, expand=expand)


def selected(
    connection: sa.Connection,
    user_id: str,
    livemode: bool,
    filters: Filters,
    limit: int,
    offset: int = 0,
    starting_after: str | None = None,
) -> index.Page:
    """The ids of a page, as `page` describes it, by SQL."""
    matched = matching(user_id, livemode, filters)
    total = connection.scalar(sa.select(sa.func.count()).select_from(analyses).where(matched)) or 0
    if offset >= total:
        return index.Page((), total, has_more=False)
    if starting_after is not None:
        matched = sa.and_(matched, analyses.c.id < starting_after)
    ids = sa.select(analyses.c.id).where(matched).order_by(analyses.c.id.desc()).limit(limit + 1).offset(offset)
    found = tuple(connection.scalars(ids))
    return index.Page(found[:limit], total, has_more=len(found) > limit)


def indexed(
    source: Source,
    feeds: Feeds,
    filters: Filters,
    limit: int,
    offset: int = 0,
    starting_after: str | None = None,
    *,
    may_wait: bool = True,
) -> index.Page | None:
    """The same by the feed index; None when it has no answer. The snapshot of the source must begin here.

    `may_wait` is as in `Feeds.page`.
    """
    asked = wanted(filters), limit, offset, starting_after
    return feeds.page(source, source.user_id, source.livemode, *asked, may_wait=may_wait)


def wanted(filters: Filters) -> Wanted:
    """The filters as the index takes them."""
    return Wanted(
        None if filters.status is None else STATUSES[filters.status],
        None if filters.agent_id is None else filters.agent_id.encode(),
        None if filters.contact_id is None else filters.contact_id.encode(),
        folded(filters.search).encode() if filters.search else None,
        None if filters.flagged is None else 1 << FLAGS.index(filters.flagged),
        filters.created_after,
        filters.created_before,
    )


class Lists:
    """The lists of a database, as `feed.source.Lists` says."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def opened(self, user_id: str, livemode: bool) -> Generator[Source]:
        """A list, as a snapshot of its own shows it."""
        with self._database.read() as connection:
            yield Source(connection, user_id, livemode)

    def marked(self, user_id: str, livemode: bool) -> str:
        """A new mark of a list, for files that agree with it."""
        with self._database.write() as connection:
            _, mark = marks.renew(connection, user_id, livemode)
        return mark


def _made(connection: sa.Connection, source: Source, found: index.Page, status: str | None, *, expand: bool) -> Page:
    """The page of what was found in the source's snapshot, which is the connection's."""
    items = _items(connection, source.user_id, source.livemode, found.ids, status, expand=expand)
    return Page(items, found.total, found.has_more, source.revision())


def _items(
    connection: sa.Connection, user_id: str, livemode: bool, ids: Sequence[str], status: str | None, *, expand: bool
) -> tuple[bytes | Analysis, ...]:
    """What is shown of those analyses, in that order; `status` is that of all of them where it is known."""
    if not ids:
        return ()
    document, dialect = documents.c.full if expand else documents.c.light, connection.dialect.name
    whose = {"user_id": user_id, "livemode": livemode}
    found: dict[str, bytes] = {}
    rows: dict[str, Analysis] = {}
    if status in {None, COMPLETED}:  # no other has documents
        asked = connection.execute(_stored(dialect, document), {**whose, "ids": list(ids)})
        found = {row[0]: row[1] for row in asked.all()}
    without = [one for one in ids if one not in found]
    if without:
        asked = connection.execute(_rows(dialect), {**whose, "ids": without})
        rows = {row.id: Analysis._make(row) for row in asked.all()}
    return tuple(
        _plain(connection, user_id, f"{one}/{document.name}", found[one]) if one in found else rows[one] for one in ids
    )


@cache
def _stored(dialect: str, document: sa.Column[str]) -> sa.Select[Any, bytes]:
    """Asks for that column of the documents of analyses, as `_these` says.

    As the bytes it is sent as: making strings of a page and bytes again takes longer than fetching it.
    """
    utf8: sa.ColumnElement[bytes] = sa.cast(document, sa.LargeBinary)
    if dialect != "sqlite":
        utf8 = sa.func.convert_to(document, "UTF8", type_=sa.LargeBinary)
    asked = sa.select(documents.c.analysis_id, utf8).join(analyses).where(_these(dialect))
    return asked.execution_options(**{BINARY: True})


@cache
def _rows(dialect: str) -> sa.Select[Any]:
    return sa.select(*ROW).where(_these(dialect))


def _these(dialect: str) -> sa.ColumnElement[bool]:
    """Which rows: those `ids` of an account and mode, as one value however many there are.

    A parameter for each would be written into the statement and planned anew every time.
    """
    ids: sa.ColumnElement[bool]
    if dialect == "sqlite":
        each = sa.func.json_each(sa.bindparam("ids", type_=sa.JSON)).table_valued("value")
        ids = analyses.c.id.in_(sa.select(each.c.value))
    else:
        ids = analyses.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Text)))
    account = analyses.c.user_id == sa.bindparam("user_id"), analyses.c.livemode == sa.bindparam("livemode")
    return sa.and_(*account, ids)


def _plain(connection: sa.Connection, user_id: str, about: str, stored: bytes) -> bytes:
    # A document is a JSON object, which nothing sealed begins like.
    return stored if stored.startswith(b"{") else unsealed(connection, user_id, about, stored.decode()).encode()


def _named(column: sa.Column[str]) -> sa.Select[Any]:
    """Asks for the ids of an agent or contact, `name`, from `after` on and before `before`."""
    account = analyses.c.user_id == sa.bindparam("user_id"), analyses.c.livemode == sa.bindparam("livemode")
    times = analyses.c.id >= sa.bindparam("after"), analyses.c.id < sa.bindparam("before")
    return sa.select(analyses.c.id).where(*account, column == sa.bindparam("name"), *times)


@cache
def _of(column: sa.Column[str]) -> sa.Select[Any]:
    """Asks for the newest `most` of those.

    As one text, in whatever order: a thousand rows would take three times as long.
    """
    newest = _named(column).order_by(analyses.c.id.desc()).limit(sa.bindparam("most")).subquery()
    return sa.select(sa.func.aggregate_strings(newest.c.id, ","))


@cache
def _page_of(column: sa.Column[str]) -> sa.Select[str, int]:
    """Asks for `limit` of those behind `until` and the newest `offset`, as one text, and how many of `most` there are.

    A thousand ids, of which a hundred are shown, take three times as long to come here as to be counted there.
    """
    shown = _named(column).where(analyses.c.id < sa.bindparam("until")).order_by(analyses.c.id.desc())
    shown = shown.limit(sa.bindparam("limit")).offset(sa.bindparam("offset")).subquery()
    some = _named(column).limit(sa.bindparam("most")).subquery()
    there = sa.select(sa.func.count()).select_from(some).scalar_subquery()
    return sa.select(sa.func.aggregate_strings(shown.c.id, ","), there)


class Source:
    """One list as one snapshot shows it, as `feed.source.Source` says."""

    remembered = deletions.REMEMBERED

    def __init__(self, connection: sa.Connection, user_id: str, livemode: bool) -> None:
        self.user_id, self.livemode, self._connection = user_id, livemode, connection
        self._revision: int | None = None

    def revision(self) -> int:
        """The list's revision; every change raises it."""
        if self._revision is None:
            self._revision = revision(self._connection, self.user_id, self.livemode)
        return self._revision

    def mark(self) -> str | None:
        """The mark of the files that agree with the list; None when there are none."""
        return marks.of(self._connection, self.user_id, self.livemode)

    def count(self, most: int | None = None) -> int:
        """How many analyses there are, up to `most`."""
        some = sa.select(analyses.c.id).where(self._owned()).limit(most).subquery()
        return self._connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0

    def rows(self, after: str, limit: int) -> list[Row]:
        """The oldest analyses with greater ids than `after`."""
        return self._rows(analyses.c.id > after, analyses.c.id, limit)

    def changed(self, since: int, limit: int) -> list[Row]:
        """The first `limit` analyses that were added or changed after that revision, oldest first."""
        # By revision, as the index of the table is, so that too many are noticed without reading them all.
        return sorted(self._rows(analyses.c.revision > since, analyses.c.revision, limit))

    def gone(self, since: int, limit: int) -> list[str]:
        """The ids deleted after that revision, at most `limit`."""
        return deletions.since(self._connection, self.user_id, self.livemode, since, limit)

    def of(self, wanted: Wanted, most: int) -> list[str]:
        """The ids of the wanted agent or contact within the wanted times, newest first; the newest `most` of them."""
        column, given = self._asked(wanted)
        return _newest_first(self._connection.scalar(_of(column), given | {"most": most}))

    def page_of(
        self, wanted: Wanted, most: int, limit: int, offset: int, starting_after: str | None
    ) -> index.Page | None:
        """The page of those, of whatever status and flags; None when there are more than `most`."""
        column, given = self._asked(wanted)
        # Whoever skips more than `most` sees nothing, or is not answered here: going further would be for nothing.
        skipped = min(offset, most + 1)
        given |= {"most": most + 1, "limit": limit + 1, "offset": skipped, "until": starting_after or _LAST}
        found = self._connection.execute(_page_of(column), given).one()
        ids, total = _newest_first(found[0]), found[1]
        return None if total > most else index.Page(tuple(ids[:limit]), total, has_more=len(ids) > limit)

    def _asked(self, wanted: Wanted) -> tuple[sa.Column[str], dict[str, Any]]:
        """Where the wanted agent or contact stands, and who it is and the times as `_named` takes them."""
        column, name = (analyses.c.agent_id, wanted.agent) if wanted.agent else (analyses.c.contact_id, wanted.contact)
        given = {"user_id": self.user_id, "livemode": self.livemode, "name": (name or b"").decode()}
        given["after"] = "" if wanted.after is None else first_of(wanted.after)
        given["before"] = _LAST if wanted.before is None else first_of(wanted.before)
        return column, given

    def _owned(self) -> sa.ColumnElement[bool]:
        return sa.and_(analyses.c.user_id == self.user_id, analyses.c.livemode == self.livemode)

    def _rows(self, which: sa.ColumnElement[bool], order: sa.Column[Any], limit: int) -> list[Row]:
        rows = sa.select(*_ROW).where(self._owned(), which).order_by(order).limit(limit)
        return [Row(*row) for row in self._connection.execute(rows)]


def _newest_first(ids: str | None) -> list[str]:
    return sorted(filter(None, (ids or "").split(",")), reverse=True)
