"""A model is used only if every byte of it is right; otherwise the error says what to run."""

import shutil
from pathlib import Path

import pytest

from callcov.errors import ModelAltered, ModelMissing, ModelUnavailable
from callcov.models import locate
from callcov.models.catalogue import names


@pytest.fixture
def campplus(models_folder, tmp_path):
    """A folder with a copy of the smallest model."""
    shutil.copytree(models_folder / "campplus", tmp_path / "campplus")
    return tmp_path


def test_a_whole_model_is_located(campplus):
    assert locate.locate(campplus, "campplus") == campplus / "campplus"


@pytest.mark.parametrize("name", names())
def test_the_fetched_models_are_whole(models_folder, name):
    locate.verify(models_folder, [name])


def test_a_missing_file_is_named_with_the_command_that_mends_it(campplus):
    (campplus / "campplus" / "model.onnx").unlink()
    with pytest.raises(ModelMissing, match=r"model\.onnx .*run `callcov models fetch campplus`"):
        locate.locate(campplus, "campplus")


def test_a_missing_folder_is_a_missing_model(tmp_path):
    with pytest.raises(ModelMissing, match="callcov models fetch minilm"):
        locate.verify(tmp_path, ["minilm"])


def test_one_changed_byte_is_found(campplus):
    path = campplus / "campplus" / "campplus_cn_en_common.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelAltered, match=r"campplus_cn_en_common\.pt .*run `callcov models fetch campplus`"):
        locate.locate(campplus, "campplus")


def test_a_cut_file_is_found(campplus):
    path = campplus / "campplus" / "campplus_cn_en_common.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelAltered):
        locate.verify(campplus, ["campplus"])


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"whisper-base, whisper-tiny\.en, minilm, campplus"):
        locate.locate(tmp_path, "whisper-gigantic")


@pytest.mark.parametrize(("name", "folder"), [("base", "whisper-base"), ("tiny.en", "whisper-tiny.en")])
def test_the_short_names_are_the_catalogues_models(models_folder, name, folder):
    assert locate.whisper(models_folder, name) == models_folder / folder


def test_a_local_folder_is_taken_as_it_is(models_folder, tmp_path):
    assert locate.whisper(tmp_path, str(models_folder / "whisper-tiny.en")) == models_folder / "whisper-tiny.en"


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_a_model_is_refused(tmp_path, make):
    folder = tmp_path / "empty"
    if make:
        folder.mkdir()
    with pytest.raises(ModelMissing, match=r"holds no model\.bin"):
        locate.whisper(tmp_path, str(folder))


@pytest.mark.parametrize("name", ["large-v3", "somebody/some-whisper"])
def test_a_hub_model_that_was_not_fetched_says_how_to_fetch_it(tmp_path, name):
    with pytest.raises(ModelMissing, match=f"callcov models fetch {name}"):
        locate.whisper(tmp_path, name)


def test_a_name_that_means_nothing_is_refused(tmp_path):
    with pytest.raises(ModelUnavailable, match="no speech model"):
        locate.whisper(Path(tmp_path), "enormous")
