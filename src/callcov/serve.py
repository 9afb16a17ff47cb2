"""One server on one machine, put together: API, engine, worker, and the processes that they need."""

import ctypes
import errno
import fcntl
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn, cast

import structlog
import uvicorn
from fastapi import FastAPI
from limits.errors import ConfigurationError
from limits.storage import Storage, storage_from_string

import callcov
from callcov import judging, pipeline, probe
from callcov.api import app, wire
from callcov.api.services import Services
from callcov.auth.mail import Outbox, Post, Smtp
from callcov.auth.passwords import Passwords
from callcov.auth.secret import load_secret
from callcov.children import Children, Task, end_with
from callcov.config import Config, shown
from callcov.engine import Engine, Starter
from callcov.errors import BadRecording, BadSetting, CallcovError, WorkerDied
from callcov.feed.feeds import Feeds
from callcov.language.chat import Chat
from callcov.limiting import Limiter
from callcov.model import Recording
from callcov.models import locate
from callcov.rejudge import Judges
from callcov.store import listing, users
from callcov.store.blobs import UNSERVED, open_blobs
from callcov.store.counts import Counts
from callcov.store.db import UNANSWERED, Database
from callcov.store.folder import blobs_url, installation, outbox, vault_of
from callcov.store.sealed import Vault
from callcov.work import Worker

_log = structlog.stdlib.get_logger()
_PROBES = 2
# A probe reads headers and packets of a file from a stranger; one that wants more than this is an attack.
_PROBE_BYTES = 2 * 1024**3
# Address space of a child that transcribes: it peaks at 1.8 GB with Whisper base; the largest model takes about 5.
_CREW_BYTES = 8 * 2**30
_PROBE_SECONDS = 120.0
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_KEPT_BYTES = 32 * 2**20
_LOOK_SECONDS = 1.0
_KEEP_SECONDS = 0.2
_COUNT_SECONDS = 1.0  # a store of counts that is silent for longer is not waited for


def vault(config: Config) -> Vault | None:
    """Who encrypts what this installation stores; None when nobody does. Raises BadSetting for a wrong key."""
    return vault_of(config.data, shown(config.master_key))


def crew(config: Config, blobs: str, keys: Vault | None = None) -> Children:
    """The children that transcribe and judge, each with its own models, for the objects under that address."""
    recogniser = locate.whisper(config.models, config.model)
    locate.verify(config.models, pipeline.MODELS)
    equipment = (blobs, config.models, str(recogniser), _chat(config), keys)
    return Children(config.workers, pipeline.equip, equipment, memory=_CREW_BYTES)


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
    with closing(Children(1, judging.equip, (address, config.models, database.vault))) as children:
        yield Judges(database, open_blobs(address, database.vault), children)


def serve(config: Config, host: str, port: int, ready: Callable[[str, bool], None], api_processes: int = 1) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the address, and whether there is an account, once it answers.

    Ends the process.

    This process does the work and answers too; `api_processes` - 1 others only answer, on the same socket. Raises
    BadSetting when the address or the data folder is in use, and what `crew` raises for the models.
    """
    listener = _listen(host, port)
    here = _address(listener)
    # Before anything else: a process that works in threads or has an open database must not be forked.
    others = _Others(api_processes - 1, config, listener)
    with ExitStack() as stack:
        database = stack.enter_context(installation(config.data, vault(config), shown(config.database)))
        only_one(stack, config.data, database)
        children = crew(config, blobs_url(config.data), database.vault)
        children.warm(pipeline.do_load)
        engine = Engine(database.engine)
        worker = _worker(config, database, engine, children, here)
        engine.launch(worker, config.workers)
        with _services(config, database, _Direct(engine, worker), here, shared=api_processes > 1) as services:
            services.judges.children.warm(os.getpid)
            threading.Thread(target=_stop_deleted, args=(worker,), daemon=True).start()
            others.begin()
            with database.read() as connection:
                inhabited = users.exist(connection)
            _run(app.create(services), listener, lambda: ready(here, inhabited))
        others.end()
        children.close()
        engine.close()
    _leave()


@contextmanager
def _services(
    config: Config, database: Database, engine: "_Direct | Starter", here: str, *, shared: bool
) -> Generator[Services]:
    """What the API needs, with children of its own; `shared` when other processes count for the same rate limits."""
    probes = Children(_PROBES, probe.equip, (blobs_url(config.data), database.vault), memory=_PROBE_BYTES)
    probes.warm(os.getpid)
    feeds = Feeds(listing.Lists(database), database.feed_folder) if config.feed_index == "on" else None
    with judging_again(config, database) as judges:
        yield Services(
            database=database,
            blobs=open_blobs(blobs_url(config.data), database.vault),
            engine=engine,
            probe=lambda key: _probe(probes, key),
            judges=judges,
            secret=load_secret(config.data, shown(config.secret), shown(config.secret_old)),
            public_url=config.public_url,
            version=callcov.__version__,
            passwords=Passwords(),
            post=_post(config, here),
            limiter=_limiter(config, shared=shared),
            rate=_rate(config.rate_limit),
            submit_rate=_rate(config.submit_rate_limit),
            feeds=feeds,
        )
        if feeds:
            feeds.close()
    probes.close()


class _Others:
    """Processes that only answer. They wait until they may begin, and end when the first one ends in whatever way.

    A process between keeps them: it never does anything else, so it can fork whenever one has died.
    """

    def __init__(self, count: int, config: Config, listener: socket.socket) -> None:
        self._ending = False
        waiting, self._go = os.pipe()
        self._keeper = _forked(lambda: _keep(count, config, listener, waiting, self._go)) if count else None
        os.close(waiting)

    def begin(self) -> None:
        """Let them answer: the tables are there, and somebody works."""
        if self._keeper:
            os.write(self._go, b".")
            threading.Thread(target=self._watch, args=(self._keeper,), daemon=True).start()

    def end(self) -> None:
        """End them, letting them finish what they are answering."""
        self._ending = True
        if self._keeper:
            with suppress(ProcessLookupError):
                os.kill(self._keeper, signal.SIGTERM)
            with suppress(ChildProcessError):  # the thread that watches was first
                os.waitpid(self._keeper, 0)

    def _watch(self, keeper: int) -> None:
        with suppress(ChildProcessError):
            os.waitpid(keeper, 0)
        if not self._ending:
            # With it they ended, all but this one; whoever started the server has to start it again.
            _log.error("the API processes have ended, and so does the server")
            _leave(1)


def _forked(work: Callable[[], None]) -> int:
    """The id of a new process that does that and ends."""
    number = os.fork()
    if number == 0:
        work()
        _leave()
    return number


def _keep(count: int, config: Config, listener: socket.socket, waiting: int, go: int) -> None:
    """Have so many processes that answer, until this one is told to end or the first one has ended."""
    first, ending = os.getppid(), threading.Event()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda _number, _frame: ending.set())
    os.close(go)  # or else nobody would learn that the first process ended before it let us begin
    if not os.read(waiting, 1):
        return
    answering: set[int] = set()
    while not ending.is_set() and os.getppid() == first:
        answering |= {_forked(lambda: _answer(config, listener)) for _ in range(count - len(answering))}
        time.sleep(_KEEP_SECONDS)
        died = {number for number in answering if os.waitpid(number, os.WNOHANG)[0]}
        answering -= died
        for number in died if not ending.is_set() else ():
            _log.error("an API process ended, another takes its place", process=number)
    for number in answering:
        os.kill(number, signal.SIGTERM)
    for number in answering:
        os.waitpid(number, 0)


def _answer(config: Config, listener: socket.socket) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_DFL)  # until it answers; then it finishes what it is answering
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    with (
        installation(config.data, vault(config), shown(config.database)) as database,
        _services(config, database, Starter(database.engine), _address(listener), shared=True) as services,
    ):
        _run(app.create(services), listener, lambda: None)


def _leave(code: int = 0) -> NoReturn:
    # Threads that wait for a killed child are never told (see `Children.close`): stopping is the same as being
    # killed, which every restart recovers from.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _stop_deleted(worker: Worker) -> None:
    while True:
        time.sleep(_LOOK_SECONDS)
        try:
            worker.stop_deleted()
        except (CallcovError, *UNANSWERED, *UNSERVED) as error:  # look again in the next second
            _log.warning("not looked for what was deleted", error=type(error).__name__)


def _worker(config: Config, database: Database, engine: Engine, children: Children, here: str) -> Worker:
    return Worker(
        database=database,
        blobs=open_blobs(blobs_url(config.data), database.vault),
        engine=engine,
        children=children,
        models=pipeline.model_names(config.model),
        public_url=config.public_url or here,
        allow=config.webhook_allow,
    )


def _post(config: Config, here: str) -> Post:
    """Who sends mail: the mail server that is set, or the outbox."""
    base = config.public_url or here
    if config.smtp_url is None or config.mail_from is None:
        return Post(Outbox(outbox(config.data)), "callcov@localhost", base)
    return Post(Smtp.at(config.smtp_url.get_secret_value()), config.mail_from, base)


def _rate(setting: str) -> str | None:
    return None if setting == "off" else setting


def _limiter(config: Config, *, shared: bool) -> Limiter:
    if shared and config.limits_url is None:
        return Limiter(Counts(config.data / "limits.db"))
    waits = {"socket_timeout": _COUNT_SECONDS, "socket_connect_timeout": _COUNT_SECONDS} if config.limits_url else {}
    try:
        storage = storage_from_string(config.limits_url or "memory://", wrap_exceptions=True, **waits)
        return Limiter(cast(Storage, storage))
    except ConfigurationError as error:
        raise BadSetting(f"CALLCOV_LIMITS_URL cannot be used: {error}.") from error


class _Direct:
    """The engine as the API sees it: starting is the engine's, cancelling also kills what runs."""

    def __init__(self, engine: Engine, worker: Worker) -> None:
        self.start = engine.start
        self.deliver = engine.deliver
        self.cancel = worker.cancel
        self.forget = worker.forget


def _probe(probes: Children, key: str) -> Recording:
    try:
        (found,) = probes.run(key, [Task(probe.look, (key,), timeout=_PROBE_SECONDS)])
    except (WorkerDied, MemoryError) as error:
        raise BadRecording("The file cannot be read with the time and memory that any recording needs.") from error
    return found


def only_one(stack: ExitStack, data: Path, database: Database) -> None:
    """Hold data folder and database for this process until the stack is left. Raises BadSetting if another has one."""
    lock = stack.enter_context((data / "server.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise BadSetting(f"Another server is using {data}; stop it, or give this one another folder.") from error
    stack.enter_context(database.alone())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        of_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        other = "--host" if of_host else "--port"
        raise BadSetting(f"{host} port {port} cannot be used: {error.strerror}; choose another {other}.") from error
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


def _keep_memory() -> None:
    """Let glibc keep what was freed, up to 32 MB a thread, instead of giving it back to the system.

    A page of calls is a megabyte, and having as much cleared by the system each time takes longer than making the page.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            libc.mallopt(option, _KEPT_BYTES)


def _spare_collections() -> None:
    """Let no garbage collection look again at the 200,000 objects that are there before the first request.

    They stay to the end, and each full collection among them would halt every request for 150 ms.
    """
    gc.collect()
    gc.freeze()


def _run(application: FastAPI, listener: socket.socket, ready: Callable[[], None]) -> None:
    _keep_memory()
    _spare_collections()
    config = wire.config(application, log_config=None, timeout_graceful_shutdown=10)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda _number, _frame: None)  # uvicorn raises again what ended it; we end by ourselves
    _Server(config, ready).run(sockets=[listener])
