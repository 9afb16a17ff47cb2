"""Call structure: whether the agent opened, found out, resolved and closed.

Rule, for the agent's speech:
- opening: a greeting as `greeting` hears it, or an `identity` or `offer_help` act, starting at most `opening_seconds`
  after the agent's first word;
- discovery: an `offer_help` act ("how can I help?"), a `discovery` act, or a question about the matter (what, when,
  which, did you, have you ...) after the customer's first word that is none of small talk, verification, hold or
  farewell. It ends in a question mark, or asks in so many words ("where shall we ..."), recognisers set few marks;
- resolution: a `resolution` act after the customer's first word;
- closing: a `closing` act in the second half of the time between the first and the last word of the call; the
  timestamp is the start of the last run of such acts, each at most `closing_seconds` after the one before; a single
  act in a segment of fewer than four words ("right, bye") closes nothing.
Unit: seconds; boundary: on a limit is within. `timestamp` is where the part starts, null when absent.
The agent alone can open and close, no more; the customer alone, or nobody: nothing is present.
Flagged when not `complete`, which is all four.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from callcov.checks.evidence import Result, heard
from callcov.checks.quality import greeting
from callcov.checks.reading import Reading
from callcov.model import Role, Segment

_ASKS = frozenset("what when which where why how did have has are were was is do does".split())
_WONDERS = frozenset("what when which where why how".split())
_AUXILIARIES = frozenset("have has are were was did do".split())
_INVERTED = _AUXILIARIES | frozenset("shall should would could can did does is will".split())
_ASKED = frozenset(("you", "we", "they"))
"""Subjects behind one of those words, with which a sentence asks whatever mark it ends in."""
_LEADS = frozenset("and so ok all right well now sure then great thanks thank you perfect just but".split())
_NO_MATTER = frozenset(
    "else other anything name birth address postcode zip email number pin password digits card security help assist "
    "there".split()
)
"""Words of questions that greet, verify, offer help or take leave."""
_CHECKING = (("how", "are"), ("is", "that"), ("does", "that"), ("do", "you", "mind"), ("are", "you", "still"))
_PROPER = 4
"""Words of what the agent says when closing; fewer are a bare "okay, bye"."""
_ELSEWHERE = frozenset(("verify_q", "hold", "offer_help", "closing", "greeting", "identity", "active_listening"))


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits in seconds."""

    opening_seconds: float = 30.0
    closing_seconds: float = 30.0


class Part(Result):
    """One part of the call; `timestamp` is its start, null when it is not there."""

    present: bool
    timestamp: float | None


class CallStructure(Result):
    """The four parts of a well-led call; `complete` when all are present."""

    opening: Part
    discovery: Part
    resolution: Part
    closing: Part
    complete: bool


def check(transcript: Reading, rules: Rules) -> CallStructure:
    """Which parts of a call the agent went through."""
    spans = [segment.span for segment in transcript.segments]
    first_agent = min((segment.span.start for _, segment in transcript.spoken_by(Role.AGENT)), default=0.0)
    first_customer = min((segment.span.start for _, segment in transcript.spoken_by(Role.CUSTOMER)), default=None)
    middle = (min(span.start for span in spans) + max(span.end for span in spans)) / 2 if spans else 0.0
    greeted = greeting.check(transcript, greeting.Rules(rules.opening_seconds)).timestamp
    opening = [
        start
        for start in (greeted, *_starts(transcript, "identity", "offer_help"))
        if start is not None and round(start - first_agent, 3) <= rules.opening_seconds
    ]
    asked = [*_starts(transcript, "discovery"), *_questions(transcript)]
    offered = min(_starts(transcript, "offer_help"), default=None)
    parts = {
        "opening": _part(min(opening, default=None)),
        "discovery": _part(offered if (about := _after(first_customer, asked)) is None else about),
        "resolution": _part(_after(first_customer, _starts(transcript, "resolution"))),
        "closing": _part(_farewell(transcript, middle, rules.closing_seconds)),
    }
    return CallStructure(**parts, complete=all(part.present for part in parts.values()))


def _part(start: float | None) -> Part:
    """A part that starts there, or is absent."""
    return Part(present=start is not None, timestamp=start)


def _starts(transcript: Reading, *names: str) -> list[float]:
    """When the agent's acts of those names start, in order."""
    return [one.start for one in heard(transcript, Role.AGENT, *names)]


def _after(moment: float | None, starts: list[float]) -> float | None:
    """The first of the starts after the moment; None without a moment."""
    return None if moment is None else min((start for start in starts if start > moment), default=None)


def _farewell(transcript: Reading, middle: float, apart: float) -> float | None:
    """The start of the last run of closing acts in the second half, unless all of it is a bare "bye"."""
    acts = [one for one in heard(transcript, Role.AGENT, "closing") if one.start >= middle]
    run = [acts.pop()] if acts else []
    while run and acts and round(run[-1].start - acts[-1].start, 3) <= apart:
        run.append(acts.pop())
    said = sum(len(transcript.segments[place].words) for place in {one.segment for one in run})
    return run[-1].start if said >= _PROPER or len(run) > 1 else None


def _questions(transcript: Reading) -> Iterator[float]:
    """When the agent asks about the matter."""
    for place, segment in transcript.spoken_by(Role.AGENT):
        spoken = transcript.tokens[place]
        elsewhere = {at for act in segment.acts if act.name in _ELSEWHERE for at in range(act.first, act.last)}
        for first, last in _sentences(segment):
            begins, ends = (bisect_left(spoken, at, key=lambda token: token.word) for at in (first, last))
            said = [token.text for token in spoken[begins:ends]]
            marked = segment.words[last - 1].text.endswith("?")
            if elsewhere.isdisjoint(range(first, last)) and _about_matter(said, marked=marked):
                yield round(segment.words[first].span.start, 3)


def _sentences(segment: Segment) -> Iterator[tuple[int, int]]:
    """The ranges of words of the segment's sentences."""
    first = 0
    for at, word in enumerate(segment.words, start=1):
        if word.text.endswith((".", "?", "!")) or at == len(segment.words):
            yield first, at
            first = at


def _about_matter(said: list[str], *, marked: bool) -> bool:
    """Whether a sentence wants to know something about the matter; `marked` tells that a question mark ends it."""
    asked = _question(said) if marked else _asked(said)
    if len(asked) < 3 or asked[0] not in _ASKS or not _NO_MATTER.isdisjoint(asked):
        return False
    return not any(tuple(asked[: len(opening)]) == opening for opening in _CHECKING)


def _asked(said: list[str]) -> list[str]:
    """The words from the last "where shall we ..." on, of a sentence without a question mark; empty if it has none."""
    found = (
        at
        for at in range(len(said) - 3, -1, -1)
        if said[at] in _WONDERS and said[at + 1] in _INVERTED and said[at + 2] in _ASKED
    )
    return said[next(found, len(said)) :]


def _question(said: list[str]) -> list[str]:
    """The words from where the question begins: behind what leads to it, or behind a statement run into it.

    A recogniser may leave out the full stop of "thank you Daniel that matches did you travel last month?".
    """
    inner = [at for at in range(1, len(said) - 2) if said[at] in _AUXILIARIES and said[at + 1] == "you"]
    asked = said[inner[-1] :] if inner and said[inner[-1] - 1] not in _WONDERS else said
    while asked and asked[0] in _LEADS:
        asked = asked[1:]
    return asked
