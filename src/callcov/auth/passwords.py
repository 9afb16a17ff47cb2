"""Passwords: which are accepted, and argon2id, two at a time in threads of their own (CONTRACT §2)."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from string import ascii_lowercase, ascii_uppercase, digits

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 8, 256
SPECIAL = '!@#$%^&*(),.?":|<>'
_KINDS = (
    ("an uppercase letter", ascii_uppercase),
    ("a lowercase letter", ascii_lowercase),
    ("a digit", digits),
    (f"one of {SPECIAL}", SPECIAL),
)
_AT_ONCE = 2


def weakness(password: str) -> str | None:
    """What the password lacks, as a sentence; None when it is accepted. Lengths are in characters."""
    if len(password) < SHORTEST:
        return f"Password must have at least {SHORTEST} characters"
    missing = [name for name, accepted in _KINDS if not set(password) & set(accepted)]
    return f"Password must contain {', '.join(missing)}" if missing else None


class Passwords:
    """Hashes and verifies, two at a time however many ask, because a hash takes tens of megabytes.

    None runs in a thread that other requests need.

    `hasher` sets the cost; argon2-cffi's own is the second choice of RFC 9106: 64 MiB, three passes, four lanes.
    """

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="callcov-password")
        # Verified when there is no account or no password, so that the time tells nothing.
        self._nobodys = self._hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """The hash to store: argon2id with its parameters and a salt of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether that is the password that was hashed; takes as long when nothing is stored."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._verify, password, stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_composed(password))

    def _verify(self, password: str, stored: str | None) -> bool:
        try:
            return self._hasher.verify(stored or self._nobodys, _composed(password)) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def _composed(password: str) -> str:
    """Keyboards differ in how they write an accent; the password is the same."""
    return unicodedata.normalize("NFC", password)
