"""`callcov users`: accounts, for whoever runs the server."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import typer

from callcov.auth.accounts import CODE, new_code
from callcov.auth.mail import Outbox
from callcov.billing import TIERS
from callcov.cli.common import Data, account_id, by_operator, opened, secret_of, settings
from callcov.config import shown
from callcov.errors import BadSetting
from callcov.export import export
from callcov.store import audit, billing, mailtokens, retention, users
from callcov.store.blobs import open_blobs
from callcov.store.folder import blobs_url, outbox, vault_of
from callcov.store.users import User

users_cli = typer.Typer(
    help="Accounts: who they are, what they may use, how long their calls are kept, their mail.", no_args_is_help=True
)

Email = Annotated[str, typer.Argument(help="Mail address of the account.")]


@users_cli.command("create", epilog="Example: callcov users create qa@example.com")
def users_create(email: Email, data: Data = None) -> None:
    """Make a verified account and print its id. To log in it needs a password: see `callcov users reset-password`."""
    with opened(settings(data=data), begins=True) as database, database.write() as connection:
        user = users.create(connection, email, datetime.now(UTC))
        audit.write(connection, user.id, by_operator("user.create", "user", user.id))
    typer.echo(user.id)


@users_cli.command("list", epilog="Example: callcov users list")
def users_list(data: Data = None) -> None:
    """Print id, mail address, state and time of making of every account, the oldest first."""
    with opened(settings(data=data)) as database, database.read() as connection:
        for user in users.every(connection):
            typer.echo(f"{user.id}\t{user.email}\t{_state(user)}\t{user.created_at}")


@users_cli.command("show", epilog="Example: callcov users show qa@example.com")
def users_show(email: Email, data: Data = None) -> None:
    """Print what is known of an account, a line each."""
    with opened(settings(data=data)) as database:
        owner = account_id(database, email)
        with database.read() as connection:
            user, has_password = users.get(connection, owner), users.password_hash(connection, owner) is not None
    shown = {"id": user.id, "email": user.email, "phone_number": user.phone_number or "", "state": _state(user)}
    shown |= {"password": "set" if has_password else "none", "created_at": user.created_at}
    for name, value in (shown | {"updated_at": user.updated_at}).items():
        typer.echo(f"{name}\t{value}")


@users_cli.command("deactivate", epilog="Example: callcov users deactivate qa@example.com")
def users_deactivate(email: Email, data: Data = None) -> None:
    """Close an account for good: its keys and logins end at once, its data is kept."""
    with opened(settings(data=data)) as database:
        owner = account_id(database, email)
        with database.write() as connection:
            users.deactivate(connection, owner, datetime.now(UTC))
            audit.write(connection, owner, by_operator("user.deactivate", "user", owner))


@users_cli.command("reset-password", epilog="Example: callcov users reset-password qa@example.com")
def users_reset_password(email: Email, data: Data = None) -> None:
    """Print a token with which the account's password is set within 15 minutes, once; an older one is void.

    It goes to POST /api/v1/auth/password-reset/confirm as `token`, with `new_password`.
    """
    config = settings(data=data)
    with opened(config) as database:
        code, hashed = new_code(secret_of(config))
        owner = account_id(database, email)
        with database.write() as connection:
            mailtokens.put(connection, owner, "reset", hashed, datetime.now(UTC) + CODE)
            audit.write(connection, owner, by_operator("user.reset_token", "user", owner))
    typer.echo(code)


@users_cli.command("tier", epilog="Example: callcov users tier qa@example.com starter")
def users_tier(
    email: Email, tier: Annotated[str, typer.Argument(help=f"One of {', '.join(TIERS)}.")], data: Data = None
) -> None:
    """Set how many minutes an account may have analysed in a month; from now on, what was used stays used."""
    if tier not in TIERS:
        raise typer.BadParameter(f"there is no tier {tier}; choose one of {', '.join(TIERS)}", param_hint="TIER")
    with opened(settings(data=data)) as database:
        owner = account_id(database, email)
        with database.write() as connection:
            billing.set_tier(connection, owner, TIERS[tier], datetime.now(UTC))
            audit.write(connection, owner, by_operator("tier.set", "user", owner))


@users_cli.command("retention", epilog="Example: callcov users retention qa@example.com 90")
def users_retention(
    email: Email,
    days: Annotated[str, typer.Argument(help="How many days analyses are kept, or `never` to delete none.")],
    data: Data = None,
) -> None:
    """Say how long an account's analyses are kept from their acceptance on. A running server obeys within the hour.

    What is older by then is deleted with its sound. Analyses under legal hold stay.
    """
    if days != "never" and not (days.isdecimal() and len(days) <= len(str(retention.LONGEST))):
        raise typer.BadParameter(f"give 1 to {retention.LONGEST:,} days, or never", param_hint="DAYS")
    with opened(settings(data=data)) as database:
        owner = account_id(database, email)
        with database.write() as connection:
            retention.set_days(connection, owner, None if days == "never" else int(days), datetime.now(UTC))
            audit.write(connection, owner, by_operator("retention.set", "user", owner))


@users_cli.command("export", epilog="Example: callcov users export qa@example.com --out qa.zip")
def users_export(
    email: Email,
    out: Annotated[Path, typer.Option(help="The zip file to write; it must not exist.", dir_okay=False)],
    recordings: Annotated[bool, typer.Option("--recordings", help="With the sound, too.")] = False,
    data: Data = None,
) -> None:
    """Write all that is kept of an account into a zip file: keys (no secrets), policies, analyses, deliveries, log."""
    config = settings(data=data)
    vault = vault_of(config.data, shown(config.master_key))
    with opened(config, vault) as database:
        owner = account_id(database, email)
        with database.write() as connection:
            audit.write(connection, owner, by_operator("user.export", "user", owner))
        try:
            export(database, open_blobs(blobs_url(config.data), vault), owner, out, config.public_url or "", recordings)
        except FileExistsError as error:
            raise BadSetting(f"{out} exists already; name another file.") from error
        except OSError as error:
            raise BadSetting(f"{out} cannot be written: {error.strerror}.") from error


@users_cli.command("outbox", epilog="Example: callcov users outbox qa@example.com")
def users_outbox(
    email: Annotated[str | None, typer.Argument(help="Only mail to this address.")] = None, data: Data = None
) -> None:
    """Print the mail of the last day, the oldest first, of a server that has no mail server."""
    wanted = None if email is None else users.folded(email)
    for message in Outbox(outbox(settings(data=data).data)).messages():
        if wanted in {None, message["To"]}:
            typer.echo(_shown(message))


def _state(user: User) -> str:
    if not user.is_active:
        return "deactivated"
    return "active" if user.is_verified else "unverified"


def _shown(message: EmailMessage) -> str:
    head = "\n".join(f"{name}: {message[name]}" for name in ("Date", "To", "Subject"))
    return f"{head}\n\n{message.get_content()}"
