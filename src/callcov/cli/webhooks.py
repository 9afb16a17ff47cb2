"""`callcov webhooks`: the secret that signs an account's webhooks, for whoever runs the server."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from callcov.cli.common import Account, Data, account_id, by_operator, opened, settings
from callcov.store import audit, webhooks

webhooks_cli = typer.Typer(help="Webhooks: the secret that signs them.", no_args_is_help=True)


@webhooks_cli.callback()
def _webhooks() -> None:
    """Keep `secret` a command of its own, though it is the only one."""


@webhooks_cli.command("secret", epilog="Example: callcov webhooks secret --user qa@example.com")
def webhooks_secret(
    user: Account,
    rotate: Annotated[bool, typer.Option("--rotate", help="Change it first; the old one signs too for 24 h.")] = False,
    data: Data = None,
) -> None:
    """Print the secret that a receiver checks the signatures of the account's webhooks with."""
    with opened(settings(data=data)) as database:
        owner = account_id(database, user)
        with database.write() as connection:
            asked, action = (webhooks.rotate, "rotate") if rotate else (webhooks.secrets_of, "read")
            found = asked(connection, owner, datetime.now(UTC))
            audit.write(connection, owner, by_operator(f"webhook_secret.{action}", "webhook_secret", owner))
    typer.echo(found.current)
