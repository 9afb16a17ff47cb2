"""The text fields of an upload: what they may say, and how each one that may not is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Literal

import httpx2
import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from callcov.api.errors import Invalid, item, items
from callcov.api.fields import CLEAN, LONGEST_ID, printable
from callcov.api.form import FILE_FIELD, MAX_FIELD
from callcov.api.moments import Moment

LANGUAGES = frozenset(
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy "
    "id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru "
    "sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh".split()
)
"""The languages the recogniser was trained on, as it names them (ISO 639-1 where there is a code)."""
_LONGEST_NUMBER = 20
"""Characters of a whole number of 64 bits, its sign with it."""
UNKNOWN_LANGUAGE = "not a language the recogniser knows; send a code like en"


def language(code: str) -> str | None:
    """The language of a code such as `en` or `en-GB`, in any case, as the recogniser names it; None if it does not."""
    return code.lower().partition("-")[0] if re.fullmatch(_LANGUAGE, code.lower()) else None


def _address(value: object) -> object:
    # A URL parser drops line breaks and blanks silently; what is stored is what was sent, so they are refused.
    if isinstance(value, str) and (any(map(str.isspace, value)) or not value.isprintable()):
        raise PydanticCustomError("url_parsing", "Input should be a valid URL, blanks are not allowed")
    # A browser's parser mends these to `http://example.com`; what delivers does not.
    if isinstance(value, str) and re.match(r"https?:(?!//[^/])", value, re.IGNORECASE):
        raise PydanticCustomError("url_parsing", "Input should be a valid URL, the host stands behind two slashes")
    # It also takes hosts that have no name in DNS, such as a snowman; what delivers could never send to them.
    try:
        httpx2.URL(str(value))
    except httpx2.InvalidURL as error:
        raise PydanticCustomError(
            "url_parsing", "Input should be a valid URL, nothing can be sent to this one"
        ) from error
    return value


def _language(value: object) -> object:
    if (found := language(str(value))) is None:
        raise PydanticCustomError("value_error", f"Value error, {UNKNOWN_LANGUAGE}")
    return found


def _metadata(value: object) -> object:
    try:
        found = json.loads(str(value), parse_constant=_no_constant, parse_float=_finite, parse_int=_whole)
        # The encoder refuses what JSON answers could not carry: deep nesting and lone surrogates.
        orjson.dumps({"call": {"metadata": found}})
        text = orjson.dumps(found).decode()
    except json.JSONDecodeError as error:
        raise PydanticCustomError("json_invalid", "Invalid JSON: metadata should be a JSON object") from error
    except (RecursionError, orjson.JSONEncodeError) as error:
        is_text = "surrogate" in str(error)
        raise _not_kept("half of a character, a lone surrogate" if is_text else "objects or lists too deep") from error
    if not isinstance(found, dict):
        raise PydanticCustomError("dict_type", "Input should be a valid dictionary, written as a JSON object")
    return text


def _not_kept(what: str) -> PydanticCustomError:
    return PydanticCustomError("value_error", "Value error, metadata holds {what}", {"what": what})


def _no_constant(name: str) -> object:
    raise PydanticCustomError("json_invalid", "Invalid JSON: {name} is no JSON value", {"name": name})


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _not_kept("a number that is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER or not -(2**63) <= int(text) < 2**64:
        raise _not_kept("a whole number of more than 64 bits")
    return int(text)


Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_ID),
    AfterValidator(printable),
    Field(json_schema_extra=CLEAN),
]
_LANGUAGE = rf"^(?:{'|'.join(sorted(LANGUAGES))})(?:-[A-Za-z0-9-]*)?$"


class Fields(BaseModel):
    """The text fields as the client may send them; each arrives as text, an empty optional one counts as not given."""

    model_config = ConfigDict(frozen=True)

    agent_id: Identifier = Field(description="Your own identifier of the agent.")
    contact_id: Identifier = Field(description="Your own identifier of the customer.")
    webhook_url: Annotated[HttpUrl, BeforeValidator(_address)] | None = Field(
        default=None, description="Where the finished analysis is POSTed; http or https."
    )
    call_direction: Literal["inbound", "outbound"] | None = Field(default=None, description="Who called whom.")
    call_timestamp: Moment | None = Field(
        default=None, description="When the call began: ISO 8601 (UTC when it names no zone) or Unix seconds."
    )
    metadata: Annotated[str, BeforeValidator(_metadata)] | None = Field(
        default=None, description=f"A JSON object of at most {MAX_FIELD} bytes, answered as it is."
    )
    language: Annotated[str, BeforeValidator(_language), Field(json_schema_extra={"pattern": _LANGUAGE})] | None = (
        Field(default=None, description="Language spoken, as a code like `en`; found out when not given.")
    )
    agent_channel: Annotated[int, Field(ge=0, le=1)] | None = Field(
        default=None, description="The channel the agent is on, 0 or 1; found out when not given."
    )


def check(given: Mapping[str, str], *, has_file: bool) -> Fields:
    """The fields, or Invalid with an item for every one that is missing or unusable; unknown names are ignored."""
    named = {name: value for name, value in given.items() if name in Fields.model_fields}
    wanted = {name: value for name, value in named.items() if value or Fields.model_fields[name].is_required()}
    problems = [] if has_file else [item("missing", FILE_FIELD, "Field required")]
    try:
        fields = Fields.model_validate(wanted)
    except ValidationError as error:
        raise Invalid(items(error) + problems) from error
    if problems:
        raise Invalid(problems)
    return fields
