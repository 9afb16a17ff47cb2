"""The shipped heads belong to the shipped seeds, and the seeds are in order."""

from importlib.resources import files

import numpy as np
import pytest

from callcov.language import heads, seeds


def test_the_heads_were_trained_from_the_seeds_that_ship():
    trained = heads.shipped().seeds
    assert trained == heads.fingerprint(seeds.documents()), "a seed was changed: run tools/train_heads.py"


def test_a_changed_seed_changes_the_fingerprint(tmp_path):
    for document in seeds.documents():
        (tmp_path / document.name).write_bytes(document.read_bytes())
    same = heads.fingerprint(tmp_path.iterdir())
    (tmp_path / "greeting.yaml").write_bytes((tmp_path / "greeting.yaml").read_bytes() + b'  - "Ahoy."\n')
    assert same == heads.fingerprint(seeds.documents()) != heads.fingerprint(tmp_path.iterdir())


def test_there_is_a_head_for_every_act_with_seeds():
    sides, known = seeds.load()
    assert heads.shipped().acts == tuple(sorted(sides))
    assert heads.shipped().examples == tuple(seed.text for seed in known)
    assert set().union(*(seed.acts for seed in known)) == set(sides)


def test_no_sentence_both_does_an_act_and_does_not():
    _, known = seeds.load()
    does = {(seed.text.casefold().strip(" .?!"), seed.side) for seed in known if seed.acts}
    does_nothing = {
        (seed.text.casefold().strip(" .?!"), seed.side) for seed in known if not seed.acts and not seed.feeling
    }
    assert not does & does_nothing


def test_the_weights_are_small_and_finite():
    shipped = heads.shipped()
    assert len(files("callcov.language").joinpath("heads.npz").read_bytes()) < 1_500_000
    for values in (shipped.weights, shipped.bias, shipped.sentiment, shipped.agent):
        assert np.isfinite(values).all()
    assert ((shipped.thresholds > 0) & (shipped.thresholds < 1)).all()


def test_the_examples_are_kept_nearly_as_they_were(encoder):
    shipped = heads.shipped()
    some = list(shipped.examples[::300])
    assert (np.sum(encoder.encode(some) * shipped.example_vectors[::300], axis=1) > 0.999).all()


@pytest.mark.parametrize(("count", "expected"), [(0, -1.0), (1, 0.5), (2, 0.45), (5, 0.4)])
def test_the_nearest_are_the_three_nearest_or_all_there_are(count, expected):
    similar = np.array([[0.5, 0.4, 0.3, 0.2, 0.1]], np.float32)[:, :count]
    assert heads.nearest(similar) == pytest.approx([expected])
