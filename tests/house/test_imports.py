"""Imports point down only: the contracts of pyproject.toml hold, and would notice if they did not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder, source):
    """What import-linter says of the package found first in `source`."""
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_contract_is_kept(root):
    said = lint(root, root / "src")
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("text/normalise.py", "import callcov.checks", "Imports point down only"),
        ("store/db.py", "import callcov.speech.align", "Imports point down only"),
        ("checks/__init__.py", "import random", "The pure core"),
        ("speech/align.py", "import os", "The pure core"),
        ("checks/evidence.py", "import sqlalchemy", "Only store speaks SQL"),
        ("pipeline.py", "import obstore", "Only store runs migrations and keeps objects"),
        ("deliver.py", "import dbos", "Only the engine knows DBOS"),
        ("models/fetch.py", "import onnxruntime", "Neural networks"),
        ("pipeline.py", "import callcov.config", "The configuration is read"),
        ("checks/quality/greeting.py", "import callcov.checks.compliance.prohibited_phrases", "compliance and quality"),
    ],
)
def test_an_import_that_breaks_a_contract_is_noticed(root, tmp_path, module, line, contract):
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    target = tmp_path / "src/callcov" / module
    target.write_text(target.read_text() + f"\n{line}\n")
    said = lint(tmp_path, tmp_path / "src")
    broken = [told for told in said.stdout.splitlines() if contract in told and "BROKEN" in told]
    assert said.returncode != 0
    assert broken, said.stdout
