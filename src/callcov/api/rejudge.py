"""Judging completed analyses again: by the policy of today, with the roles put right, or only to see what would change.

No webhook is sent, and the sound is not transcribed again: the stored transcript is judged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from callcov import rejudge
from callcov.api import schemas, trail
from callcov.api.bodies import json_of
from callcov.api.caller import Known
from callcov.api.fields import CLEAN, LONGEST_ID, Id, printable
from callcov.api.policy import MAX_BYTES
from callcov.api.services import Given, Services, public_url
from callcov.checks.policy import Policy, Whole
from callcov.rejudge import Owner, Tally
from callcov.store import documents
from callcov.store.analyses import Filters
from callcov.store.keys import Caller

router = APIRouter(prefix="/api/v1", tags=["judging"])

_MAX_ROLES = 4096
_Text = Annotated[str, AfterValidator(printable), Field(max_length=LONGEST_ID, json_schema_extra=CLEAN)]


class Roles(BaseModel):
    """Who is the agent."""

    agent_speaker: Literal["A", "B"] = Field(
        description="The speaker, as labelled in the transcript, who is the agent."
    )


class Filter(BaseModel):
    """Which completed analyses are looked at, as the list filters them."""

    model_config = ConfigDict(extra="forbid")

    agent_id: Annotated[_Text | None, Field(description="Only this agent, exactly.")] = None
    contact_id: Annotated[_Text | None, Field(description="Only this contact, exactly.")] = None
    search: Annotated[_Text | None, Field(description="Part of agent_id or contact_id, in any case.")] = None


class Backtest(BaseModel):
    """A policy to be tried on the newest completed analyses."""

    model_config = ConfigDict(extra="forbid")

    policy: Annotated[Policy, Field(description="The policy, as PUT /policy takes it.")]
    filter: Filter = Filter()
    limit: Annotated[int, Field(ge=1, le=10_000, strict=True, description="How many analyses at most."), Whole] = 1000


async def _roles(request: Request) -> Roles:
    return await json_of(request, Roles, _MAX_ROLES)


async def _backtest(request: Request) -> Backtest:
    return await json_of(request, Backtest, MAX_BYTES + _MAX_ROLES)


@router.post(
    "/analysis/{analysis_id}/rejudge",
    response_model=schemas.Analysis,
    responses=schemas.errors(401, 404, 409, 507),
    summary="Judge an analysis again",
)
async def rejudge_analysis(request: Request, services: Given, caller: Known, analysis_id: Id) -> Response:
    """Judge a completed analysis by the policy that the account has now. What that masks too is masked for good."""
    return await _in_turn(request, services, caller, analysis_id)


@router.post(
    "/analysis/{analysis_id}/roles",
    response_model=schemas.Analysis,
    responses=schemas.errors(401, 404, 409, 413, 422, 507),
    summary="Say who is the agent",
    openapi_extra={"requestBody": schemas.json_body(Roles)},
)
async def set_roles(
    request: Request, services: Given, caller: Known, analysis_id: Id, roles: Annotated[Roles, Depends(_roles)]
) -> Response:
    """Put the roles right and judge the call again from its stored transcript."""
    return await _in_turn(request, services, caller, analysis_id, roles.agent_speaker)


@router.post(
    "/policy/backtest",
    response_model=schemas.Backtested,
    responses=schemas.errors(401, 413, 422),
    summary="Try a policy",
    openapi_extra={"requestBody": schemas.json_body(Backtest)},
)
async def backtest_policy(
    request: Request, services: Given, caller: Known, sent: Annotated[Backtest, Depends(_backtest)]
) -> Response:
    """How many of the newest calls another policy would flag that are not flagged, and the other way round.

    Nothing is stored. Dozens of calls are judged a second; backtests take turns, and one nobody waits for ends.
    """
    owner, filters = Owner(caller.user_id, caller.livemode), Filters(None, **sent.filter.model_dump())
    tally = Tally()
    steps = services.judges.backtest(owner, sent.policy, filters, sent.limit, tally)
    while await _step(request, steps):
        if await request.is_disconnected():
            raise ClientDisconnect
    return Response(orjson.dumps({"calls": tally.calls, "changed": tally.changed()}), media_type="application/json")


async def _step(request: Request, steps: Iterator[None]) -> bool:
    """Do the next part, when it is its turn: all backtests together take one thread of the server."""
    turns: asyncio.Semaphore = request.app.state.backtests
    async with turns:
        return await run_in_threadpool(_goes_on, steps)


def _goes_on(steps: Iterator[None]) -> bool:
    return next(steps, _END) is not _END


_END = object()


async def _in_turn(request: Request, services: Services, caller: Caller, *which: str) -> Response:
    """Judge when it is this one's turn: however many ask, few threads of the server wait for the judging child."""
    turns: asyncio.Semaphore = request.app.state.judgings
    async with turns:
        if await request.is_disconnected():
            raise ClientDisconnect
        return await run_in_threadpool(_judged, request, services, caller, *which)


def _judged(
    request: Request, services: Services, caller: Caller, analysis_id: str, agent: str | None = None
) -> Response:
    owner = Owner(caller.user_id, caller.livemode, trail.who(caller), trail.address(request))
    action = rejudge.ROLES if agent else rejudge.REJUDGE
    with trail.noting(services, caller, trail.entry(request, caller, action, analysis_id)):
        full = services.judges.one(owner, analysis_id, datetime.now(UTC), agent)
    return Response(documents.filled(full, public_url(services, request)), media_type="application/json")
