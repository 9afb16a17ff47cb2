"""Identity verification: the agent says who they are, in time.

Rule: the agent gives a name: "my name is X", "this is X from Y", "you're through to X", "you're speaking with X",
"X speaking", "X on the line", "X here from Y", "I'm X"; or an `identity` act of the agent whose words hold a name. A
name that is only mentioned ("I'll get Steve", "is this Robert?", "Steve will call you") is none. After a transfer the
new agent's name counts like the first one's: each place is listed, the first one decides.
Unit: seconds from the first speech of the call, whoever speaks (the first turn, else the first word), to the first of
the identifying words. Boundary: exactly `seconds` is in time. `timestamp` is the start of the identifying words.
The agent silent, the customer alone, or nobody: not verified, flagged.
Flagged when never said, or said later than `seconds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from callcov.checks.evidence import Evidence, Result
from callcov.checks.passages import Passage, first_speech, passages
from callcov.model import Act, Role, Transcript, Word
from callcov.text.guards import denied, inverted, quoted
from callcov.text.normalise import Token
from callcov.text.phrases import FUNCTION_WORDS, Match, Matcher

_BEFORE_NAME = Matcher(
    (
        (kind, wording)
        for kind, wordings in {
            "sure": "my name is, my names, my first name is, the name is, my name will be, it is my name, "
            "you are through to, you are speaking with, you are speaking to, you are talking to, you are talking with, "
            "you have reached, you have got, you are on with, you got, speaking with you today is, call me",
            "likely": "this is, i am, it is",
        }.items()
        for wording in wordings.split(", ")
    ),
    exact=True,
)
_AFTER_NAME = Matcher(
    (
        ("after", wording)
        for wording in """speaking, on the line, here from, here at, here with, here in, here and, from, at, with, in,
            here, calling from, calling on behalf, and i will be, and i am, and i will, i will be, how can i, how may i,
            by the way, and i work""".replace("\n", " ").split(",")
    ),
    exact=True,
)
_COMMON = FUNCTION_WORDS | frozenset(
    "name names number sorry calling speaking here going not happy afraid glad sure able trying looking "
    "about regarding good great fine ok right yes no what when where why how who which only because if but "
    "sir madam ready done correct important your customer customers agent someone somebody anyone nobody "
    "everything something nothing one two today tomorrow still again back sending checking seeing getting "
    "showing unable currently delighted pleased required hoping wondering thinking saying talking working "
    "using putting transferring taking recording recorded recording call line account billing support "
    "service services sales reception department team desk claims care office customer's hello hi hey thank "
    "thanks thankyou welcome morning afternoon evening please let get confused aware certain curious "
    "concerned quick quite more most less never always being out up down over under through off later soon "
    "first second next generally technically strictly honestly frankly normally a an another other each "
    "every both many much".split()
)
_MENTIONED = frozenset(
    "get grab fetch put transfer transferring transferred spoke asked ask colleague tell told send sent wait "
    "connect connecting contact pass passing".split()
)
_HERE = frozenset(("speaking", "here", "on"))


@dataclass(frozen=True, slots=True)
class Rules:
    """`seconds`: how long after the first speech of the call the name may come."""

    seconds: float = 15.0


class IdentityVerification(Result):
    """Whether, when and with which words the agent said who they are."""

    verified: bool
    timestamp: float | None
    flagged: bool
    evidence: tuple[Evidence, ...]


def check(transcript: Transcript, rules: Rules) -> IdentityVerification:
    """The agent's own name, wherever it is given."""
    found = sorted({place for passage in passages(transcript, Role.AGENT) for place in _given(transcript, passage)})
    said = _apart([Evidence.at(transcript, *place) for place in found])
    began = first_speech(transcript)
    if not said or began is None:
        return IdentityVerification(verified=False, timestamp=None, flagged=True, evidence=())
    when = said[0].start
    late = round(when - began, 3) > rules.seconds
    return IdentityVerification(verified=True, timestamp=when, flagged=late, evidence=said)


def _apart(said: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """In order of time, without a place that overlaps the one before."""
    kept: list[Evidence] = []
    for one in sorted(said, key=lambda item: (item.start, -item.end)):
        if not kept or one.segment != kept[-1].segment or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


def _given(transcript: Transcript, passage: Passage) -> Iterator[tuple[int, int, int]]:
    """The words of a passage in which a name is given, by wording first, by act otherwise."""
    cased = {place: _cased(transcript.segments[place].words) for place in passage.segments}
    names = [_is_name(transcript, passage, at, cased) for at in range(len(passage.tokens))]
    heard = passage.tokens
    ranges = [*_introduced(heard, names), *_signed(heard, names)]
    yield from (passage.words(first, last) for first, last in ranges)
    for place in passage.segments:
        for act in transcript.segments[place].acts:
            if act.name == "identity" and _holds_name(passage, place, act, names):
                yield place, act.first, act.last


def _introduced(heard: Sequence[Token], names: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """A name after "my name is", "this is", "you're speaking with"."""
    following = {match.first for match in _AFTER_NAME.find(heard)}
    for match in _BEFORE_NAME.find(heard):
        if _elsewhere(heard, match) or match.last >= len(heard) or not names[match.last]:
            continue
        last = match.last + 1
        while last < len(heard) and names[last] and not heard[last - 1].end and last - match.last < 3:
            last += 1
        closed = bool(heard[last - 1].end) or last == len(heard) or last in following
        if match.name == "sure" or closed:
            yield match.first, last


def _elsewhere(heard: Sequence[Token], match: Match) -> bool:
    """Whether the words ask, deny, quote, or are part of something else: "is this Dana?", "he told me this is ..."."""
    before = heard[match.first - 1] if match.first else None
    if before and not before.end and before.text in ("is", "that", "what", "where", "why", "put", "and i think", "if"):
        return True
    return denied(heard, match.first) or quoted(heard, match.first) or inverted(heard, match.first)


def _signed(heard: Sequence[Token], names: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """A name before "speaking", "on the line", "here from"."""
    for match in _AFTER_NAME.find(heard):
        at = match.first
        if heard[at].text not in _HERE or at == 0 or not names[at - 1] or heard[at - 1].end in (".", "?"):
            continue
        starts = (
            at == 1 or bool(heard[at - 2].end) or heard[at - 2].text in ("morning", "afternoon", "evening", "hello")
        )
        starts = starts or names[at - 2] or heard[at - 2].text in ("is", "got", "hi", "have")
        if starts and not inverted(heard, at - 1) and not denied(heard, at - 1):
            yield at - 1, match.last


def _cased(words: Sequence[Word]) -> bool:
    """Whether the recogniser wrote capitals, "I" aside."""
    return any(word.text[:1].isupper() and not word.text.startswith("I") for word in words)


def _is_name(transcript: Transcript, passage: Passage, at: int, cased: Mapping[int, bool]) -> bool:
    """Whether a token can be a name: written with a capital, or in a segment without any, no everyday word."""
    token = passage.tokens[at]
    place, word = passage.places[token.word]
    raw = transcript.segments[place].words[word].text.strip("\"'([")
    if not token.text.isalpha() or len(token.text) < 2 or token.text in _COMMON:
        return False
    return raw[:1].isupper() or not cased[place]


def _holds_name(passage: Passage, place: int, act: Act, names: Sequence[bool]) -> bool:
    """Whether an act's words hold a name and are no mention of somebody else."""
    first, last = passage.range(place, act.first, act.last)
    said = passage.tokens[first:last]
    if not said or any(token.text in _MENTIONED for token in said) or inverted(passage.tokens, first):
        return False
    if denied(passage.tokens, first) or quoted(passage.tokens, first):
        return False
    own = {"i", "my", "this", "you", "name", "speaking", "here", "line"}
    return any(names[first:last]) and any(token.text in own for token in said)
