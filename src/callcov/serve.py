"""One server on one machine, put together: API, engine, worker, and the child processes they share."""

import fcntl
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

import callcov
from callcov import judging, pipeline, probe
from callcov.api import app, wire
from callcov.api.services import Services
from callcov.auth.secret import load_secret
from callcov.children import Children, Task
from callcov.config import Config, shown
from callcov.engine import Engine
from callcov.errors import BadRecording, BadSetting, WorkerDied
from callcov.language.chat import Chat
from callcov.model import Recording
from callcov.models import locate
from callcov.rejudge import Judges
from callcov.store.blobs import open_blobs
from callcov.store.db import Database
from callcov.store.folder import blobs_url, installation
from callcov.work import Worker

_PROBES = 2
# A probe reads headers and packets of a file from a stranger; one that wants more than this is an attack.
_PROBE_BYTES = 2 * 1024**3
_PROBE_SECONDS = 120.0


def crew(config: Config, blobs: str) -> Children:
    """The children that transcribe and judge, each with its own models, for the objects under that address."""
    recogniser = locate.whisper(config.models, config.model)
    locate.verify(config.models, pipeline.MODELS)
    return Children(config.workers, pipeline.equip, (blobs, config.models, str(recogniser), _chat(config)))


def _chat(config: Config) -> Chat | None:
    """Who words the summaries; None when nobody is set up to."""
    if config.chat_url is None or config.chat_model is None:
        return None
    key = config.chat_key.get_secret_value() if config.chat_key else None
    return Chat(config.chat_url, config.chat_model, key, config.chat_timeout)


@contextmanager
def judging_again(config: Config, database: Database) -> Generator[Judges]:
    """Who judges what is completed again, in a child of its own: the others may transcribe for minutes."""
    address = blobs_url(config.data)
    with closing(Children(1, judging.equip, (address, config.models))) as children:
        yield Judges(database, open_blobs(address), children)


def serve(config: Config, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the address once requests are answered. Ends the process.

    Raises BadSetting when the address or the data folder is in use, and what `crew` raises for the models.
    """
    with ExitStack() as stack:
        database = stack.enter_context(installation(config.data))
        _only_one(stack, config.data)
        listener = _listen(host, port)
        here = _address(listener)
        children = crew(config, blobs_url(config.data))
        probes = Children(_PROBES, probe.equip, (blobs_url(config.data),), memory=_PROBE_BYTES)
        probes.warm(os.getpid)
        judges = stack.enter_context(judging_again(config, database))
        judges.children.warm(os.getpid)
        children.warm(pipeline.do_load)
        engine = Engine(database.engine)
        worker = _worker(config, database, engine, children, here)
        engine.launch(worker, config.workers)
        worker.tidy()
        services = _services(config, worker, probes, judges)
        _run(app.create(services), listener, lambda: ready(here))
        children.close()
        probes.close()
        judges.children.close()
        engine.close()
    # Threads that wait for a killed child are never told (see `Children.close`): stopping is the same as being
    # killed, which every restart recovers from.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _worker(config: Config, database: Database, engine: Engine, children: Children, here: str) -> Worker:
    return Worker(
        database=database,
        blobs=open_blobs(blobs_url(config.data)),
        engine=engine,
        children=children,
        models=pipeline.model_names(config.model),
        public_url=config.public_url or here,
        allow=config.webhook_allow,
    )


def _services(config: Config, worker: Worker, probes: Children, judges: Judges) -> Services:
    return Services(
        database=worker.database,
        blobs=worker.blobs,
        engine=_Starter(worker.engine, worker),
        probe=lambda key: _probe(probes, key),
        judges=judges,
        secret=load_secret(config.data, shown(config.secret), shown(config.secret_old)),
        public_url=config.public_url,
        version=callcov.__version__,
    )


class _Starter:
    """The engine as the API sees it: starting is the engine's, cancelling also kills what runs."""

    def __init__(self, engine: Engine, worker: Worker) -> None:
        self.start = engine.start
        self.cancel = worker.cancel


def _probe(probes: Children, key: str) -> Recording:
    try:
        (found,) = probes.run(key, [Task(probe.look, (key,), timeout=_PROBE_SECONDS)])
    except (WorkerDied, MemoryError) as error:
        raise BadRecording("The file cannot be read with the time and memory that any recording needs.") from error
    return found


def _only_one(stack: ExitStack, data: Path) -> None:
    lock = stack.enter_context((data / "server.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise BadSetting(f"Another server is using {data}; stop it, or give this one another folder.") from error


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise BadSetting(f"{host} port {port} cannot be used: {error.strerror}; choose another --port.") from error
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 # nosec B104 - only compared
    return f"http://{shown}:{port}"


class _Server(uvicorn.Server):
    """uvicorn, telling when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _run(application: FastAPI, listener: socket.socket, ready: Callable[[], None]) -> None:
    config = wire.config(application, log_config=None, timeout_graceful_shutdown=10)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda _number, _frame: None)  # uvicorn raises again what ended it; we end by ourselves
    _Server(config, ready).run(sockets=[listener])
