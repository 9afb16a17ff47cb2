"""The account's API keys: make, list, end. An access token opens it: a key cannot make a key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, AliasChoices, BaseModel, Field

from callcov.api import schemas, trail
from callcov.api.answers import said
from callcov.api.bodies import json_of
from callcov.api.caller import Owner
from callcov.api.fields import CLEAN, Id, printable
from callcov.api.services import Given
from callcov.auth.keys import PREFIX_LENGTH, hash_key, new_key
from callcov.store import audit, keys
from callcov.store.audit import TOKEN, Entry

router = APIRouter(prefix="/api/v1/api-keys", tags=["api keys"])


class NewKey(BaseModel):
    """A key to be made."""

    description: Annotated[str, AfterValidator(printable), Field(json_schema_extra=CLEAN)] | None = Field(
        default=None,
        max_length=500,
        validation_alias=AliasChoices("description", "name"),
        description="What the key is for. `name` means the same.",
    )
    mode: Literal["live", "test"] = Field(
        default="live", description="Whether it works on live analyses or on test ones."
    )


async def _new_key(request: Request) -> NewKey:
    return await json_of(request, NewKey, absent=b"{}")


@router.post(
    "/",
    status_code=201,
    response_model=schemas.NewApiKey,
    responses=schemas.errors(401, 413, 422, 507) | schemas.refused("Ten keys are active, which is the most."),
    summary="Make a key",
    openapi_extra={"requestBody": schemas.json_body(NewKey) | {"required": False}},
)
def create_key(request: Request, services: Given, owner: Owner, sent: Annotated[NewKey, Depends(_new_key)]) -> Response:
    """Make a key. It is shown this once; ten can be active."""
    livemode, now = sent.mode == "live", datetime.now(UTC)
    key = new_key(livemode)
    with services.database.write() as connection:
        made = keys.create(
            connection,
            owner,
            livemode=livemode,
            key_hash=hash_key(services.secret, key),
            prefix=key[:PREFIX_LENGTH],
            description=sent.description,
            now=now,
        )
        audit.write(connection, owner, _entry(request, "key.create", made.id, now))
    told = {"id": made.id, "api_key": key, "key_prefix": made.key_prefix, "description": made.description}
    body = orjson.dumps(told | {"created_at": made.created_at})
    return Response(body, 201, {"Cache-Control": "no-store"}, media_type="application/json")


@router.get(
    "/", response_model=schemas.ApiKeys, responses=schemas.errors(401) | schemas.bad_query(), summary="Your keys"
)
def list_keys(
    services: Given,
    owner: Owner,
    include_expired: Annotated[bool, Query(description="Also those that have ended.")] = False,  # noqa: FBT002 a query parameter
) -> Response:
    """The account's keys, newest first, of both modes."""
    with services.database.read() as connection:
        found = keys.of_user(connection, owner, datetime.now(UTC), ended=include_expired)
    shown = [{name: getattr(key, name) for name in schemas.ApiKey.model_fields} for key in found]
    return Response(orjson.dumps({"api_keys": shown, "total": len(shown)}), media_type="application/json")


@router.delete(
    "/{key_id}", response_model=schemas.Message, responses=schemas.errors(401, 404, 507), summary="End a key"
)
def expire_key(request: Request, services: Given, owner: Owner, key_id: Id) -> Response:
    """End a key at once and for good; it stays in the list of those that have ended."""
    with services.database.write() as connection:
        now = datetime.now(UTC)
        keys.end(connection, owner, key_id, now)
        audit.write(connection, owner, _entry(request, "key.expire", key_id, now))
    return said("API key expired successfully")


def _entry(request: Request, action: str, key_id: str, now: datetime) -> Entry:
    return Entry(TOKEN, action, "api_key", key_id, now, trail.address(request))
