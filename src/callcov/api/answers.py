"""Answers that several resources give."""

from __future__ import annotations

from hashlib import sha256

import orjson
from fastapi import Request, Response


def said(message: str, status: int = 200) -> Response:
    """What an action did, `{"message": …, "success": true}`."""
    return Response(orjson.dumps({"message": message, "success": True}), status, media_type="application/json")


def weak_tag(*parts: object) -> str:
    """A weak entity tag of an answer that only depends on those parts; equal parts give equal tags everywhere."""
    return f'W/"{sha256(repr(parts).encode()).hexdigest()[:32]}"'


def has_seen(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names that tag, or anything (`*`); compared weakly (RFC 9110 §13.1.2)."""
    known = [
        one.strip().removeprefix("W/") for line in request.headers.getlist("if-none-match") for one in line.split(",")
    ]
    return "*" in known or tag.removeprefix("W/") in known
