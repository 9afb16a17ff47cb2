"""Active listening: the agent restates what the customer said, confirms it, or checks understanding.

Rule: every `active_listening` act of the agent after the customer's first word is an instance ("so if I understand
you correctly", "let me read that back"); acts that touch are one. Before the customer has said anything there is
nothing to have listened to.
Unit: a count. "Mm-hm" and "right" alone are none. One party, or nobody: not used, 0.
Never flagged.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcov.checks.backchannel import is_backchannel
from callcov.checks.evidence import Evidence, Result, heard
from callcov.model import Role, Transcript


@dataclass(frozen=True, slots=True)
class Rules:
    """Nothing an account may change."""


class ActiveListening(Result):
    """Whether, how often and where the agent showed to have listened."""

    used: bool
    count: int
    instances: tuple[Evidence, ...]


def check(transcript: Transcript, _rules: Rules) -> ActiveListening:
    """Where the agent showed to have listened."""
    first = min((segment.span.start for _, segment in transcript.spoken_by(Role.CUSTOMER)), default=None)
    found = tuple(
        one
        for one in heard(transcript, Role.AGENT, "active_listening")
        if first is not None and one.start > first and not _only_nods(transcript, one)
    )
    return ActiveListening(used=bool(found), count=len(found), instances=found)


def _only_nods(transcript: Transcript, one: Evidence) -> bool:
    """Whether the words are a backchannel."""
    words = transcript.segments[one.segment].words
    return is_backchannel([word for word in words if one.start <= round(word.span.start, 3) < one.end])
