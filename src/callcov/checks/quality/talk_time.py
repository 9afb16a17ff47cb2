"""Talk time: how long each side speaks, and how long nobody does.

Rule: a side's seconds are the length of its voice activity, its own overlapping stretches counted once. `agent_ratio`
is the agent's seconds over both sides' seconds. `overlap_seconds`: both speak. `silence_seconds`: nobody does, in the
whole recording from 0 to its end, lead-in and tail included.
Unit: seconds, to the millisecond; the ratio to three places.
One party: its ratio is 1.0 or 0.0. Nobody: 0.0 seconds each, ratio null, silence the whole recording.
Never flagged.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcov.checks.activity import seconds, shared
from callcov.checks.evidence import Result
from callcov.checks.reading import Reading
from callcov.model import Role


@dataclass(frozen=True, slots=True)
class Rules:
    """Nothing an account may change."""


class TalkTime(Result):
    """Seconds of speech a side, of both at once and of neither; `agent_ratio` 0..1, null when nobody speaks."""

    agent_seconds: float
    customer_seconds: float
    agent_ratio: float | None
    overlap_seconds: float
    silence_seconds: float


def check(transcript: Reading, _rules: Rules) -> TalkTime:
    """How long each side speaks."""
    agent, customer = transcript.voice(Role.AGENT), transcript.voice(Role.CUSTOMER)
    agent_seconds, customer_seconds = seconds(agent), seconds(customer)
    together = agent_seconds + customer_seconds
    return TalkTime(
        agent_seconds=agent_seconds,
        customer_seconds=customer_seconds,
        agent_ratio=round(agent_seconds / together, 3) if together else None,
        overlap_seconds=seconds(shared(agent, customer)),
        silence_seconds=round(max(0.0, transcript.duration - seconds(transcript.sound)), 3),
    )
