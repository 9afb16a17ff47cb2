"""What is compared: how each is started on the loaded data, how it is asked, where the total stands in its answer."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import server
from cases import Case
from client import Asker, Line
from load import EMAIL, Loaded

HERE = Path(__file__).parent
PEERS = HERE.parents[1] / ".venv-bench" / "bin"
"""The environment of what is not ours."""
CALLCOV, POSTGRES = "CallCov, SQLite", "CallCov, PostgreSQL"
PAGINATION, DATASETTE = "fastapi-pagination", "Datasette"
FLOOR, FLOOR_POSTGRES = "floor, SQLite", "floor, PostgreSQL"
KEYS = {limit: f"{limit:,} known keys fetched and spliced" for limit in (100, 1_000)}
MEMORY = {limit: f"{limit:,} from memory" for limit in (100, 1_000)}
_START_SECONDS = 60


@dataclass(frozen=True)
class Data:
    """What was loaded and where: a data folder, and an address of PostgreSQL where the tables are there."""

    folder: Path
    loaded: Loaded
    address: str | None = None

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.folder / "callcov.db"

    @property
    def url(self) -> str:
        """The address of the database, for whoever writes."""
        return self.address or f"sqlite:///{self.file}"


@dataclass(frozen=True)
class System:
    """`started` gives who is to be asked; one that is `ours` is asked while somebody writes, however slow it is."""

    name: str
    started: Callable[[Data], AbstractContextManager[Asker]]
    ours: bool = False


def ours_path(case: Case) -> str:
    """The documented query, for CallCov and for the application made with fastapi-pagination."""
    named = {"status_filter": case.status, "agent_id": case.agent, "contact_id": case.contact, "search": case.search}
    given = {name: value for name, value in named.items() if value is not None}
    return "/api/v1/analysis/?" + urlencode(given | {"limit": case.limit, "offset": case.offset})


@contextmanager
def callcov(data: Data) -> Iterator[Asker]:
    """`callcov serve` with the feed index; given the time to have it in memory."""
    settings = {"CALLCOV_DATABASE": data.address} if data.address else {}
    with server.serving(data.folder, EMAIL, data.folder / "server.log", 1, **settings) as running:
        port = int(running.address.rpartition(":")[2])
        asker = Asker(port, ours_path, _last_total, {"X-API-Key": running.key})
        Line(asker).ask(Case("first page"))
        server.settle(running.process)
        yield asker


@contextmanager
def pagination(data: Data) -> Iterator[Asker]:
    """The application of `peer_app`, one process."""
    port = server.free_port()
    words = [PEERS / "uvicorn", "peer_app:app", "--app-dir", HERE, "--port", str(port), "--no-access-log"]
    environment = {"FILE": str(data.file), "ACCOUNT": data.loaded.user_id}
    with _running(words, port, "/openapi.json", environment, data.folder / "peer.log"):
        yield Asker(port, ours_path, _last_total)


@contextmanager
def datasette(data: Data) -> Iterator[Asker]:
    """Datasette's own JSON of a view: rows, the number that match, and pages by offset, as it gives them of a view."""
    with closing(sqlite3.connect(data.file)) as connection:
        connection.execute(
            "CREATE VIEW IF NOT EXISTS calls AS SELECT id, user_id, livemode, created, status, agent_id, contact_id, "
            '(SELECT "full" FROM documents WHERE analysis_id = id) AS document FROM analyses'
        )
    port, user_id = server.free_port(), data.loaded.user_id
    settings = {"sql_time_limit_ms": 120_000, "max_returned_rows": 1_000, "suggest_facets": "off"}
    words = [PEERS / "datasette", "serve", data.file, "--port", str(port)]
    words += [word for name, value in settings.items() for word in ("--setting", name, str(value))]

    def path(case: Case) -> str:
        named = {"user_id": user_id, "livemode": 1, "status": case.status, "agent_id": case.agent}
        given = {name: value for name, value in (named | {"contact_id": case.contact}).items() if value is not None}
        given |= {"_sort_desc": "id", "_size": case.limit, "_shape": "objects", "_nofacet": 1, "_nosuggest": 1}
        if case.search:
            given["_where"] = f"(agent_id LIKE '%{case.search}%' OR contact_id LIKE '%{case.search}%')"
        if case.offset:
            given["_next"] = case.offset
        return f"/{data.file.stem}/calls.json?{urlencode(given)}"

    with _running(words, port, "/-/versions.json", {}, data.folder / "datasette.log"):
        yield Asker(port, path, _counted)


@contextmanager
def floor(data: Data) -> Iterator[Asker]:
    """`floor_app` with the ids of the newest finished calls."""
    port, keys = server.free_port(), data.folder / "keys.txt"
    keys.write_text("\n".join(data.loaded.known))
    database = data.address or str(data.file)
    environment = {"DATABASE": database, "KEYS": str(keys), "PORT": str(port)}
    with _running(
        [sys.executable, HERE / "floor_app.py"], port, "/memory?limit=100", environment, data.folder / "floor.log"
    ):
        yield Asker(port, lambda case: f"/{case.name}?limit={case.limit}", _last_total)


def _last_total(body: bytes) -> int:
    return int(re.match(rb'"total":(\d+)', body[body.rfind(b'"total":') :])[1])


def _counted(body: bytes) -> int:
    """The number of rows that match. Raises RuntimeError when Datasette gave up counting."""
    found = re.search(rb'"filtered_table_rows_count": ?(\d+)', body)
    if found is None:
        raise RuntimeError("there is no count in the answer")
    return int(found[1])


@contextmanager
def _running(
    words: Sequence[str | Path], port: int, ready: str, environment: Mapping[str, str], log: Path
) -> Iterator[None]:
    """A process that answers at that port, ended at the end."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            list(map(str, words)), env=os.environ | environment, stdout=written, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}{ready}", log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen, address: str, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx2.get(address, timeout=_START_SECONDS, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"it did not start: {log.read_text(errors='replace')[-500:]}")


SYSTEMS = (
    System(CALLCOV, callcov, ours=True),
    System(POSTGRES, callcov, ours=True),
    System(PAGINATION, pagination),
    System(DATASETTE, datasette),
)
FLOORS = {CALLCOV: FLOOR, POSTGRES: FLOOR_POSTGRES}
