"""`callcov serve`."""

import shutil
import sys
from typing import Annotated

import typer

import callcov
from callcov.cli.common import Data, Model, Workers, settings


def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    data: Data = None,
    model: Model = None,
    workers: Workers = None,
    api_processes: Annotated[
        int, typer.Option(help="Processes that answer requests; one of them does the work too.", min=1, max=64)
    ] = 1,
) -> None:
    """Serve the API and analyse what it accepts, until interrupted. Prints its address on standard output."""
    from callcov.serve import serve  # noqa: PLC0415 loads the engines; no other command should wait for that

    config = settings(data=data, model=model, workers=workers)
    command = "callcov" if shutil.which("callcov") else sys.argv[0]
    folder = "" if config.data == settings().data else f" --data {config.data}"

    def ready(address: str, inhabited: bool) -> None:  # noqa: FBT001 as `serve` calls it
        typer.echo(f"CallCov {callcov.__version__} serves {address}")
        typer.echo(f"Documentation: {address}/docs", err=True)
        if not inhabited:
            typer.echo(
                f"There is no account yet. To make one and its key: {command} users create you@example.com{folder} && "
                f"{command} keys create --user you@example.com{folder}\n"
                f"Or register with POST {address}/api/v1/auth/register; the mail is in {command} users outbox{folder}",
                err=True,
            )

    serve(config, host, port, ready, api_processes)
