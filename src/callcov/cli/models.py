"""`callcov models`: the files of the models."""

from pathlib import Path
from typing import Annotated

import typer

from callcov.cli.common import settings
from callcov.models.catalogue import CATALOGUE

models_cli = typer.Typer(help="The files of the models: fetch, verify, list.", no_args_is_help=True)


@models_cli.command("fetch", epilog="Example: callcov models fetch --from /media/usb/models")
def models_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Models to fetch; default all.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A folder that holds the files, for machines without a network.")
    ] = None,
) -> None:
    """Fetch the models' files and verify them; what is there and right is left alone."""
    from callcov.models.fetch import fetch  # noqa: PLC0415 the same

    config = settings()
    fetch(config.models, names or [model.name for model in CATALOGUE], source, lambda line: typer.echo(line, err=True))


@models_cli.command("list", epilog="Example: callcov models list")
def models_list() -> None:
    """Print name, megabytes, licence and kind of every model of the catalogue."""
    for model in CATALOGUE:
        size = sum(file.size for file in model.files) / 1e6
        typer.echo(f"{model.name}\t{size:.0f} MB\t{model.licence}\t{model.kind}")
