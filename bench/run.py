"""Measure CallCov against its targets: `python bench/run.py [--short] [--write] [NAME …]`.

Names: speed, wer, verdicts, rejudge, insights, upload, load, hour, credentials; all of them in that order when none is
given. Every ratio is of two measurements of the same run on the same machine. Exit code 0 when every target is met, 1
when one is short or could not be measured. `--short` takes shorter recordings, for a look; `--write` writes
docs/benchmarks.md.
"""

import argparse
import importlib
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from figures import Figure, NotRun, shown

ROOT = Path(__file__).parents[1]
NAMES = ("speed", "wer", "verdicts", "rejudge", "insights", "upload", "load", "hour", "credentials")
PAGE = ROOT / "docs" / "benchmarks.md"
LIMITS = """
## What these figures do not show

The word error rate is of one professional voice reading prompts on a clean telephone line; spontaneous speech, accents,
cross-talk and bad lines cost several times as much. Which ninety prompts the target was set on is not published: our
rule for choosing ninety was changed once after a first one scored 2.99 %, so every prompt of six words or more, where
nothing is chosen, is scored beside them. Changes far below hearing move single recordings by a word or two.

The long recordings are sample calls joined and varied: real calls have other shares of silence, on which the time of an
analysis depends. docs/accuracy.md has the verdicts from sound too. One server, one machine, SQLite.
"""


def _measured(name: str, *, short: bool) -> list[Figure | NotRun]:
    """The figures of one benchmark; one that breaks is reported as not run, and the others go on."""
    try:
        if name == "verdicts":
            return _verdicts()
        return importlib.import_module(name).measure(short=short)
    except (OSError, RuntimeError, TimeoutError, subprocess.SubprocessError) as broken:
        return [NotRun(name, f"{type(broken).__name__}: {broken}")]


def _verdicts() -> list[Figure | NotRun]:
    """The share of right verdicts on the held-out calls as written: a script of its own, which prints every field."""
    script = ROOT / "bench" / "verdicts" / "run.py"
    arguments = [sys.executable, script, "--split", "held_out", "--way", "written"]
    told = subprocess.run(arguments, capture_output=True, text=True, check=False)
    print(told.stdout, end="")
    found = re.search(r"^right verdicts ([\d.]+)", told.stdout, flags=re.MULTILINE)
    if found is None:
        return [NotRun("verdicts on held-out calls as written", told.stderr.strip()[-300:])]
    return [Figure("share of right verdicts on held-out calls as written", float(found[1]), "", at_least=0.97)]


def _line(figure: Figure | NotRun) -> str:
    if isinstance(figure, NotRun):
        return f"{figure.what}: not run: {figure.why}"
    told = f"{figure.what}: {shown(figure.value)} {figure.unit}"
    return f"{told} (target {figure.target}) {figure.verdict}" if figure.target else told


def _machine() -> str:
    model = "an unknown processor"
    if (info := Path("/proc/cpuinfo")).exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{len(os.sched_getaffinity(0))} cores of {model}, {platform.system()}, Python {platform.python_version()}"


def _page(figures: list[Figure | NotRun], *, short: bool) -> str:
    rows = [
        f"| {figure.what} | not run: {figure.why} | | |"
        if isinstance(figure, NotRun)
        else f"| {figure.what} | {shown(figure.value)} {figure.unit} | {figure.target} | {figure.verdict} |"
        for figure in figures
    ]
    form = ", in the short form with shorter recordings" if short else ""
    head = f"""# Benchmarks

Written by `bench/run.py --write` on {datetime.now(UTC):%Y-%m-%d}{form}; {_machine()}.
Ratios compare two measurements of the same run on the same machine; a figure without a target is there for
information. What is measured, and how, stands at the top of each file in `bench/`.

| Figure | Measured | Target | |
|---|---|---|---|
"""
    return head + "\n".join(rows) + "\n" + LIMITS


def main() -> int:
    """Run the chosen benchmarks; 0 when every figure was measured and holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--short", action="store_true", help="shorter recordings: a look, not the figures")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    figures: list[Figure | NotRun] = []
    for name in given.names or NAMES:
        began = time.monotonic()
        print(f"== {name}", flush=True)
        found = _measured(name, short=given.short)
        print(*map(_line, found), f"({time.monotonic() - began:.0f} s)", sep="\n", flush=True)
        figures += found
    if given.write:
        PAGE.write_text(_page(figures, short=given.short))
    missed = [figure for figure in figures if isinstance(figure, NotRun) or not figure.holds]
    print(f"{len(figures) - len(missed)} of {len(figures)} figures measured and within their targets")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
