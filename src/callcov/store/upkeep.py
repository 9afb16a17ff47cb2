"""What the worker asks of all accounts at once: what is unfinished, what objects are anybody's, what is gone."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from callcov.store.analyses import ROW, Analysis
from callcov.store.sealed import is_sealed_text
from callcov.store.tables import AT_WORK, analyses, documents


def unfinished(connection: sa.Connection) -> tuple[Analysis, ...]:
    """Every analysis of every account that is still processing, oldest first; for the worker at its start."""
    # Sorted here: in the database's order SQLite would read every analysis, and not the index of those at work.
    rows = connection.execute(sa.select(*ROW).where(AT_WORK))
    return tuple(sorted((Analysis._make(row) for row in rows), key=lambda row: row.id))


def named(connection: sa.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys of stored objects that an analysis of any account names; for the sweep."""
    columns = (analyses.c.blob_key, analyses.c.masked_key, analyses.c.vectors_key)
    either = [sa.select(column).where(column.in_(keys)) for column in columns]
    return frozenset(connection.scalars(sa.union_all(*either)))


def gone(connection: sa.Connection, analysis_ids: Sequence[str]) -> frozenset[str]:
    """Those of the ids that name no analysis of any account; for the worker, which may still be at work on them."""
    there = connection.scalars(sa.select(analyses.c.id).where(analyses.c.id.in_(analysis_ids)))
    return frozenset(analysis_ids) - frozenset(there)


def is_sealed(connection: sa.Connection) -> bool:
    """Whether the documents of the newest analysis that has any are sealed; False when there are none."""
    newest = sa.select(documents.c.light).order_by(documents.c.analysis_id.desc()).limit(1)
    light = connection.scalar(newest)
    return light is not None and is_sealed_text(light)
