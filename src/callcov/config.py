"""Every setting, its default and its meaning; read once, by `cli`, which passes plain values on.

A setting is an environment variable `CALLCOV_<NAME>`; the command line wins over it. A misspelt or unusable setting
is BadSetting and stops the program: a server that runs with half its settings is worse than one that does not start.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from callcov.errors import BadSetting

PREFIX = "CALLCOV_"
_FILLED = ("data", "models", "secret", "secret_old", "master_key", "new_master_key", "chat_key")
_RATE = r"^(off|[1-9][0-9]{0,8}/(second|minute|hour|day))$"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Config(BaseModel):
    """All settings of one process; a field's description is its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    data: Path = Field(
        default=Path("~/.local/share/callcov"),
        description="Folder that holds everything: database, recordings, secret. One folder is one installation.",
    )
    database: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="PostgreSQL database, `postgresql://user:password@host/name` (docs/operating.md). Default: the "
        "SQLite file `callcov.db` in `data`.",
    )
    models: Path = Field(
        default=Path("~/.cache/callcov/models"),
        description="Folder of the model files that `callcov models fetch` fills.",
    )
    model: str = Field(
        default="base",
        min_length=1,
        description="Recogniser: `base`, `tiny.en`, a faster-whisper folder, or a hub name.",
    )
    workers: Annotated[int, Field(ge=1, le=256)] = Field(
        default_factory=_cores, description="Child processes that transcribe, one thread each. Default: one a core."
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address under which clients reach the server, in `audio.url` and the links of mails. Default: the "
        "address of the request; in webhooks and mails where the server listens, so set it when others connect.",
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Key that hashes API keys and signs links, at least 32 bytes. Default: made once, in `data`.",
    )
    secret_old: SecretStr | None = Field(
        default=None,
        description="The secret before this one, after it was changed: keys and links made with it are accepted still. "
        "A key that is used moves to the new one. Default: the second line of the file in `data`.",
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="Key that encrypts what is stored, 32 bytes in hexadecimal or base64 (docs/security.md). Default: "
        "none, nothing is encrypted.",
    )
    new_master_key: SecretStr | None = Field(
        default=None, description="The key that takes its place; read by `callcov rotate-key` alone."
    )
    webhook_allow: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Networks (CIDR, comma separated) that webhooks may reach although they are not public.",
    )
    chat_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Base address of an OpenAI-compatible endpoint (as far as `/v1`) that words summaries; it gets the "
        "masked transcript. Default: none, nothing is sent.",
    )
    chat_model: str | None = Field(
        default=None, min_length=1, description="Model to ask there; to be set together with `CALLCOV_CHAT_URL`."
    )
    chat_key: SecretStr | None = Field(default=None, description="Key sent to it, as `Authorization: Bearer`.")
    chat_timeout: Annotated[float, Field(ge=1, le=60)] = Field(
        default=20.0, description="Seconds to wait for its answer; there are two tries, then CallCov's own text stays."
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server, `smtp://user:password@host:587` (TLS when it is offered) or `smtps://…`. "
        "Default: mail goes into the folder `outbox` in `data`, see `callcov users outbox`.",
    )
    mail_from: str | None = Field(
        default=None,
        pattern=r"^[^\s@<>]+@[^\s@<>]+$",
        description="Address that mail comes from; to be set together with `CALLCOV_SMTP_URL`.",
    )
    rate_limit: str = Field(
        default="100/minute",
        pattern=_RATE,
        description="Requests a credential may make, or an address without one: `100/minute` (or `/second`, `/hour`, "
        "`/day`), or `off`.",
    )
    submit_rate_limit: str = Field(
        default="20/minute", pattern=_RATE, description="Recordings a credential may submit, in the same way."
    )
    limits_url: str | None = Field(
        default=None,
        repr=False,  # it may hold a password
        pattern=r"^rediss?://[^\s]+$",
        description="A Redis that counts for the rate limits; needs the package `redis`. Default: in memory.",
    )
    feed_index: Literal["on", "off"] = Field(
        default="on",
        description="Keep long lists in memory, so that every page, total and search takes milliseconds. `off` saves "
        "the memory; the answers are the same.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least important line that is logged to standard error."
    )

    @field_validator("webhook_allow", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator(*_FILLED, mode="before")
    @classmethod
    def _filled(cls, value: object) -> object:
        # A variable that was never filled in: no folder would be whichever the program is run in, no key no encryption.
        if isinstance(value, str) and not value.strip():
            raise ValueError("it is empty")
        return value

    @field_validator("data", "models", mode="after")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("chat_model", mode="after")
    @classmethod
    def _both(cls, value: str | None, info: ValidationInfo) -> str | None:
        if (value is None) is not (info.data.get("chat_url") is None):
            raise ValueError("CALLCOV_CHAT_URL and CALLCOV_CHAT_MODEL are set together or not at all")
        return value

    @field_validator("smtp_url", mode="after")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        parts = None if value is None else urlsplit(value.get_secret_value())
        try:
            usable = parts is None or (parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.port != 0)
        except ValueError:  # a port that is no number
            usable = False
        if not usable:
            raise ValueError("it looks like smtp://user:password@host:587")
        return value

    @field_validator("mail_from", mode="after")
    @classmethod
    def _both_of_mail(cls, value: str | None, info: ValidationInfo) -> str | None:
        if (value is None) is not (info.data.get("smtp_url") is None):
            raise ValueError("CALLCOV_SMTP_URL and CALLCOV_MAIL_FROM are set together or not at all")
        return value

    @field_validator("public_url", "chat_url", mode="after")
    @classmethod
    def _no_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None


def shown(secret: SecretStr | None) -> str | None:
    """The text of a secret setting, for whoever has to use it."""
    return secret.get_secret_value() if secret else None


def read(environment: Mapping[str, str], **given: object) -> Config:
    """The settings from `CALLCOV_*` variables, replaced by what was `given` (None means not given); or BadSetting."""
    known = set(Config.model_fields)
    named = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    for name in sorted(set(named) - known):
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {PREFIX}{close[0].upper()}?" if close else "docs/settings.md lists the settings."
        raise BadSetting(f"There is no setting {PREFIX}{name.upper()}; {hint}")
    values = named | {name: value for name, value in given.items() if value is not None}
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadSetting(f"{PREFIX}{str(first['loc'][0]).upper()} cannot be used: {first['msg']}.") from None
