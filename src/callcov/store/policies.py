"""The policies of an account: versions that never change, numbered from 2; version 1 is the default of this CallCov.

What is stored is the whole document as JSON. A policy that says the same as the current one makes no new version, so
that sending it twice is sending it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from callcov.checks.policy import DEFAULT, Policy, restored
from callcov.errors import NotFound
from callcov.store import turns
from callcov.store.tables import policies
from callcov.store.times import iso


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an account's policy; `created_at` is ISO 8601 UTC, None for the default."""

    version: int
    created_at: str | None


def current(connection: sa.Connection, user_id: str) -> Policy:
    """The newest version; the default policy when the account never set one."""
    newest = sa.select(policies.c.document).where(policies.c.user_id == user_id).order_by(policies.c.version.desc())
    document = connection.scalar(newest.limit(1))
    return DEFAULT if document is None else restored(document)


def version(connection: sa.Connection, user_id: str, number: int) -> Policy:
    """That version, which is the default for 1. Raises NotFound."""
    if number == DEFAULT.version:
        return DEFAULT
    document = connection.scalar(
        sa.select(policies.c.document).where(policies.c.user_id == user_id, policies.c.version == number)
    )
    if document is None:
        raise NotFound(f"There is no version {number} of the policy")
    return restored(document)


def versions(connection: sa.Connection, user_id: str) -> tuple[Version, ...]:
    """Every version, newest first; the last is the default."""
    columns = (policies.c.version, policies.c.created_at)
    rows = connection.execute(
        sa.select(*columns).where(policies.c.user_id == user_id).order_by(policies.c.version.desc())
    )
    return (*(Version(*row) for row in rows), Version(DEFAULT.version, None))


def put(connection: sa.Connection, user_id: str, policy: Policy, now: datetime) -> Policy:
    """Make that the account's policy, with the next number whatever its own `version` says; gives what is current then.

    Nothing is stored when it says the same as the current one. Raises NotFound for an unknown account.
    """
    turns.take(connection, user_id)
    old = current(connection, user_id)
    if policy.model_copy(update={"version": old.version}) == old:
        return old
    new = policy.model_copy(update={"version": old.version + 1})
    values = {"version": new.version, "document": new.model_dump_json(), "created_at": iso(now)}
    connection.execute(sa.insert(policies).values(user_id=user_id, **values))
    return new
