"""Signed links to one recording: ten minutes without credentials, for a player or a colleague."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from callcov.auth.secret import accepted, derived
from callcov.errors import InvalidCredentials

LIFETIME = timedelta(minutes=10)
_PURPOSE = "callcov audio link"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link allows: the sound of that analysis of that account and mode, until `expires_at` (aware)."""

    token: str = field(repr=False)
    analysis_id: str
    user_id: str
    livemode: bool
    expires_at: datetime


def make(secret: bytes, analysis_id: str, user_id: str, livemode: bool, now: datetime) -> Link:
    """A link that works for ten minutes from now; its `token` goes into the address as `?token=`."""
    expires_at = datetime.fromtimestamp(int((now + LIFETIME).timestamp()), UTC)
    claims = {
        "purpose": _PURPOSE,
        "analysis": analysis_id,
        "user": user_id,
        "live": livemode,
        "exp": int(expires_at.timestamp()),
    }
    # pyright: ignore here and below, because PyJWT types its keys with a package that HS256 does not need.
    token = jwt.encode(claims, derived(secret, _PURPOSE), algorithm="HS256")  # pyright: ignore[reportUnknownMemberType]
    return Link(token, analysis_id, user_id, livemode, expires_at)


def check(secret: bytes, token: str, now: datetime) -> Link:
    """What the token allows. Raises InvalidCredentials when it was not made by `make`, was altered, or is over."""
    claims = next((found for one in accepted(secret) if (found := _claims(one, token))), None)
    if claims is None:
        raise InvalidCredentials("Invalid authentication credentials")
    try:
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        link = Link(token, claims["analysis"], claims["user"], claims["live"], expires_at)
    except KeyError as error:
        raise InvalidCredentials("Invalid authentication credentials") from error
    if claims.get("purpose") != _PURPOSE or now >= expires_at:
        raise InvalidCredentials("Invalid authentication credentials")
    return link


def _claims(secret: bytes, token: str) -> dict[str, Any] | None:
    """What the token says; None when it was not made with that secret, or was altered."""
    try:
        return jwt.decode(  # pyright: ignore[reportUnknownMemberType]
            token,
            derived(secret, _PURPOSE),
            algorithms=["HS256"],
            # The time is the caller's, see above; everything else about the token is checked here.
            options={"require": ["exp"], "verify_exp": False},
        )
    except jwt.PyJWTError:
        return None
