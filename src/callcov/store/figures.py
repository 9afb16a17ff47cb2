"""What insights count of each completed analysis: a row an analysis, and the sums of the rows by agent and day.

Whoever completes, judges again or deletes an analysis calls this in its transaction, in the account's turn, so the
sums are those of the rows at any moment. `insights.py` reads both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from callcov.store.sealed import opened
from callcov.store.tables import MEASURES, analyses, documents, figures, figures_daily, judgements, uncounted

DAY = 86_400
EVERYBODY = ""
"""In the place of the agent: the sums of all agents. An agent's id is never empty."""

Figures = Mapping[str, int]
"""A whole number for each of `tables.MEASURES`, `duration_ms` apart, which is the analysis's own."""

_COMPLETED = "completed"  # `analyses` imports this module
_SUMS = ("calls", *MEASURES)
_PLACE = ("user_id", "livemode", "agent_id", "day")
# Made once: every call that ends asks these twice, and putting one together takes longer than the rest of its ending.
_AT = [figures_daily.c[name] == sa.bindparam(f"at_{name}") for name in _PLACE]
_MORE = (
    sa.update(figures_daily)
    .where(*_AT)
    .values({name: figures_daily.c[name] + sa.bindparam(f"more_{name}") for name in _SUMS})
)
_NEW = sa.insert(figures_daily)
_NONE_LEFT = sa.delete(figures_daily).where(*_AT, figures_daily.c.calls == 0)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A completed analysis that is not counted: its newest results as JSON, or else its whole document.

    `policy_version` is of the policy it was judged by.
    """

    user_id: str
    analysis_id: str
    policy_version: str
    results: str | None
    full: str | None


def put(connection: sa.Connection, user_id: str, counted: Mapping[str, Figures]) -> None:
    """Count those analyses as given, in the place of what was counted of them before.

    An id that is not a completed analysis of that account is left out.
    """
    remove(connection, user_id, list(counted))
    columns = [analyses.c[name] for name in ("livemode", "created", "agent_id", "duration_ms")]
    found = connection.execute(
        sa.select(analyses.c.id.label("analysis_id"), analyses.c.user_id, *columns).where(
            analyses.c.id.in_(list(counted)), analyses.c.user_id == user_id, analyses.c.status == _COMPLETED
        )
    )
    rows = [{**counted[row["analysis_id"]], **row} for row in found.mappings()]
    if rows:
        connection.execute(sa.insert(figures), rows)
        _add(connection, user_id, rows, 1)


def remove(connection: sa.Connection, user_id: str, analysis_ids: Sequence[str]) -> None:
    """Count those analyses no longer. One that is not counted, or not the account's, is left out."""
    theirs = sa.and_(figures.c.analysis_id.in_(analysis_ids), figures.c.user_id == user_id)
    rows = connection.execute(sa.select(figures).where(theirs)).mappings().all()
    if rows:
        connection.execute(sa.delete(figures).where(theirs))
        _add(connection, user_id, rows, -1)


def missing(connection: sa.Connection, limit: int) -> tuple[Uncounted, ...]:
    """Completed analyses of all accounts that are not counted, because they ended before there were figures."""
    later = judgements.alias()
    newest = sa.select(sa.func.max(later.c.number)).where(later.c.analysis_id == analyses.c.id).scalar_subquery()
    full = sa.case((judgements.c.number.is_(None), documents.c.full))
    rows = connection.execute(
        sa.select(analyses.c.user_id, analyses.c.id, analyses.c.policy_version, judgements.c.results, full)
        .join(documents, documents.c.analysis_id == analyses.c.id)
        .outerjoin(judgements, sa.and_(judgements.c.analysis_id == analyses.c.id, judgements.c.number == newest))
        .where(analyses.c.id.in_(sa.select(uncounted.c.analysis_id).limit(limit)))
    )
    return tuple(
        Uncounted(
            user_id,
            analysis_id,
            version,
            _text(connection, user_id, f"{analysis_id}/results", results),
            _text(connection, user_id, f"{analysis_id}/full", full),
        )
        for user_id, analysis_id, version, results, full in map(tuple, rows)
    )


def _text(connection: sa.Connection, user_id: str, about: str, text: str | None) -> str | None:
    return None if text is None else opened(connection, user_id, about, text)


def _add(connection: sa.Connection, user_id: str, rows: Iterable[Mapping[str, Any] | sa.RowMapping], sign: int) -> None:
    """Add the rows to the sums of their agents and days, or take them away."""
    sums: dict[tuple[bool, str, int], list[int]] = {}
    for row in rows:
        values = [sign, *(sign * row[name] for name in MEASURES)]
        for agent in (row["agent_id"], EVERYBODY):
            key = row["livemode"], agent, row["created"] // DAY
            before = sums.get(key)
            sums[key] = [one + other for one, other in zip(before, values, strict=True)] if before else values
    for (livemode, agent, day), added in sums.items():
        here = dict(zip(_PLACE, (user_id, livemode, agent, day), strict=True))
        place = {f"at_{name}": value for name, value in here.items()}
        more = {f"more_{name}": value for name, value in zip(_SUMS, added, strict=True)}
        if connection.execute(_MORE, place | more).rowcount == 0:
            connection.execute(_NEW, here | dict(zip(_SUMS, added, strict=True)))
        elif sign < 0:
            connection.execute(_NONE_LEFT, place)
