"""The catalogue is complete and true to what ships."""

import hashlib
import re

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from callcov.models.catalogue import CATALOGUE, GRAPHS, model, names

FILES = [(entry, file) for entry in CATALOGUE for file in entry.files]


def test_the_names_colleagues_use_are_there():
    assert names() == ("whisper-base", "whisper-tiny.en", "minilm", "campplus", "segmentation")
    assert model("nothing") is None


@pytest.mark.parametrize(("entry", "file"), FILES, ids=lambda one: one.name)
def test_every_file_has_a_digest_a_size_and_one_kind_of_origin(entry, file):
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)
    assert file.size > 0
    assert bool(file.parts) != bool(file.shipped)
    assert entry.licence in {"MIT", "Apache-2.0"}


@pytest.mark.parametrize("file", [file for _, file in FILES if file.shipped], ids=lambda file: file.shipped.name)
def test_a_shipped_graph_is_the_one_in_the_catalogue_and_holds_little_beside_its_adapters(file):
    content = file.shipped.read_bytes()
    assert hashlib.sha256(content).hexdigest() == file.sha256
    matrices = _matrices(GRAPHS.parents[1] / "language" / f"{file.shipped.stem}.npz")
    assert len(content) == file.size < (matrices + 100_000 if matrices else 300_000)


def _matrices(path):
    """The bytes of the adapters that are made into a graph; other weights lie in the published file."""
    if not path.exists():
        return 0
    with np.load(path, allow_pickle=False) as stored:
        return sum(stored[name].nbytes for name in stored.files if name.endswith((".down", ".up")))


def test_no_graph_ships_that_the_catalogue_does_not_know():
    assert sorted(GRAPHS.glob("*.onnx")) == sorted(file.shipped for _, file in FILES if file.shipped)


@pytest.mark.parametrize("name", ["minilm", "campplus", "segmentation"])
def test_a_graph_points_only_into_its_own_models_files(name):
    entry = model(name)
    graph = onnx.load(GRAPHS / f"{name}.onnx", load_external_data=False).graph
    pointed = [tensor for tensor in graph.initializer if tensor.external_data]
    sizes = {file.name: file.size for file in entry.files}
    assert pointed
    for tensor in pointed:
        place = {one.key: one.value for one in tensor.external_data}
        assert int(place["offset"]) + int(place["length"]) <= sizes[place["location"]]


def test_the_voice_graph_gives_one_finite_vector_per_stretch_of_sound(models_folder):
    session = ort.InferenceSession(str(models_folder / "campplus" / "model.onnx"), providers=["CPUExecutionProvider"])
    sound = np.random.default_rng(1).normal(0, 2, (3, 148, 80)).astype(np.float32)
    (vectors,) = session.run(None, {"x": sound})
    assert vectors.shape == (3, 192)
    assert np.isfinite(vectors).all()
    (again,) = session.run(None, {"x": sound[1:2]})
    assert np.allclose(again[0], vectors[1], atol=1e-3)
    assert not np.allclose(vectors[0], vectors[1], atol=0.1)
