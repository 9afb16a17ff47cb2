"""What the worker asks of all accounts at once: what is unfinished, what objects are anybody's, what is gone."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from callcov.store.analyses import Analysis
from callcov.store.tables import analyses

_ROW = [analyses.c[name] for name in Analysis.__dataclass_fields__]
# Written out, and sorted here: SQLite then reads the index of what is being worked on, and not every analysis.
_PROCESSING = sa.text("analyses.status = 'processing'")


def unfinished(connection: sa.Connection) -> tuple[Analysis, ...]:
    """Every analysis of every account that is still processing, oldest first; for the worker at its start."""
    rows = connection.execute(sa.select(*_ROW).where(_PROCESSING))
    return tuple(sorted((Analysis(*row) for row in rows), key=lambda row: row.id))


def named(connection: sa.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys of stored objects that an analysis of any account names; for the sweep."""
    columns = (analyses.c.blob_key, analyses.c.masked_key, analyses.c.vectors_key)
    either = [sa.select(column).where(column.in_(keys)) for column in columns]
    return frozenset(connection.scalars(sa.union_all(*either)))


def gone(connection: sa.Connection, analysis_ids: Sequence[str]) -> frozenset[str]:
    """Those of the ids that name no analysis of any account; for the worker, which may still be at work on them."""
    there = connection.scalars(sa.select(analyses.c.id).where(analyses.c.id.in_(analysis_ids)))
    return frozenset(analysis_ids) - frozenset(there)
