"""How often something may be done: counted by key, in fixed windows that begin with the first time."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from limits import parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether it may be done, of how many times in the window, how many are left, and when it ends in Unix seconds."""

    allowed: bool
    limit: int
    remaining: int
    reset: float


class Limiter:
    """Counts in a storage of `limits`, which says who shares the counts: a process, or several."""

    def __init__(self, storage: Storage) -> None:
        self._windows = FixedWindowRateLimiter(storage)

    def take(self, rate: str, *key: str) -> Taken:
        """Do it once more for that key, at a rate such as `3/hour` or `20 per 5 minute`."""
        item = parse(rate)
        allowed = self._windows.hit(item, *key)
        window = self._windows.get_window_stats(item, *key)
        return Taken(allowed, item.amount, window.remaining, window.reset_time)


def network(host: str | None) -> str:
    """What one client is counted by: its IPv4 address, or the /64 of its IPv6 address, which is one household."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
