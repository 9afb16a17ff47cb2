"""The demo is the first thing that anybody runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_demo_shows_what_a_manager_reads_of_each_sample(models_folder):
    done = subprocess.run(
        [sys.executable, "tools/demo.py"],
        cwd=ROOT,
        env=os.environ | {"CALLCOV_MODELS": str(models_folder)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for sample in (ROOT / "samples").glob("*.*"):
        assert sample.suffix == ".md" or f"201  {sample.name}:" in done.stdout
    assert done.stdout.count("Agent gave their name") == done.stdout.count("Recommendations") == 3
    assert '"total": 3' in done.stdout
    assert "the server has been stopped" in done.stdout
