"""Webhooks of the account (CONTRACT §7): the secret that signs them, and what became of each attempt."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from callcov import deliver
from callcov.api import schemas, trail
from callcov.api.answers import said
from callcov.api.caller import Known
from callcov.api.fields import UNDIVIDED, Id
from callcov.api.services import Given
from callcov.errors import Conflict, NotFound
from callcov.store import analyses, audit, deliveries, turns, webhooks
from callcov.store.audit import Entry
from callcov.store.db import LARGEST
from callcov.store.keys import Caller
from callcov.store.webhooks import Secrets

router = APIRouter(prefix="/api/v1", tags=["webhooks"])


class WebhookSecret(schemas.Exact):
    """What webhooks are signed with (Standard Webhooks 1.0)."""

    secret: str = Field(description="`whsec_…`")
    old_secret_valid_until: str | None = Field(
        description="ISO 8601, UTC: up to when webhooks are signed by the secret before, too. Null when they are not."
    )


class Delivery(schemas.Exact):
    """One attempt to deliver a webhook."""

    id: str
    analysis_id: UUID
    attempt: int = Field(description="From 1; those from 11 on were asked for.")
    started_at: str = Field(description="ISO 8601, UTC.")
    duration_ms: int
    status_code: int | None = Field(description="Null when no answer came.")
    outcome: Literal["delivered", "retry", "gone", "given_up"] = Field(
        description="`retry`: tried again at `next_at`; `gone`: the receiver answered 410; `given_up`: not tried again."
    )
    error: str | None
    next_at: str | None = Field(description="ISO 8601, UTC; null when it is not tried again.")


class Deliveries(schemas.Exact):
    """A page of attempts, newest first."""

    object: Literal["list"]
    data: list[Delivery]
    has_more: bool = Field(description="Whether there are older ones.")


@router.get(
    "/webhook-secret",
    response_model=WebhookSecret,
    responses=schemas.errors(401, 507),
    summary="The secret that signs webhooks",
)
def get_secret(request: Request, services: Given, caller: Known) -> Response:
    """What a receiver checks the signature of a webhook with, by any library of Standard Webhooks.

    A line in the audit log tells of the look.
    """
    entry = _entry(request, caller, "webhook_secret.read")
    with services.database.write() as connection:
        found = webhooks.secrets_of(connection, caller.user_id, entry.at)
        audit.write(connection, caller.user_id, entry)
    return _shown(found)


@router.post(
    "/webhook-secret/rotate",
    response_model=WebhookSecret,
    responses=schemas.errors(401, 507),
    summary="Change the secret that signs webhooks",
)
def rotate_secret(request: Request, services: Given, caller: Known) -> Response:
    """Another secret. For 24 hours webhooks bear a signature by each, so that receivers can change in between."""
    entry = _entry(request, caller, "webhook_secret.rotate")
    with services.database.write() as connection:
        changed = webhooks.rotate(connection, caller.user_id, entry.at)
        audit.write(connection, caller.user_id, entry)
    return _shown(changed)


@router.get(
    "/webhook-deliveries/",
    response_model=Deliveries,
    responses=schemas.errors(401) | schemas.bad_query(),
    summary="What became of webhooks",
)
def list_deliveries(
    services: Given,
    caller: Known,
    analysis_id: Annotated[Id | None, Query(description="Only those of this analysis.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of attempts."), UNDIVIDED] = 100,
    offset: Annotated[int, Query(ge=0, description="Number of attempts to skip."), UNDIVIDED] = 0,
) -> Response:
    """Every attempt to deliver a webhook, newest first, of analyses of the caller's mode that are still there."""
    owner, place = (caller.user_id, caller.livemode), (limit, min(offset, LARGEST))
    with services.database.read() as connection:
        found, more = deliveries.page(connection, *owner, analysis_id, *place)
    body = {"object": "list", "data": [asdict(one) for one in found], "has_more": more}
    return Response(orjson.dumps(body), media_type="application/json")


@router.post(
    "/webhook-deliveries/{delivery_id}/redeliver",
    status_code=202,
    response_model=schemas.Message,
    responses=schemas.errors(401, 404, 409, 507),
    summary="Send a webhook again",
)
def redeliver(request: Request, services: Given, caller: Known, delivery_id: str) -> Response:
    """Send the analysis of that attempt, as it is now, to its `webhook_url` at once: one more attempt, none follows it.

    `webhook-id` is that of the other attempts of the newest run. What is still to be tried by itself goes on.
    """
    owner = caller.user_id, caller.livemode
    with services.database.read() as connection:
        analysis_id = deliveries.get(connection, *owner, delivery_id).analysis_id
    entry = trail.entry(request, caller, "webhook.redeliver", analysis_id)
    with trail.noting(services, caller, entry), services.database.write() as connection:
        turns.take(connection, caller.user_id)
        row = analyses.get(connection, *owner, analysis_id)
        if row is None:
            raise NotFound("Delivery not found")
        if row.status == analyses.PROCESSING:
            raise Conflict("The analysis has not ended")
        last = deliveries.last_attempt(connection, caller.user_id, row.id, row.attempt)
        services.engine.deliver(connection, caller.user_id, row.id, row.attempt, deliver.beyond(last), 0.0)
        audit.write(connection, caller.user_id, entry)
    return said("Webhook is sent again", 202)


def _entry(request: Request, caller: Caller, action: str) -> Entry:
    now = datetime.now(UTC)
    return Entry(trail.who(caller), action, "webhook_secret", caller.user_id, now, trail.address(request))


def _shown(found: Secrets) -> Response:
    body = {"secret": found.current, "old_secret_valid_until": found.until}
    return Response(orjson.dumps(body), headers={"Cache-Control": "no-store"}, media_type="application/json")
