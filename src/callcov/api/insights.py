"""Insights: what the completed calls of the account add up to, in all, by agent, by day, week or month.

Everything is counted by the database from whole numbers; the arithmetic here is `shown` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Response

from callcov.api import schemas
from callcov.api.caller import Known
from callcov.api.fields import UNDIVIDED
from callcov.api.figures import AgentList, InsightsSummary
from callcov.api.filters import Narrowed
from callcov.api.services import Given
from callcov.checks import FLAGS
from callcov.store import insights
from callcov.store.insights import Sums
from callcov.store.tables import MEASURES
from callcov.store.times import iso

router = APIRouter(prefix="/api/v1/insights", tags=["insights"])

_EPOCH = date(1970, 1, 1)
_LABELS = ("positive", "neutral", "negative")


@router.get(
    "/summary",
    response_model=InsightsSummary,
    responses=schemas.errors(401) | schemas.bad_query(),
    summary="What all calls add up to",
)
def get_summary(
    services: Given,
    caller: Known,
    filters: Narrowed,
    interval: Annotated[
        Literal["day", "week", "month"] | None, Query(description="Also the figures of each of these, as `series`.")
    ] = None,
) -> Response:
    """Counts, rates and means over the completed calls that match. A rate or mean of nothing is null."""
    with services.database.read() as connection:
        days = insights.by_day(connection, caller.user_id, caller.livemode, filters)
    series = None
    if interval is not None:
        grouped: dict[date, list[Sums]] = {}
        for day, sums in days.items():
            grouped.setdefault(_start(_EPOCH + timedelta(day), interval), []).append(sums)
        series = [{"start": _midnight(start)} | shown(total(group)) for start, group in grouped.items()]
    return _json({"object": "insights"} | shown(total(days.values())) | {"series": series})


@router.get(
    "/agents",
    response_model=AgentList,
    responses=schemas.errors(401) | schemas.bad_query(),
    summary="What the calls of each agent add up to",
)
def list_agents(
    services: Given,
    caller: Known,
    filters: Narrowed,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of results."), UNDIVIDED] = 100,
    offset: Annotated[int, Query(ge=0, description="Number of results to skip."), UNDIVIDED] = 0,
) -> Response:
    """The same figures an agent, most calls first."""
    with services.database.read() as connection:
        agents = insights.by_agent(connection, caller.user_id, caller.livemode, filters)
    page = list(agents.items())[offset : offset + limit]
    data = [{"agent_id": agent} | shown(sums) for agent, sums in page]
    more = offset + len(page) < len(agents)
    return _json({"object": "list", "data": data, "has_more": more, "total": len(agents)})


def total(groups: Iterable[Sums]) -> Sums:
    """The sums of several groups of calls; nothing is 0 of everything."""
    joined = dict.fromkeys(("calls", *MEASURES), 0)
    for sums in groups:
        for name, value in sums.items():
            joined[name] += value
    return joined


def shown(sums: Mapping[str, int]) -> dict[str, Any]:
    """The figures as the API shows them: rates to four places, means and minutes to three."""
    judged, heard = sums["judged"], sums["customer_scored"]
    scores = {str(score): sums[f"effort_{score}"] for score in range(6)}
    talked = sums["agent_talk_ms"] + sums["customer_talk_ms"]
    points = sum(score * sums[f"effort_{score}"] for score in range(6))
    interruptions = sums["interruptions_by_agent"] + sums["interruptions_by_customer"]
    return {
        "calls": sums["calls"],
        "judged_calls": judged,
        "minutes": round(sums["duration_ms"] / 60_000, 3),
        "flags": {name: _share(sums[name], judged) for name in FLAGS},
        "effort": {"mean": _ratio(points, judged - scores["0"], 3), "distribution": scores},
        "sentiment": {
            "score": _ratio(sums["customer_score"], 1000 * heard, 3),
            **{label: _share(sums[f"customer_{label}"], heard) for label in _LABELS},
        },
        "talk_ratio": _ratio(sums["agent_talk_ms"], talked, 4),
        "interruptions": {
            "by_agent": sums["interruptions_by_agent"],
            "by_customer": sums["interruptions_by_customer"],
            "per_call": _ratio(interruptions, judged, 3),
        },
    }


def _share(count: int, of: int) -> dict[str, Any]:
    return {"count": count, "rate": _ratio(count, of, 4)}


def _ratio(part: int, whole: int, places: int) -> float | None:
    return round(part / whole, places) if whole else None


def _start(day: date, interval: Literal["day", "week", "month"]) -> date:
    if interval == "month":
        return day.replace(day=1)
    return day - timedelta(day.weekday()) if interval == "week" else day


def _midnight(day: date) -> str:
    return iso(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
