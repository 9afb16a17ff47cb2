"""The command line. Results go to standard output, everything else to standard error.

Exit codes: 0 all went well · 1 a recording could not be analysed · 2 wrong usage, setting, policy or file name ·
3 a model is missing, altered or cannot be fetched · 130 interrupted.
"""

import os
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import structlog
import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

import callcov
from callcov.auth import keys as credentials
from callcov.auth.secret import load_secret
from callcov.checks import policy
from callcov.config import Config, read, shown
from callcov.errors import BadPolicy, BadSetting, CallcovError, ModelAltered, ModelMissing, ModelUnavailable
from callcov.models.catalogue import CATALOGUE
from callcov.store import keys, policies, users
from callcov.store.db import Database
from callcov.store.folder import installation

FAILED, USAGE, MODELS = 1, 2, 3

cli = typer.Typer(
    name="callcov",
    help="Listens to every call: transcript, sixteen verdicts with the words that prove them, on your own machine.",
    epilog="Every setting is also a variable CALLCOV_<NAME>. Exit codes: 0 well, 1 a recording failed, 2 wrong usage, "
    "3 models, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
users_cli = typer.Typer(help="Make accounts.", no_args_is_help=True)
keys_cli = typer.Typer(help="Make API keys.", no_args_is_help=True)
models_cli = typer.Typer(help="The files of the models: fetch, verify, list.", no_args_is_help=True)
policy_cli = typer.Typer(help="What calls are judged by: show, check, set.", no_args_is_help=True)
cli.add_typer(users_cli, name="users")
cli.add_typer(keys_cli, name="keys")
cli.add_typer(models_cli, name="models")
cli.add_typer(policy_cli, name="policy")

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the installation (CALLCOV_DATA).")]
Model = Annotated[
    str | None, typer.Option("--model", help="Recogniser: base, tiny.en, a faster-whisper folder or a hub name.")
]
Workers = Annotated[int | None, typer.Option("--workers", help="Child processes that transcribe; default one a core.")]
Files = Annotated[
    list[Path], typer.Argument(help="Recordings.", metavar="FILES...", exists=True, dir_okay=False, readable=True)
]
AgentChannel = Annotated[int | None, typer.Option(help="Channel the agent is on, 0 or 1.", min=0, max=1)]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Policy to judge by, JSON or YAML.", exists=True, dir_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print analysis objects even to a terminal.")]
Out = Annotated[
    Path | None, typer.Option(help="Write DIR/<name>.json instead of printing.", file_okay=False, metavar="DIR")
]
AgentId = Annotated[str, typer.Option(help="Id of the agent, kept in the object.")]
ContactId = Annotated[str, typer.Option(help="Id of the customer, kept in the object.")]
Direction = Annotated[policy.Direction | None, typer.Option(help="Who called: inbound is the customer.")]
Language = Annotated[str | None, typer.Option(help="ISO 639-1 code of what is spoken; default: find out.")]
Account = Annotated[str, typer.Option("--user", help="Mail address of the account.")]
screen = Console(stderr=True)


@cli.command("serve", epilog="Example: callcov serve --port 8000 --data /srv/callcov")
def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    data: Data = None,
    model: Model = None,
    workers: Workers = None,
) -> None:
    """Serve the API and analyse what it accepts, until interrupted. Prints its address on standard output."""
    from callcov.serve import serve  # noqa: PLC0415 loads the engines; no other command should wait for that

    config = _config(data=data, model=model, workers=workers)
    command = "callcov" if shutil.which("callcov") else sys.argv[0]
    folder = "" if config.data == _config().data else f" --data {config.data}"

    def ready(address: str) -> None:
        typer.echo(f"CallCov {callcov.__version__} serves {address}")
        typer.echo(f"Documentation: {address}/docs", err=True)
        typer.echo(
            f"To make a key: {command} users create you@example.com{folder} && "
            f"{command} keys create --user you@example.com{folder}",
            err=True,
        )

    serve(config, host, port, ready)


@cli.command("analyze", epilog="Example: callcov analyze call.wav --agent-channel 0 --json > call.json")
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
    from callcov.analyze import About, analyze  # noqa: PLC0415 the same

    if as_json and out:
        raise typer.BadParameter("give --json or --out, not both")
    targets = _targets(files, out)
    judged_by = policy.load(policy_file.read_bytes()) if policy_file else policy.DEFAULT
    about = About(judged_by, agent_id, contact_id, agent_channel, direction, language)
    with _bars(files) as told:
        analysed = analyze(_config(model=model, workers=workers), files, about, told)
    for analysis, target in zip(analysed, targets, strict=True):
        _give(analysis, target, as_json=as_json)
    failed = [one for one in zip(files, analysed, strict=True) if one[1]["status"] != "completed"]
    for file, analysis in failed:
        typer.echo(f"{file}: {analysis['metadata']['error_message']}", err=True)
    if failed:
        raise typer.Exit(FAILED)


@users_cli.command("create", epilog="Example: callcov users create qa@example.com")
def users_create(email: Annotated[str, typer.Argument(help="Mail address of the account.")], data: Data = None) -> None:
    """Make a verified account and print its id."""
    with installation(_config(data=data).data) as database, database.write() as connection:
        user = users.create(connection, email, datetime.now(UTC))
    typer.echo(user.id)


@keys_cli.command("create", epilog="Example: callcov keys create --user qa@example.com --test")
def keys_create(
    user: Account,
    test: Annotated[bool, typer.Option("--test", help="A key for test analyses only.")] = False,
    description: Annotated[str | None, typer.Option(help="What the key is for.")] = None,
    data: Data = None,
) -> None:
    """Make an API key and print it; it is shown this once and kept only as a keyed hash."""
    config = _config(data=data)
    with installation(config.data) as database:
        secret = load_secret(config.data, shown(config.secret))
        key, owner = credentials.new_key(livemode=not test), _account(database, user)
        with database.write() as connection:
            keys.create(
                connection,
                owner,
                livemode=not test,
                key_hash=credentials.hash_key(secret, key),
                prefix=key[:14],
                description=description,
                now=datetime.now(UTC),
            )
    typer.echo(key)


@policy_cli.command("show", epilog="Example: callcov policy show collections > policy.yaml")
def policy_show(
    name: Annotated[
        str | None, typer.Argument(help="A ready-made one: default, collections, payments, health.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="The account whose policy is shown.")] = None,
    data: Data = None,
) -> None:
    """Print a policy as YAML: an account's, or a ready-made one with its sources; the default when none is named."""
    if name and user:
        raise typer.BadParameter("give a name or --user, not both")
    if user is None:
        typer.echo(policy.ready_made_text(name or "default"), nl=False)
        return
    with installation(_config(data=data).data) as database:
        owner = _account(database, user)
        with database.read() as connection:
            found = policies.current(connection, owner)
    typer.echo(yaml.safe_dump(found.model_dump(mode="json"), allow_unicode=True, sort_keys=False, width=110), nl=False)


@policy_cli.command("check", epilog="Example: callcov policy check policy.yaml")
def policy_check(
    file: Annotated[Path, typer.Argument(help="The policy, JSON or YAML.", exists=True, dir_okay=False)],
) -> None:
    """Say whether a file is a policy, and if not, where it is wrong and why."""
    found = policy.load(file.read_bytes())
    typer.echo(f"A policy with {len(found.disclosures)} disclosures and {len(found.prohibited)} prohibited phrases.")


@policy_cli.command("set", epilog="Example: callcov policy set --user qa@example.com collections")
def policy_set(
    source: Annotated[str, typer.Argument(help="A file, JSON or YAML, or the name of a ready-made one.")],
    user: Account,
    data: Data = None,
) -> None:
    """Make a policy the account's and print its version. Completed calls stay as judged: see `callcov rejudge`."""
    if source not in policy.READY_MADE and not Path(source).is_file():
        raise BadSetting(f"There is no file {source}, and no ready-made policy of that name.")
    found = policy.ready_made(source) if source in policy.READY_MADE else policy.load(Path(source).read_bytes())
    with installation(_config(data=data).data) as database:
        owner = _account(database, user)
        with database.write() as connection:
            new = policies.put(connection, owner, found, datetime.now(UTC))
    typer.echo(new.version)


@cli.command("rejudge", epilog="Example: callcov rejudge --user qa@example.com --all")
def rejudge_command(
    user: Account,
    ids: Annotated[list[str] | None, typer.Argument(help="Completed analyses.", metavar="[ID...]")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every completed analysis of the account.")] = False,
    test: Annotated[bool, typer.Option("--test", help="The test analyses instead of the live ones.")] = False,
    data: Data = None,
) -> None:
    """Judge completed analyses again by the account's policy, without their sound; no webhook is sent.

    Prints a line for each field that changed: its name, how many calls are flagged now, how many no longer, and the
    ids of up to five of them.
    """
    from callcov.rejudge import Owner, Tally  # noqa: PLC0415 the same
    from callcov.serve import judging_again  # noqa: PLC0415 the same

    if every == bool(ids):
        raise typer.BadParameter("give ids or --all")
    config, tally, now = _config(data=data), Tally(), datetime.now(UTC)
    with installation(config.data) as database, judging_again(config, database) as judges:
        owner = Owner(_account(database, user), livemode=not test)
        for one in ids or ():
            judges.one(owner, one, now, tally=tally)
        for _ in judges.account(owner, now, tally) if every else ():
            typer.echo(f"{tally.calls} judged", err=True)
    for name, moved in tally.changed().items():
        typer.echo("\t".join(map(str, (name, moved["to_flagged"], moved["to_clear"], *moved["examples"]))))


@models_cli.command("fetch", epilog="Example: callcov models fetch --from /media/usb/models")
def models_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Models to fetch; default all.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A folder that holds the files, for machines without a network.")
    ] = None,
) -> None:
    """Fetch the models' files and verify them; what is there and right is left alone."""
    from callcov.models.fetch import fetch  # noqa: PLC0415 the same

    config = _config()
    fetch(config.models, names or [model.name for model in CATALOGUE], source, lambda line: typer.echo(line, err=True))


@models_cli.command("list", epilog="Example: callcov models list")
def models_list() -> None:
    """Print name, megabytes, licence and kind of every model of the catalogue."""
    for model in CATALOGUE:
        size = sum(file.size for file in model.files) / 1e6
        typer.echo(f"{model.name}\t{size:.0f} MB\t{model.licence}\t{model.kind}")


def main() -> None:
    """Run the command line; turns our own errors into one sentence and an exit code."""
    try:
        cli(standalone_mode=True)
    except (ModelMissing, ModelAltered, ModelUnavailable) as error:
        _end(error, MODELS)
    except (BadSetting, BadPolicy) as error:
        _end(error, USAGE)
    except CallcovError as error:
        _end(error, FAILED)


def _account(database: Database, email: str) -> str:
    """The id of the account with that address. Raises BadSetting."""
    with database.read() as connection:
        found = users.find(connection, email)
    if found is None:
        raise BadSetting(f"There is no account {email}; make it with `callcov users create {email}`.")
    return found.id


def _end(error: CallcovError, code: int) -> None:
    typer.echo(f"callcov: {error}", err=True)
    sys.exit(code)


def _config(**given: object) -> Config:
    config = read(os.environ, **given)
    level = {"debug": 10, "info": 20, "warning": 30, "error": 40}[config.log_level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    return config


def _renderers() -> list[structlog.typing.Processor]:
    """Lines for a person at a terminal, JSON for everything else; never local variables: they may be what was said."""
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer()]


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


def _give(analysis: dict[str, Any], target: Path | None, *, as_json: bool) -> None:
    if target is not None:
        target.write_bytes(orjson.dumps(analysis, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    elif as_json or not sys.stdout.isatty():
        typer.echo(orjson.dumps(analysis).decode())
    else:
        from callcov.report import page  # noqa: PLC0415 the same

        Console().print(page(analysis), "")


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
