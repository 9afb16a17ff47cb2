"""Pointing at words: what every verdict carries so that a person can go and listen."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict

from callcov.model import Role, Transcript, text_of


class Result(BaseModel):
    """What all schemas of the results share: values that never change, and no field nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(Result):
    """Words that were said: `segment` counts from 0, `start` and `end` are seconds, rounded to the millisecond.

    An instance that says more is a subclass: `Instance.at(transcript, place, first, last, category="threat")`.
    """

    segment: int
    start: float
    end: float
    speaker: Role
    text: str

    @classmethod
    def at(cls, transcript: Transcript, place: int, first: int, last: int, **more: object) -> Self:
        """The words `segments[place].words[first:last]`, with what a subclass adds; an empty range takes one word."""
        segment = transcript.segments[place]
        words = segment.words[first : max(last, first + 1)]
        return cls.model_validate(
            {
                "segment": place,
                "start": round(words[0].span.start, 3),
                "end": round(max(word.span.end for word in words), 3),
                "speaker": transcript.role(segment.speaker),
                "text": text_of(words),
                **more,
            }
        )


def evidence(transcript: Transcript, place: int, first: int, last: int) -> Evidence:
    """The words `segments[place].words[first:last]` as evidence; an empty range takes the one word at `first`."""
    return Evidence.at(transcript, place, first, last)


def heard(transcript: Transcript, role: Role, *names: str) -> tuple[Evidence, ...]:
    """One side's acts of those names as evidence, in order of time; acts that touch or overlap are one."""
    runs: list[tuple[int, int, int]] = []
    for place, first, last in sorted((place, act.first, act.last) for place, act in transcript.acts_of(role, *names)):
        if runs and runs[-1][0] == place and first <= runs[-1][2]:
            runs[-1] = (place, runs[-1][1], max(last, runs[-1][2]))
        else:
            runs.append((place, first, last))
    return tuple(Evidence.at(transcript, *run) for run in runs)
