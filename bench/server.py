"""A real server for the benchmarks: `callcov serve` in its own process, a user, a key, and the memory it takes."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx2

COMMAND = Path(sys.executable).with_name("callcov")
READY_SECONDS = 120
_IDLE = 0.05
"""Seconds of computing in a second that say nothing is going on but waiting."""


@dataclass(frozen=True)
class Server:
    """A running server: its address, an API key of its one user, its process and its folder."""

    address: str
    key: str
    email: str
    process: subprocess.Popen
    data: Path
    log: Path
    client: httpx2.Client

    def submit(self, path: Path, **form: str) -> dict:
        """Upload a recording; the analysis as the 201 gives it."""
        with path.open("rb") as sound:
            answer = self.client.post(
                "/api/v1/analysis/",
                data={"agent_id": "bench", "contact_id": "bench"} | form,
                files={"audio_file": (path.name, sound, "application/octet-stream")},
                timeout=600,
            )
        answer.raise_for_status()
        return answer.json()

    def get(self, analysis_id: str) -> dict:
        """The analysis as it is now."""
        answer = self.client.get(f"/api/v1/analysis/{analysis_id}")
        answer.raise_for_status()
        return answer.json()

    def ended(self, analysis_id: str, within: float) -> dict:
        """The analysis once it is completed or failed; raises TimeoutError."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            analysis = self.get(analysis_id)
            if analysis["status"] != "processing":
                return analysis
            time.sleep(0.5)
        raise TimeoutError(f"analysis {analysis_id} did not end within {within:.0f} s")


def _command(environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run([COMMAND, *words], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"callcov {' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _environment(data: Path, settings: Mapping[str, str]) -> dict[str, str]:
    unlimited = {"CALLCOV_RATE_LIMIT": "off", "CALLCOV_SUBMIT_RATE_LIMIT": "off"}
    return os.environ | unlimited | {"CALLCOV_DATA": str(data)} | settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Server]:
    """A server on an empty data folder under `folder`, stopped at the end."""
    data, email = folder / "data", "bench@example.com"
    _command(_environment(data, {}), "users", "create", email)
    with serving(data, email, folder / "server.log", workers) as server:
        yield server


@contextmanager
def serving(data: Path, email: str, log: Path, workers: int = 2, **settings: str) -> Iterator[Server]:
    """A server on a data folder with an account of that name, stopped at the end; `settings` are its environment."""
    environment = _environment(data, settings)
    key = _command(environment, "keys", "create", "--user", email).split()[-1]
    address = f"http://127.0.0.1:{free_port()}"
    words = ["serve", "--port", address.rpartition(":")[2], "--workers", str(workers)]
    with log.open("wb") as written:
        process = subprocess.Popen([COMMAND, *words], env=environment, stdout=written, stderr=written)
        client = httpx2.Client(base_url=address, headers={"X-API-Key": key}, timeout=60, trust_env=False)
        try:
            _wait_until_ready(client, process, log)
            yield Server(address, key, email, process, data, log, client)
        finally:
            client.close()
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(client: httpx2.Client, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def settle(process: subprocess.Popen, within: float = 120) -> None:
    """Wait until a server and its children have loaded what they load after their start: a second of doing nothing."""
    until, before = time.monotonic() + within, _cpu_seconds(process.pid)
    while time.monotonic() < until:
        time.sleep(1)
        now = _cpu_seconds(process.pid)
        if now - before < _IDLE:
            return
        before = now
    raise TimeoutError(f"the server is still at work {within:.0f} s after its start")


def _cpu_seconds(pid: int) -> float:
    """What a process and those below it have computed so far."""
    ticks = 0
    for one in (pid, *children_of(pid)):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, what: str = "VmRSS") -> float:
    """Resident memory of a process in MB (10^6 bytes), or its peak with `VmHWM`; 0.0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(what + ":")), 0.0)


def children_of(pid: int) -> list[int]:
    """The processes below a process, all the way down."""
    try:
        own = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [found for child in own for found in (child, *children_of(child))]


class Watch:
    """Peaks of memory in MB of a process and of the largest process below it, looked at inside the `with` block."""

    def __init__(self, pid: int) -> None:
        self.server = 0.0
        self.child = 0.0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_ended: object) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.server = max(self.server, memory_mb(self._pid, "VmHWM"))
            self.child = max([self.child, *(memory_mb(child, "VmHWM") for child in children_of(self._pid))])
            if self._stop.wait(0.5):
                return
