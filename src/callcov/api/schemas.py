"""The shapes of the answers, for the API document. Hot routes send stored bytes; a test holds those to these models.

Every field is always present; `| None` says when it may be null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from callcov.checks import Results


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Call(_Exact):
    """The conversation, as the client named it. `direction`, `timestamp` and `metadata` are what it sent."""

    agent_id: str
    contact_id: str
    duration_ms: int
    duration_seconds: float
    direction: Literal["inbound", "outbound"] | None
    timestamp: str | None = Field(description="ISO 8601, UTC.")
    metadata: dict[str, Any] | None


class Audio(_Exact):
    """The upload. `url` is the stable address of the masked recording; it needs credentials."""

    url: str
    size_bytes: int
    format: Literal["wav", "mp3", "flac", "ogg", "webm", "m4a", "mp4", "mpeg"]
    duration_seconds: float
    channels: int
    sample_rate: int


class TranscribedWord(_Exact):
    """One word; times in seconds from the start of the recording."""

    text: str
    start: float
    end: float
    confidence: float


class TranscribedSegment(_Exact):
    """What one speaker says without being interrupted. Speaker `A` is the one who talks first."""

    speaker: str
    text: str
    start: float
    end: float
    role: Literal["agent", "customer"]
    channel: int | None
    confidence: float
    words: list[TranscribedWord]


class Transcript(_Exact):
    """Who said what, when; sensitive values are masked, `[card_number]`."""

    text: str = Field(description="One line for each segment, `Agent: …` or `Customer: …`.")
    language: str
    segments: list[TranscribedSegment]


class Metadata(_Exact):
    """How the analysis went. `error_message` says why it failed."""

    webhook_url: str | None
    completed_at: str | None = Field(description="ISO 8601, UTC.")
    processing_time_ms: int | None
    error_message: str | None
    stage: Literal["accepted", "transcribing", "speakers", "understanding", "judging", "done"]
    policy_version: str | None
    checks_version: str | None
    models: dict[str, str] | None


class Analysis(_Exact):
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


class AnalysisList(_Exact):
    """A page of analyses, newest first."""

    object: Literal["list"]
    data: list[Analysis]
    has_more: bool = Field(description="Whether there are more results after this page.")
    total: int = Field(description="Number of analyses that match the filters.")


class AudioLink(_Exact):
    """An address that works without credentials until `expires_at`."""

    url: str
    expires_at: str = Field(description="ISO 8601, UTC.")


class Moved(_Exact):
    """Calls whose flag of one field would change, and up to five of them, newest first."""

    to_flagged: int
    to_clear: int
    examples: list[UUID]


class Backtested(_Exact):
    """What another policy would change."""

    calls: int = Field(description="Number of analyses that were judged.")
    changed: dict[str, Moved] = Field(description="By field; one that stays as it is for every call is not named.")


class PolicyVersion(_Exact):
    """A version of the account's policy."""

    version: int
    created_at: str | None = Field(description="ISO 8601, UTC; null for version 1, the default.")


class PolicyVersions(_Exact):
    """Every version of the account's policy, newest first."""

    object: Literal["list"]
    data: list[PolicyVersion]


class Share(_Exact):
    """A number of calls, and its share of those that could be judged; null when there are none."""

    count: int
    rate: float | None


class Effort(_Exact):
    """Customer effort: the mean of the scores 1 to 5, and how many calls have each; 0 is too little said to judge."""

    mean: float | None
    distribution: dict[str, int]


class CustomerSentiment(_Exact):
    """The customers' sentiment: the mean score, -1..1, and the share of each label among calls with a score."""

    score: float | None
    positive: Share
    neutral: Share
    negative: Share


class InterruptionFigures(_Exact):
    """Interruptions counted, and their mean a call."""

    by_agent: int
    by_customer: int
    per_call: float | None


class Figures(_Exact):
    """What completed calls add up to. Nothing is estimated."""

    calls: int = Field(description="Completed analyses.")
    judged_calls: int = Field(description="Those of them in a language that is judged; flags and effort are of these.")
    minutes: float = Field(description="Length of all recordings.")
    flags: dict[str, Share] = Field(description="By field that can be flagged.")
    effort: Effort
    sentiment: CustomerSentiment
    talk_ratio: float | None = Field(description="The agents' share of all speaking time, 0..1.")
    interruptions: InterruptionFigures


class Interval(Figures):
    """The figures of a day, a week from Monday, or a month; times are UTC."""

    start: str = Field(description="ISO 8601, UTC.")


class InsightsSummary(Figures):
    """The figures of all calls that match, and of each interval that has any."""

    object: Literal["insights"]
    series: list[Interval] | None = Field(description="Oldest first; null when no interval was asked for.")


class AgentFigures(Figures):
    """The figures of one agent."""

    agent_id: str


class AgentList(_Exact):
    """A page of agents, most calls first."""

    object: Literal["list"]
    data: list[AgentFigures]
    has_more: bool = Field(description="Whether there are more agents after this page.")
    total: int = Field(description="Number of agents with a call that matches.")


class Message(_Exact):
    """What an action did."""

    message: str
    success: Literal[True]


class Health(_Exact):
    """The server's state."""

    status: Literal["ok"]


class Problem(_Exact):
    """Why the request was refused."""

    detail: str


class BodyItem(_Exact):
    """One reason why a body was refused."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any


class BodyProblem(_Exact):
    """Every reason why a body was refused."""

    detail: list[BodyItem]


class QueryItem(_Exact):
    """One reason why a query parameter was refused."""

    loc: list[str | int]
    msg: str
    type: str


class QueryProblem(_Exact):
    """Every reason why the query parameters were refused."""

    detail: list[QueryItem]


_REASONS = {
    400: "The recording is empty, damaged, of no supported format, without sound, or longer than twelve hours.",
    401: "The credentials are missing, unknown or expired.",
    404: "There is no such thing in this account and mode.",
    409: "The analysis is in a state that does not allow it.",
    413: "The body is too large; a recording may have 524,288,000 bytes (500 MB).",
    422: "A field is missing or cannot be used.",
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


def bad_query() -> Responses:
    """The 422 of a route with query parameters."""
    return {422: {"model": QueryProblem, "description": "A query parameter is out of range; nothing is clamped."}}


def sound() -> Responses:
    """The answers of a route that sends sound in ranges."""
    flac: Mapping[str, Any] = {"audio/flac": {"schema": {"type": "string", "format": "binary"}}}
    return {
        200: {"content": flac, "description": "The whole recording."},
        206: {"content": flac, "description": "The range asked for."},
        416: {"model": Problem, "description": "The range begins after the last byte."},
    } | errors(401, 404)


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """The request body of a route that reads its JSON itself; the document keeps its `$defs` with the other schemas."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def upload_body(fields: type[BaseModel], file: str) -> dict[str, Any]:
    """The request body of an upload: the text fields and the file. A form has no null: one leaves a field out."""
    schema = fields.model_json_schema()
    for name, field in schema["properties"].items():
        one, *others = [way for way in field.get("anyOf", [{}]) if way.get("type") != "null"]
        if not others:
            told = {key: value for key, value in field.items() if key not in {"anyOf", "default"}}
            schema["properties"][name] = told | one
    recording = {"type": "string", "format": "binary", "description": "The recording."}
    form = {
        "type": "object",
        "properties": {**schema["properties"], file: recording},
        "required": [*schema["required"], file],
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": form}}}
