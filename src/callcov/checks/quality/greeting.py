"""Greeting: the agent greets the customer at the start.

Rule: a greeting is the agent's `greeting` act, or words such as "good morning", "hello" or "thank you for calling". It
counts when it starts at most `seconds` after the agent's first word, so that "thank you for calling, goodbye" is none;
after the agent's first segment one that stands together with a `closing` act is none either.
Unit: seconds. Boundary: exactly `seconds` after the first word still counts. `timestamp` is the start of the greeting.
The customer alone, or nobody: not present. The agent alone can greet.
Flagged when not `present`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callcov.checks.evidence import Evidence, Result, heard
from callcov.model import Role, Transcript
from callcov.text.normalise import plain, tokens
from callcov.text.phrases import Matcher

_GREETINGS = Matcher(
    ("greeting", wording)
    for wording in (
        "hello",
        "hi there",
        "hi this is",
        "hi am i speaking",
        "hi is this",
        "good morning",
        "good afternoon",
        "good evening",
        "good day",
        "thank you for calling",
        "thanks for calling",
        "thank you for holding",
        "thanks for holding",
        "welcome to",
    )
)


@dataclass(frozen=True, slots=True)
class Rules:
    """`seconds`: how long after the agent's first word a greeting still opens the call."""

    seconds: float = 15.0


class Greeting(Result):
    """Whether and when the agent greeted."""

    present: bool
    timestamp: float | None
    evidence: tuple[Evidence, ...]


def check(transcript: Transcript, rules: Rules) -> Greeting:
    """The agent's greeting, the earliest one."""
    first = min((segment.span.start for _, segment in transcript.spoken_by(Role.AGENT)), default=None)
    if first is None:
        return Greeting(present=False, timestamp=None, evidence=())
    found = [*_phrases(transcript, first + rules.seconds), *heard(transcript, Role.AGENT, "greeting")]
    opening = [one for one in found if round(one.start - first, 3) <= rules.seconds and not _closes(transcript, one)]
    said = min(opening, key=lambda one: (one.start, -one.end), default=None)
    if said is None:
        return Greeting(present=False, timestamp=None, evidence=())
    return Greeting(present=True, timestamp=said.start, evidence=(said,))


def _phrases(transcript: Transcript, until: float) -> Iterator[Evidence]:
    """The agent's words of greeting in segments that begin by then."""
    for place, segment in transcript.spoken_by(Role.AGENT):
        if segment.span.start > until:
            return
        spoken = plain(tokens(segment.words))
        for match in _GREETINGS.find(spoken):
            yield Evidence.at(transcript, place, spoken[match.first].word, spoken[match.last - 1].word + 1)


def _closes(transcript: Transcript, said: Evidence) -> bool:
    """Whether the words belong to a farewell: a `closing` act in the same segment, which is not the agent's first."""
    first, _ = next(transcript.spoken_by(Role.AGENT))
    return said.segment != first and any(act.name == "closing" for act in transcript.segments[said.segment].acts)
