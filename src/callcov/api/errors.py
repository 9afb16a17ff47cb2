"""Failures as HTTP answers: every error of `callcov.errors` and every rejected parameter is translated here, once.

Errors are `{"detail": "text"}`, for 422 a list. Items about query parameters are `{loc, msg, type}` in the wording
that the published reference prints (pydantic 1); items about bodies are `{type, loc, msg, input}` in today's wording.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Match

from callcov.checks.policy import reasons
from callcov.errors import (
    AlreadyExists,
    AlreadyVerified,
    BadCode,
    BadForm,
    BadPolicy,
    BadRecording,
    BodyTooSlow,
    CallcovError,
    Conflict,
    InvalidCredentials,
    NoMinutes,
    NoRoom,
    NotFound,
    NothingToUpdate,
    RateLimited,
    TooManyKeys,
    Unverified,
    UploadTooLarge,
)

_MOST_ITEMS = 100
_SHORT = 500  # characters

_STATUS: tuple[tuple[type[CallcovError], int], ...] = (
    (BadRecording, 400),
    (NoMinutes, 402),
    (NotFound, 404),
    (BodyTooSlow, 408),
    (Conflict, 409),
    (AlreadyExists, 400),
    (UploadTooLarge, 413),
    (NoRoom, 507),
    (AlreadyVerified, 400),
    (BadCode, 400),
    (NothingToUpdate, 400),
    (TooManyKeys, 400),
    (Unverified, 403),
)
# What a client sent there is not repeated, nor is a body that nobody could read.
_SECRET = {"password", "new_password", "code", "token", "refresh_token"}


class Invalid(BadForm):
    """A body that cannot be used; `items` is the `detail` of the 422, one item for each reason."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(str(item["msg"]) for item in items))
        self.items = tuple(items)


def item(kind: str, field: str | None, message: str, given: object = None) -> dict[str, Any]:
    """One reason why a body is refused; `field` is None when it is about the whole body."""
    return {"type": kind, "loc": ["body", field] if field else ["body"], "msg": message, "input": given}


def items(error: ValidationError) -> list[dict[str, Any]]:
    """The first reasons of a pydantic error as items about the body, each with its place; `input` only if it is short.

    A reason about an object would repeat all of it, which may be half a megabyte.
    """
    return [
        {
            "type": found["type"],
            "loc": ["body", *map(_sayable, found["loc"])],
            "msg": found["msg"],
            "input": None if _is_secret(found) else _sayable(found["input"]),
        }
        for found in reasons(error)[:_MOST_ITEMS]
    ]


def _is_secret(found: ErrorDetails) -> bool:
    return found["type"] == "json_invalid" or not _SECRET.isdisjoint(found["loc"])


def _sayable(given: object) -> str | float | None:
    """What a client sent as JSON can say it: no lone surrogates, no number beyond 64 bits; None for what is long."""
    if isinstance(given, str) and len(given) <= _SHORT:
        return given.encode("utf-8", "replace").decode()
    return given if isinstance(given, bool | float) or (isinstance(given, int) and abs(given) < 2**63) else None


def install(app: FastAPI) -> None:
    """Make the application answer with these translations."""

    @app.exception_handler(CallcovError)
    async def failed(_request: Request, error: CallcovError) -> Response:  # pyright: ignore[reportUnusedFunction] FastAPI keeps it
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, error: RequestValidationError) -> Response:  # pyright: ignore[reportUnusedFunction] the same
        if asking := getattr(request.state, "asking", None):
            try:
                await run_in_threadpool(asking, request)
            except InvalidCredentials as unknown:
                return answer(unknown)
        return _json(422, _refusals(error.errors()))

    @app.exception_handler(405)
    async def not_allowed(request: Request, _error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction] the same
        # The router names the methods of the first route of that path only.
        ways = [route.methods for route in app.state.routes if route.matches(request.scope)[0] is not Match.NONE]
        allowed = ", ".join(sorted({method for methods in ways for method in methods}))
        return _json(405, HTTPStatus.METHOD_NOT_ALLOWED.phrase, {"Allow": allowed})


def answer(error: CallcovError) -> Response:
    """The response for a failure raised on purpose; one nobody expects of a request is 500."""
    if isinstance(error, InvalidCredentials):
        return _json(401, str(error), {"WWW-Authenticate": "Bearer"})
    if isinstance(error, RateLimited):
        return _json(429, str(error), {"Retry-After": str(max(1, math.ceil(error.reset - time.time())))})
    if isinstance(error, Invalid):
        return _json(422, error.items)
    if isinstance(error, BadForm | BadPolicy):
        return _json(422, [item("value_error", None, f"Value error, {error}")])
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return _json(status, str(error))


def _json(status: int, detail: object, headers: Mapping[str, str] | None = None) -> Response:
    body = orjson.dumps({"detail": detail}, default=str)
    return Response(body, status, headers, media_type="application/json")


def _refusals(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        _old_wording(error)
        if error["loc"][0] == "query"
        else {"type": error["type"], "loc": error["loc"], "msg": error["msg"], "input": error.get("input")}
        for error in errors
    ]


def _old_wording(error: Mapping[str, Any]) -> dict[str, Any]:
    limits: Mapping[str, Any] = error.get("ctx") or {}
    match error["type"]:
        case "less_than_equal":
            kind, text = "value_error.number.not_le", f"ensure this value is less than or equal to {limits['le']}"
        case "greater_than_equal":
            kind, text = "value_error.number.not_ge", f"ensure this value is greater than or equal to {limits['ge']}"
        case "int_parsing" | "int_parsing_size" | "int_from_float":
            kind, text = "type_error.integer", "value is not a valid integer"
        case "bool_parsing":
            kind, text = "type_error.bool", "value could not be parsed to a boolean"
        case "uuid_parsing":
            kind, text = "type_error.uuid", "value is not a valid uuid"
        case "datetime_parsing" | "datetime_from_date_parsing" | "datetime_object_invalid":
            kind, text = "value_error.datetime", "invalid datetime format"
        case "literal_error":
            permitted = str(limits["expected"]).replace(" or ", ", ")
            kind, text = "type_error.enum", f"value is not a valid enumeration member; permitted: {permitted}"
        case _:
            kind, text = "value_error", str(error["msg"])
    return {"loc": error["loc"], "msg": text, "type": kind}
