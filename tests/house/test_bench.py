"""The benchmarks say of themselves what they are, and a missed target never passes."""

import subprocess
import sys

import pytest


def run(root, *words):
    return subprocess.run([sys.executable, root / "bench/run.py", *words], capture_output=True, text=True, check=False)


def test_the_benchmarks_explain_themselves(root):
    said = run(root, "--help")
    assert said.returncode == 0
    assert "speed, wer, verdicts, rejudge, insights, feed, upload, load, hour, credentials" in said.stdout


def test_a_benchmark_nobody_knows_is_refused(root):
    said = run(root, "sped")
    assert said.returncode == 2
    assert "no benchmark is called sped" in said.stderr


@pytest.mark.parametrize(
    "name", ["speed", "wer", "rejudge", "insights", "feed", "upload", "load", "hour", "credentials"]
)
def test_every_benchmark_can_be_loaded_and_measures(root, name):
    look = f"import sys; sys.path.insert(0, {str(root / 'bench')!r}); import {name}; print(callable({name}.measure))"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)
    assert said.stdout == "True\n", said.stderr


@pytest.mark.parametrize(
    ("value", "limits", "verdict"),
    [
        (1.15, {"at_most": 1.15}, "PASS"),
        (1.151, {"at_most": 1.15}, "SHORT"),
        (0.8, {"at_least": 0.8}, "PASS"),
        (0.799, {"at_least": 0.8}, "SHORT"),
        (float("nan"), {"at_most": 5}, "SHORT"),
        (5, {}, ""),
    ],
)
def test_a_figure_passes_up_to_its_target_and_not_beyond(root, monkeypatch, value, limits, verdict):
    monkeypatch.syspath_prepend(root / "bench")
    from figures import Figure  # noqa: PLC0415 - bench is no package

    assert Figure("anything", value, **limits).verdict == verdict
