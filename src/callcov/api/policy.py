"""The policy of the account: what must be said, what must not, the limits, what is masked. One for both modes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from callcov.api import schemas, trail
from callcov.api.bodies import body
from callcov.api.caller import Known
from callcov.api.errors import Invalid, items
from callcov.api.fields import UNDIVIDED
from callcov.api.services import Given
from callcov.checks import policy
from callcov.checks.policy import Policy
from callcov.errors import BadPolicy
from callcov.store import audit, policies, turns
from callcov.store.audit import Entry

router = APIRouter(prefix="/api/v1/policy", tags=["policy"])

MAX_BYTES = 4 * policy.LONGEST
"""A character takes at most four bytes."""
_MAX_VERSION = 2**31 - 1


async def _sent(request: Request) -> Policy:
    """The policy in the body; raises BadPolicy for what is no document, Invalid with the place of each mistake."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise BadPolicy("The policy is the whole body, not a file in a form (with curl: --data-binary @policy.yaml).")
    return await run_in_threadpool(_read, await body(request, MAX_BYTES))  # a long document takes seconds


def _read(sent: bytes) -> Policy:
    try:
        return Policy.model_validate(policy.parse(sent))
    except ValidationError as error:
        raise Invalid(items(error)) from error


@router.get("", response_model=Policy, responses=schemas.errors(401, 404) | schemas.bad_query(), summary="The policy")
def get_policy(
    services: Given,
    caller: Known,
    version: Annotated[
        int | None,
        Query(ge=1, le=_MAX_VERSION, description="An earlier version instead of the current one."),
        UNDIVIDED,
    ] = None,
) -> Response:
    """The policy by which calls are judged now, or an earlier version of it."""
    with services.database.read() as connection:
        if version is None:
            found = policies.current(connection, caller.user_id)
        else:
            found = policies.version(connection, caller.user_id, version)
    return _answer(found)


@router.put(
    "",
    response_model=Policy,
    responses=schemas.errors(401, 413, 422, 507),
    summary="Set the policy",
    openapi_extra={"requestBody": schemas.json_body(Policy)},
)
def put_policy(request: Request, services: Given, caller: Known, sent: Annotated[Policy, Depends(_sent)]) -> Response:
    """Make this the policy of the calls to come; what is left out is the default. Answers with its new version.

    The `version` that is sent does not count. The same policy again makes no new version. A wrong policy changes
    nothing. Completed calls stay as they were judged until they are judged again.
    """
    now = datetime.now(UTC)
    with services.database.write() as connection:
        turns.take(connection, caller.user_id)
        before = policies.current(connection, caller.user_id).version
        new = policies.put(connection, caller.user_id, sent, now)
        if new.version != before:
            entry = Entry(trail.who(caller), "policy.set", "policy", str(new.version), now, trail.address(request))
            audit.write(connection, caller.user_id, entry)
    return _answer(new)


@router.get("/versions", response_model=schemas.PolicyVersions, responses=schemas.errors(401), summary="Its versions")
def list_policy_versions(services: Given, caller: Known) -> Response:
    """Every version there was, newest first. Version 1 is the default policy, which nobody set."""
    with services.database.read() as connection:
        found = policies.versions(connection, caller.user_id)
    return Response(orjson.dumps({"object": "list", "data": found}), media_type="application/json")


def _answer(found: Policy) -> Response:
    return Response(found.model_dump_json(), media_type="application/json")
