"""Somebody who writes while others read: calls that come and calls that end, by the product's own functions.

usage: writer.py ADDRESS USER CONTACT RATE LOG

RATE transactions a second, evenly; every other takes a call on, the ones between end the oldest that waits: nine of ten
completed with their documents, one failed. A tenth is of the agent that is asked for, and one call in two hundred of
the contact: with more, its page would soon not be the one any longer for which the rate was measured. Each is a line in
LOG (see `exact`), written before the next begins. Runs until it is told to end.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import papers
from shape import AGENTS, CONTACTS, agent_of, contact_of

from callcov.store import analyses
from callcov.store.analyses import Analysis, Submission
from callcov.store.blobs import fresh_key
from callcov.store.db import Database, open_database
from callcov.store.times import iso

LIVE = True
_DISTINCT = 30


class Writer:
    """One account's calls."""

    def __init__(self, database: Database, user_id: str, contact: str) -> None:
        self._database, self._user_id, self._contact = database, user_id, contact
        self._drawn = random.Random()  # noqa: S311 - anything will do
        self._papers = papers.made(_DISTINCT)
        self._waiting: deque[Analysis] = deque()

    def write(self, number: int) -> dict[str, object]:
        """The `number`th transaction; what it did and when."""
        return self._take_on(number) if number % 2 == 0 else self._end(number)

    def _take_on(self, number: int) -> dict[str, object]:
        agent = agent_of(123 if number % 20 == 0 else self._drawn.randrange(AGENTS))
        contact = self._contact if number % 400 == 0 else contact_of(self._drawn.randrange(CONTACTS))
        submission = Submission(agent, contact, fresh_key("recordings"), "0" * 64, 960_044, "wav", 60_000, 2, 8_000)
        begin = time.monotonic()
        with self._database.write() as connection:
            row = analyses.accept(connection, self._user_id, LIVE, submission, datetime.now(UTC))
        self._waiting.append(row)
        return _line(begin, row, None, "processing")

    def _end(self, number: int) -> dict[str, object]:
        row, now = self._waiting.popleft(), iso(datetime.now(UTC))
        fails = number % 20 == 1
        finished = self._drawn.choice(self._papers).of(row, now)
        begin = time.monotonic()
        with self._database.write() as connection:
            if fails:
                analyses.fail(connection, self._user_id, row.id, row.attempt, "There is no speech.", now, 9_000)
            elif not analyses.finish(connection, self._user_id, row.id, row.attempt, finished):
                raise RuntimeError("somebody else ended the analysis")
        return _line(begin, row, "processing", "failed" if fails else "completed")


def _line(begin: float, row: Analysis, before: str | None, after: str) -> dict[str, object]:
    times = {"begin": begin, "end": time.monotonic()}
    return times | {"agent": row.agent_id, "contact": row.contact_id, "before": before, "after": after}


def _ticks(rate: float) -> Iterator[int]:
    """Numbers, that many a second; late ones follow at once."""
    began, number = time.monotonic(), 0
    while True:
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        yield number
        number += 1


def main(address: str, user_id: str, contact: str, rate: str, log: str) -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    writer = Writer(open_database(address), user_id, contact)
    with Path(log).open("w", buffering=1) as written:
        for number in _ticks(float(rate)):
            written.write(json.dumps(writer.write(number)) + "\n")
            if ended and number % 2:  # nothing waits
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
