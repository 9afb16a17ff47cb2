"""Webhook attempts, one row each: what was tried, when, what came back, and when it is tried again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from callcov.errors import NotFound
from callcov.store import turns
from callcov.store.exact import equal
from callcov.store.tables import analyses, deliveries


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt. `id` is the caller's, at most 64 characters, the same when a cut-off attempt is made again.

    `attempt` counts from 1; times are ISO 8601 UTC; `status_code` is None when no answer came; `next_at` is None when
    it is not tried again.
    """

    id: str
    analysis_id: str
    attempt: int
    started_at: str
    duration_ms: int
    status_code: int | None
    outcome: str
    error: str | None
    next_at: str | None


_COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


def add(connection: sa.Connection, user_id: str, delivery: Delivery) -> None:
    """Keep the attempt; one of the same id is replaced. Raises NotFound when the analysis is gone."""
    turns.take(connection, user_id)  # or it might be deleted between the look and the change
    owned = sa.select(analyses.c.id).where(analyses.c.id == delivery.analysis_id, analyses.c.user_id == user_id)
    if connection.scalar(owned) is None:
        raise NotFound("Analysis not found")
    connection.execute(
        sa.delete(deliveries).where(deliveries.c.id == delivery.id, deliveries.c.user_id == user_id),
    )
    connection.execute(sa.insert(deliveries).values(**asdict(delivery), user_id=user_id))


def of_analysis(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> tuple[Delivery, ...]:
    """The attempts for one analysis, oldest first; empty when there are none or it is not the caller's."""
    oldest = (deliveries.c.started_at, deliveries.c.attempt, deliveries.c.id)
    found = _theirs(user_id, livemode).where(deliveries.c.analysis_id == analysis_id).order_by(*oldest)
    return tuple(Delivery(*row) for row in connection.execute(found))


def page(
    connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str | None, limit: int, offset: int
) -> tuple[tuple[Delivery, ...], bool]:
    """The account's attempts behind the newest `offset`, newest first, and whether more follow.

    Those of one analysis, or with None of all; both are empty for an analysis that is not the caller's.
    """
    wanted = [] if analysis_id is None else [equal(deliveries.c.analysis_id, analysis_id)]
    newest = (deliveries.c.started_at.desc(), deliveries.c.id.desc())
    found = _theirs(user_id, livemode).where(*wanted).order_by(*newest).limit(limit + 1).offset(offset)
    rows = [Delivery(*row) for row in connection.execute(found)]
    return tuple(rows[:limit]), len(rows) > limit


def get(connection: sa.Connection, user_id: str, livemode: bool, delivery_id: str) -> Delivery:
    """The attempt of that id. Raises NotFound."""
    row = connection.execute(_theirs(user_id, livemode).where(equal(deliveries.c.id, delivery_id))).one_or_none()
    if row is None:
        raise NotFound("Delivery not found")
    return Delivery(*row)


def last_attempt(connection: sa.Connection, user_id: str, analysis_id: str, run: int | None = None) -> int:
    """The highest number of an attempt to tell of that run of the analysis, or of any; 0 when there was none."""
    begun = sa.and_(deliveries.c.user_id == user_id, deliveries.c.analysis_id == analysis_id)
    found = connection.execute(sa.select(deliveries.c.id, deliveries.c.attempt).where(begun))
    of_run = f"{analysis_id}." if run is None else f"{analysis_id}.{run}."
    return max((attempt for id_, attempt in found if id_.startswith(of_run)), default=0)


def _theirs(user_id: str, livemode: bool) -> sa.Select[Any]:
    return (
        sa.select(*_COLUMNS)
        .join(analyses, analyses.c.id == deliveries.c.analysis_id)
        .where(deliveries.c.user_id == user_id, analyses.c.user_id == user_id, analyses.c.livemode == livemode)
    )
