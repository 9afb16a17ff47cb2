"""Which analyses were deleted lately, told by revision; the feed index asks, because a deleted row tells nothing."""

from __future__ import annotations

import sqlalchemy as sa

from callcov.store.tables import deletions

REMEMBERED = 1_000_000
"""Revisions of a list for which its deletions are kept; who has not looked for longer reads the whole list again."""


def note(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str, revision: int) -> None:
    """Remember that the analysis was deleted at that revision, and forget what is no longer asked for."""
    row = {"user_id": user_id, "livemode": livemode, "revision": revision, "analysis_id": analysis_id}
    connection.execute(sa.insert(deletions), row)
    connection.execute(
        sa.delete(deletions).where(_of(user_id, livemode), deletions.c.revision <= revision - REMEMBERED)
    )


def since(connection: sa.Connection, user_id: str, livemode: bool, revision: int, limit: int) -> list[str]:
    """The ids deleted after that revision, at most `limit` of them, first deleted first."""
    later = sa.and_(_of(user_id, livemode), deletions.c.revision > revision)
    found = sa.select(deletions.c.analysis_id).where(later).order_by(deletions.c.revision).limit(limit)
    return list(connection.scalars(found))


def _of(user_id: str, livemode: bool) -> sa.ColumnElement[bool]:
    return sa.and_(deletions.c.user_id == user_id, deletions.c.livemode == livemode)
