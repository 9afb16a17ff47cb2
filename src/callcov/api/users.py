"""The account of who logged in: look, change, close. An access token opens it, a key does not."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from callcov.api import schemas, trail
from callcov.api.answers import said
from callcov.api.bodies import json_of
from callcov.api.caller import Owner
from callcov.api.fields import Email, NewPassword, Phone, Sent
from callcov.api.services import Given
from callcov.auth import accounts
from callcov.errors import NothingToUpdate
from callcov.store import audit, users
from callcov.store.audit import TOKEN, Entry
from callcov.store.users import User

router = APIRouter(prefix="/api/v1/users/me", tags=["users"])


class Change(Sent):
    """What is to be changed; null is the same as left out."""

    email: Email | None = None
    phone_number: Phone | None = None
    password: NewPassword | None = None


async def _change(request: Request) -> Change:
    return await json_of(request, Change)


@router.get("", response_model=schemas.User, responses=schemas.errors(401), summary="Your account")
def get_me(services: Given, owner: Owner) -> Response:
    """Your account."""
    with services.database.read() as connection:
        return _shown(users.get(connection, owner))


@router.put(
    "",
    response_model=schemas.User,
    responses=schemas.errors(401, 413, 422, 507)
    | schemas.refused("Nothing is to be changed, or the email or the phone number is another account's."),
    summary="Change your account",
    openapi_extra={"requestBody": schemas.json_body(Change)},
)
async def put_me(
    request: Request, services: Given, owner: Owner, sent: Annotated[Change, Depends(_change)]
) -> Response:
    """Change email, phone number or password. A new password ends every login, this one too."""
    if (sent.email, sent.phone_number, sent.password) == (None, None, None):
        raise NothingToUpdate("No fields to update")
    hashed = None if sent.password is None else await services.passwords.hash(sent.password)
    now = datetime.now(UTC)
    user, letter = await run_in_threadpool(
        accounts.change, services.database, owner, now, sent.email, sent.phone_number, hashed, trail.address(request)
    )
    if letter is not None:
        services.post.send(letter)
    return _shown(user)


@router.delete("", response_model=schemas.Message, responses=schemas.errors(401, 507), summary="Close your account")
def delete_me(request: Request, services: Given, owner: Owner) -> Response:
    """Close the account: keys and logins end at once. Its data and its email are kept; it cannot be opened again."""
    with services.database.write() as connection:
        now = datetime.now(UTC)
        users.deactivate(connection, owner, now)
        entry = Entry(TOKEN, "user.deactivate", "user", owner, now, trail.address(request))
        audit.write(connection, owner, entry)
    return said("Account deactivated successfully")


def _shown(user: User) -> Response:
    return Response(orjson.dumps(asdict(user)), media_type="application/json")
