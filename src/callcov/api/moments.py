"""Moments that clients send: ISO 8601, UTC when it names no zone, or Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _utc(value: datetime) -> datetime:
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError("datetime_parsing", "Input should be a valid datetime, year out of range") from error


Moment = Annotated[datetime, AfterValidator(_utc)]
