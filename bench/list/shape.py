"""What is in the lists: seeded, so that every run and every system sees the same rows.

5,000 agents and 2,000,000 contacts, drawn evenly; 94 % completed, 6 % failed; each flag on a tenth of the completed.
None is processing: a server that starts ends what nobody works on. One account has `account` of the rows, 1,999
others share the rest. A small run draws fewer rows of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

AGENTS, CONTACTS, OTHERS = 5_000, 2_000_000, 1_999
STATUSES = ("completed", "failed")
COMPLETED, FAILED = range(2)
FLAGS = 10
OLDEST_MS = 1_700_000_000_000
MOST_APART_MS = 6_000
_SEED = 7
_NOBODY = 0
"""The number of the account that is measured; the others are 1 to 1,999."""


class Row(NamedTuple):
    """One analysis; `account` is 0 for the one that is measured, `revision` counts within the account."""

    id: str
    account: int
    created: int
    revision: int
    status: str
    agent: str
    contact: str
    flags: int


@dataclass(frozen=True)
class Shape:
    """All rows as columns, oldest first."""

    account: np.ndarray
    revision: np.ndarray
    agent: np.ndarray
    contact: np.ndarray
    status: np.ndarray
    flags: np.ndarray
    milliseconds: np.ndarray
    low: np.ndarray

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.account)

    @property
    def mine(self) -> np.ndarray:
        """The places of the rows of the account that is measured, oldest first."""
        return np.flatnonzero(self.account == _NOBODY)

    def rows(self, first: int, last: int) -> Iterator[Row]:
        """The rows from one place up to another."""
        here = slice(first, last)
        columns = (self.milliseconds, self.low, self.account, self.revision, self.status, self.agent, self.contact)
        for ms, low, account, revision, status, agent, contact, flags in zip(
            *(column[here].tolist() for column in columns), self.flags[here].tolist(), strict=True
        ):
            yield Row(
                id_of(ms, low),
                account,
                ms // 1000,
                revision,
                STATUSES[status],
                agent_of(agent),
                contact_of(contact),
                flags,
            )


def id_of(milliseconds: int, low: int) -> str:
    """A UUIDv7 of that millisecond."""
    text = f"{milliseconds:012x}7000{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def agent_of(number: int) -> str:
    return f"agent_{number:05}"


def contact_of(number: int) -> str:
    return f"customer_{number:07}"


def drawn(count: int, account: int) -> Shape:
    """That many rows, of which `account` belong to the account that is measured."""
    random = np.random.default_rng(_SEED)
    owner = random.integers(1, OTHERS + 1, count, dtype=np.int16)
    owner[random.permutation(count)[:account]] = _NOBODY
    share = random.random(count)
    status = np.where(share < 0.94, COMPLETED, FAILED).astype(np.uint8)
    flags = np.zeros(count, np.uint16)
    for number in range(FLAGS):
        flags |= (random.random(count) < 0.1).astype(np.uint16) << np.uint16(number)
    flags[status != COMPLETED] = 0
    return Shape(
        account=owner,
        revision=_counted(owner),
        agent=random.integers(0, AGENTS, count, dtype=np.int32),
        contact=random.integers(0, CONTACTS, count, dtype=np.int32),
        status=status,
        flags=flags,
        milliseconds=OLDEST_MS + np.cumsum(random.integers(1, MOST_APART_MS, count)),
        low=random.integers(0, 2**62, count, dtype=np.uint64) | np.uint64(1 << 63),
    )


def _counted(owner: np.ndarray) -> np.ndarray:
    """For each row the how-manieth of its account it is, from 1."""
    order = np.argsort(owner, kind="stable")
    begins = np.flatnonzero(np.diff(owner[order], prepend=-1))
    lengths = np.diff(begins, append=len(owner))
    numbers = np.empty(len(owner), np.int64)
    numbers[order] = np.arange(len(owner)) - np.repeat(begins, lengths) + 1
    return numbers
