"""The search for secrets at the end of a run fails the run when it finds one, and names kind and test, not the secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
QUIET = "def test_it(): structlog.get_logger().info('all is well', id='0190'); leaks.secret('a code', 'hush-hush')"
LOUD = {
    "what is logged in the process": (
        "def test_it(): structlog.get_logger().info('x', code=leaks.secret('a code', 'hush-hush'))",
        "a code of test_it.py::test_it (call) is in",
    ),
    "what other libraries log": (
        "def test_it(): logging.getLogger('uvicorn.error').warning(leaks.secret('a code', 'hush-hush'))",
        "a code of test_it.py::test_it (call) is in",
    ),
    "what is caught on the way": (
        "def test_it():\n    with leaks.captured(): structlog.get_logger().info(leaks.secret('a code', 'hush-hush'))",
        "a code of test_it.py::test_it (call) is in",
    ),
    "the log of a server": (
        "def test_it(): leaks.log_file('serve').write_text(leaks.secret('a code', 'hush\"hush').replace('\"', '%22'))",
        "a code of test_it.py::test_it (call) is in",
    ),
    "a key that nobody told of": (
        "def test_it(): leaks.note('sk_live_' + 'aB3' * 16)",
        "an API key of any is in",
    ),
    "words of a call": (
        "def test_it(): leaks.said('My card was stolen on the train.'); leaks.note('{\"text\": \"card was stolen on the\"}')",
        "words of a call of test_it.py::test_it (call) is in",
    ),
    "words of a recording that the tests have": (
        "def test_it(): leaks.note('so hush, I never ordered ANYTHING, that is all; the refund failed. read me the')",
        "words of a call of samples and tests/sound is in",
    ),
    "a card number in whatever groups": (
        "def test_it(): leaks.note('4539 1488-0343 6467')",
        "a card number of samples is in",
    ),
}


def run(folder, test, *options):
    """A run of that test alone, with the plugin; its exit code and what it printed."""
    (folder / "conftest.py").write_text("pytest_plugins = ['leaks']\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(f"import logging\nimport leaks\nimport structlog\n\n{test}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "TEST_LOGS"))}
    paths = os.pathsep.join([str(TESTS), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "."],
        cwd=folder,
        env=environment | {"PYTHONPATH": paths, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("what", LOUD)
def test_a_secret_in_a_log_fails_the_run(tmp_path, what):
    test, says = LOUD[what]
    code, printed = run(tmp_path, test)
    assert (code, says in printed, "1 passed, 1 error" in printed) == (1, True, True), printed
    assert "hush" not in printed


@pytest.mark.slow
def test_the_logs_of_all_workers_are_looked_through(tmp_path):
    code, printed = run(tmp_path, LOUD["what is logged in the process"][0], "-n", "2")
    assert (code, "a code of test_it.py::test_it (call) is in" in printed) == (1, True), printed


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_run_whose_logs_hold_none_passes_and_leaves_nothing(tmp_path, options):
    code, printed = run(tmp_path, QUIET, *options)
    assert (code, "error" in printed) == (0, False), printed
    assert list(tmp_path.glob("callcov-test-logs-*")) == []
