"""`callcov keys`: API keys, for whoever runs the server."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from callcov.api.fields import as_made
from callcov.auth import keys as credentials
from callcov.cli.common import Account, Data, account_id, by_operator, opened, secret_of, settings
from callcov.store import audit, keys

keys_cli = typer.Typer(help="API keys: create, list, expire.", no_args_is_help=True)


@keys_cli.command("create", epilog="Example: callcov keys create --user qa@example.com --test")
def keys_create(
    user: Account,
    test: Annotated[bool, typer.Option("--test", help="A key for test analyses only.")] = False,
    description: Annotated[str | None, typer.Option(help="What the key is for.")] = None,
    data: Data = None,
) -> None:
    """Make an API key and print it; it is shown this once and kept only as a keyed hash. Ten can be active."""
    config = settings(data=data)
    with opened(config) as database:
        secret = secret_of(config)
        key, owner = credentials.new_key(livemode=not test), account_id(database, user)
        with database.write() as connection:
            made = keys.create(
                connection,
                owner,
                livemode=not test,
                key_hash=credentials.hash_key(secret, key),
                prefix=key[: credentials.PREFIX_LENGTH],
                description=description,
                now=datetime.now(UTC),
            )
            audit.write(connection, owner, by_operator("key.create", "api_key", made.id))
    typer.echo(key)


@keys_cli.command("list", epilog="Example: callcov keys list --user qa@example.com --all")
def keys_list(
    user: Account,
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    data: Data = None,
) -> None:
    """Print id, first characters, state, last use and description of an account's keys, the newest first."""
    with opened(settings(data=data)) as database:
        owner = account_id(database, user)
        with database.read() as connection:
            found = keys.of_user(connection, owner, datetime.now(UTC), ended=every)
    for key in found:
        state = "active" if key.is_active else "ended"
        shown = (key.id, key.key_prefix, state, key.last_used_at or "never used", key.description or "")
        typer.echo("\t".join(shown))


@keys_cli.command("expire", epilog="Example: callcov keys expire --user qa@example.com 5b1c0e9a-…")
def keys_expire(
    user: Account,
    key: Annotated[str, typer.Argument(help="Id of the key.", metavar="ID", parser=as_made)],
    data: Data = None,
) -> None:
    """End a key at once and for good."""
    with opened(settings(data=data)) as database:
        owner = account_id(database, user)
        with database.write() as connection:
            keys.end(connection, owner, key, datetime.now(UTC))
            audit.write(connection, owner, by_operator("key.expire", "api_key", key))
