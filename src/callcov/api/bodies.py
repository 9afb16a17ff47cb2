"""JSON bodies that a route reads itself, because they must not be longer than they have any reason to be."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from callcov.api.errors import Invalid, items
from callcov.errors import UploadTooLarge

Model = TypeVar("Model", bound=BaseModel)


async def body(request: Request, most: int) -> bytes:
    """The body. Raises UploadTooLarge for one of more than `most` bytes, however long it would go on."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most:
            raise UploadTooLarge(f"The body is larger than {most:,} bytes")
    return bytes(found)


async def json_of(request: Request, model: type[Model], most: int) -> Model:
    """The body as a value of that model. Raises UploadTooLarge, and Invalid with every reason."""
    try:
        return model.model_validate_json(await body(request, most))
    except ValidationError as error:
        raise Invalid(items(error)) from error
