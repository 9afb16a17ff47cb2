"""Judgements: what an analysis was found to be by which policy, numbered from 1; the newest is what is shown.

Judging again reads completed analyses in chunks, works on them outside of any transaction, and puts its changes in the
place of what it read: a change of an analysis that was changed by somebody else meanwhile does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import replace as replace_field
from typing import Any

import sqlalchemy as sa

from callcov.store import figures, turns
from callcov.store.analyses import COMPLETED, ROW, Analysis, Filters, bump, matching
from callcov.store.figures import Figures
from callcov.store.sealed import opened, seal
from callcov.store.tables import analyses, documents, judgements


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judgement: `results` is JSON, `judged_at` ISO 8601 UTC, `agent_speaker` who was taken for the agent."""

    number: int
    policy_version: str
    checks_version: str
    judged_at: str
    agent_speaker: str | None
    results: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A completed analysis with its documents and its newest judgement, None where it was made before they were kept.

    `full` is there when it was asked for or there is no judgement.
    """

    row: Analysis
    light: str
    full: str | None
    transcript: str
    newest: Judgement | None


@dataclass(frozen=True, slots=True)
class Change:
    """What judging again made of an analysis; a document that is None stays as it is stored.

    `revision` is the analysis's when it was read. `judgements` are added, or are all there are if `rewritten`.
    `figures` is what insights count of it.
    """

    analysis_id: str
    revision: int
    policy_version: str
    checks_version: str
    masked_key: str | None
    vectors_key: str | None
    judgements: tuple[Judgement, ...]
    figures: Figures
    full: str | None = None
    light: str | None = None
    transcript: str | None = None
    rewritten: bool = False


_JUDGEMENT = [judgements.c[name] for name in Judgement.__dataclass_fields__]


def of_analysis(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> tuple[Judgement, ...]:
    """The judgements of one analysis, oldest first; empty when there are none kept or it is not the caller's."""
    rows = connection.execute(
        sa.select(*_JUDGEMENT)
        .join(analyses, analyses.c.id == judgements.c.analysis_id)
        .where(analyses.c.id == analysis_id, analyses.c.user_id == user_id, analyses.c.livemode == livemode)
        .order_by(judgements.c.number)
    )
    return tuple(_opened(connection, user_id, analysis_id, Judgement(*row)) for row in rows)


def completed(
    connection: sa.Connection, user_id: str, livemode: bool, filters: Filters, limit: int, before: str | None
) -> tuple[tuple[str, int], ...]:
    """Id and milliseconds of the newest completed analyses that match; `before` an id, None is from the newest on."""
    wanted = _completed(user_id, livemode, filters)
    if before is not None:
        wanted = sa.and_(wanted, analyses.c.id < before)
    found = sa.select(analyses.c.id, analyses.c.duration_ms).where(wanted).order_by(analyses.c.id.desc()).limit(limit)
    return tuple((row.id, row.duration_ms) for row in connection.execute(found))


def stored(
    connection: sa.Connection, user_id: str, livemode: bool, analysis_ids: Sequence[str], *, whole: bool
) -> tuple[Stored, ...]:
    """Those of the analyses that are completed, newest first, with their full documents if `whole`."""
    later = judgements.alias()
    newest = sa.select(sa.func.max(later.c.number)).where(later.c.analysis_id == analyses.c.id).scalar_subquery()
    full = documents.c.full if whole else sa.case((judgements.c.number.is_(None), documents.c.full))
    rows = connection.execute(
        sa.select(*ROW, documents.c.light, full, documents.c.transcript, *_JUDGEMENT)
        .join(documents, documents.c.analysis_id == analyses.c.id)
        .outerjoin(judgements, sa.and_(judgements.c.analysis_id == analyses.c.id, judgements.c.number == newest))
        .where(_completed(user_id, livemode, Filters()), analyses.c.id.in_(analysis_ids))
        .order_by(analyses.c.id.desc())
    )
    return tuple(_stored(connection, user_id, tuple(row)) for row in rows)


def replace(connection: sa.Connection, user_id: str, livemode: bool, changes: Sequence[Change]) -> frozenset[str]:
    """Put the changes in the place of what was read; gives the ids of those that were still as they were read.

    The others, deleted or changed meanwhile, are left alone. All changes of one call are one change of the list.
    """
    turns.take(connection, user_id)
    valid = _unchanged(connection, user_id, livemode, {change.analysis_id: change.revision for change in changes})
    wanted = [change for change in changes if change.analysis_id in valid]
    if wanted:
        _update_rows(connection, wanted, bump(connection, user_id, livemode))
        _update_documents(connection, user_id, wanted)
        _add(connection, user_id, wanted)
        figures.put(connection, user_id, {change.analysis_id: change.figures for change in wanted})
    return valid


def _stored(connection: sa.Connection, user_id: str, values: tuple[Any, ...]) -> Stored:
    wide = len(ROW)
    row = Analysis(*values[:wide])
    texts = (
        None if text is None else opened(connection, user_id, f"{row.id}/{name}", text)
        for name, text in zip(("light", "full", "transcript"), values[wide : wide + 3], strict=True)
    )
    light, full, transcript = texts
    newest = None
    if values[wide + 3] is not None:
        newest = _opened(connection, user_id, row.id, Judgement(*values[wide + 3 :]))
    return Stored(row, light or "", full, transcript or "", newest)


def _opened(connection: sa.Connection, user_id: str, analysis_id: str, judgement: Judgement) -> Judgement:
    return replace_field(judgement, results=opened(connection, user_id, f"{analysis_id}/results", judgement.results))


def _completed(user_id: str, livemode: bool, filters: Filters) -> sa.ColumnElement[bool]:
    return sa.and_(matching(user_id, livemode, filters), analyses.c.status == COMPLETED)


def _unchanged(connection: sa.Connection, user_id: str, livemode: bool, revisions: Mapping[str, int]) -> frozenset[str]:
    found = sa.select(analyses.c.id, analyses.c.revision).where(
        _completed(user_id, livemode, Filters()), analyses.c.id.in_(list(revisions))
    )
    return frozenset(row.id for row in connection.execute(found) if row.revision == revisions[row.id])


def _update_rows(connection: sa.Connection, changes: Sequence[Change], revised: int) -> None:
    names = ("policy_version", "checks_version", "masked_key", "vectors_key")
    values = [{"of": change.analysis_id, **{name: getattr(change, name) for name in names}} for change in changes]
    connection.execute(
        sa.update(analyses).where(analyses.c.id == sa.bindparam("of")).values(revision=revised),
        values,
    )


def _update_documents(connection: sa.Connection, user_id: str, changes: Sequence[Change]) -> None:
    names = ("full", "light", "transcript")

    def sealed(change: Change, name: str) -> str | None:
        text: str | None = getattr(change, name)
        return None if text is None else seal(connection, user_id, f"{change.analysis_id}/{name}", text)

    new = {name: sa.func.coalesce(sa.bindparam(f"new_{name}", type_=sa.Text()), documents.c[name]) for name in names}
    values = [
        {"of": change.analysis_id, **{f"new_{name}": sealed(change, name) for name in names}} for change in changes
    ]
    connection.execute(sa.update(documents).where(documents.c.analysis_id == sa.bindparam("of")).values(new), values)


def _add(connection: sa.Connection, user_id: str, changes: Sequence[Change]) -> None:
    rewritten = [change.analysis_id for change in changes if change.rewritten]
    if rewritten:
        connection.execute(sa.delete(judgements).where(judgements.c.analysis_id.in_(rewritten)))
    values = [
        {
            "analysis_id": change.analysis_id,
            **asdict(judgement),
            "results": seal(connection, user_id, f"{change.analysis_id}/results", judgement.results),
        }
        for change in changes
        for judgement in change.judgements
    ]
    if values:
        connection.execute(sa.insert(judgements), values)
