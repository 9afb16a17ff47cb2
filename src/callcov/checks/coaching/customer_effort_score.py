"""Customer effort score: how hard the call was for the customer, from things a person can check.

Rule: 1 plus the points of the drivers below, at most 5. 1 is effortless, 5 very hard. The drivers that counted, with
their points and evidence, are in `customer_effort_drivers`.
- `repeat_contact`: the customer says they contacted before about this (`repeat`): 1; at least the third time: 2;
- `transfers`: each segment in which somebody speaks of passing the customer on (`transfer`): 1, at most 2;
- `repeat_information`: the customer has to say again what was said before (`repeat_information`): 1;
- `waiting`: holds, and dead air that is too long, together at least `waiting_seconds`: 1; three times that: 2;
- `unresolved`: somebody says that it is not solved (`unresolved`) and no `resolution` of the agent follows: 1; said in
  the last third of the time from the first to the last word: 2;
- `complaints`: the customer complains (`complaint`): 1; in three segments or more: 2;
- `negative_trend`: the customer's end is negative and their trend declined: 1;
- `length`: first to last word at least `long_seconds`: 1.
0 means too little was said to judge: the agent is silent, or the customer says fewer than `words` words.
Boundary: a limit reached counts. Evidence points at the words; for waiting at the pauses; for length it is empty.
One party, or nobody: 0 without drivers.
Flagged from 4 on (the policy's `effort_flag`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcov.checks.evidence import Evidence, Result, evidence, heard
from callcov.checks.quality.sentiment_analysis import SentimentAnalysis
from callcov.checks.quality.silence import Silence, evidence_of
from callcov.model import Role, Span, Transcript
from callcov.text.normalise import plain, tokens
from callcov.text.phrases import Matcher

_OFTEN = Matcher(
    ("often", wording)
    for wording in (
        "third time",
        "fourth time",
        "fifth time",
        "sixth time",
        "three times",
        "four times",
        "five times",
        "six times",
        "several times",
        "many times",
        "multiple times",
        "countless times",
        "time after time",
        "again and again",
        "over and over",
        "every day",
        "every week",
        "third call",
        "fourth call",
        "fifth call",
        "keep calling",
        "keep having to call",
    )
)
_MOST_EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits in seconds and words; `dead_air_seconds` is the least that counts as waiting beside a hold."""

    long_seconds: float = 600.0
    waiting_seconds: float = 60.0
    dead_air_seconds: float = 10.0
    words: int = 10


class Driver(Result):
    """One thing that made the call hard, its points (at least 1) and where it was heard."""

    driver: Literal[
        "repeat_contact",
        "transfers",
        "repeat_information",
        "waiting",
        "unresolved",
        "complaints",
        "negative_trend",
        "length",
    ]
    points: int
    evidence: tuple[Evidence, ...]


class CustomerEffortScore(Result):
    """`score` 0..5 and the drivers that make it, in the order of the module's list."""

    score: int
    drivers: tuple[Driver, ...]


def check(transcript: Transcript, rules: Rules, sentiment: SentimentAnalysis, silence: Silence) -> CustomerEffortScore:
    """How hard the call was for the customer."""
    said = sum(len(segment.words) for _, segment in transcript.spoken_by(Role.CUSTOMER))
    if said < rules.words or not any(transcript.spoken_by(Role.AGENT)):
        return CustomerEffortScore(score=0, drivers=())
    found = (
        _repeat_contact(transcript),
        _transfers(transcript),
        _repeat_information(transcript),
        _waiting(silence, rules),
        _unresolved(transcript),
        _complaints(transcript),
        _negative_trend(transcript, sentiment),
        _length(transcript, rules),
    )
    drivers = tuple(driver for driver in found if driver and driver.points)
    return CustomerEffortScore(score=min(5, 1 + sum(driver.points for driver in drivers)), drivers=drivers)


def _repeat_contact(transcript: Transcript) -> Driver:
    """They called before; and how often."""
    found = heard(transcript, Role.CUSTOMER, "repeat")
    often = any(_OFTEN.find(plain(tokens(transcript.segments[one.segment].words))) for one in found)
    return Driver(driver="repeat_contact", points=bool(found) + often, evidence=found[:_MOST_EVIDENCE])


def _transfers(transcript: Transcript) -> Driver:
    """They are passed on."""
    found = sorted(
        (one for role in Role for one in heard(transcript, role, "transfer")), key=lambda one: (one.start, one.segment)
    )
    points = min(2, len({one.segment for one in found}))
    return Driver(driver="transfers", points=points, evidence=tuple(found[:_MOST_EVIDENCE]))


def _repeat_information(transcript: Transcript) -> Driver:
    """They said it already."""
    found = heard(transcript, Role.CUSTOMER, "repeat_information")
    return Driver(driver="repeat_information", points=int(bool(found)), evidence=found[:_MOST_EVIDENCE])


def _waiting(silence: Silence, rules: Rules) -> Driver:
    """They wait, on hold or without a word."""
    waits = [
        pause
        for pause in silence.instances
        if pause.kind == "hold" or round(pause.end - pause.start, 3) >= rules.dead_air_seconds
    ]
    waited = round(sum(pause.end - pause.start for pause in waits), 3)
    points = 2 if waited >= 3 * rules.waiting_seconds else int(waited >= rules.waiting_seconds)
    shown = tuple(one for pause in waits for one in evidence_of(pause))
    return Driver(driver="waiting", points=points, evidence=shown[:_MOST_EVIDENCE])


def _unresolved(transcript: Transcript) -> Driver:
    """It is not solved, and no solution follows."""
    found = [one for role in Role for one in heard(transcript, role, "unresolved")]
    solved = max((one.start for one in heard(transcript, Role.AGENT, "resolution")), default=-1.0)
    left = sorted((one for one in found if one.start > solved), key=lambda one: (one.start, one.segment))
    talk = _talk(transcript)
    at_the_end = bool(left) and round(left[-1].start - talk.start, 3) * 3 >= round(talk.duration, 3) * 2
    return Driver(driver="unresolved", points=bool(left) + at_the_end, evidence=tuple(left[:_MOST_EVIDENCE]))


def _complaints(transcript: Transcript) -> Driver:
    """They complain; and how often."""
    found = heard(transcript, Role.CUSTOMER, "complaint")
    points = bool(found) + (len({one.segment for one in found}) >= 3)
    return Driver(driver="complaints", points=points, evidence=found[:_MOST_EVIDENCE])


def _negative_trend(transcript: Transcript, sentiment: SentimentAnalysis) -> Driver | None:
    """They leave in a worse mood than they came: shown by their most negative words, the latest of equals."""
    if sentiment.customer.end != "negative" or sentiment.customer.trend != "declined":
        return None
    latest_first = reversed([*transcript.spoken_by(Role.CUSTOMER)])
    place, segment = min(latest_first, key=lambda said: said[1].sentiment)
    shown = evidence(transcript, place, 0, len(segment.words))
    return Driver(driver="negative_trend", points=1, evidence=(shown,))


def _length(transcript: Transcript, rules: Rules) -> Driver:
    """It takes long."""
    return Driver(driver="length", points=int(round(_talk(transcript).duration, 3) >= rules.long_seconds), evidence=())


def _talk(transcript: Transcript) -> Span:
    """From the first word of the call to the last; only for a call with words."""
    spans = [segment.span for segment in transcript.segments]
    return Span(min(span.start for span in spans), max(span.end for span in spans))
