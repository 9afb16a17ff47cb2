"""Answers that several resources give."""

from __future__ import annotations

import orjson
from fastapi import Response


def said(message: str, status: int = 200) -> Response:
    """What an action did, `{"message": …, "success": true}`."""
    return Response(orjson.dumps({"message": message, "success": True}), status, media_type="application/json")
