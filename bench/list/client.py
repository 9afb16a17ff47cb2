"""Asking over HTTP, one connection or sixteen, and how long answers take.

Sixteen ask at a fixed rate by a schedule: an answer's time counts from the moment at which it should have been asked,
so that a server that falls behind cannot hide it by being asked less.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from cases import Case
from exact import Answer

CONNECTIONS = 16
SHARE = 0.4
_TIMEOUT = 300
_TURN = 30
_FEW = 50
"""Answers below which there is no p99 worth the name."""


@dataclass(frozen=True)
class Asker:
    """How a system is asked: where, with which headers, at which path, and where the total stands in an answer."""

    port: int
    path: Callable[[Case], str]
    total: Callable[[bytes], int]
    headers: Mapping[str, str] = field(default_factory=dict)


class Line:
    """One connection, kept open."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._connection = http.client.HTTPConnection("127.0.0.1", asker.port, timeout=_TIMEOUT)

    def ask(self, case: Case) -> Answer:
        """One answer, read to its end. Raises RuntimeError for one that is no success."""
        path = self._asker.path(case)
        sent = time.monotonic()
        self._connection.request("GET", path, headers=dict(self._asker.headers))
        answer = self._connection.getresponse()
        body = answer.read()
        received = time.monotonic()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:200]!r}")
        return Answer(case, sent, received, self._asker.total(body))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@dataclass(frozen=True)
class Times:
    """Milliseconds of `count` answers; `p99` is None where they are too few."""

    median: float
    p99: float | None
    count: int

    @classmethod
    def of(cls, seconds: list[float]) -> Times:
        """Of answers that took so long."""
        p99 = float(np.percentile(seconds, 99)) * 1000 if len(seconds) >= _FEW else None
        return cls(float(np.median(seconds)) * 1000, p99, len(seconds))


def alone(asked: Sequence[tuple[Asker, Case]], most: int, cap: float) -> list[tuple[Times, list[Answer]]]:
    """One client, warm, who asks these by turns of thirty, so that all of them have the same hours of the machine.

    Of each, after one answer that does not count, up to `most`, at least three, all together no longer than `cap` s.
    """
    lines = [Line(asker) for asker, _ in asked]
    answers = [[line.ask(case)] for line, (_, case) in zip(lines, asked, strict=True)]
    until = time.monotonic() + cap
    while any(len(kept) < 4 or (len(kept) <= most and time.monotonic() < until) for kept in answers):
        for line, (_, case), kept in zip(lines, asked, answers, strict=True):
            turn = min(len(kept) + _TURN, most + 1)
            while len(kept) < turn and (len(kept) < 4 or time.monotonic() < until):
                kept.append(line.ask(case))
    for line in lines:
        line.close()
    return [(Times.of([one.received - one.sent for one in kept[1:]]), kept) for kept in answers]


def fastest(asker: Asker, case: Case, seconds: float) -> float:
    """Answers a second when sixteen connections ask as fast as they are answered."""
    until = time.monotonic() + seconds
    began, answers = time.monotonic(), list[Answer]()

    def work(line: Line) -> None:
        while time.monotonic() < until:
            answers.append(line.ask(case))

    _at_once(asker, work)
    return len(answers) / (max(one.received for one in answers) - began)


def scheduled(asker: Asker, case: Case, rate: float, seconds: float) -> tuple[Times, list[Answer]]:
    """Sixteen connections that together ask at that rate; times count from the schedule."""
    count, began = max(CONNECTIONS, round(rate * seconds)), time.monotonic() + 0.05
    numbers, lock = iter(range(count)), threading.Lock()
    answers, waits = list[Answer](), list[float]()

    def work(line: Line) -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = began + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            answer = line.ask(case)
            with lock:
                answers.append(answer)
                waits.append(answer.received - due)

    _at_once(asker, work)
    return Times.of(waits), answers


def _at_once(asker: Asker, work: Callable[[Line], None]) -> None:
    """Let every connection do the work; raises what the first that failed raised."""
    failed: list[Exception] = []

    def one() -> None:
        line = Line(asker)
        try:
            work(line)
        except (OSError, RuntimeError, ValueError, http.client.HTTPException) as error:
            failed.append(error)
        finally:
            line.close()

    threads = [threading.Thread(target=one, daemon=True) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
