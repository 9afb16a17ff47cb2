"""JSON bodies that a route reads itself, because they must not be longer than they have any reason to be."""

from __future__ import annotations

import json
from typing import TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError

from callcov.api.errors import Invalid, item, items
from callcov.errors import UploadTooLarge

Model = TypeVar("Model", bound=BaseModel)
SMALL = 16_384
"""Bytes of a body of a few short fields."""


async def body(request: Request, most: int) -> bytes:
    """The body. Raises UploadTooLarge for one of more than `most` bytes, however long it would go on."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most:
            raise UploadTooLarge(f"The body is larger than {most:,} bytes")
    return bytes(found)


async def json_of(request: Request, model: type[Model], most: int = SMALL, absent: bytes = b"") -> Model:
    """The body as a value of that model; `absent` stands for none. Raises UploadTooLarge, Invalid with every reason."""
    sent = await body(request, most) or absent
    if not sent:
        raise Invalid([item("missing", None, "Field required")])
    if len(sent) <= SMALL:
        return _value(model, sent)
    return await run_in_threadpool(_value, model, sent)  # a long one keeps others waiting


def _value(model: type[Model], sent: bytes) -> Model:
    try:
        found = model.model_validate_json(sent)
    except ValidationError as error:
        raise Invalid(items(error)) from error
    _no_name_twice(sent)
    return found


def _no_name_twice(sent: bytes) -> None:
    """Of two values for one name nobody knows which is meant, and two readers of a body may differ."""

    def once(pairs: list[tuple[str, object]]) -> None:
        if len(pairs) != len(dict(pairs)):
            raise Invalid([item("value_error", None, "Value error, the body gives a name twice")])

    json.loads(sent, object_pairs_hook=once)
