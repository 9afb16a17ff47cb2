"""The command line. Results go to standard output, everything else to standard error.

Exit codes: 0 all went well · 1 a recording could not be analysed, or what was asked could not be done ·
2 wrong usage, setting, policy or file name · 3 a model is missing, altered or cannot be fetched · 130 interrupted.
"""

import sys

import typer

from callcov.cli.analyze import FAILED, analyze_command
from callcov.cli.custody import audit_command, encrypt_command, erase_command, hold_cli, rotate_key
from callcov.cli.keys import keys_cli
from callcov.cli.models import models_cli
from callcov.cli.policy import policy_cli
from callcov.cli.rejudge import rejudge_command
from callcov.cli.serve import serve_command
from callcov.cli.users import users_cli
from callcov.cli.webhooks import webhooks_cli
from callcov.errors import BadPolicy, BadSetting, CallcovError, ModelAltered, ModelMissing, ModelUnavailable

USAGE, MODELS = 2, 3

cli = typer.Typer(
    name="callcov",
    help="Listens to every call: transcript, sixteen verdicts with the words that prove them, on your own machine.",
    epilog="Every setting is also a variable CALLCOV_<NAME>. Exit codes: 0 well, 1 a recording failed, 2 wrong usage, "
    "3 models, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
cli.add_typer(users_cli, name="users")
cli.add_typer(keys_cli, name="keys")
cli.add_typer(models_cli, name="models")
cli.add_typer(policy_cli, name="policy")
cli.add_typer(hold_cli, name="hold")
cli.add_typer(webhooks_cli, name="webhooks")
cli.command("serve", epilog="Example: callcov serve --port 8000 --data /srv/callcov")(serve_command)
cli.command("analyze", epilog="Example: callcov analyze call.wav --agent-channel 0 --json > call.json")(analyze_command)
cli.command("rejudge", epilog="Example: callcov rejudge --user qa@example.com --all")(rejudge_command)
cli.command("audit", epilog="Example: callcov audit --user qa@example.com --limit 20")(audit_command)
cli.command("erase", epilog="Example: callcov erase --user qa@example.com customer_12345, or with --all the account")(
    erase_command
)
cli.command("encrypt", epilog="Example: callcov encrypt, with the key in CALLCOV_MASTER_KEY")(encrypt_command)
cli.command("rotate-key", epilog="Example: callcov rotate-key, with the new key in CALLCOV_NEW_MASTER_KEY")(rotate_key)


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


def _end(error: CallcovError, code: int) -> None:
    typer.echo(f"callcov: {error}", err=True)
    sys.exit(code)
