"""The commands for whoever answers for the recordings: audit log, legal hold, erasure, the key that encrypts."""

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Annotated

import typer

from callcov.cli.common import Account, Data, account_id, by_operator, opened, settings
from callcov.errors import BadSetting, Conflict, NotFound
from callcov.store import audit, retention
from callcov.store.analyses import Analysis
from callcov.store.audit import Wanted
from callcov.store.blobs import open_blobs
from callcov.store.erasure import erase
from callcov.store.folder import blobs_url, keys_folder
from callcov.store.sealed import rotate

_KEPT = 1
_PAGE = 1000

Ids = Annotated[list[str], typer.Argument(help="Analyses.", metavar="ID...")]

hold_cli = typer.Typer(help="Legal hold: what may not be deleted.", no_args_is_help=True)


def audit_command(
    user: Account,
    about: Annotated[str | None, typer.Option("--object", help="Only what was done to this object.")] = None,
    limit: Annotated[int | None, typer.Option(help="Maximum number of lines; default all.", min=1)] = None,
    test: Annotated[bool, typer.Option("--test", help="What was done to test analyses instead of the rest.")] = False,
    data: Data = None,
) -> None:
    """Print the account's audit log, newest first: time, who, action, object, its id, address, outcome, with tabs."""
    with opened(settings(data=data)) as database:
        owner, after, left = account_id(database, user), None, limit
        while left is None or left > 0:
            with database.read() as connection:
                wanted = Wanted(about, starting_after=after)
                most = _PAGE if left is None else min(left, _PAGE)
                lines, more = audit.page(connection, owner, not test, wanted, most)
            for line in lines:
                shown = (line.at, line.who, line.action, line.object_type, line.object_id, line.address, line.outcome)
                typer.echo("\t".join(part or "-" for part in shown))
            if not more:
                break
            after, left = lines[-1].id, None if left is None else left - len(lines)


@hold_cli.command("set", epilog="Example: callcov hold set --user qa@example.com 0193a1b2-...")
def hold_set(user: Account, ids: Ids, data: Data = None) -> None:
    """Keep analyses from being deleted, by whomever, until the hold is released. One unknown id changes nothing."""
    with opened(settings(data=data)) as database:
        owner = account_id(database, user)
        with database.write() as connection:
            for row in retention.hold(connection, owner, ids, datetime.now(UTC)):
                audit.write(connection, owner, by_operator("hold.set", "analysis", row.id, row.livemode))


@hold_cli.command("release", epilog="Example: callcov hold release --user qa@example.com 0193a1b2-...")
def hold_release(user: Account, ids: Ids, data: Data = None) -> None:
    """Let analyses be deleted again, by their account and by retention. One unknown id changes nothing."""
    with opened(settings(data=data)) as database:
        owner = account_id(database, user)
        with database.write() as connection:
            for row in retention.release(connection, owner, ids):
                audit.write(connection, owner, by_operator("hold.release", "analysis", row.id, row.livemode))


def erase_command(
    user: Account,
    contact_id: Annotated[str, typer.Argument(help="The contact_id of the recordings, exactly as submitted.")],
    data: Data = None,
) -> None:
    """Delete every analysis of one contact, live and test, with sound and documents; prints the ids that are gone.

    Those under legal hold are named on standard error and kept; then the exit code is 1.
    """
    config = settings(data=data)
    blobs = open_blobs(blobs_url(config.data))
    kept: list[str] = []
    with opened(config) as database:
        owner = account_id(database, user)
        with database.read() as connection:
            found = retention.of_contact(connection, owner, contact_id)
        for row in found:
            entry = by_operator("analysis.erase", "analysis", row.id)
            try:
                erase(database, blobs, None, owner, row.livemode, row.id, entry)
            except NotFound:
                continue  # deleted by somebody else in this instant
            except Conflict:
                kept.append(row.id)
            else:
                typer.echo(row.id)
        database.scrub()
    _tell(found, kept)


def _tell(found: tuple[Analysis, ...], kept: list[str]) -> None:
    if not found:
        typer.echo("There is no analysis of that contact.", err=True)
    for one in kept:
        typer.echo(f"{one} is under legal hold and was kept.", err=True)
    if kept:
        raise typer.Exit(_KEPT)


def rotate_key(data: Data = None) -> None:
    """Put the data keys under the master key CALLCOV_NEW_MASTER_KEY in place of CALLCOV_MASTER_KEY; prints how many.

    No server may be running. What is stored is not written anew. Cut off, it is run again with the same two keys.
    """
    from callcov.serve import only_one  # noqa: PLC0415 loads the engines; no other command should wait for that

    config = settings(data=data)
    if config.master_key is None or config.new_master_key is None:
        raise BadSetting("Set CALLCOV_MASTER_KEY to the key of now and CALLCOV_NEW_MASTER_KEY to the one to come.")
    with ExitStack() as stack:
        stack.enter_context(opened(config))
        only_one(stack, config.data)
        both = config.master_key.get_secret_value(), config.new_master_key.get_secret_value()
        typer.echo(rotate(keys_folder(config.data), *both))
