"""`callcov policy`: what calls are judged by."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml

from callcov.checks import policy
from callcov.cli.common import Account, Data, account_id, by_operator, opened, settings
from callcov.errors import BadSetting
from callcov.store import audit, policies, turns

policy_cli = typer.Typer(help="What calls are judged by: show, check, set.", no_args_is_help=True)


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
    with opened(settings(data=data)) as database:
        owner = account_id(database, user)
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
    with opened(settings(data=data)) as database:
        owner = account_id(database, user)
        with database.write() as connection:
            turns.take(connection, owner)
            before = policies.current(connection, owner).version
            new = policies.put(connection, owner, found, datetime.now(UTC))
            if new.version != before:
                audit.write(connection, owner, by_operator("policy.set", "policy", str(new.version)))
    typer.echo(new.version)
