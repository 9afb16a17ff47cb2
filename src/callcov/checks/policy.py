"""The policy of an account: what must be said, what must not, the limits, and what is masked. Data, no patterns.

A policy is a JSON or YAML document; `load` reads one, `DEFAULT` is what an account has that never set one. Wordings
are example sentences: `match: wording` looks for those words, `match: meaning` also accepts a paraphrase. Versions
are immutable; whoever stores a changed policy gives it the next number.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

from callcov.errors import BadPolicy

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

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Wordings = Annotated[tuple[Wording, ...], Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000)]
Rate = Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)]

LONGEST = 500_000
"""Characters of a policy document that are read at most; 500 phrases of ten wordings are about 250,000."""


class _Part(BaseModel):
    """What all parts of a policy share: they never change and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Disclosure(_Part):
    """A sentence the agent must say. Missing when required and not heard, or heard after `deadline_seconds`.

    `required`: on every call, on calls of that direction, or when paying is talked about. `deadline_seconds` counts
    from the first speech of the call; None means any time.
    """

    id: Id
    wordings: Wordings
    required: Required = "always"
    match: Match = "meaning"
    deadline_seconds: Seconds | None = None


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
    the limit itself. `sentiment_band` is how far from 0 a score must be to be called positive or negative.
    """

    identity_seconds: Seconds = 15.0
    purpose_interactions: Count = 4
    greeting_seconds: Seconds = 15.0
    silence_seconds: Seconds = 3.0
    dead_air_seconds: Seconds = 10.0
    wpm_low: Rate = 110.0
    wpm_high: Rate = 190.0
    sentiment_band: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = 0.1
    long_call_seconds: Seconds = 600.0
    effort_flag: Annotated[int, Field(ge=1, le=5)] = 4

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

    version: Annotated[int, Field(ge=1)] = 1
    disclosures: Annotated[tuple[Disclosure, ...], Field(max_length=500)] = ()
    prohibited: Annotated[tuple[Prohibited, ...], Field(max_length=2_000)] = ()
    thresholds: Thresholds = Thresholds()
    mask: tuple[SensitiveType, ...] = ALL_TYPES
    never_solicit: tuple[SensitiveType, ...] = ("card_cvv", "pin", "password")
    keep_original: bool = False

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        for kind, ids in (
            ("disclosures", [entry.id for entry in self.disclosures]),
            ("prohibited", [entry.id for entry in self.prohibited]),
        ):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(f"{kind} has the id {twice[0]!r} more than once")
        return self

    def wordings(self) -> dict[str, tuple[str, ...]]:
        """What the understand stage matches by meaning: act name (`disclosure:<id>`, `prohibited:<id>`) to examples."""
        named = [(f"disclosure:{entry.id}", entry) for entry in self.disclosures]
        named += [(f"prohibited:{entry.id}", entry) for entry in self.prohibited]
        return {name: entry.wordings for name, entry in named if entry.match == "meaning"}


DEFAULT = Policy(
    disclosures=(
        Disclosure(
            id="call_recording",
            wordings=(
                "this call is being recorded",
                "this call may be recorded for quality and training purposes",
                "calls are recorded and monitored",
                "you are on a recorded line",
                "just to let you know, we record our calls",
            ),
        ),
    ),
    prohibited=(
        Prohibited(
            id="threat",
            category="threat",
            wordings=(
                "we will have you arrested",
                "we will come to your house",
                "I will make sure you regret this",
                "you will lose your home if you don't pay today",
                "we will tell your employer about this",
            ),
        ),
        Prohibited(
            id="insult",
            category="insult",
            wordings=(
                "you are stupid",
                "are you deaf or something",
                "don't be an idiot",
                "you people never understand",
            ),
        ),
        Prohibited(
            id="guarantee",
            category="guarantee",
            wordings=(
                "I guarantee you will be approved",
                "there is absolutely no risk",
                "I promise you will make money",
                "you are guaranteed to get the full amount",
            ),
        ),
        Prohibited(
            id="profanity",
            category="profanity",
            wordings=("what the hell", "this is bullshit", "shut the fuck up", "that is a load of crap", "damn it"),
        ),
        Prohibited(
            id="pressure",
            category="pressure",
            wordings=(
                "you have to decide right now",
                "this offer is gone the moment you hang up",
                "you would be a fool not to sign today",
                "I need your answer before we end this call",
            ),
        ),
    ),
)
"""The policy of an account that never set one: the recording notice, and five kinds of thing an agent must not say."""


def load(text: str | bytes) -> Policy:
    """A policy from a JSON or YAML document.

    Raises:
        BadPolicy: naming the first place that is wrong and the reason; also for text that is no UTF-8, no mapping,
            over `LONGEST` characters, or that uses YAML aliases (a few lines of them can stand for gigabytes).
    """
    document = _parse(_decoded(text))
    if not isinstance(document, dict):
        raise BadPolicy("The policy must be a mapping with names such as disclosures, prohibited and thresholds.")
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        raise BadPolicy(_sentence(error)) from None


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
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise BadPolicy(f"The policy names {next(name for name in names if names.count(name) > 1)!r} twice.")
    return found


def _parse_yaml(text: str) -> object:
    """A YAML document without aliases, and without a name twice in one mapping."""
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
    """Raise for an alias, which is a node met again, and for a name that stands twice in one mapping."""
    if node is None:
        return
    if id(node) in seen:
        raise BadPolicy(f"The policy uses a YAML alias for what is written{_place(node)}; write it out instead.")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            if str(key.value) in names:
                raise BadPolicy(f"The policy names {key.value!r} twice{_place(key)}.")
            names.add(str(key.value))
            _check_plain(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in cast("list[yaml.Node]", node.value):
            _check_plain(item, seen)


def _place(marked: yaml.Node | yaml.MarkedYAMLError) -> str:
    """` in line 3, column 1`, counted from one as people do; empty if unknown."""
    mark = marked.problem_mark if isinstance(marked, yaml.MarkedYAMLError) else marked.start_mark
    return f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _sentence(error: ValidationError) -> str:
    """The first error as one sentence: place, reason, and how many more there are."""
    problems: list[ErrorDetails] = error.errors(include_url=False, include_context=False)
    first, more = problems[0], len(problems) - 1
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    reason = first["msg"].removeprefix("Value error, ")
    also = f" (and {more} more)" if more else ""
    return f"The policy is not valid{f' at {place}' if place else ''}: {reason[:1].lower()}{reason[1:]}{also}."
