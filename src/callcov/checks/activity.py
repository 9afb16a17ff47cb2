"""Who makes sound when: voice activity as spans that neither touch nor overlap, and the words spoken in them.

A side's voice is its turns. A side that has words but no turn (the voice detector missed it) is taken by its words.
Lengths are rounded to the millisecond before they are compared with a limit, so that a shift in time decides nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from callcov.model import Role, Span, Transcript, Word


def merged(spans: Iterable[Span], bridge: float = 0.0) -> tuple[Span, ...]:
    """The spans in order, joined where they overlap or lie at most `bridge` seconds apart; empty ones dropped."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if span.end > span.start):
        if joined and round(span.start - joined[-1].end, 3) <= bridge:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def voice(transcript: Transcript, role: Role, bridge: float = 0.0) -> tuple[Span, ...]:
    """When that side makes sound; empty for a side that never does."""
    turns = [turn.span for turn in transcript.turns if transcript.role(turn.speaker) is role]
    words = (word.span for _, segment in transcript.spoken_by(role) for word in segment.words)
    return merged(turns or words, bridge)


def seconds(spans: Iterable[Span]) -> float:
    """Their lengths together, rounded to the millisecond; 0.0 for none."""
    return round(sum(span.duration for span in spans), 3)


def shared(one: tuple[Span, ...], other: tuple[Span, ...]) -> tuple[Span, ...]:
    """Where two sides' merged spans overlap."""
    found: list[Span] = []
    left = right = 0
    while left < len(one) and right < len(other):
        start, end = max(one[left].start, other[right].start), min(one[left].end, other[right].end)
        if end > start:
            found.append(Span(start, end))
        if one[left].end <= other[right].end:
            left += 1
        else:
            right += 1
    return tuple(found)


class Said(NamedTuple):
    """One word and where it stands: `segments[place].words[at]`; `middle` is the middle of its time."""

    middle: float
    place: int
    at: int
    word: Word


def words_of(transcript: Transcript, role: Role) -> tuple[Said, ...]:
    """The words of one side in order of time; empty for a side that says nothing."""
    return tuple(
        sorted(
            # rounded, so that two moments that are the same stay so wherever the call lies in time
            Said(round((word.span.start + word.span.end) / 2, 4), place, index, word)
            for place, segment in transcript.spoken_by(role)
            for index, word in enumerate(segment.words)
        )
    )


def during(words: tuple[Said, ...], span: Span, slack: float = 0.0) -> tuple[Said, ...]:
    """Those of the words whose middle lies in the span, widened by `slack` seconds on both sides."""
    first = bisect_left(words, round(span.start - slack, 4), key=lambda said: said.middle)
    return words[first : bisect_right(words, round(span.end + slack, 4), key=lambda said: said.middle)]


def outside(words: tuple[Said, ...], spans: tuple[Span, ...]) -> tuple[Said, ...]:
    """Those of the words whose middle lies in none of the spans."""
    inside = {said for span in spans for said in during(words, span)}
    return tuple(said for said in words if said not in inside) if inside else words
