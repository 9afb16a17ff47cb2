"""The sentence encoder gives what its users rely on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov.language.encoder import WIDTH


def test_no_texts_give_no_rows(encoder):
    assert encoder.encode([]).shape == (0, WIDTH)


def test_every_text_has_a_row_of_unit_length_in_the_order_given(encoder):
    texts = ["good morning", "", "my card was declined", "good morning", "w" * 5000, "très bien \N{PILE OF POO}"]
    vectors = encoder.encode(texts)
    assert vectors.shape == (len(texts), WIDTH)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors[0] == vectors[3]).all()


@settings(max_examples=10)
@given(st.lists(st.text("abc de", max_size=40), min_size=1, max_size=12))
def test_the_company_of_other_texts_changes_no_vector(encoder, texts):
    together = encoder.encode(texts)
    for text, vector in zip(texts, together, strict=True):
        assert np.allclose(encoder.encode([text])[0], vector, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("my parcel never arrived", "the delivery did not come", "the weather is lovely today"),
        ("how old are you", "what is your age", "what is your address"),
    ],
)
def test_what_means_the_same_lies_near(encoder, text, near, far):
    one, same, other = encoder.encode([text, near, far])
    assert one @ same > one @ other + 0.2


def test_words_after_the_longest_text_the_model_knows_are_cut(encoder):
    long = "the invoice is wrong " * 100
    assert np.allclose(*encoder.encode([long, long + "and I love it"]))
