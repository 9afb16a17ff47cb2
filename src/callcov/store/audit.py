"""The audit log: who did what to which object, when, from where, and what came of it. Rows are added, never changed.

An entry is written in the transaction of what it tells, so neither is there without the other. It holds ids, never a
word, a name or a secret, and outlives what it names. Ids are UUIDv7 made under the account, so that id order is the
order in which entries were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from callcov.store import turns
from callcov.store.exact import equal
from callcov.store.ids import Tick, following, place, uuid7
from callcov.store.tables import audit
from callcov.store.times import iso, milliseconds

DONE, REFUSED = "done", "refused"
TOKEN, LINK, VISITOR, OPERATOR, SERVER = "token", "link", "visitor", "operator", "server"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be logged.

    `who` is the id of an API key, or TOKEN, LINK, VISITOR (by a password or something mailed), OPERATOR (the command
    line), SERVER.

    `action` is `object.verb`; `at` is aware; `address` where the request came from, None when there was none.
    `livemode` is the object's mode, None for what belongs to the account as a whole. `outcome` is DONE or REFUSED.
    """

    who: str
    action: str
    object_type: str
    object_id: str
    at: datetime
    address: str | None = None
    livemode: bool | None = None
    outcome: str = DONE


@dataclass(frozen=True, slots=True)
class Line:
    """A written entry; `at` is ISO 8601 UTC."""

    id: str
    at: str
    who: str
    action: str
    object_type: str
    object_id: str
    address: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; None asks for all. Times are aware, the first inclusive; `starting_after` an id of a line.

    Lines after that one in the list are older than it; it need not be there.
    """

    object_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    starting_after: str | None = None


_LINE = [audit.c[name] for name in Line.__dataclass_fields__]
# Made once: every submission asks these.
_NEWEST = sa.select(sa.func.max(audit.c.id)).where(audit.c.user_id == sa.bindparam("user_id"))
_INSERT = sa.insert(audit)


def write(connection: sa.Connection, user_id: str, *entries: Entry) -> None:
    """Add entries to the account's log, in that order. Raises NotFound for an unknown account."""
    turns.take(connection, user_id)
    newest = connection.scalar(_NEWEST, {"user_id": user_id})
    tick, lines = place(newest) if newest else Tick(0, 0), list[dict[str, Any]]()
    for entry in entries:
        tick = following(tick, milliseconds(entry.at))
        values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
        lines.append(values | {"id": uuid7(tick), "user_id": user_id, "at": iso(entry.at)})
    if lines:
        connection.execute(_INSERT, lines)


def page(
    connection: sa.Connection, user_id: str, livemode: bool, wanted: Wanted, limit: int
) -> tuple[tuple[Line, ...], bool]:
    """The newest `limit` lines that match, and whether more follow.

    With `livemode` those about live objects and the account as a whole, else those about test objects.
    """
    mode = sa.or_(audit.c.livemode.is_(None), audit.c.livemode) if livemode else audit.c.livemode.is_(sa.false())
    found = sa.select(*_LINE).where(audit.c.user_id == user_id, mode, *_conditions(wanted))
    rows = connection.execute(found.order_by(audit.c.id.desc()).limit(limit + 1)).all()
    return tuple(Line(*row) for row in rows[:limit]), len(rows) > limit


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.object_id is not None:
        conditions.append(equal(audit.c.object_id, wanted.object_id))
    if wanted.created_after is not None:
        conditions.append(audit.c.at >= iso(wanted.created_after))
    if wanted.created_before is not None:
        conditions.append(audit.c.at < iso(wanted.created_before))
    if wanted.starting_after is not None:
        conditions.append(audit.c.id < wanted.starting_after)
    return conditions
