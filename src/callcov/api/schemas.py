"""The shapes of the answers, for the API document. Hot routes send stored bytes; a test holds those to these models.

Every field is always present; `| None` says when it may be null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from callcov.checks import Results


class Exact(BaseModel):
    """An answer of these fields and no other."""

    model_config = ConfigDict(extra="forbid")


class Call(Exact):
    """The conversation, as the client named it. `direction`, `timestamp` and `metadata` are what it sent."""

    agent_id: str
    contact_id: str
    duration_ms: int
    duration_seconds: float
    direction: Literal["inbound", "outbound"] | None
    timestamp: str | None = Field(description="ISO 8601, UTC.")
    metadata: dict[str, Any] | None


class Audio(Exact):
    """The upload. `url` is the stable address of the masked recording; it needs credentials."""

    url: str
    size_bytes: int
    format: Literal["wav", "mp3", "flac", "ogg", "webm", "m4a", "mp4", "mpeg"]
    duration_seconds: float
    channels: int
    sample_rate: int


class TranscribedWord(Exact):
    """One word; times in seconds from the start of the recording."""

    text: str
    start: float
    end: float
    confidence: float


class TranscribedSegment(Exact):
    """What one speaker says without being interrupted. Speaker `A` is the one who talks first."""

    speaker: str
    text: str
    start: float
    end: float
    role: Literal["agent", "customer"]
    channel: int | None
    confidence: float
    words: list[TranscribedWord]


class Transcript(Exact):
    """Who said what, when; sensitive values are masked, `[card_number]`."""

    text: str = Field(description="One line for each segment, `Agent: …` or `Customer: …`.")
    language: str
    segments: list[TranscribedSegment]


class Metadata(Exact):
    """How the analysis went. `error_message` says why it failed."""

    webhook_url: str | None
    completed_at: str | None = Field(description="ISO 8601, UTC.")
    processing_time_ms: int | None
    error_message: str | None
    stage: Literal["accepted", "transcribing", "speakers", "understanding", "judging", "done"]
    policy_version: str | None
    checks_version: str | None
    models: dict[str, str] | None


class Analysis(Exact):
    """One submitted recording and all that is derived from it."""

    id: UUID
    object: Literal["analysis"]
    created: int = Field(description="Unix seconds.")
    status: Literal["processing", "completed", "failed"]
    livemode: bool = Field(description="Whether it was submitted with a live key.")
    call: Call
    audio: Audio
    transcript: Transcript | None = Field(description="Null until the analysis is completed.")
    results: Results | None = Field(description="Null until the analysis is completed.")
    metadata: Metadata


class AnalysisList(Exact):
    """A page of analyses, newest first."""

    object: Literal["list"]
    data: list[Analysis]
    has_more: bool = Field(description="Whether there are more results after this page.")
    total: int = Field(description="Number of analyses that match the filters.")


class AudioLink(Exact):
    """An address that works without credentials until `expires_at`."""

    url: str
    expires_at: str = Field(description="ISO 8601, UTC.")


class Moved(Exact):
    """Calls whose flag of one field would change, and up to five of them, newest first."""

    to_flagged: int
    to_clear: int
    examples: list[UUID]


class Backtested(Exact):
    """What another policy would change."""

    calls: int = Field(description="Number of analyses that were judged.")
    changed: dict[str, Moved] = Field(description="By field; one that stays as it is for every call is not named.")


class PolicyVersion(Exact):
    """A version of the account's policy."""

    version: int
    created_at: str | None = Field(description="ISO 8601, UTC; null for version 1, the default.")


class PolicyVersions(Exact):
    """Every version of the account's policy, newest first."""

    object: Literal["list"]
    data: list[PolicyVersion]


class TierInfo(Exact):
    """What a tier gives; null is no limit, or no overage."""

    name: str
    price_monthly: float = Field(description="US dollars.")
    minutes_included: int | None
    overage_rate: float | None = Field(description="US dollars a minute over what is included.")
    features: list[str]


class TierOffered(Exact):
    """A tier. `overage_rate` is absent where there is no overage."""

    tier: Literal["free", "starter", "growth", "unlimited"]
    name: str
    price_monthly: float = Field(description="US dollars.")
    minutes_included: int | None = Field(description="A month; null is no limit.")
    overage_rate: float = Field(default=0.0, description="US dollars a minute over what is included.")
    overage_allowed: bool
    features: list[str]


class Tiers(Exact):
    """Every tier there is."""

    tiers: list[TierOffered]


class Subscription(Exact):
    """An account's tier and its minutes of this calendar month (UTC); a figure is null where there is no limit."""

    id: UUID
    user_id: UUID
    tier: Literal["free", "starter", "growth", "unlimited"]
    status: Literal["active"]
    minutes_included: int | None
    minutes_used: float
    minutes_remaining: float | None
    overage_minutes: float
    current_period_start: str = Field(description="ISO 8601, UTC, inclusive.")
    current_period_end: str = Field(description="ISO 8601, UTC, exclusive.")
    created_at: str = Field(description="ISO 8601, UTC.")
    tier_info: TierInfo


class MinutesUsed(Exact):
    """What the live analyses that completed this month come to."""

    total_minutes_used: float
    analysis_count: int
    minutes_remaining: float | None
    usage_percentage: float | None = Field(description="Of what is included; over 100 in overage.")


class SubscriptionSummary(Exact):
    """A subscription with its usage."""

    subscription: Subscription
    usage: MinutesUsed
    estimated_overage_cost: float = Field(description="US dollars so far, in whole cents.")


class AuditLine(Exact):
    """Who did what to which object."""

    id: UUID
    at: str = Field(description="ISO 8601, UTC.")
    who: str = Field(
        description="Id of the API key, or `token`, `link`, `visitor` (a password, something mailed), "
        "`operator` (the command line), `server`."
    )
    action: str = Field(description="`object.verb`, as `audio.read`.")
    object_type: str
    object_id: str
    address: str | None = Field(description="Where the request came from; null for what no request did.")
    outcome: Literal["done", "refused"]


class AuditLog(Exact):
    """A page of the audit log, newest first."""

    object: Literal["list"]
    data: list[AuditLine]
    has_more: bool = Field(description="Whether there are older lines that match.")


class Message(Exact):
    """What an action did."""

    message: str
    success: Literal[True]


class TokenPair(Exact):
    """A login: an access token of thirty minutes, a refresh token of seven days that works once."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Seconds until the access token is over.")


class User(Exact):
    """An account."""

    id: UUID
    email: str
    phone_number: str | None = Field(description="E.164; null for an account that the operator made.")
    is_active: bool
    is_verified: bool
    created_at: str = Field(description="ISO 8601, UTC.")
    updated_at: str = Field(description="ISO 8601, UTC.")


class NewApiKey(Exact):
    """A new key, shown this once."""

    id: UUID
    api_key: str
    key_prefix: str
    description: str | None
    created_at: str = Field(description="ISO 8601, UTC.")


class ApiKey(Exact):
    """A key as its owner sees it later."""

    id: UUID
    key_prefix: str
    description: str | None
    is_active: bool
    last_used_at: str | None = Field(description="ISO 8601, UTC; to the minute. Null when it was never used.")
    expires_at: str | None = Field(description="ISO 8601, UTC; null when it does not expire by itself.")
    created_at: str = Field(description="ISO 8601, UTC.")
    updated_at: str = Field(description="ISO 8601, UTC.")


class ApiKeys(Exact):
    """The account's keys, newest first."""

    api_keys: list[ApiKey]
    total: int = Field(description="How many are listed.")


class Health(Exact):
    """The server's state."""

    status: Literal["ok"]


class Problem(Exact):
    """Why the request was refused."""

    detail: str


class BodyItem(Exact):
    """One reason why a body was refused."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any


class BodyProblem(Exact):
    """Every reason why a body was refused."""

    detail: list[BodyItem]


class QueryItem(Exact):
    """One reason why a query parameter was refused."""

    loc: list[str | int]
    msg: str
    type: str


class QueryProblem(Exact):
    """Every reason why the query parameters were refused."""

    detail: list[QueryItem]


_REASONS = {
    400: "The recording is empty, damaged, of no supported format, without sound, or longer than twelve hours.",
    403: "The email of the account has not been verified yet.",
    401: "The credentials are missing, unknown or expired.",
    402: "The account's tier includes too few minutes for this recording.",
    404: "There is no such thing in this account and mode.",
    409: "The analysis is in a state that does not allow it.",
    413: "The body is too large; a recording may have 524,288,000 bytes (500 MB).",
    422: "A field is missing or cannot be used.",
    429: "Too many requests within a minute; `Retry-After` says in how many seconds to try again.",
    503: "Not now.",
    507: "The server has no room left; nothing was stored.",
}

Responses = dict[int | str, dict[str, Any]]


def errors(*statuses: int) -> Responses:
    """The error answers of a route, for FastAPI's `responses`."""
    return {
        status: {"model": BodyProblem if status == 422 else Problem, "description": _REASONS[status]}
        for status in statuses
    }


def refused(why: str) -> Responses:
    """The 400 of a route."""
    return {400: {"model": Problem, "description": why}}


def bad_query() -> Responses:
    """The 422 of a route with query parameters."""
    return {422: {"model": QueryProblem, "description": "A query parameter is out of range; nothing is clamped."}}


def sound() -> Responses:
    """The answers of a route that sends sound in ranges."""
    flac: Mapping[str, Any] = {"audio/flac": {"schema": {"type": "string", "format": "binary"}}}
    return {
        200: {"content": flac, "description": "The whole recording."},
        206: {"content": flac, "description": "The range asked for."},
        304: {"description": "The sound is still the one that `If-None-Match` names."},
        416: {"model": Problem, "description": "The range begins after the last byte."},
    } | errors(401, 404, 507)


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """The request body of a route that reads its JSON itself; the document keeps its `$defs` with the other schemas."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def upload_body(fields: type[BaseModel], file: str) -> dict[str, Any]:
    """The request body of an upload: the text fields and the file. A form has no null: one leaves a field out."""
    schema = fields.model_json_schema()
    for name, field in schema["properties"].items():
        one, *others = [way for way in field.get("anyOf", [{}]) if way.get("type") != "null"]
        told = {key: value for key, value in field.items() if key not in {"anyOf", "default"}}
        schema["properties"][name] = told | ({"anyOf": [one, *others]} if others else one)
    recording = {"type": "string", "format": "binary", "description": "The recording."}
    form = {
        "type": "object",
        "properties": {**schema["properties"], file: recording},
        "required": [*schema["required"], file],
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": form}}}
