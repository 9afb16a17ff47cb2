"""The policy of an account: what must be said, what must not, the limits, and what is masked. Data, no patterns.

A policy is a JSON or YAML document; `load` reads one, `ready_made` gives one of those in `policies/`, `DEFAULT` is what
an account has that never set one. Wordings are example sentences: `match: wording` looks for those words,
`match: meaning` also accepts a paraphrase. Versions are immutable; whoever stores a changed policy gives it the next
number.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pkgutil import get_data
from typing import Annotated, Any, Literal, Self, cast, get_args
from unicodedata import category

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from callcov.errors import BadPolicy
from callcov.text.normalise import texts

SensitiveType = Literal[
    "card_number",
    "card_cvv",
    "ssn",
    "bank_account",
    "account_number",
    "date_of_birth",
    "phone_number",
    "email",
    "address",
    "password",
    "pin",
    "government_id",
]
ALL_TYPES: tuple[SensitiveType, ...] = get_args(SensitiveType)
Match = Literal["meaning", "wording"]
Required = Literal["always", "inbound", "outbound", "when_payment"]
Direction = Literal["inbound", "outbound"]


def _whole(number: object) -> object:
    """5.0 is a whole number in JSON."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Whole = BeforeValidator(_whole)
"""For strict whole numbers: takes 5.0 for 5, and neither "5" nor true."""


_STORED = {"stored": True}


def _printable(text: object, info: ValidationInfo) -> object:
    if info.context == _STORED:
        return text  # taken before this was refused, and a version stays as it is
    if isinstance(text, str) and any(category(one) == "Cc" and one not in "\t\r\n" for one in text):
        raise ValueError("Control characters are not allowed")
    return text


def _sayable(text: str, info: ValidationInfo) -> str:
    if info.context != _STORED and not texts(text):
        raise ValueError("There is no word in it that could be heard")
    return text


Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Wording = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    BeforeValidator(_printable),
    AfterValidator(_sayable),
    Field(
        json_schema_extra={
            "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$",
            "allOf": [{"pattern": r"\S"}],
        }
    ),
]
Wordings = Annotated[tuple[Wording, ...], Field(min_length=1, max_length=200)]
Types = Annotated[tuple[SensitiveType, ...], Field(max_length=100)]
Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000), Whole]
Rate = Annotated[float, Field(strict=True, gt=0, le=1_000, allow_inf_nan=False)]

_TAG_OF = cast(
    "Callable[[type[yaml.Node], str | None, tuple[bool, bool]], str]",
    yaml.resolver.Resolver().resolve,  # pyright: ignore[reportUnknownMemberType] - PyYAML's stubs have no types here
)
"""The tag that YAML gives a node without one, by its kind, its text and whether it is (plain, quoted)."""
_IN_WORDS = {"tuple_type": "Input should be a valid list", "model_type": "Input should be an object"}
READY_MADE = ("default", "collections", "payments", "health")
"""The names of the policies that come with CallCov."""
LONGEST = 500_000
"""Characters of a policy document that are read at most; 500 phrases of ten wordings are about 250,000."""
MOST_WORDINGS = 10_000
"""Wordings of a policy at most, those of disclosures and of prohibited phrases together."""


class _Part(BaseModel):
    """What all parts of a policy share: they never change and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Disclosure(_Part):
    """A sentence the agent must say. Missing when required and not heard, or heard after `deadline_seconds`.

    `required`: on every call, on calls of that direction, or when paying is talked about. `deadline_seconds` counts
    from the first speech of the call; None means any time. `also` are further parts, each with its own wordings: only
    who says every part, in one turn or in several, has said the disclosure.
    """

    id: Id
    wordings: Wordings
    also: Annotated[tuple[Wordings, ...], Field(max_length=9)] = ()
    required: Required = "always"
    match: Match = "meaning"
    deadline_seconds: Seconds | None = None

    def parts(self) -> dict[str, tuple[str, ...]]:
        """The wordings of each part by the act that means it: `disclosure:<id>`, then `disclosure:<id>#2` and on."""
        first = f"disclosure:{self.id}"
        return {first: self.wordings} | {f"{first}#{number}": part for number, part in enumerate(self.also, start=2)}

    def example(self) -> str:
        """A sentence that says it: the first wording of each part."""
        return " and ".join((self.wordings[0], *(part[0] for part in self.also)))


class Prohibited(_Part):
    """Words that must not be said by that side. `category` groups phrases in reports and names the advice given."""

    id: Id
    category: Id
    wordings: Wordings
    speaker: Literal["agent", "customer", "any"] = "agent"
    match: Match = "meaning"


class Thresholds(_Part):
    """The limits an account may move; the defaults are the contract's (CONTRACT §5). A value on a limit is not over it.

    `silence_seconds` is where a pause starts to be listed and `dead_air_seconds` where one is flagged; both include
    the limit itself. `sentiment_band` is how far from 0 a score must be to be called positive or negative, a customer's
    negative twice as far.
    """

    identity_seconds: Seconds = 15.0
    purpose_interactions: Count = 4
    greeting_seconds: Seconds = 15.0
    silence_seconds: Seconds = 3.0
    dead_air_seconds: Seconds = 10.0
    wpm_low: Rate = 110.0
    wpm_high: Rate = 190.0
    sentiment_band: Annotated[float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False)] = 0.09
    long_call_seconds: Seconds = 600.0
    effort_flag: Annotated[int, Field(strict=True, ge=1, le=5), Whole] = 4

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.wpm_low > self.wpm_high:
            raise ValueError("wpm_low must not be above wpm_high")
        if self.silence_seconds > self.dead_air_seconds:
            raise ValueError("silence_seconds must not be above dead_air_seconds")
        return self


class Policy(_Part):
    """All rules of an account (CONTRACT §5). Empty lists mean: nothing is required, nothing is prohibited.

    `mask` names the sensitive types whose words are replaced in the stored transcript and silenced in the served
    sound. `never_solicit` names the types an agent must not ask for: by default the secrets nobody at a contact
    centre may need to hear, which are the card's security code (PCI DSS 3.3.1 forbids keeping it after the payment,
    and a recording keeps it), a PIN and a password. `ssn` is not among them: many lawful identity checks ask for it.
    """

    version: Annotated[int, Field(ge=1, strict=True), Whole] = 1
    disclosures: Annotated[tuple[Disclosure, ...], Field(max_length=500)] = ()
    prohibited: Annotated[tuple[Prohibited, ...], Field(max_length=2_000)] = ()
    thresholds: Thresholds = Thresholds()
    mask: Types = ALL_TYPES
    never_solicit: Types = ("card_cvv", "pin", "password")
    keep_original: StrictBool = False

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        found: list[InitErrorDetails] = []
        for kind, entries in (("disclosures", self.disclosures), ("prohibited", self.prohibited)):
            seen: set[str] = set()
            for place, entry in enumerate(entries):
                if entry.id in seen:
                    problem = PydanticCustomError(
                        "value_error",
                        "Value error, {kind} has the id '{id}' more than once",
                        {"kind": kind, "id": entry.id},
                    )
                    found.append({"type": problem, "loc": (kind, place, "id"), "input": entry.id})
                seen.add(entry.id)
        if found:
            raise ValidationError.from_exception_data(type(self).__name__, found)
        return self

    @model_validator(mode="after")
    def _not_too_many(self, info: ValidationInfo) -> Self:
        # Each is encoded once and compared with every clause of every call.
        wordings = [entry.wordings for entry in self.prohibited]
        wordings += [part for entry in self.disclosures for part in entry.parts().values()]
        count = sum(map(len, wordings))
        if count > MOST_WORDINGS and info.context != _STORED:
            raise ValueError(f"There are {count:,} wordings in all; at most {MOST_WORDINGS:,} are matched")
        return self

    def wordings(self) -> dict[str, tuple[str, ...]]:
        """What the understand stage matches by meaning: act name to examples.

        An act is `prohibited:<id>`, `disclosure:<id>`, or `disclosure:<id>#2` for a disclosure's second part.
        """
        named: dict[str, tuple[str, ...]] = {}
        for entry in self.disclosures:
            named |= entry.parts() if entry.match == "meaning" else {}
        return named | {f"prohibited:{one.id}": one.wordings for one in self.prohibited if one.match == "meaning"}


def reasons(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong with a document, in words for who wrote it: without the names of Python's types.

    That a list is too short for the entries of it that were refused is left out: they have reasons of their own.
    """
    found = error.errors(include_url=False, include_context=False)
    within = {one["loc"][:length] for one in found for length in range(len(one["loc"]))}
    for one in found:
        one["msg"] = _IN_WORDS.get(one["type"], one["msg"]).replace("Tuple should", "List should")
    return [one for one in found if one["type"] != "too_short" or one["loc"] not in within]


def load(text: str | bytes) -> Policy:
    """A policy from a JSON or YAML document.

    Raises:
        BadPolicy: naming the first place that is wrong and the reason; also for text that is no UTF-8, no mapping,
            over `LONGEST` characters, or that uses YAML aliases (a few lines of them can stand for gigabytes).
    """
    document = parse(text)
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        raise BadPolicy(_sentence(error)) from None


def restored(document: str) -> Policy:
    """A policy from the JSON that it was stored as, in whatever version of CallCov."""
    return Policy.model_validate_json(document, context=_STORED)


def parse(text: str | bytes) -> dict[str, Any]:
    """A JSON or YAML document that may be a policy, for `Policy.model_validate`.

    Raises:
        BadPolicy: as `load` does for what is no such document.
    """
    decoded = _decoded(text)
    if not decoded.strip():
        raise BadPolicy("The policy is empty; nothing was sent.")
    if decoded.startswith("#") and "\n" not in decoded:
        raise BadPolicy("The policy has no line ends, so all of it is a comment (with curl: --data-binary, not -d).")
    document = _parse(decoded)
    if not isinstance(document, dict):
        raise BadPolicy("The policy must be a mapping with names such as disclosures, prohibited and thresholds.")
    return cast("dict[str, Any]", document)


def ready_made_text(name: str) -> str:
    """The YAML document of one of the policies that come with CallCov (`READY_MADE`), with its sources as comments.

    Raises:
        BadPolicy: there is none of that name.
    """
    # Data that is shipped with the code, as constant as the code is.
    stored = get_data("callcov.checks", f"policies/{name}.yaml") if name in READY_MADE else None
    if stored is None:
        raise BadPolicy(f"There is no ready-made policy {name!r}; there are {', '.join(READY_MADE)}.")
    return stored.decode()


def ready_made(name: str) -> Policy:
    """The policy of `ready_made_text`, version 1; the same errors."""
    return load(ready_made_text(name))


def _decoded(text: str | bytes) -> str:
    """The document as text, if it is not too long."""
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPolicy(f"The policy is not UTF-8 text: byte {error.start} cannot be read.") from None
    if len(decoded) > LONGEST:
        raise BadPolicy(f"The policy has {len(decoded):,} characters; at most {LONGEST:,} are read.")
    return decoded


def _parse(text: str) -> object:
    """JSON if it is JSON, else YAML (whose flow style looks alike)."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise BadPolicy("The policy is nested too deeply.") from None
    except ValueError:
        return _parse_yaml(text)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object whose names differ; the last of two would win silently otherwise."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise BadPolicy(f"The policy names {name!r} twice.")
        found[name] = value
    return found


def _parse_yaml(text: str) -> object:
    """A YAML document without aliases and tags, and without a name twice in one mapping."""
    try:
        _check_plain(yaml.compose(text, Loader=yaml.SafeLoader), set())
        return cast("object", yaml.safe_load(text))
    except yaml.YAMLError as error:
        where = _place(error) if isinstance(error, yaml.MarkedYAMLError) else ""
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise BadPolicy(f"The policy is neither JSON nor YAML{where}: {reason}.") from None
    except ValueError as error:  # a date such as 2026-99-99
        raise BadPolicy(f"The policy holds a value that YAML cannot read: {error}.") from None
    except RecursionError:
        raise BadPolicy("The policy is nested too deeply.") from None


def _check_plain(node: yaml.Node | None, seen: set[int]) -> None:
    """Raise for an alias, which is a node met again, for a tag, and for a name that stands twice in one mapping."""
    if node is None:
        return
    _check_untagged(node)
    if id(node) in seen:
        raise BadPolicy(f"The policy uses a YAML alias for what is written{_place(node)}; write it out instead.")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            if str(key.value) in names:
                raise BadPolicy(f"The policy names {key.value!r} twice{_place(key)}.")
            names.add(str(key.value))
            _check_untagged(key)
            _check_plain(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in cast("list[yaml.Node]", node.value):
            _check_plain(item, seen)


def _check_untagged(node: yaml.Node) -> None:
    """Raise for a tag such as `!!binary`, which can make anything of what is written: a set, whose order is chance."""
    scalar = isinstance(node, yaml.ScalarNode)
    plain = not scalar or node.style is None
    if node.tag != _TAG_OF(type(node), node.value if scalar else None, (plain, not plain)):
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        raise BadPolicy(f"The policy uses the YAML tag {tag}{_place(node)}; write the value without one.")


def _place(marked: yaml.Node | yaml.MarkedYAMLError) -> str:
    """` in line 3, column 1`, counted from one as people do; empty if unknown."""
    mark = marked.problem_mark if isinstance(marked, yaml.MarkedYAMLError) else marked.start_mark
    return f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _sentence(error: ValidationError) -> str:
    """The first error as one sentence: place, reason, and how many more there are."""
    problems = reasons(error)
    first, more = problems[0], len(problems) - 1
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    reason = first["msg"].removeprefix("Value error, ")
    also = f" (and {more} more)" if more else ""
    return f"The policy is not valid{f' at {place}' if place else ''}: {reason[:1].lower()}{reason[1:]}{also}."


DEFAULT = ready_made("default")
"""The policy of an account that never set one."""
