"""Ids of analyses: UUIDv7 (RFC 9562 §5.7) made under the account's feed, so that id order is order of acceptance."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass

_COUNTER_BITS = 12


@dataclass(frozen=True, slots=True)
class Tick:
    """The last place given out in a feed: milliseconds since 1970 and a counter 0..4095 within that millisecond."""

    milliseconds: int
    counter: int


def following(last: Tick, now_milliseconds: int) -> Tick:
    """The next place: later than `last` whatever the clock says, and no earlier than the clock.

    A clock that stands still or runs backwards only raises the counter; a full counter (RFC 9562 §6.2, method 1)
    borrows the next millisecond.
    """
    if now_milliseconds > last.milliseconds:
        return Tick(now_milliseconds, 0)
    if last.counter + 1 < 1 << _COUNTER_BITS:
        return Tick(last.milliseconds, last.counter + 1)
    return Tick(last.milliseconds + 1, 0)


def uuid7(tick: Tick) -> str:
    """The id of that place: time, then the counter, then 62 random bits; lower case, so text order is id order."""
    high = tick.milliseconds << 16 | 7 << 12 | tick.counter
    low = 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=high << 64 | low))


def place(id_: str) -> Tick:
    """The place that an id of `uuid7` was made for."""
    number = uuid.UUID(id_).int
    return Tick(number >> 80, number >> 64 & (1 << _COUNTER_BITS) - 1)


def before(milliseconds: int) -> str:
    """A text that is later than every id made before that millisecond since 1970, and earlier than every other."""
    digits = f"{max(0, milliseconds):012x}"
    return f"{digits[:8]}-{digits[8:]}"
