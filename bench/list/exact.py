"""Whether a total was right while somebody wrote: one writer, whose every transaction tells when it began and ended.

What had ended when the question was sent must be counted, what began after the answer had come must not be, and the
few in between are counted up to one of them, since they follow one another.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from cases import Case


@dataclass(frozen=True)
class Write:
    """One transaction: an analysis came (`before` is None) or changed. Times are of the system's monotonic clock."""

    begin: float
    end: float
    agent: str
    contact: str
    before: str | None
    after: str

    def effect(self, case: Case) -> int:
        """By how much it changes the total of a case."""
        then = self.before is not None and case.holds(self.before, self.agent, self.contact)
        return case.holds(self.after, self.agent, self.contact) - then


@dataclass(frozen=True)
class Answer:
    """One answer to a case: when it was asked, when it was there, and the total in it."""

    case: Case
    sent: float
    received: float
    total: int


def writes(lines: Iterable[str]) -> list[Write]:
    """What the writer noted; a line that was cut off when it was stopped has to be one that nobody could see."""
    return [Write(**json.loads(line)) for line in lines if line.endswith("\n")]


def wrong(case: Case, base: int, done: Sequence[Write], answers: Iterable[Answer]) -> int:
    """How many of the answers have a total that no moment between question and answer had."""
    begins, ends = [one.begin for one in done], [one.end for one in done]
    totals = list(accumulate((one.effect(case) for one in done), initial=base))
    return sum(
        answer.total not in totals[bisect_right(ends, answer.sent) : bisect_right(begins, answer.received) + 1]
        for answer in answers
    )
