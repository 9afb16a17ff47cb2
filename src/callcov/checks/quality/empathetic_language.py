"""Empathetic language: the agent acknowledges how the customer feels.

Rule: every `empathy` act of the agent is an instance ("I'm sorry to hear that", "that must be frustrating"); acts that
touch are one. Words that also threaten, insult, pressure or promise are none. Asking to repeat is none, though it says
sorry ("sorry, could you say that again?").
Unit: a count. The customer's own kind words are none. The customer alone, or nobody: not used, 0.
Never flagged.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcov.checks.evidence import Evidence, Result, heard
from callcov.checks.reading import Reading
from callcov.model import Role
from callcov.text.phrases import Matcher

_ASKING_AGAIN = Matcher(
    ("again", wording)
    for wording in (
        "sorry could you repeat",
        "sorry can you repeat",
        "sorry could you say",
        "sorry can you say",
        "sorry say that again",
        "sorry what was",
        "sorry what is",
        "sorry who",
        "sorry i did not catch",
        "sorry i did not hear",
        "sorry i missed that",
        "sorry i can not hear",
        "sorry you are breaking up",
    )
)
_BEFORE = 2
"""Words that may stand before such a request and still belong to it: "oh I'm sorry, could you ..."."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Nothing an account may change."""


class EmpatheticLanguage(Result):
    """Whether, how often and where the agent showed empathy."""

    used: bool
    count: int
    instances: tuple[Evidence, ...]


def check(transcript: Reading, _rules: Rules) -> EmpatheticLanguage:
    """Where the agent showed empathy."""
    found = tuple(
        one
        for one in heard(transcript, Role.AGENT, "empathy")
        if not _asks_again(transcript, one) and not _harms(transcript, one)
    )
    return EmpatheticLanguage(used=bool(found), count=len(found), instances=found)


def _harms(transcript: Reading, one: Evidence) -> bool:
    """Whether the words do what an agent must not do: sympathy that belittles is none."""
    words = transcript.segments[one.segment].words
    return any(
        round(words[act.first].span.start, 3) < one.end and one.start < round(words[act.last - 1].span.end, 3)
        for act in transcript.segments[one.segment].acts
        if act.name.startswith("proh_")
    )


def _asks_again(transcript: Reading, one: Evidence) -> bool:
    """Whether the words only ask to repeat something; the request may run on behind them."""
    words = transcript.segments[one.segment].words
    spoken = transcript.tokens[one.segment]
    for match in _ASKING_AGAIN.find(spoken):
        first, last = spoken[match.first].word, spoken[match.last - 1].word
        starts = next(at for at, word in enumerate(words) if round(word.span.start, 3) >= one.start)
        if starts <= last and round(words[first].span.start, 3) < one.end and first - starts <= _BEFORE:
            return True
    return False
