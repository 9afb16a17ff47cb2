"""On what, of what and when it was measured."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from systems import PEERS

_OURS = ("fastapi", "sqlalchemy", "uvicorn", "numpy")
_THEIRS = ("fastapi-pagination", "fastapi", "sqlalchemy", "uvicorn", "datasette")
_ASK = "import importlib.metadata as m, sqlite3, sys; print(sqlite3.sqlite_version, *map(m.version, sys.argv[1:]))"


def run(rows: int, account: int) -> dict:
    """What stands at the head of the page."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
        "rows": rows,
        "account": account,
        "machine": _machine(),
        "load_average": os.getloadavg()[0],
        "ours": {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version} | _versions(),
        "theirs": _theirs(),
    }


def _versions() -> dict[str, str]:
    return {name: version(name) for name in _OURS}


def _theirs() -> dict[str, str]:
    """Versions in the environment of what is not ours; nothing when it is not there."""
    asked = [PEERS / "python", "-c", _ASK, *_THEIRS]
    if not (PEERS / "python").exists():
        return {}
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(("SQLite", *_THEIRS), told, strict=True))


def _machine() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = names[0].partition(":")[2].strip() if names else "an unknown processor"
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores of {model}, {gib:.0f} GiB, {platform.system()}"
