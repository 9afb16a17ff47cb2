"""What the tests of the house read: our own files, as text and as syntax trees."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Made by tools, or nothing of ours; everything else in the folder is the project.
NOT_OURS = {".git", ".venv", ".venv-bench", "data", "node_modules", "dist", "build", "__pycache__"}


def _files(folder: Path):
    for path in sorted(folder.iterdir()):
        if (
            path.name in NOT_OURS
            or path.name.endswith(("_cache", ".egg-info"))
            or path.name in {".cache", ".hypothesis"}
        ):
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def texts():
    """Every text file of the project: its path from the root, and its text."""
    found = {}
    for path in _files(ROOT):
        content = path.read_bytes()
        if b"\0" in content:
            continue
        try:
            found[path.relative_to(ROOT).as_posix()] = content.decode()
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def trees(texts):
    """The syntax tree of every module under src/callcov, by its path inside it."""
    start = "src/callcov/"
    return {
        name.removeprefix(start): ast.parse(text)
        for name, text in texts.items()
        if name.startswith(start) and name.endswith(".py")
    }


@pytest.fixture(scope="session")
def docs(texts):
    """All that a user is told: the README and the pages under docs/."""
    pages = [text for name, text in texts.items() if name == "README.md" or name.startswith("docs/")]
    return "\n".join(pages)
