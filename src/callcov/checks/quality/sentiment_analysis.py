"""Sentiment: how positive or negative each side's words are, over the call and in its parts.

Rule: every word carries the sentiment of its segment, -1..1, given by the understand stage; a score is the mean over
words, so a long answer weighs more than a short one. A score above `band` is positive, below minus `band` negative,
else neutral; on the limit is neutral. The customer's is negative below minus twice `band` only: who calls about a fault
has to name it, and naming it calmly is neutral. `overall` and `score` at the top are over both sides' words, those of
the customer counted twice, for an agent is friendly by trade.
`start` and `end` are the labels of the first and last third of the side's own words; `trend` is improved or declined
when the last third's score differs from the first's by more than `band`, else steady. `quarters` are the side's
scores in the four equal parts of the time between the first and the last word of the call.
Unit: scores to three places. A quarter in which the side says nothing is null.
One party: the silent side has score null, everything neutral and steady, four null quarters. Nobody: so has the call.
Never flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcov.checks.activity import Said
from callcov.checks.evidence import Result
from callcov.checks.reading import Reading
from callcov.model import Role

Label = Literal["positive", "neutral", "negative"]
Trend = Literal["improved", "steady", "declined"]
_CALMLY = 2
"""How many times as far below 0 as above a customer's score is neutral; chosen on the development calls."""
_CUSTOMER = 2
"""How many times a customer's word counts over the whole call; chosen likewise."""
Quarters = tuple[float | None, float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """`band`: up to where a score is still neutral, and how small a change is still steady."""

    band: float = 0.09


class Party(Result):
    """One side's sentiment."""

    overall: Label
    score: float | None
    start: Label
    end: Label
    trend: Trend
    quarters: Quarters


class SentimentAnalysis(Result):
    """The sentiment of the call and of each side; scores -1..1, null where nothing was said."""

    overall: Label
    score: float | None
    agent: Party
    customer: Party


def check(transcript: Reading, rules: Rules) -> SentimentAnalysis:
    """The sentiment of the call."""
    agent, customer = transcript.said(Role.AGENT), transcript.said(Role.CUSTOMER)
    score = _score(transcript, agent + _CUSTOMER * customer)
    middles = [said.middle for said in (*agent, *customer)]
    times = min(middles, default=0.0), max(middles, default=0.0)
    return SentimentAnalysis(
        overall=_label(score, -rules.band, rules.band),
        score=score,
        agent=_party(transcript, agent, times, -rules.band, rules.band),
        customer=_party(transcript, customer, times, -_CALMLY * rules.band, rules.band),
    )


def _party(transcript: Reading, words: tuple[Said, ...], times: tuple[float, float], low: float, high: float) -> Party:
    """One side's sentiment; `times` bound what the quarters divide, `low` and `high` what is neutral."""
    third = -(-len(words) // 3)  # rounded up, so that a single word is both thirds
    score = _score(transcript, words)
    start, end = _score(transcript, words[:third]), _score(transcript, words[len(words) - third :])
    return Party(
        overall=_label(score, low, high),
        score=score,
        start=_label(start, low, high),
        end=_label(end, low, high),
        trend=_trend(start, end, high),
        quarters=_quarters(transcript, words, *times),
    )


def _score(transcript: Reading, words: tuple[Said, ...]) -> float | None:
    """The mean sentiment of the words; None for no words."""
    if not words:
        return None
    return round(sum(transcript.segments[said.place].sentiment for said in words) / len(words), 3) + 0.0


def _label(score: float | None, low: float, high: float) -> Label:
    """A score in a word; nothing said is neutral."""
    if score is None or low <= score <= high:
        return "neutral"
    return "positive" if score > high else "negative"


def _trend(start: float | None, end: float | None, band: float) -> Trend:
    """How the end compares with the start; nothing said is steady."""
    change = round((end or 0.0) - (start or 0.0), 3)
    if abs(change) <= band:
        return "steady"
    return "improved" if change > 0 else "declined"


def _quarters(transcript: Reading, words: tuple[Said, ...], first: float, last: float) -> Quarters:
    """The scores of the words in each quarter of the time from `first` to `last`; the last moment is in the fourth."""
    parts: tuple[list[Said], list[Said], list[Said], list[Said]] = ([], [], [], [])
    length = round(last - first, 4)
    for said in words:
        parts[min(3, int(round(said.middle - first, 4) / length * 4)) if length > 0 else 0].append(said)
    one, two, three, four = (_score(transcript, tuple(part)) for part in parts)
    return one, two, three, four
