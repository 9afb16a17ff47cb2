"""The secrets that sign an account's webhooks (CONTRACT §7): one, and for a day after a change the one before."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from callcov.errors import NotFound
from callcov.store import turns
from callcov.store.tables import users
from callcov.store.times import iso

OVERLAP = timedelta(hours=24)
"""How long after a change the old secret signs too."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """`current` signs, and so does `old` up to `until` (ISO 8601 UTC); both are None when only `current` does."""

    current: str
    old: str | None
    until: str | None

    @property
    def signing(self) -> tuple[str, ...]:
        """Those that sign, the newest first."""
        return (self.current,) if self.old is None else (self.current, self.old)


def new() -> str:
    """A new secret: `whsec_` and base64 of 32 bytes, where Standard Webhooks 1.0 asks for 24 to 64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def secrets_of(connection: sa.Connection, user_id: str, now: datetime) -> Secrets:
    """The account's secrets as of `now`. Raises NotFound."""
    columns = (users.c.webhook_secret, users.c.webhook_secret_old, users.c.webhook_secret_until)
    row = connection.execute(sa.select(*columns).where(users.c.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("User not found")
    current, old, until = row
    return Secrets(current, old, until) if until and until > iso(now) else Secrets(current, None, None)


def rotate(connection: sa.Connection, user_id: str, now: datetime) -> Secrets:
    """Give the account another secret; the one it had signs too for a day, one from before that no more."""
    turns.take(connection, user_id)
    before = secrets_of(connection, user_id, now).current
    changed = Secrets(new(), before, iso(now + OVERLAP))
    values = {"webhook_secret": changed.current, "webhook_secret_old": changed.old}
    changing = sa.update(users).where(users.c.id == user_id)
    connection.execute(changing.values(**values, webhook_secret_until=changed.until, updated_at=iso(now)))
    return changed
