"""Sums over completed analyses, by day or by agent, from the columns that `figures.py` keeps; no document is opened.

Whole days are read from the daily sums, the ends of a period that begins or ends within a day from the rows of the
analyses, and so is everything narrowed by what the daily sums do not tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from callcov.store.analyses import Filters, matching
from callcov.store.exact import equal
from callcov.store.figures import DAY, EVERYBODY
from callcov.store.tables import MEASURES, analyses, figures, figures_daily

Sums = dict[str, int]
"""`calls` and a sum for each of `tables.MEASURES`."""

_NAMES = ("calls", *MEASURES)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which completed analyses are counted; None narrows nothing.

    `agent_id`, `contact_id` and `search` as in `analyses.Filters`. `after` is inclusive, `before` exclusive: Unix
    seconds of `created`.
    """

    agent_id: str | None = None
    contact_id: str | None = None
    search: str | None = None
    after: int | None = None
    before: int | None = None


def by_day(connection: sa.Connection, user_id: str, livemode: bool, scope: Scope) -> dict[int, Sums]:
    """The sums of each day (UTC, counted from 1970) that has any call, in order."""
    sums = _sums(connection, user_id, livemode, scope, by_agent=False)
    return {int(day): sums[day] for day in sorted(sums, key=int)}


def by_agent(connection: sa.Connection, user_id: str, livemode: bool, scope: Scope) -> dict[str, Sums]:
    """The sums of each agent that has any call: most calls first, then by id."""
    sums = _sums(connection, user_id, livemode, scope, by_agent=True)
    return {agent: sums[agent] for agent in sorted(sums, key=lambda one: (-sums[one]["calls"], one))}


def _sums(connection: sa.Connection, user_id: str, livemode: bool, scope: Scope, *, by_agent: bool) -> dict[str, Sums]:
    """The sums by agent, or by day with the day as text."""
    found: dict[str, Sums] = {}
    for wanted in _statements(user_id, livemode, scope, by_agent=by_agent):
        for key, *sums in connection.execute(wanted):
            before = found.get(str(key))
            added = {name: int(value) for name, value in zip(_NAMES, sums, strict=True)}  # PostgreSQL gives Decimal
            found[str(key)] = {name: before[name] + value for name, value in added.items()} if before else added
    return found


def _statements(user_id: str, livemode: bool, scope: Scope, *, by_agent: bool) -> list[sa.Select[Any]]:
    """What has to be read; no call is in two of them."""
    if scope.agent_id == EVERYBODY:
        return []  # no agent is called that
    if scope.contact_id is not None or scope.search:
        return [_of_calls(user_id, livemode, scope, scope.after, scope.before, by_agent=by_agent)]
    first = None if scope.after is None else -(-scope.after // DAY)
    end = None if scope.before is None else scope.before // DAY
    if first is not None and end is not None and first >= end:
        return [_of_calls(user_id, livemode, scope, scope.after, scope.before, by_agent=by_agent)]
    found = [_of_days(user_id, livemode, scope.agent_id, first, end, by_agent=by_agent)]
    if scope.after is not None and first is not None and scope.after < first * DAY:
        found.append(_of_calls(user_id, livemode, scope, scope.after, first * DAY, by_agent=by_agent))
    if scope.before is not None and end is not None and end * DAY < scope.before:
        found.append(_of_calls(user_id, livemode, scope, end * DAY, scope.before, by_agent=by_agent))
    return found


def _of_days(
    user_id: str, livemode: bool, agent_id: str | None, first: int | None, end: int | None, *, by_agent: bool
) -> sa.Select[Any]:
    """From the daily sums; `end` is exclusive."""
    table = figures_daily.c
    wanted = [table.user_id == user_id, table.livemode == livemode]
    if agent_id is None and by_agent:
        wanted.append(table.agent_id > EVERYBODY)
    else:
        wanted.append(equal(table.agent_id, EVERYBODY if agent_id is None else agent_id))
    wanted += [] if first is None else [table.day >= first]
    wanted += [] if end is None else [table.day < end]
    key = table.agent_id if by_agent else table.day
    return sa.select(key, *(sa.func.sum(table[name]) for name in _NAMES)).where(*wanted).group_by(key)


def _of_calls(
    user_id: str, livemode: bool, scope: Scope, after: int | None, before: int | None, *, by_agent: bool
) -> sa.Select[Any]:
    """From the rows of the analyses."""
    table = figures.c
    wanted = [table.user_id == user_id, table.livemode == livemode]
    wanted += [] if after is None else [table.created >= after]
    wanted += [] if before is None else [table.created < before]
    key = table.agent_id if by_agent else (table.created // DAY)
    sums = sa.select(key, sa.func.count(), *(sa.func.sum(table[name]) for name in MEASURES))
    if scope.contact_id is not None or scope.search:
        sums = sums.join(analyses, analyses.c.id == table.analysis_id)
        filters = Filters(agent_id=scope.agent_id, contact_id=scope.contact_id, search=scope.search)
        wanted.append(matching(user_id, livemode, filters))
    elif scope.agent_id is not None:
        wanted.append(equal(table.agent_id, scope.agent_id))
    return sums.where(*wanted).group_by(key)
