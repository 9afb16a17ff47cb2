"""The benchmark of verdicts is what it says: held back, proven against itself, and apart from what is trained on."""

import hashlib
import re
import subprocess
import sys

import pytest
import yaml


def words(text):
    return re.sub(r"[^a-z ]", "", re.sub(r"[<{][a-z_+]+ |[>}]", "", text.casefold())).split()


def turns(root, split):
    for path in sorted((root / "bench/verdicts" / split).glob("*.yaml")):
        for _who, text, _gap in yaml.safe_load(path.read_text("utf-8"))["turns"]:
            yield text


def test_no_held_out_call_or_label_was_changed_after_it_was_committed(root):
    folder = root / "bench/verdicts"
    lines = (folder / "held_out.sha256").read_text().splitlines()
    kept = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / "held_out").rglob("*")
        if path.is_file()
    }
    assert found == kept


def test_there_are_forty_calls_in_twelve_trades_and_fourteen_are_held_out(root):
    calls = {
        split: [yaml.safe_load(path.read_text("utf-8")) for path in (root / "bench/verdicts" / split).glob("*.yaml")]
        for split in ("dev", "held_out")
    }
    assert len(calls["held_out"]) >= 14
    assert len(calls["dev"]) + len(calls["held_out"]) >= 40
    assert len({call["trade"] for split in calls.values() for call in split}) >= 12


@pytest.mark.parametrize("split", ["dev", "fresh", "held_out"])
def test_every_call_is_proven_against_itself(root, split):
    files = sorted((root / "bench/verdicts" / split).glob("*.yaml"))
    said = subprocess.run(
        [sys.executable, root / "bench/verdicts/validate.py", *files], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout


def test_every_call_has_its_sound_and_its_truth(root):
    for split in ("dev", "held_out"):
        for path in (root / "bench/verdicts" / split).glob("*.yaml"):
            for end in ("json", "stereo.mp3", "mono.mp3"):
                assert (root / "bench/verdicts/sound" / f"{path.stem}.{end}").is_file(), path.stem


def test_no_held_out_sentence_is_learned_from(root):
    """A sentence of nine words or more that stands in both would be a copy; shorter ones may be chance."""
    learned = [path.read_text("utf-8") for path in (root / "tools/talk").rglob("*.yaml")]
    learned += [path.read_text("utf-8") for path in (root / "src/callcov/language/seeds").glob("*.yaml")]
    text = " ".join(words(" ".join(learned)))
    copied = [
        sentence
        for turn in turns(root, "held_out")
        for sentence in re.split(r"(?<=[.?!]) ", turn)
        if len(words(sentence)) >= 9 and f" {' '.join(words(sentence))} " in f" {text} "
    ]
    assert len(copied) == 0, f"{len(copied)} sentences"
