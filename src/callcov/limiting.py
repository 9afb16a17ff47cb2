"""How often something may happen: one counter a key in windows of fixed length, kept by a storage of `limits`.

A window begins with the first request in it, and everything is free again when it ends.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import Storage

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a `take` came to. `remaining` is how often it may still happen until `reset`, in Unix seconds."""

    allowed: bool
    limit: int
    remaining: int
    reset: int


class Limiter:
    """Counts in that storage, which is in memory or shared by several processes and wraps its exceptions."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def take(self, rate: str, *key: str) -> Taken:
        """Count one more under that key, for a rate such as `100/minute`; what is refused is counted too.

        When the storage does not answer everything is allowed and the log says so: an outage of the counting must not
        become one of the server.
        """
        item = _item(rate)
        name = item.key_for(*key)
        try:
            count = self._storage.incr(name, item.get_expiry())
            reset = self._storage.get_expiry(name)
        except StorageError:
            _log.exception("rate limits cannot be counted")
            return full(rate)
        return Taken(count <= item.amount, item.amount, max(0, item.amount - count), math.ceil(reset))


def full(rate: str) -> Taken:
    """What that rate is before anything was counted."""
    item = _item(rate)
    return Taken(True, item.amount, item.amount, math.ceil(time.time() + item.get_expiry()))  # noqa: FBT003 - a field


def network(host: str | None) -> str:
    """What one client is counted by: its IPv4 address, or the /64 of its IPv6 address, which is one household."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


@lru_cache
def _item(rate: str) -> RateLimitItem:
    return parse(rate)
