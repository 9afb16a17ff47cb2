"""The analysis object of the contract (CONTRACT §3), made in one place for the API, the worker and the command line.

Pure: a row of the store, a Transcript and Results go in, plain JSON values or the stored texts come out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from pydantic import TypeAdapter

from callcov.checks import FLAGS, Results
from callcov.model import Role, Segment, Transcript, Word
from callcov.store.analyses import COMPLETED, STAGES, Analysis, Finished
from callcov.store.documents import PLACEHOLDER

_LABELS = ("positive", "neutral", "negative")
_NAMES = {Role.AGENT: "Agent", Role.CUSTOMER: "Customer"}
_TRANSCRIPT = TypeAdapter(Transcript)
SUMMARY = "summary"
"""The capability of a chat model that worded the summary, in `metadata.models`."""
# The last keys of that name in a stored document are its own: none of the parts that follow holds one, and inside of
# texts a quotation mark is escaped.
_TRANSCRIPT_KEY, _RESULTS_KEY, _METADATA_KEY = ',"transcript":', ',"results":', ',"metadata":'


@dataclass(frozen=True, slots=True)
class Judged:
    """Results with the versions of the policy and of the checks that they were judged by, and what is flagged."""

    results: Results
    policy_version: str
    checks_version: str
    flags: frozenset[str]

    def text(self) -> str:
        """The results as JSON, the same in the document and in the judgement that is kept."""
        return orjson.dumps(self.results.model_dump(mode="json")).decode()


@dataclass(frozen=True, slots=True)
class Documents:
    """The stored documents of an analysis: the whole one, and the light one that has neither transcript nor results."""

    full: str
    light: str


def transcript_object(transcript: Transcript) -> dict[str, Any]:
    """The `transcript` field: text, language and segments; times in seconds to the millisecond.

    `text` has one line for each segment, `Agent: …` or `Customer: …`; an empty call has empty text and no segments.
    """
    lines = (f"{_NAMES[transcript.role(segment.speaker)]}: {segment.text}" for segment in transcript.segments)
    return {
        "text": "\n".join(lines),
        "language": transcript.language,
        "segments": [_segment(transcript, segment) for segment in transcript.segments],
    }


def analysis_object(
    row: Analysis,
    audio_url: str,
    transcript: Mapping[str, Any] | None = None,
    results: Mapping[str, Any] | None = None,
    models: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The whole analysis as JSON values, in the contract's order.

    `audio_url` is the full address of the sound. `models` maps a capability to the model that did it.
    """
    seconds = row.duration_ms / 1000
    return {
        "id": row.id,
        "object": "analysis",
        "created": row.created,
        "status": row.status,
        "livemode": row.livemode,
        "call": {
            "agent_id": row.agent_id,
            "contact_id": row.contact_id,
            "duration_ms": row.duration_ms,
            "duration_seconds": seconds,
            "direction": row.call_direction,
            "timestamp": row.call_timestamp,
            "metadata": None if row.metadata is None else orjson.loads(row.metadata),
        },
        "audio": {
            "url": audio_url,
            "size_bytes": row.size_bytes,
            "format": row.format,
            "duration_seconds": seconds,
            "channels": row.channels,
            "sample_rate": row.sample_rate,
        },
        "transcript": transcript,
        "results": results,
        "metadata": _metadata(row, models),
    }


def audio_url(public_url: str, analysis_id: str) -> str:
    """The stable address of the sound under the server's public address, which has no slash at its end."""
    return f"{public_url}/api/v1/analysis/{analysis_id}/audio"


def rendered(row: Analysis, public_url: str) -> bytes:
    """An analysis that has no documents (processing or failed) as JSON, from its row alone."""
    return orjson.dumps(analysis_object(row, audio_url(public_url, row.id)))


def accepted(row: Analysis) -> str:
    """The same as a text to keep, with the placeholder for the public address (see `store/documents.py`)."""
    return _stored(analysis_object(row, ""), row.id)


def finished(
    row: Analysis,
    transcript: Transcript,
    judged: Judged,
    models: Mapping[str, str],
    completed_at: str,
    processing_time_ms: int,
    masked_key: str | None,
    vectors_key: str | None,
) -> Finished:
    """What `analyses.finish` keeps; `row` is the analysis as it was accepted.

    The stored transcript is the masked one, whole, so that `transcript_of` gives it back and judging it again with
    the same policy gives the same results. `completed_at` is ISO 8601 (see `store/times.py`).
    """
    row = row._replace(status=COMPLETED, stage=STAGES[-1], error_message=None, completed_at=completed_at)
    row = row._replace(policy_version=judged.policy_version, checks_version=judged.checks_version)
    row = row._replace(processing_time_ms=processing_time_ms)
    light = analysis_object(row, "", models=models)
    results = judged.text()
    full = light | {"transcript": transcript_object(transcript), "results": orjson.Fragment(results)}
    return Finished(
        full=_stored(full, row.id),
        light=_stored(light, row.id),
        transcript=transcript_text(transcript),
        completed_at=completed_at,
        processing_time_ms=processing_time_ms,
        policy_version=judged.policy_version,
        checks_version=judged.checks_version,
        results=results,
        figures=figures_of(orjson.loads(results), judged.flags),
        agent_speaker=agent_of(transcript),
        masked_key=masked_key,
        vectors_key=vectors_key,
    )


def worded(judged: Judged, transcript: Transcript, write: Callable[[str, str], str | None]) -> Judged | None:
    """The same with the text of the summary in the words of `write(call, text)`; None where it gives none.

    Everything else stays as it was judged. There is nothing to write for a call without a summary.
    """
    drawn = judged.results.summary
    text = drawn and write(transcript_object(transcript)["text"], drawn.text)
    if not (drawn and text):
        return None
    results = judged.results.model_copy(update={"summary": drawn.model_copy(update={"text": text})})
    return replace(judged, results=results)


def rejudged(row: Analysis, documents: Documents, results: str, transcript: str | None) -> Documents:
    """The documents of a completed analysis with other results, and another transcript if one is given.

    `row` names the versions that it was judged by now; `results` and `transcript` are the JSON texts of those fields.
    What stays is taken over as the bytes that it is: the same as `finished` would make of the whole.
    """
    head = documents.full.rpartition(_RESULTS_KEY)[0]
    if transcript is not None:
        head = head.rpartition(_TRANSCRIPT_KEY)[0] + _TRANSCRIPT_KEY + transcript
    models = orjson.loads(documents.light)["metadata"]["models"]
    models = models and {name: model for name, model in models.items() if name != SUMMARY}  # its text is drawn again
    metadata = orjson.dumps(_metadata(row, models)).decode()
    light = _stored(analysis_object(row, "", models=models), row.id)
    return Documents(full=f"{head}{_RESULTS_KEY}{results}{_METADATA_KEY}{metadata}}}", light=light)


def results_of(full: str) -> str:
    """The results in a stored full document, as the JSON text that they are there."""
    return full.rpartition(_RESULTS_KEY)[2].rpartition(_METADATA_KEY)[0]


def figures_of(results: Mapping[str, Any], flags: Collection[str]) -> dict[str, int]:
    """What insights count of results as JSON values, with what is flagged in them (see `store/figures.py`).

    Of a call in a language that is not supported only the talk time counts: the rest was not judged.
    """
    quality, coaching = results["quality"], results["coaching"]
    customer, judged = quality["sentiment_analysis"]["customer"], int(results["supported"])
    heard = judged and customer["score"] is not None
    return {
        "judged": judged,
        **{name: int(name in flags) for name in FLAGS},
        **{f"effort_{score}": judged * (coaching["customer_effort_score"] == score) for score in range(6)},
        **{f"customer_{label}": heard * (customer["overall"] == label) for label in _LABELS},
        "customer_scored": int(heard),
        "customer_score": round(1000 * customer["score"]) if heard else 0,
        "agent_talk_ms": round(1000 * quality["talk_time"]["agent_seconds"]),
        "customer_talk_ms": round(1000 * quality["talk_time"]["customer_seconds"]),
        "interruptions_by_agent": quality["interruptions"]["by_agent"],
        "interruptions_by_customer": quality["interruptions"]["by_customer"],
    }


def agent_of(transcript: Transcript) -> str | None:
    """The speaker who is taken for the agent; None when nobody is."""
    return next((speaker for speaker, role in transcript.roles.items() if role is Role.AGENT), None)


def transcript_text(transcript: Transcript) -> str:
    """The whole Transcript as JSON, acts and typed spans included."""
    return _TRANSCRIPT.dump_json(transcript).decode()


def transcript_of(text: str) -> Transcript:
    """The Transcript that `transcript_text` wrote; equal to it in every value."""
    return _TRANSCRIPT.validate_json(text)


def _stored(document: dict[str, Any], analysis_id: str) -> str:
    # The placeholder is an escape that no encoder writes, so its address goes in as finished JSON.
    address = orjson.Fragment(f'"{audio_url(PLACEHOLDER, analysis_id)}"')
    return orjson.dumps(document | {"audio": document["audio"] | {"url": address}}).decode()


def _metadata(row: Analysis, models: Mapping[str, str] | None) -> dict[str, Any]:
    return {
        "webhook_url": row.webhook_url,
        "completed_at": row.completed_at,
        "processing_time_ms": row.processing_time_ms,
        "error_message": row.error_message,
        "stage": row.stage,
        "policy_version": row.policy_version,
        "checks_version": row.checks_version,
        "models": models,
    }


def _segment(transcript: Transcript, segment: Segment) -> dict[str, Any]:
    span = segment.span
    return {
        "speaker": segment.speaker,
        "text": segment.text,
        "start": round(span.start, 3),
        "end": round(span.end, 3),
        "role": transcript.role(segment.speaker),
        "channel": segment.channel,
        "confidence": round(sum(word.confidence for word in segment.words) / len(segment.words), 3),
        "words": [_word(word) for word in segment.words],
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "text": word.text,
        "start": round(word.span.start, 3),
        "end": round(word.span.end, 3),
        "confidence": round(word.confidence, 3),
    }
