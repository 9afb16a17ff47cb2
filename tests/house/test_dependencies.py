"""What we stand on: declared, pinned with hashes, explained, without torch and without anybody's package index."""

import ast
import re
import sys
import tomllib

import pytest

# Where the name one imports is not the name one installs.
IMPORTED_AS = {"argon2-cffi": "argon2", "pyjwt": "jwt", "pyyaml": "yaml"}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())


def name_of(requirement):
    """The installed name in a requirement line, normalised as the indexes do."""
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement)[0]).lower()


@pytest.fixture(scope="module")
def runtime(project):
    return {name_of(line) for line in project["project"]["dependencies"]}


@pytest.fixture(scope="module")
def optional(project):
    return {name_of(line) for lines in project["project"]["optional-dependencies"].values() for line in lines}


@pytest.fixture(scope="module")
def development(project):
    return {name_of(line) for line in project["dependency-groups"]["dev"]}


@pytest.fixture(scope="module")
def compared(project):
    """What the list is measured against, in an environment of its own."""
    return {name_of(line) for line in project["dependency-groups"]["bench"]}


def pinned(text):
    """The blocks of a requirements file: one per package, with its hashes."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [block for block in re.split(r"\n(?=[^\s])", "\n".join(lines)) if block.strip()]


@pytest.mark.parametrize("name", ["requirements/run.txt", "requirements/dev.txt", "requirements/bench.txt"])
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(texts, name):
    blocks = pinned(texts[name])
    assert len(blocks) > 20
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==\S+", block), block
        assert "--hash=sha256:" in block, block
        assert "://" not in block
        assert not block.startswith("-")
    assert "://" not in texts[name]


@pytest.mark.parametrize("name", ["requirements/run.txt", "requirements/dev.txt", "requirements/bench.txt"])
def test_no_requirement_brings_torch(texts, name):
    names = {name_of(block) for block in pinned(texts[name])}
    assert {found for found in names if found.startswith(("torch", "nvidia-", "triton", "tensorflow", "jax"))} == set()


def test_every_dependency_is_in_the_pinned_files(texts, runtime, optional, development, compared):
    run = {name_of(block) for block in pinned(texts["requirements/run.txt"])}
    dev = {name_of(block) for block in pinned(texts["requirements/dev.txt"])}
    bench = {name_of(block) for block in pinned(texts["requirements/bench.txt"])}
    assert runtime | optional <= run
    assert development <= dev
    assert compared <= bench


@pytest.mark.parametrize("other", ["requirements/dev.txt", "requirements/bench.txt"])
def test_the_pinned_files_agree_on_versions(texts, other):
    def versions(name):
        blocks = [block.split("\\")[0].strip() for block in pinned(texts[name])]
        return {(name_of(block), block) for block in blocks}

    run, dev = versions("requirements/run.txt"), versions(other)
    shared = {name for name, _ in run} & {name for name, _ in dev}
    assert {entry for entry in run if entry[0] in shared} == {entry for entry in dev if entry[0] in shared}


def imports_of(trees):
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split(".")[0]


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(trees, runtime):
    used = set(imports_of(trees)) - set(sys.stdlib_module_names) - {"callcov"}
    declared = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in runtime}
    assert used - declared == set()
    assert declared - used == set()


def test_no_setting_of_a_package_index_is_in_the_repository(texts):
    marks = re.compile(r"(?<!no-emit-)index-u" + r"rl\b|extra-inde" + r"x|find-lin" + r"ks|trusted-ho" + r"st")
    assert [name for name, text in texts.items() if marks.search(text)] == []


def test_every_dependency_says_why_it_is_here_and_under_which_licence(texts, runtime, optional, development, compared):
    rows = {}
    for line in texts["docs/dependencies.md"].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `"):
            assert len(cells) == 3, line
            assert all(cells), line
            rows[name_of(cells[0].strip("`"))] = cells
    assert set(rows) == runtime | optional | development | compared
