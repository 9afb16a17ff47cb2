"""The commands for whoever answers for the recordings: audit log, legal hold, erasure, the key that encrypts."""

import shutil
from collections.abc import Generator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from callcov.api.fields import as_made
from callcov.cli.common import Account, Data, account_id, by_operator, opened, settings
from callcov.config import shown
from callcov.errors import BadSetting, Conflict
from callcov.store import audit, retention, users
from callcov.store.analyses import Analysis
from callcov.store.audit import Wanted
from callcov.store.blobs import Blobs, open_blobs
from callcov.store.db import Database
from callcov.store.erasure import erase_each
from callcov.store.folder import blobs_url, keys_folder, vault_of
from callcov.store.sealed import forget_key, rotate

_KEPT = 1
_PAGE = 1000
_AT_ONCE = 100

Ids = Annotated[list[str], typer.Argument(help="Analyses.", metavar="ID...", parser=as_made)]

hold_cli = typer.Typer(help="Legal hold: what may not be deleted.", no_args_is_help=True)


def audit_command(
    user: Account,
    about: Annotated[
        str | None, typer.Option("--object", help="Only what was done to this object.", metavar="ID", parser=as_made)
    ] = None,
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
            if about and after is None and not lines:
                typer.echo(f"Nothing is logged about an object {about}.", err=True)
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
    contact_id: Annotated[
        str | None, typer.Argument(help="The contact_id of the recordings, exactly as submitted.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every analysis instead, and then the account itself.")
    ] = False,
    data: Data = None,
) -> None:
    """Delete every analysis of one contact, live and test, with sound and documents; prints the ids that are gone.

    With --all every analysis of the account. Then the account is closed, and its email, phone number, password,
    policies and lists are removed; last its data key, without which no copy of what was stored encrypted can be read.
    Analyses under legal hold are named on standard error and kept, and so is the account; then the exit code is 1.
    """
    if (contact_id is None) is not everything:
        raise typer.BadParameter("give a CONTACT_ID, or --all", param_hint="CONTACT_ID")
    config = settings(data=data)
    with opened(config) as database:
        owner = account_id(database, user)
        if everything:
            with database.write() as connection:
                users.deactivate(connection, owner, datetime.now(UTC))
        blobs, found, kept = open_blobs(blobs_url(config.data)), 0, 0
        for rows in _to_erase(database, owner, contact_id):
            found += len(rows)
            kept += _erased(database, blobs, rows)
        if everything and not kept:
            _forget(config.data, database, owner)
        database.scrub()
    if not found and not everything:
        typer.echo("There is no analysis of that contact.", err=True)
    if kept:
        raise typer.Exit(_KEPT)


def _to_erase(database: Database, owner: str, contact_id: str | None) -> Generator[tuple[Analysis, ...]]:
    """The analyses of a contact, or with None of the account, some at a time: an account may have millions."""
    for livemode in (True, False):
        after = ""
        while True:
            with database.read() as connection:
                rows = retention.to_erase(connection, owner, livemode, contact_id, after, _AT_ONCE)
            if not rows:
                break
            yield rows
            after = rows[-1].id


def _erased(database: Database, blobs: Blobs, rows: tuple[Analysis, ...]) -> int:
    """Delete them, each told; how many are under legal hold and were kept."""
    kept = 0
    for row, refused in erase_each(database, blobs, None, rows, by_operator("analysis.erase", "analysis", "")):
        if refused is None:
            typer.echo(row.id)
        elif isinstance(refused, Conflict):
            typer.echo(f"{row.id} is under legal hold and was kept.", err=True)
            kept += 1  # one that is not found was deleted by somebody else in this instant
    return kept


def _forget(folder: Path, database: Database, owner: str) -> None:
    """Remove what is left of an account without analyses; its data key last, when nothing can be written with it."""
    with database.write() as connection:
        users.erase(connection, owner, datetime.now(UTC))
        audit.write(connection, owner, by_operator("user.erase", "user", owner))
    if database.feed_folder:
        shutil.rmtree(database.feed_folder / owner, ignore_errors=True)
    forget_key(keys_folder(folder), owner)


def encrypt_command(data: Data = None) -> None:
    """Encrypt what was stored before there was a master key, for each account under its own data key; prints how much.

    No server may be running. Cut off, it is run again and goes on. What a killed server left of analyses that are gone
    is removed.
    """
    from callcov.sealing import encrypt  # noqa: PLC0415 loads the engines; no other command should wait for that
    from callcov.serve import only_one  # noqa: PLC0415 the same

    config = settings(data=data)
    vault = vault_of(config.data, shown(config.master_key))
    if vault is None:
        raise BadSetting("Set CALLCOV_MASTER_KEY to the key that is to encrypt; `openssl rand -hex 32` makes one.")
    with ExitStack() as stack:
        database = stack.enter_context(opened(config, vault))
        only_one(stack, config.data, database)
        done = encrypt(database, open_blobs(blobs_url(config.data), vault))
        if not database.scrub():
            typer.echo("The database's log is in use; run this again when nothing reads the database.", err=True)
            raise typer.Exit(_KEPT)
    typer.echo(f"{done.texts} texts and {done.objects} objects encrypted, {done.removed} that were nobody's removed")


def rotate_key(data: Data = None) -> None:
    """Put the data keys under the master key CALLCOV_NEW_MASTER_KEY in place of CALLCOV_MASTER_KEY; prints how many.

    No server may be running. What is stored is not written anew. Cut off, it is run again with the same two keys.
    """
    from callcov.serve import only_one  # noqa: PLC0415 loads the engines; no other command should wait for that

    config = settings(data=data)
    if config.master_key is None or config.new_master_key is None:
        raise BadSetting("Set CALLCOV_MASTER_KEY to the key of now and CALLCOV_NEW_MASTER_KEY to the one to come.")
    with ExitStack() as stack:
        only_one(stack, config.data, stack.enter_context(opened(config)))
        both = config.master_key.get_secret_value(), config.new_master_key.get_secret_value()
        typer.echo(rotate(keys_folder(config.data), *both))
