"""All that is kept of one account, read for its export; secrets and hashes apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from callcov.store.analyses import ROW, Analysis
from callcov.store.sealed import opened
from callcov.store.tables import analyses, api_keys, deliveries, documents, judgements, policies, users

_SECRET = {"webhook_secret", "webhook_secret_old", "password_hash", "key_hash"}

Row = Mapping[str, Any]


def account(connection: sa.Connection, user_id: str) -> Row:
    """The row of the account."""
    return _rows(connection, sa.select(*_open(users)).where(users.c.id == user_id))[0]


def keys(connection: sa.Connection, user_id: str) -> list[Row]:
    """The API keys, expired ones too, oldest first."""
    found = sa.select(*_open(api_keys)).where(api_keys.c.user_id == user_id)
    return _rows(connection, found.order_by(api_keys.c.created_at, api_keys.c.id))


def policies_set(connection: sa.Connection, user_id: str) -> list[tuple[int, str]]:
    """Version and document (JSON) of every policy that the account set, oldest first."""
    found = sa.select(policies.c.version, policies.c.document).where(policies.c.user_id == user_id)
    return [(row.version, row.document) for row in connection.execute(found.order_by(policies.c.version))]


def attempts(connection: sa.Connection, user_id: str) -> list[Row]:
    """The webhook attempts, oldest first."""
    found = sa.select(deliveries).where(deliveries.c.user_id == user_id)
    return _rows(connection, found.order_by(deliveries.c.started_at, deliveries.c.id))


def calls(
    connection: sa.Connection, user_id: str, after: str, most: int
) -> tuple[tuple[Analysis, str | None, list[Row]], ...]:
    """Analyses of both modes with ids later than `after` ("" is before all), at most that many, oldest first.

    Each with its full document, placeholder unfilled, None when it is not completed, and its judgements.
    """
    found = connection.execute(
        sa.select(*ROW, documents.c.full)
        .outerjoin(documents, documents.c.analysis_id == analyses.c.id)
        .where(analyses.c.user_id == user_id, analyses.c.id > after)
        .order_by(analyses.c.id)
        .limit(most)
    ).all()
    return tuple(
        (Analysis(*row[:-1]), _full(connection, user_id, row[0], row[-1]), _judgements(connection, user_id, row[0]))
        for row in map(tuple, found)
    )


def _full(connection: sa.Connection, user_id: str, analysis_id: str, text: str | None) -> str | None:
    return None if text is None else opened(connection, user_id, f"{analysis_id}/full", text)


def _judgements(connection: sa.Connection, user_id: str, analysis_id: str) -> list[Row]:
    owned = sa.and_(analyses.c.id == analysis_id, analyses.c.user_id == user_id)
    found = sa.select(judgements).join(analyses, analyses.c.id == judgements.c.analysis_id).where(owned)
    rows = _rows(connection, found.order_by(judgements.c.number))
    about = f"{analysis_id}/results"
    return [{**row, "results": opened(connection, user_id, about, row["results"])} for row in rows]


def _open(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.c if column.name not in _SECRET]


def _rows(connection: sa.Connection, found: sa.Select[Any]) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in connection.execute(found).mappings()]
