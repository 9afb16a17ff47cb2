"""No log of the whole run holds a secret, or what somebody said: it is looked for when the run ends, in every log of it.

A plugin of pytest, loaded by `conftest.py`. Logs are files of one folder a run, whatever worker or server writes them:
`log_file` names one for a server, `told` adds what a command said on standard error, and what our code logs in the
process of the tests goes into one by itself. Helpers that make a secret tell it to `secret`, those that make a call to
`said`. Keys, tokens and webhook secrets are found by their shape as well, whether anybody told of them or not. A hit is
an error of the run, which names the kind, the test and the log, never the value.
"""

import json
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
import structlog
import yaml

from callcov.cli.common import log_to

FOLDER = "TEST_LOGS"  # the variable that names the folder to workers and to what the tests start
FEWEST = 8
"""Characters of a secret; fewer are found by chance."""
WORDS = 5
"""Words of a call in a row that no log may hold; fewer are found by chance."""
LETTERS = 15
"""Characters of such words; the single letters between the figures of an id are found by chance."""
SHAPES = {
    "an API key": re.compile(r"sk_(?:live|test)_[A-Za-z0-9]{48}"),
    "a signed token": re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
    "a webhook secret": re.compile(r"whsec_[A-Za-z0-9+/]{24,}"),
    "a hash of a password": re.compile(r"\$argon2id\$"),
    "sealed text": re.compile(r"sealed:[A-Za-z0-9+/=]{24,}"),
}
# What is read aloud in samples/parcel-refund.ogg, in whatever groups a recogniser writes it.
CARD = "4539148803436467"
_HERE = Path(__file__).parent
_SCRIPTS = (_HERE / "sound" / "scripts", _HERE.parent / "samples" / "scripts")
_known: set[tuple[str, str]] = set()
_numbers = count()


class Hit(NamedTuple):
    """Something a log holds and must not: what kind of thing, which test made it, and the name of the log."""

    kind: str
    test: str
    log: str


def folder() -> Path:
    return Path(os.environ[FOLDER])


def log_file(name: str) -> Path:
    """A file for a log that only this caller writes."""
    return folder() / f"{name}-{os.getpid()}-{next(_numbers)}.log"


def note(text: str) -> None:
    """Keep what somebody said that is a log."""
    if text:
        with (folder() / f"noted-{os.getpid()}.log").open("a") as file:
            file.write(text + "\n")


def told(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """A command that has ended; what it said on standard error is a log."""
    note(done.stderr)
    return done


def secret(kind: str, value: str) -> str:
    """The value, which no log may hold from now on."""
    if len(value) < FEWEST:
        raise ValueError(f"{kind} is too short to be looked for")
    _tell(kind, value)
    return value


def said(text: str) -> str:
    """The text of a call, of which no log may hold `WORDS` words in a row."""
    for shingle in _shingles(text):
        _tell("words of a call", shingle)
    return text


@contextmanager
def captured() -> Iterator[list]:
    """`structlog.testing.capture_logs`, whose lines are looked through, too."""
    with structlog.testing.capture_logs() as lines:
        yield lines
    note("\n".join(map(str, lines)))


def hits(logs: Path) -> list[Hit]:
    """What the logs of a folder hold and must not."""
    known = {
        (one["kind"], one["value"]): one["test"]
        for path in sorted(logs.glob("known-*.jsonl"))
        for one in map(json.loads, path.read_text().splitlines())
    }
    words = {value: test for (kind, value), test in known.items() if kind == "words of a call"}
    words |= dict.fromkeys(_scripts(), "samples and tests/sound")
    found = []
    for log in sorted(logs.glob("*.log")):
        text = log.read_text(errors="replace")
        found += [
            Hit(kind, test, log.name)
            for (kind, value), test in known.items()
            if kind != "words of a call" and any(form in text for form in _forms(value))
        ]
        found += [Hit(kind, "any", log.name) for kind, shape in SHAPES.items() if shape.search(text)]
        if re.search(r"[ .,-]?".join(CARD), text):
            found.append(Hit("a card number", "samples", log.name))
        found += [Hit("words of a call", words[one], log.name) for one in words.keys() & _shingles(text)]
    return found


def _tell(kind: str, value: str) -> None:
    if (kind, value) in _known or FOLDER not in os.environ:
        return
    _known.add((kind, value))
    test = os.environ.get("PYTEST_CURRENT_TEST", "outside of any test")
    with (folder() / f"known-{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps({"kind": kind, "value": value, "test": test}) + "\n")


def _forms(value: str) -> set[str]:
    """How a value may stand in a log."""
    return {value, json.dumps(value)[1:-1], quote(value, safe=""), repr(value)[1:-1]}


def _shingles(text: str) -> set[str]:
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.casefold())
    found = (" ".join(words[place : place + WORDS]) for place in range(len(words) - WORDS + 1))
    return {one for one in found if len(one) >= LETTERS}


def _scripts() -> set[str]:
    """What is said in the recordings that the tests have."""
    scripts = [yaml.safe_load(path.read_text()) for one in _SCRIPTS for path in one.glob("*.yaml")]
    turns = [turn[1] for script in scripts for turn in script["turns"]]
    return {shingle for turn in turns if isinstance(turn, str) for shingle in _shingles(turn)}


def pytest_configure(config: pytest.Config) -> None:
    """One folder a run; workers are told its name by their environment."""
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="callcov-test-logs-")


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    """What is logged in this process goes into a file of the folder, as the product writes it."""
    before = structlog.get_config()
    with (folder() / f"process-{os.getpid()}.log").open("a", buffering=1) as file:
        others = logging.StreamHandler(file)
        logging.getLogger().addHandler(others)
        log_to(file, "debug")
        try:
            return (yield)
        finally:
            logging.getLogger().removeHandler(others)
            structlog.configure(**before)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look through the logs, once, when every worker has ended."""
    if hasattr(session.config, "workerinput"):
        return
    found = hits(folder())
    if found:
        lines = [f"{kind} of {test} is in {folder() / log}" for kind, test, log in sorted(set(found))]
        _fail(session, "\n".join(lines))
    else:
        shutil.rmtree(folder())
    del os.environ[FOLDER]


def _fail(session: pytest.Session, text: str) -> None:
    session.exitstatus = pytest.ExitCode.TESTS_FAILED
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        report = pytest.CollectReport("the logs of the whole run", "failed", text, None)
        reporter.stats.setdefault("error", []).append(report)
