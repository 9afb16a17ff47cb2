"""Moments that clients send: Unix seconds, or ISO 8601, UTC when it names no zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_LATEST = 253_402_300_799
"""Unix seconds of the last second of the year 9999."""


def _seconds(value: object) -> object:
    """Unix seconds as a moment; what is no number is left to be read as ISO 8601."""
    try:
        number = float(str(value))
    except ValueError:
        return value
    if not 0 <= number <= _LATEST:
        raise PydanticCustomError("datetime_parsing", "out of range")
    return datetime.fromtimestamp(number, UTC)


def _utc(value: datetime) -> datetime:
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError("datetime_parsing", "Input should be a valid datetime, year out of range") from error


def _bound(value: datetime) -> datetime:
    try:
        return _utc(value)
    except PydanticCustomError:  # hours before the first or after the last year: nothing is there
        return value.replace(tzinfo=UTC)


_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "number", "minimum": 0, "maximum": _LATEST}, {"type": "string", "format": "date-time"}]}
)

Moment = Annotated[datetime, BeforeValidator(_seconds), AfterValidator(_utc), _SCHEMA]
"""When something was."""

Bound = Annotated[datetime, BeforeValidator(_seconds), AfterValidator(_bound), _SCHEMA]
"""From when on, or until when; a moment before the first or after the last year bounds nothing."""
