"""Fields of the accounts' bodies, with their limits: email 320 characters, password 256, code and token 256.

And what several routes take in their address or query.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import PydanticKnownError

from callcov.auth.passwords import LONGEST, SHORTEST, weakness
from callcov.errors import BadForm
from callcov.store import users


class Sent(BaseModel):
    """A body that may hold a password or a token: its fields are shown nowhere, whoever prints it."""

    def __repr_args__(self) -> Iterable[tuple[str | None, object]]:
        """Nothing."""
        return ()


CLEAN: dict[str, JsonValue] = {"pattern": r"^[^\x00-\x1f\x7f-\x9f]*$"}
"""How `printable` is written in the API document."""
LONGEST_ID = 255
"""Characters of an `agent_id` or `contact_id`."""
_KINDS: list[JsonValue] = [{"pattern": one} for one in ("[A-Z]", "[a-z]", "[0-9]", r'[!@#$%^&*(),.?":|<>]')]
_UUID = TypeAdapter(UUID)
_PHONE = r"^\+?[1-9][0-9]{6,14}$"


def printable(text: str) -> str:
    """The text, without control characters or ValueError."""
    if any(unicodedata.category(one) == "Cc" for one in text):
        raise ValueError("Control characters are not allowed")
    return text


def _undivided(value: object) -> object:
    if isinstance(value, str) and "." in value:
        raise PydanticKnownError("int_parsing")
    return value


def as_made(text: str) -> str:
    """A UUID, however it is spelt, as ids are made; what is none stays as it is."""
    try:
        return str(_UUID.validate_python(text))
    except ValidationError:
        return text


def _email(text: str) -> str:
    try:
        return users.folded(text)
    except BadForm as error:
        raise ValueError(str(error)) from error


def _strong(password: str) -> str:
    if missing := weakness(password):
        raise ValueError(missing)
    return password


def _plus(number: str) -> str:
    return "+" + number.removeprefix("+")


UNDIVIDED = BeforeValidator(_undivided)
"""Of an integer in a query, after its limits (before them they would be missing in the API document): `1.0` is none,
as in the published API, though pydantic reads it as 1."""
Id = Annotated[str, AfterValidator(as_made)]
"""An id in a path or query. A UUID may be spelt in every way that `starting_after` takes; the route sees it as ids are
made, in lower case. What is no UUID stays as it is and names nothing."""
Email = Annotated[
    str,
    AfterValidator(_email),
    Field(
        max_length=users.LONGEST_EMAIL,
        description="An email is one account whatever its case.",
        json_schema_extra={"format": "email"},
    ),
]
Phone = Annotated[
    str,
    AfterValidator(_plus),
    Field(
        pattern=_PHONE,
        description="E.164; the `+` may be left out and is kept.",
        json_schema_extra={"pattern": _PHONE},
    ),
]
Password = Annotated[
    str,
    AfterValidator(printable),
    Field(max_length=LONGEST, json_schema_extra={"format": "password", **CLEAN}),
]
NewPassword = Annotated[
    Password,
    AfterValidator(_strong),
    Field(
        description="At least 8 characters with an upper- and a lower-case letter, a digit and one of "
        '`!@#$%^&*(),.?":|<>`.',
        json_schema_extra={"format": "password", "minLength": SHORTEST, "allOf": _KINDS, **CLEAN},
    ),
]
Token = Annotated[str, AfterValidator(printable), Field(max_length=256, json_schema_extra=CLEAN)]
