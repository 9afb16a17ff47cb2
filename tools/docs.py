"""The reference pages of docs/, written from the code: results, errors, settings, commands.

usage: docs.py [--check]     --check writes nothing and fails when a page is out of date
"""

import dataclasses
import importlib
import inspect
import sys
from pathlib import Path

import click
import typer.main

from callcov import errors
from callcov.api.errors import answer
from callcov.checks import steps, summary
from callcov.checks.groups import Compliance, Quality
from callcov.checks.policy import Policy, Thresholds
from callcov.checks.rules import Rules
from callcov.cli import cli
from callcov.config import PREFIX, Config

ROOT = Path(__file__).resolve().parents[1]
GENERATED = "<!-- written by tools/docs.py from the code; change it there and run `make docs` -->\n\n"
INTRODUCTION = (
    "Times are seconds from the start of the recording. Evidence is `{segment, start, end, speaker, text}` and points "
    "at the words. The limits in the last table are the policy's and can be changed, others are fixed (behind a "
    "check's limit stands the policy's name for it, if it has one); what follows are the rules as the checks apply "
    "them.\n"
)
FIELDS = {
    "compliance": tuple(Compliance.model_fields),
    "quality": tuple(Quality.model_fields),
    "coaching": ("recommendations", "customer_effort_score"),
}


def results() -> str:
    parts = [
        "# The sixteen requirements and the summary\n\n",
        GENERATED,
        INTRODUCTION,
    ]
    for group, names in FIELDS.items():
        parts.append(f"\n## {group}\n")
        for name in names:
            module = importlib.import_module(f"callcov.checks.{group}.{name}")
            parts.append(f"\n### `{group}.{name}`\n\n{inspect.getdoc(module)}\n{_limits(name)}")
    parts.append(
        f"\n## summary\n\n{inspect.getdoc(summary)}\n\n### Which sentences are next steps\n\n{inspect.getdoc(steps)}\n"
    )
    parts.append("\n## Limits and their defaults\n\n| limit | default |\n|---|---|\n")
    parts += [f"| `{name}` | {value} |\n" for name, value in Thresholds().model_dump().items()]
    return "".join(parts)


def _limits(name: str) -> str:
    """The numbers a check's rules have, and what the policy calls those that are the policy's; nothing for none."""
    policy = Policy()
    rules = getattr(Rules.of(policy, None), name, None)
    if rules is None:
        return ""
    numbers = {key: value for key, value in dataclasses.asdict(rules).items() if isinstance(value, int | float)}
    called = {}
    for threshold, value in policy.thresholds.model_dump().items():
        other = policy.model_copy(update={"thresholds": policy.thresholds.model_copy(update={threshold: value / 2})})
        moved = dataclasses.asdict(getattr(Rules.of(other, None), name))
        called |= {key: threshold for key in numbers if moved[key] != numbers[key]}
    shown = [f"`{key}` {value:g}{f' (`{called[key]}`)' if key in called else ''}" for key, value in numbers.items()]
    return f"\nLimits: {', '.join(shown)}.\n" if shown else ""


def failures() -> str:
    rows = []
    for name, error in inspect.getmembers(errors, inspect.isclass):
        if issubclass(error, errors.CallcovError) and error is not errors.CallcovError:
            status = answer(error("")).status_code
            rows.append(f"| `{name}` | {status} | {' '.join(inspect.getdoc(error).split())} |\n")
    return (
        "# Errors\n\n"
        + GENERATED
        + 'The API answers `{"detail": "one sentence"}`, for 422 a list of `{loc, msg, type}` (query) or '
        "`{type, loc, msg, input}` (body). The command line prints the sentence; its exit codes are in "
        "[commands.md](commands.md). Every answer carries `X-Request-ID`, and so "
        "does the log line about it. 500 is the server's fault, not the request's: most of these stop a start, an "
        "analysis or a delivery, and only judging again and reading what is stored can answer with one.\n\n"
        "| error | HTTP | what happened |\n|---|---|---|\n" + "".join(rows)
    )


def settings() -> str:
    rows = []
    for name, field in Config.model_fields.items():
        default = "" if field.default in (None, ()) or field.default_factory else f"`{field.default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |\n")
    return (
        "# Settings\n\n"
        + GENERATED
        + "Environment variables; the command line wins over them. A misspelt or unusable one stops the program.\n\n"
        "| variable | default | meaning |\n|---|---|---|\n" + "".join(rows)
    )


def commands() -> str:
    parts = ["# Commands\n\n", GENERATED, inspect.getdoc(importlib.import_module("callcov.cli")) or "", "\n"]
    parts += _help(typer.main.get_command(cli), click.Context(typer.main.get_command(cli), info_name="callcov"))
    return "".join(parts)


def _help(command: click.Command, context: click.Context) -> list[str]:
    context.max_content_width = context.terminal_width = 110
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    parts = [f"\n## `{context.command_path}`\n\n```text\n{text}\n```\n"]
    for name, child in getattr(command, "commands", {}).items():
        parts += _help(child, click.Context(child, info_name=name, parent=context))
    return parts


PAGES = {"results.md": results, "errors.md": failures, "settings.md": settings, "commands.md": commands}


def main() -> None:
    stale = []
    for name, page in PAGES.items():
        path, text = ROOT / "docs" / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if "--check" in sys.argv and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run `make docs`")
    print(f"docs: {', '.join(stale) or 'nothing'} {'out of date' if '--check' in sys.argv else 'written'}")


if __name__ == "__main__":
    main()
