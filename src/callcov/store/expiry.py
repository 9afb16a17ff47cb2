"""What is due to be deleted because of its age, and what has been deleted meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from callcov.store.ids import earliest
from callcov.store.tables import analyses, users
from callcov.store.times import milliseconds


def old_tests(connection: sa.Connection, before: datetime) -> tuple[tuple[str, str], ...]:
    """Account and id of every test analysis, in whatever state, accepted before that time; for the tidying."""
    # By account, mode and id, which begins with the time, because there is an index of these.
    found = connection.execute(
        sa.select(analyses.c.user_id, analyses.c.id).where(
            analyses.c.user_id.in_(sa.select(users.c.id)),
            analyses.c.livemode == sa.false(),
            analyses.c.id < earliest(milliseconds(before)),
        )
    )
    return tuple((user_id, analysis_id) for user_id, analysis_id in found)


def gone(connection: sa.Connection, analysis_ids: Sequence[str]) -> frozenset[str]:
    """Those of the ids that name no analysis of any account; for the worker, which may still be at work on them."""
    there = connection.scalars(sa.select(analyses.c.id).where(analyses.c.id.in_(analysis_ids)))
    return frozenset(analysis_ids) - frozenset(there)
