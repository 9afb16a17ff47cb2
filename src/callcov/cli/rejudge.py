"""`callcov rejudge`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from callcov.api.fields import as_made
from callcov.cli.common import Account, Data, account_id, opened, settings


def rejudge_command(
    user: Account,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Completed analyses.", metavar="[ID...]", parser=as_made)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every completed analysis of the account.")] = False,
    test: Annotated[bool, typer.Option("--test", help="The test analyses instead of the live ones.")] = False,
    data: Data = None,
) -> None:
    """Judge completed analyses again by the account's policy, without their sound; no webhook is sent.

    Prints a line for each field that changed: its name, how many calls are flagged now, how many no longer, and the
    ids of up to five of them.
    """
    from callcov.rejudge import Owner, Tally  # noqa: PLC0415 the same
    from callcov.serve import judging_again, vault  # noqa: PLC0415 the same

    if every == bool(ids):
        raise typer.BadParameter("give ids or --all")
    config, tally, now = settings(data=data), Tally(), datetime.now(UTC)
    with opened(config, vault(config)) as database, judging_again(config, database) as judges:
        owner = Owner(account_id(database, user), livemode=not test)
        try:
            for one in ids or ():
                judges.one(owner, one, now, tally=tally)
            for _ in judges.account(owner, now, tally) if every else ():
                typer.echo(f"{tally.calls} judged", err=True)
        finally:  # what was judged before one that cannot be is stored: judging it again tells of no change
            for name, moved in tally.changed().items():
                typer.echo("\t".join(map(str, (name, moved["to_flagged"], moved["to_clear"], *moved["examples"]))))
