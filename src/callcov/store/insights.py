"""Sums over completed analyses, by day or by agent, from the columns that `figures.py` keeps; no document is opened.

Whole days are read from the daily sums, the ends of a period that begins or ends within a day from the rows of the
analyses, and so is everything narrowed by what the daily sums do not tell apart. The filters are those of the list;
narrowed to another status than `completed`, nothing is left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from callcov.store.analyses import Filters, matching
from callcov.store.exact import equal
from callcov.store.figures import DAY, EVERYBODY
from callcov.store.tables import MEASURES, analyses, figures, figures_daily

Sums = dict[str, int]
"""`calls` and a sum for each of `tables.MEASURES`."""

_NAMES = ("calls", *MEASURES)


def by_day(connection: sa.Connection, user_id: str, livemode: bool, filters: Filters) -> dict[int, Sums]:
    """The sums of each day (UTC, counted from 1970) that has any call, in order."""
    sums = _sums(connection, user_id, livemode, filters, by_agent=False)
    return {int(day): sums[day] for day in sorted(sums, key=int)}


def by_agent(connection: sa.Connection, user_id: str, livemode: bool, filters: Filters) -> dict[str, Sums]:
    """The sums of each agent that has any call: most calls first, then by id."""
    sums = _sums(connection, user_id, livemode, filters, by_agent=True)
    return {agent: sums[agent] for agent in sorted(sums, key=lambda one: (-sums[one]["calls"], one))}


def _sums(
    connection: sa.Connection, user_id: str, livemode: bool, filters: Filters, *, by_agent: bool
) -> dict[str, Sums]:
    """The sums by agent, or by day with the day as text."""
    found: dict[str, Sums] = {}
    for wanted in _statements(user_id, livemode, filters, by_agent=by_agent):
        for key, *sums in connection.execute(wanted):
            before = found.get(str(key))
            added = {name: int(value) for name, value in zip(_NAMES, sums, strict=True)}  # PostgreSQL gives Decimal
            found[str(key)] = {name: before[name] + value for name, value in added.items()} if before else added
    return found


def _statements(user_id: str, livemode: bool, filters: Filters, *, by_agent: bool) -> list[sa.Select[Any]]:
    """What has to be read; no call is in two of them."""
    if filters.agent_id == EVERYBODY or filters.status not in {None, "completed"}:
        return []  # no agent is called that, and nothing else is counted
    after, before = filters.created_after, filters.created_before
    first = None if after is None else -(-after // DAY)
    end = None if before is None else before // DAY
    apart = filters.contact_id is not None or filters.search or filters.flagged is not None
    if apart or (first is not None and end is not None and first >= end):
        return [_of_calls(user_id, livemode, filters, by_agent=by_agent)]
    found = [_of_days(user_id, livemode, filters.agent_id, first, end, by_agent=by_agent)]
    if after is not None and first is not None and after < first * DAY:
        ends = replace(filters, created_before=first * DAY)
        found.append(_of_calls(user_id, livemode, ends, by_agent=by_agent))
    if before is not None and end is not None and end * DAY < before:
        begins = replace(filters, created_after=end * DAY)
        found.append(_of_calls(user_id, livemode, begins, by_agent=by_agent))
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


def _of_calls(user_id: str, livemode: bool, filters: Filters, *, by_agent: bool) -> sa.Select[Any]:
    """From the rows of the analyses."""
    table = figures.c
    wanted = [table.user_id == user_id, table.livemode == livemode]
    wanted += [] if filters.created_after is None else [table.created >= filters.created_after]
    wanted += [] if filters.created_before is None else [table.created < filters.created_before]
    wanted += [] if filters.flagged is None else [table[filters.flagged] == 1]
    key = table.agent_id if by_agent else (table.created // DAY)
    sums = sa.select(key, sa.func.count(), *(sa.func.sum(table[name]) for name in MEASURES))
    if filters.contact_id is not None or filters.search:
        sums = sums.join(analyses, analyses.c.id == table.analysis_id)
        ids = Filters(agent_id=filters.agent_id, contact_id=filters.contact_id, search=filters.search)
        wanted.append(matching(user_id, livemode, ids))
    elif filters.agent_id is not None:
        wanted.append(equal(table.agent_id, filters.agent_id))
    return sums.where(*wanted).group_by(key)
