"""What was learned belongs to the sentences that ship, and the sentences are in order."""

from importlib.resources import files

import numpy as np

from callcov.language import heads, reader, seeds
from callcov.language.encoder import READ_WIDTH, WIDTH
from callcov.language.phrases import shipped as rules


def sources(root):
    return [*seeds.documents(), *(root / "tools/talk").glob("*.yaml")]


def test_reader_and_examples_were_made_from_the_sentences_that_ship(root):
    files = sources(root)
    heard = sorted((root / "tools/talk/heard").glob("*.yaml"))
    assert heads.shipped().seeds == heads.fingerprint(files), "a sentence was changed: run tools/train_heads.py"
    learned = reader.shipped().training
    assert learned == heads.fingerprint([*files, *heard]), "a sentence was changed: run tools/train_reader.py"


def test_a_changed_seed_changes_the_fingerprint(tmp_path):
    for document in seeds.documents():
        (tmp_path / document.name).write_bytes(document.read_bytes())
    same = heads.fingerprint(tmp_path.iterdir())
    (tmp_path / "greeting.yaml").write_bytes((tmp_path / "greeting.yaml").read_bytes() + b'  - "Ahoy."\n')
    assert same == heads.fingerprint(seeds.documents()) != heads.fingerprint(tmp_path.iterdir())


def test_the_reader_knows_every_act_of_a_phrase_and_has_an_example_of_every_act():
    known, examples = reader.shipped(), heads.shipped()
    assert {rule.act for rule in rules()} <= set(known.names)
    assert known.names == examples.acts
    assert examples.mine.any(axis=0).all()


def test_no_sentence_both_does_an_act_and_does_not():
    _, known = seeds.load()
    does = {(seed.text.casefold().strip(" .?!"), seed.side) for seed in known if seed.acts}
    does_nothing = {
        (seed.text.casefold().strip(" .?!"), seed.side) for seed in known if not seed.acts and not seed.feeling
    }
    assert not does & does_nothing


def test_the_weights_are_small_and_finite():
    known = reader.shipped()
    assert len(files("callcov.language").joinpath("reader.npz").read_bytes()) < 1_000_000 * (READ_WIDTH // WIDTH)
    for values in (known.weights, known.bias, known.feeling, known.agent):
        assert np.isfinite(values).all()
    assert ((known.thresholds > 0) & (known.thresholds < 1)).all()


def test_the_examples_are_kept_nearly_as_they_were(encoder):
    shipped = heads.shipped()
    some = list(shipped.examples[::300])
    assert (np.sum(encoder.encode(some) * shipped.example_vectors[::300], axis=1) > 0.999).all()
