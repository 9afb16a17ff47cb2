"""`callcov analyze`."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from callcov.checks import policy
from callcov.cli.common import Model, Workers, settings

FAILED = 1
"""Exit code when a recording could not be analysed."""

Files = Annotated[
    list[Path], typer.Argument(help="Recordings.", metavar="FILES...", exists=True, dir_okay=False, readable=True)
]
AgentChannel = Annotated[int | None, typer.Option(help="Channel the agent is on, 0 or 1.", min=0, max=1)]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Policy to judge by, JSON or YAML.", exists=True, dir_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print analysis objects even to a terminal.")]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Write DIR/<name>.json, each as soon as it is done, instead of printing.", file_okay=False, metavar="DIR"
    ),
]
AgentId = Annotated[str, typer.Option(help="Id of the agent, kept in the object.")]
ContactId = Annotated[str, typer.Option(help="Id of the customer, kept in the object.")]
Direction = Annotated[policy.Direction | None, typer.Option(help="Who called: inbound is the customer.")]
Language = Annotated[str | None, typer.Option(help="ISO 639-1 code of what is spoken; default: find out.")]
screen = Console(stderr=True)


def analyze_command(
    files: Files,
    agent_channel: AgentChannel = None,
    policy_file: PolicyFile = None,
    as_json: AsJson = False,
    out: Out = None,
    agent_id: AgentId = "agent",
    contact_id: ContactId = "contact",
    direction: Direction = None,
    language: Language = None,
    model: Model = None,
    workers: Workers = None,
) -> None:
    """Analyse recordings without a server.

    One file gives its analysis object, several give one object a line; on a terminal a readable page is shown instead.
    """
    if as_json and out:
        raise typer.BadParameter("give --json or --out, not both")
    spoken = None if language is None else _language(language)
    from callcov.analyze import About, analyze  # noqa: PLC0415 - loads the engines; wrong options are refused before

    targets = _targets(files, out)
    judged_by = policy.load(policy_file.read_bytes()) if policy_file else policy.DEFAULT
    about = About(judged_by, agent_id, contact_id, agent_channel, direction, spoken)
    analysed: dict[int, dict[str, Any]] = {}

    def done(place: int, analysis: dict[str, Any]) -> None:
        analysed[place] = analysis
        if target := targets[place]:
            target.write_bytes(orjson.dumps(analysis, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    try:
        with _bars(files) as told:
            analyze(settings(model=model, workers=workers), files, about, told, done)
    finally:  # also what was done before Ctrl-C
        for place in () if out else sorted(analysed):
            _show(analysed[place], judged_by, as_json=as_json)
    _end(files, analysed)


def _end(files: list[Path], analysed: dict[int, dict[str, Any]]) -> None:
    """Say which files could not be analysed, and why; the exit code tells it too."""
    failed = [place for place in sorted(analysed) if analysed[place]["status"] != "completed"]
    for place in failed:
        typer.echo(f"{files[place]}: {analysed[place]['metadata']['error_message']}", err=True)
    if failed:
        raise typer.Exit(FAILED)


def _language(code: str) -> str:
    """As the API takes it."""
    from callcov.api import submission  # noqa: PLC0415 - loads the web framework, which only a named language needs

    found = submission.language(code)
    if found is None:
        raise typer.BadParameter(submission.UNKNOWN_LANGUAGE, param_hint="--language")
    return found


def _targets(files: list[Path], out: Path | None) -> list[Path | None]:
    """Where each file's object is written, None for standard output. Refuses two files of one name."""
    if out is None:
        return [None] * len(files)
    targets = [out / f"{file.stem}.json" for file in files]
    twice = sorted({str(target) for target in targets if targets.count(target) > 1})
    if twice:
        raise typer.BadParameter(f"two inputs would both be written to {twice[0]}; rename one", param_hint="FILES")
    out.mkdir(parents=True, exist_ok=True)
    return [*targets]


def _show(analysis: dict[str, Any], judged_by: policy.Policy, *, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        typer.echo(orjson.dumps(analysis).decode())
    else:
        from callcov.report import page  # noqa: PLC0415 the same

        Console().print(page(analysis, judged_by), "")


@contextmanager
def _bars(files: list[Path]) -> Generator[Callable[[Path, str, float], None]]:
    """A bar a file on standard error, with its stage."""
    shares = {name: place for place, name in enumerate(("transcribing", "speakers", "understanding", "judging"))}
    columns = [TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[stage]}"), TimeElapsedColumn()]
    with Progress(*columns, console=screen) as progress:
        bars: dict[Path, TaskID] = {file: progress.add_task(file.name, total=1.0, stage="waiting") for file in files}

        def told(file: Path, stage: str, share: float) -> None:
            # Transcribing is nearly all of the time; the three short stages share the last tenth.
            done = 0.9 * share if shares.get(stage) == 0 else 0.9 + 0.03 * (shares.get(stage, 4) - 1)
            progress.update(bars[file], completed=1.0 if stage == "done" else done, stage=stage)

        yield told
