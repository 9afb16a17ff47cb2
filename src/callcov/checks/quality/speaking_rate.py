"""Speaking rate: words a minute of each side's own speaking time.

Rule: words of the side divided by the minutes of its voice activity, pauses between stretches left out. A word is one
that is said: a figure that the recogniser wrote in digits counts as the words that say it. What is masked counts
neither with its words, which nobody can count any more, nor with its time. Nor does in mono what is said while both
speak: there the recogniser writes the words of one of them, or of neither.
Unit: words a minute, to one place. Boundary: `flagged` when the agent is below `low` or above `high`; on a limit is
within.
Little speech: a side with fewer than `words` words, or none, has no rate (null), and null is never flagged.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcov.checks.activity import merged, outside, seconds, shared
from callcov.checks.evidence import Result
from callcov.checks.reading import Reading
from callcov.model import Role
from callcov.text.numbers import words_said


@dataclass(frozen=True, slots=True)
class Rules:
    """`low` and `high` in words a minute; `words` is the least a rate is worth telling from."""

    low: float = 110.0
    high: float = 190.0
    words: int = 10


class SpeakingRate(Result):
    """Words a minute of each side, null where too little was said; `flagged` for an agent outside the limits."""

    agent_wpm: float | None
    customer_wpm: float | None
    flagged: bool


def check(transcript: Reading, rules: Rules) -> SpeakingRate:
    """How fast each side speaks."""
    agent = _rate(transcript, Role.AGENT, rules.words)
    return SpeakingRate(
        agent_wpm=agent,
        customer_wpm=_rate(transcript, Role.CUSTOMER, rules.words),
        flagged=agent is not None and not rules.low <= agent <= rules.high,
    )


def _rate(transcript: Reading, role: Role, least: int) -> float | None:
    """Words a minute of one side; None for too few words or no time to say them in."""
    voice = transcript.voice(role)
    unheard = () if transcript.channels_apart else shared(voice, transcript.voice(role.other))
    words = [said.word for said in outside(transcript.said(role), unheard)]
    masked = [word.span for word in words if word.text.startswith("[")]
    spoken = seconds(voice) - seconds(merged([*unheard, *masked]))
    count = sum(words_said(word.text) for word in words if not word.text.startswith("["))
    return round(count / spoken * 60, 1) if count >= least and spoken > 0 else None
