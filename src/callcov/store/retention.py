"""How long analyses are kept: days an account, and legal holds, which beat them and every deletion."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from callcov.errors import BadForm, NotFound
from callcov.store import analyses as stored
from callcov.store import turns
from callcov.store.analyses import ROW, Analysis
from callcov.store.ids import before
from callcov.store.tables import analyses, users
from callcov.store.times import iso, milliseconds

LONGEST = 36_500
"""Days; a hundred years."""
TESTS = 7
"""Days that test analyses are kept at most (CONTRACT §1)."""


def set_days(connection: sa.Connection, user_id: str, days: int | None, now: datetime) -> None:
    """Keep the account's analyses that many days (1 to 36,500) from their acceptance, None for ever.

    Raises BadForm for another number, NotFound for an unknown account.
    """
    if days is not None and not 1 <= days <= LONGEST:
        raise BadForm(f"Recordings are kept 1 to {LONGEST:,} days, or without end (`never`).")
    change = sa.update(users).where(users.c.id == user_id).values(retention_days=days, updated_at=iso(now))
    if connection.execute(change.returning(users.c.id)).one_or_none() is None:
        raise NotFound("User not found")


def due(connection: sa.Connection, now: datetime, most: int) -> tuple[Analysis, ...]:
    """Analyses of any account, at most that many, whose days are over and on which there is no hold.

    A deactivated account's are among them: what was promised to its customers goes on.
    """
    found: list[Analysis] = []
    for user_id, days in connection.execute(sa.select(users.c.id, users.c.retention_days)).all():
        for livemode, kept in ((True, days), (False, min(days or TESTS, TESTS))):
            if kept is None:
                continue
            over = before(milliseconds(now - timedelta(days=kept)))
            owned = sa.and_(analyses.c.user_id == user_id, analyses.c.livemode == livemode)
            rows = connection.execute(
                sa.select(*ROW)
                .where(owned, analyses.c.id < over, analyses.c.held_at.is_(None))
                .order_by(analyses.c.id)
                .limit(most - len(found))
            )
            found += [Analysis._make(row) for row in rows]
    return tuple(found)


def hold(connection: sa.Connection, user_id: str, analysis_ids: Collection[str], now: datetime) -> tuple[Analysis, ...]:
    """Put a legal hold on those analyses, of either mode; one that has it keeps its date. Gives those that changed.

    Raises NotFound, and changes nothing, when one of them is not there.
    """
    return _set(connection, user_id, analysis_ids, iso(now))


def release(connection: sa.Connection, user_id: str, analysis_ids: Collection[str]) -> tuple[Analysis, ...]:
    """End the legal hold on those analyses, of either mode. As `hold`."""
    return _set(connection, user_id, analysis_ids, None)


def _set(
    connection: sa.Connection, user_id: str, analysis_ids: Collection[str], held_at: str | None
) -> tuple[Analysis, ...]:
    changed: list[Analysis] = []
    turns.take(connection, user_id)  # nobody deletes one between the look and the change
    for analysis_id in dict.fromkeys(analysis_ids):
        row = stored.assigned(connection, user_id, analysis_id)
        if row is None:
            raise NotFound(f"There is no analysis {analysis_id}")
        if (row.held_at is None) is not (held_at is None):
            owned = sa.and_(analyses.c.id == analysis_id, analyses.c.user_id == user_id)
            connection.execute(sa.update(analyses).where(owned).values(held_at=held_at))
            changed.append(row)
    return tuple(changed)


def to_erase(
    connection: sa.Connection, user_id: str, livemode: bool, contact_id: str | None, after: str, limit: int
) -> tuple[Analysis, ...]:
    """The next analyses of that contact, exactly so written, or with None of all, oldest first; `after` is an id."""
    wanted = [] if contact_id is None else [analyses.c.contact_id == contact_id]
    owned = (analyses.c.user_id == user_id, analyses.c.livemode == livemode, analyses.c.id > after)
    rows = connection.execute(sa.select(*ROW).where(*owned, *wanted).order_by(analyses.c.id).limit(limit))
    return tuple(Analysis._make(row) for row in rows)
