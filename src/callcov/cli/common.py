"""What several commands share: options, the settings with the log they ask for, whose account is meant, who did it."""

import logging
import os
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TextIO

import structlog
import typer

from callcov.auth.secret import load_secret
from callcov.config import Config, read, shown
from callcov.errors import BadSetting
from callcov.store import users
from callcov.store.audit import OPERATOR, Entry
from callcov.store.db import Database
from callcov.store.folder import DATABASE, installation
from callcov.store.sealed import Vault

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the installation (CALLCOV_DATA).")]
Model = Annotated[
    str | None, typer.Option("--model", help="Recogniser: base, tiny.en, a faster-whisper folder or a hub name.")
]
Workers = Annotated[int | None, typer.Option("--workers", help="Child processes that transcribe; default one a core.")]
Account = Annotated[str, typer.Option("--user", help="Mail address of the account.")]


def settings(**given: object) -> Config:
    """The settings, with what was given on the command line; logging goes where they say. Raises BadSetting."""
    config = read(os.environ, **given)
    log_to(sys.stderr, config.log_level)
    return config


def log_to(stream: TextIO, level: Literal["debug", "info", "warning", "error"]) -> None:
    """Log to that stream what is at least so important, what libraries say with it."""
    least = {"debug": 10, "info": 20, "warning": 30, "error": 40}[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(stream),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    if not any(isinstance(one, _PassedOn) for one in root.handlers):
        root.addHandler(_PassedOn())


class _PassedOn(logging.Handler):
    """What the libraries log, warnings and worse, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it under the name of its logger."""
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        structlog.stdlib.get_logger().log(level, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _renderers(stream: TextIO) -> list[structlog.typing.Processor]:
    """Lines for a person at a terminal, JSON for everything else; never local variables: they may be what was said."""
    if stream.isatty():
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer()]


def opened(config: Config, vault: Vault | None = None, *, begins: bool = False) -> AbstractContextManager[Database]:
    """The installation that the settings name, as `folder.installation`. Raises BadSetting.

    And when there is none, but for who `begins` one: a folder that is not the server's would soon hold one beside it.
    """
    if not begins and config.database is None and not (config.data / DATABASE).exists():
        raise BadSetting(f"There is no installation in {config.data}; `callcov users create` begins one.")
    return installation(config.data, vault, shown(config.database))


def secret_of(config: Config) -> bytes:
    """The installation's secret, made when there is none yet. Raises BadSetting."""
    return load_secret(config.data, shown(config.secret), shown(config.secret_old))


def account_id(database: Database, email: str) -> str:
    """The id of the account with that address. Raises BadSetting."""
    with database.read() as connection:
        found = users.find(connection, email)
    if found is None:
        raise BadSetting(f"There is no account {email}; make it with `callcov users create {email}`.")
    return found.id


def by_operator(action: str, object_type: str, object_id: str, livemode: bool | None = None) -> Entry:  # noqa: FBT001 - as in the store
    """An entry for the audit log about something done from the command line, now."""
    return Entry(OPERATOR, action, object_type, object_id, datetime.now(UTC), livemode=livemode)
