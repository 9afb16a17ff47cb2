"""Texts that were stored before there was a master key, sealed where they lie."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from callcov.store.analyses import ROW, Analysis
from callcov.store.sealed import is_sealed_text, seal
from callcov.store.tables import analyses, documents, idempotency, judgements

# Each table of texts, what tells its rows apart beside the analysis, and its sealed columns: what each is sealed as.
_TEXTS: tuple[tuple[sa.Table, tuple[str, ...], dict[str, str]], ...] = (
    (documents, (), {"light": "light", "full": "full", "transcript": "transcript"}),
    (judgements, ("number",), {"results": "results"}),
    (idempotency, ("livemode", "key"), {"answer": "answer"}),
)


def owned(connection: sa.Connection, user_id: str, after: str, most: int) -> tuple[Analysis, ...]:
    """Analyses of both modes with ids later than `after` ("" is before all), at most that many, oldest first."""
    found = sa.select(*ROW).where(analyses.c.user_id == user_id, analyses.c.id > after)
    return tuple(Analysis._make(row) for row in connection.execute(found.order_by(analyses.c.id).limit(most)))


def seal_texts(connection: sa.Connection, user_id: str, analysis_ids: Collection[str]) -> int:
    """Seal what is stored readable of those of the account's analyses: documents, judgements, answers; how many texts.

    What is sealed already stays as it is.
    """
    mine = sa.and_(analyses.c.user_id == user_id, analyses.c.id.in_(analysis_ids))
    sealed = 0
    for table, places, columns in _TEXTS:
        rows = connection.execute(
            sa.select(table.c.analysis_id, *(table.c[name] for name in (*places, *columns)))
            .join(analyses, analyses.c.id == table.c.analysis_id)
            .where(mine)
        ).mappings()
        for row in rows.all():
            new = {
                name: seal(connection, user_id, f"{row['analysis_id']}/{about}", row[name])
                for name, about in columns.items()
                if not is_sealed_text(row[name])
            }
            if new:
                here = [table.c[name] == row[name] for name in ("analysis_id", *places)]
                connection.execute(sa.update(table).where(*here).values(new))
            sealed += len(new)
    return sealed
