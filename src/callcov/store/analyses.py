"""Analyses: accepted, worked on, ended, listed, deleted.

Every change takes the account's turn first (see `turns`), so changes of one account happen one after the other and
each gets the next revision. Functions without `livemode` are the worker's own: it was handed the id by the account's
accepted analysis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from callcov.errors import BadForm, Conflict, NotFound
from callcov.feed.text import folded
from callcov.store import deletions, figures, turns
from callcov.store.billing import afford, charge
from callcov.store.exact import Containing, equal
from callcov.store.figures import Figures
from callcov.store.ids import Tick, before, following, uuid7
from callcov.store.sealed import seal
from callcov.store.tables import analyses, documents, feeds, judgements, uncounted, users
from callcov.store.tables import figures as _figures
from callcov.store.times import milliseconds

PROCESSING, COMPLETED, FAILED = "processing", "completed", "failed"
STAGES = ("accepted", "transcribing", "speakers", "understanding", "judging", "done")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client sent and the probe found. `metadata` is JSON text, `duration_ms` of the upload as probed.

    `language` is what the client said it is, `agent_channel` the channel the agent is said to be on; None is unknown.
    """

    agent_id: str
    contact_id: str
    blob_key: str
    sha256: str
    size_bytes: int
    format: str
    duration_ms: int
    channels: int
    sample_rate: int
    call_direction: str | None = None
    call_timestamp: str | None = None
    metadata: str | None = None
    language: str | None = None
    agent_channel: int | None = None
    webhook_url: str | None = None


class Analysis(NamedTuple):
    """One submitted recording as its row says. `created` is Unix seconds, `attempt` counts from 1 (see `retry`).

    `held_at` is the ISO time since which a legal hold keeps it from being deleted, None when there is none.
    """

    id: str
    user_id: str
    livemode: bool
    created: int
    revision: int
    status: str
    stage: str
    attempt: int
    agent_id: str
    contact_id: str
    blob_key: str
    masked_key: str | None
    vectors_key: str | None
    sha256: str
    size_bytes: int
    format: str
    duration_ms: int
    channels: int
    sample_rate: int
    call_direction: str | None
    call_timestamp: str | None
    metadata: str | None
    language: str | None
    agent_channel: int | None
    webhook_url: str | None
    completed_at: str | None
    processing_time_ms: int | None
    policy_version: str | None
    checks_version: str | None
    error_message: str | None
    held_at: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What a completed analysis leaves: three JSON texts (see `documents.py`) and what the row keeps beside them.

    `completed_at` is the ISO time that the documents carry too. `masked_key` is the masked sound, None when the
    recording holds nothing to mask; `vectors_key` the vectors of its clauses, None when there are none. `results` is
    the judgement as JSON, the same text as in `full`, and `agent_speaker` who it took for the agent. `figures` is what
    insights count of it.
    """

    full: str
    light: str
    transcript: str
    completed_at: str
    processing_time_ms: int
    policy_version: str
    checks_version: str
    results: str
    figures: Figures
    agent_speaker: str | None = None
    masked_key: str | None = None
    vectors_key: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; None filters nothing. All given filters must hold.

    `agent_id` and `contact_id` match exactly (empty matches nothing). `search` is a part of either id, compared as
    `folded` says, every character meaning itself; empty is no search. `created_after` is inclusive, `created_before`
    exclusive, Unix seconds. `flagged` is one of `tables.FLAGS`.
    """

    status: str | None = None
    agent_id: str | None = None
    contact_id: str | None = None
    search: str | None = None
    created_after: int | None = None
    created_before: int | None = None
    flagged: str | None = None


ROW = [analyses.c[name] for name in Analysis._fields]
"""The columns of an `Analysis`, in its order."""
_SUBMITTED = tuple(Submission.__dataclass_fields__)
# An id has at most 255 characters; composing makes at most four of one, folding three.
_LONGEST_FOLDED = 255 * 4 * 3
_LATEST_MS = 2**48 - 1  # what an id has room for
# Made once: every list and every call asks these, and putting one together takes longer than the database's answer.
_INSERT = sa.insert(analyses)
_LAST = (
    sa.select(users.c.tier, feeds.c.last_ms, feeds.c.last_counter, feeds.c.revision)
    .join(feeds, feeds.c.user_id == users.c.id)
    .where(users.c.id == sa.bindparam("user_id"), feeds.c.livemode == sa.bindparam("livemode"))
)
_MOVE = (
    sa.update(feeds)
    .where(feeds.c.user_id == sa.bindparam("owner"), feeds.c.livemode == sa.bindparam("mode"))
    .values({name: sa.bindparam(name) for name in ("last_ms", "last_counter", "revision")})
)
_ASSIGNED = sa.select(*ROW).where(
    analyses.c.id == sa.bindparam("analysis_id"), analyses.c.user_id == sa.bindparam("user_id")
)
_REVISION = sa.select(feeds.c.revision).where(
    feeds.c.user_id == sa.bindparam("user_id"), feeds.c.livemode == sa.bindparam("livemode")
)


def accept(connection: sa.Connection, user_id: str, livemode: bool, submission: Submission, now: datetime) -> Analysis:
    """Take the analysis on; its id is later than every earlier id of the account and mode, whatever the clock says.

    Raises NotFound for an unknown account, BadForm for an id with a NUL character, which no database compares, and
    NoMinutes for a live recording that the account's tier has no minutes for.
    """
    return accept_all(connection, user_id, livemode, (submission,), now)[0]


def accept_all(
    connection: sa.Connection, user_id: str, livemode: bool, submissions: Sequence[Submission], now: datetime
) -> list[Analysis]:
    """Take several on in that order, or none: raises what `accept` does, NoMinutes when there are too few for all."""
    if not submissions:
        return []
    if any("\0" in one.agent_id + one.contact_id for one in submissions):
        raise BadForm("agent_id and contact_id may not contain the NUL character.")
    turns.wait(connection, user_id)
    feed = connection.execute(_LAST, {"user_id": user_id, "livemode": livemode}).one_or_none()
    if feed is None:
        raise NotFound("User not found")
    if livemode:
        afford(connection, user_id, feed.tier, sum(one.duration_ms for one in submissions), now)
    tick, rows = Tick(feed.last_ms, feed.last_counter), list[dict[str, Any]]()
    for number, submission in enumerate(submissions, feed.revision + 1):
        tick = following(tick, milliseconds(now))
        rows.append({"user_id": user_id, "livemode": livemode, "revision": number} | _row(submission, tick))
    moved = {"last_ms": tick.milliseconds, "last_counter": tick.counter, "revision": feed.revision + len(rows)}
    connection.execute(_MOVE, moved | {"owner": user_id, "mode": livemode})
    connection.execute(_INSERT, rows)
    return [Analysis._make(map(row.get, Analysis._fields)) for row in rows]


def _row(submission: Submission, tick: Tick) -> dict[str, Any]:
    return {
        **{name: getattr(submission, name) for name in _SUBMITTED},
        "id": uuid7(tick),
        "created": tick.milliseconds // 1000,
        "status": PROCESSING,
        "stage": STAGES[0],
        "attempt": 1,
        "agent_folded": folded(submission.agent_id),
        "contact_folded": folded(submission.contact_id),
    }


def get(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> Analysis | None:
    """The analysis; None when there is none, or it is another account's or of the other mode."""
    row = connection.execute(
        sa.select(*ROW).where(_owned(user_id, analysis_id), analyses.c.livemode == livemode)
    ).one_or_none()
    return Analysis._make(row) if row else None


def assigned(connection: sa.Connection, user_id: str, analysis_id: str) -> Analysis | None:
    """The worker's `get`: the analysis in either mode; None when it was deleted meanwhile."""
    row = connection.execute(_ASSIGNED, {"user_id": user_id, "analysis_id": analysis_id}).one_or_none()
    return Analysis._make(row) if row else None


def set_stage(connection: sa.Connection, user_id: str, analysis_id: str, attempt: int, stage: str) -> bool:
    """Note that work on that attempt reached a stage. False, and nothing done, as in `finish`."""
    return _change_attempt(connection, user_id, analysis_id, attempt, {"stage": stage})


def finish(connection: sa.Connection, user_id: str, analysis_id: str, attempt: int, finished: Finished) -> bool:
    """Complete that attempt, keep its documents, and enter the minutes of a live one in the ledger.

    False, and nothing done, when the analysis is gone, has ended already, or is at another attempt by now.
    """
    kept = asdict(finished)
    values = {name: value for name, value in kept.items() if name in analyses.c}
    change = {**values, "status": COMPLETED, "stage": STAGES[-1], "error_message": None}
    if not _change_attempt(connection, user_id, analysis_id, attempt, change):
        return False
    for name in ("full", "light", "transcript", "results"):
        kept[name] = seal(connection, user_id, f"{analysis_id}/{name}", kept[name])
    kept |= {"analysis_id": analysis_id, "number": 1, "judged_at": finished.completed_at}
    for table in (documents, judgements):
        connection.execute(sa.insert(table), {column.name: kept[column.name] for column in table.c})
    row = assigned(connection, user_id, analysis_id)
    if row and row.livemode:
        charge(connection, user_id, analysis_id, row.duration_ms, finished.completed_at)
    figures.put(connection, user_id, {analysis_id: finished.figures})
    return True


def fail(
    connection: sa.Connection,
    user_id: str,
    analysis_id: str,
    attempt: int,
    error_message: str,
    completed_at: str,
    processing_time_ms: int,
) -> bool:
    """End that attempt as failed; the stage stays where it stopped. False, and nothing done, as in `finish`."""
    change = {
        "status": FAILED,
        "error_message": error_message,
        "completed_at": completed_at,
        "processing_time_ms": processing_time_ms,
    }
    return _change_attempt(connection, user_id, analysis_id, attempt, change)


def retry(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> Analysis:
    """Make a failed analysis wait for its next attempt; id and `created` stay.

    Raises NotFound, and Conflict when it has not failed.
    """
    row = _held(connection, user_id, livemode, analysis_id)
    if row.status != FAILED:
        raise Conflict("The analysis has not failed")
    change = {"status": PROCESSING, "stage": STAGES[0], "attempt": row.attempt + 1}
    _change(connection, row, {**change, "error_message": None, "completed_at": None, "processing_time_ms": None})
    return _again(connection, user_id, livemode, analysis_id)


def delete(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> tuple[str, ...]:
    """Delete the analysis with its documents, judgements and deliveries, whatever its status.

    Gives the keys of its stored objects, which the caller removes once this is committed (see `erasure`). Raises
    NotFound, and Conflict while it is under legal hold.
    """
    row = _held(connection, user_id, livemode, analysis_id)
    if row.held_at is not None:
        raise Conflict("The analysis is under legal hold")
    deletions.note(connection, user_id, livemode, analysis_id, bump(connection, user_id, livemode))
    figures.remove(connection, user_id, [analysis_id])
    connection.execute(sa.delete(analyses).where(_owned(user_id, analysis_id)))
    return tuple(key for key in (row.blob_key, row.masked_key, row.vectors_key) if key)


def revision(connection: sa.Connection, user_id: str, livemode: bool) -> int:
    """How many changes the account's analyses of that mode have seen; equal numbers mean an equal list."""
    return connection.scalar(_REVISION, {"user_id": user_id, "livemode": livemode}) or 0


def _feed(user_id: str, livemode: bool) -> sa.ColumnElement[bool]:
    return sa.and_(feeds.c.user_id == user_id, feeds.c.livemode == livemode)


def _owned(user_id: str, analysis_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(equal(analyses.c.id, analysis_id), analyses.c.user_id == user_id)


def bump(connection: sa.Connection, user_id: str, livemode: bool) -> int:
    """Count a change of the account's analyses of that mode, within the transaction that makes it; gives the count."""
    bumped = sa.update(feeds).where(_feed(user_id, livemode)).values(revision=feeds.c.revision + 1)
    return connection.execute(bumped.returning(feeds.c.revision)).scalar_one()


def count_older(connection: sa.Connection, user_id: str, counted: Mapping[str, figures.Figures]) -> None:
    """Count completed analyses of which nothing was counted when they ended; what their lists say of flags changes."""
    turns.take(connection, user_id)
    figures.put(connection, user_id, counted)
    connection.execute(sa.delete(uncounted).where(uncounted.c.analysis_id.in_(list(counted))))
    theirs = sa.and_(analyses.c.user_id == user_id, analyses.c.id.in_(list(counted)))
    for livemode in connection.scalars(sa.select(analyses.c.livemode).where(theirs).distinct()).all():
        changed = sa.update(analyses).where(theirs, analyses.c.livemode == livemode)
        connection.execute(changed.values(revision=bump(connection, user_id, livemode)))


def _held(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> Analysis:
    turns.take(connection, user_id)
    return _again(connection, user_id, livemode, analysis_id)


def _again(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> Analysis:
    row = get(connection, user_id, livemode, analysis_id)
    if row is None:
        raise NotFound("Analysis not found")
    return row


def _change(connection: sa.Connection, row: Analysis, values: Mapping[str, Any]) -> None:
    revised = bump(connection, row.user_id, row.livemode)
    connection.execute(sa.update(analyses).where(_owned(row.user_id, row.id)).values(**values, revision=revised))


def _change_attempt(
    connection: sa.Connection, user_id: str, analysis_id: str, attempt: int, values: Mapping[str, Any]
) -> bool:
    turns.take(connection, user_id)
    row = assigned(connection, user_id, analysis_id)
    if row is None or row.status != PROCESSING or row.attempt != attempt:
        return False
    _change(connection, row, values)
    return True


def matching(user_id: str, livemode: bool, filters: Filters) -> sa.ColumnElement[bool]:
    """What a row of `analyses` must be for the filters."""
    conditions: list[sa.ColumnElement[bool]] = [analyses.c.user_id == user_id, analyses.c.livemode == livemode]
    if filters.status is not None:
        conditions.append(analyses.c.status == filters.status)
    if filters.agent_id is not None:
        conditions.append(equal(analyses.c.agent_id, filters.agent_id))
    if filters.contact_id is not None:
        conditions.append(equal(analyses.c.contact_id, filters.contact_id))
    if filters.search:
        conditions.append(_containing(folded(filters.search)))
    # An id begins with the time, and there is an index of ids.
    if filters.created_after is not None:
        conditions.append(analyses.c.id >= first_of(filters.created_after))
    if filters.created_before is not None:
        conditions.append(analyses.c.id < first_of(filters.created_before))
    if filters.flagged is not None:
        counted = sa.select(_figures.c.analysis_id).where(_figures.c.analysis_id == analyses.c.id)
        conditions.append(counted.where(_figures.c[filters.flagged] == 1).exists())
    return sa.and_(*conditions)


def first_of(second: int) -> str:
    """No id made in that second (Unix time) or later is earlier than this, and every other one is."""
    return before(min(second * 1000, _LATEST_MS))


def _containing(needle: str) -> sa.ColumnElement[bool]:
    # No id holds a NUL or is that long, and PostgreSQL refuses to look for one.
    if "\0" in needle or len(needle) > _LONGEST_FOLDED:
        return sa.false()
    return sa.or_(Containing(analyses.c.agent_folded, needle), Containing(analyses.c.contact_folded, needle))
