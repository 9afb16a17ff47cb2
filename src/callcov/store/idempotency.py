"""Submissions that may come twice: what the first was answered, under the key the client gave it (CONTRACT §8).

A record goes with its analysis, and after 24 hours. `find` and `keep` belong in the transaction that accepts the
analysis, in the account's turn: whoever comes second waits and then finds what the first kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from callcov.errors import Conflict
from callcov.store.sealed import opened, seal
from callcov.store.tables import idempotency
from callcov.store.times import iso

KEPT = timedelta(hours=24)


def find(
    connection: sa.Connection, user_id: str, livemode: bool, key: str, fingerprint: str, now: datetime
) -> str | None:
    """What was answered under that key in the last 24 hours; None when nothing was.

    Raises Conflict when it was another request's, that is when its fingerprint differs.
    """
    row = connection.execute(
        sa.select(idempotency.c.fingerprint, idempotency.c.analysis_id, idempotency.c.answer).where(
            _one(user_id, livemode, key), idempotency.c.created_at > iso(now - KEPT)
        )
    ).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Conflict("The Idempotency-Key was used for another request")
    return opened(connection, user_id, f"{row.analysis_id}/answer", row.answer)


def keep(
    connection: sa.Connection,
    user_id: str,
    livemode: bool,
    key: str,
    fingerprint: str,
    analysis_id: str,
    answer: str,
    now: datetime,
) -> None:
    """Remember the answer under a key that `find` found nothing for; one that has expired is replaced."""
    connection.execute(sa.delete(idempotency).where(_one(user_id, livemode, key)))
    connection.execute(
        sa.insert(idempotency).values(
            user_id=user_id,
            livemode=livemode,
            key=key,
            fingerprint=fingerprint,
            analysis_id=analysis_id,
            created_at=iso(now),
            answer=seal(connection, user_id, f"{analysis_id}/answer", answer),
        )
    )


def forget(connection: sa.Connection, now: datetime) -> None:
    """Remove the records of every account that are 24 hours old."""
    connection.execute(sa.delete(idempotency).where(idempotency.c.created_at <= iso(now - KEPT)))


def _one(user_id: str, livemode: bool, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(idempotency.c.user_id == user_id, idempotency.c.livemode == livemode, idempotency.c.key == key)
