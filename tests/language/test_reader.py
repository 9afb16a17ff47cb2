"""A clause is read in its context, and alone the same each time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.language import context, reader
from callcov.language.context import Sentence
from callcov.language.encoder import READ_WIDTH


def probability(encoder, act, *sentences):
    known = reader.shipped()
    judged = known.judge(encoder.read(list(sentences)))
    return judged.acts[:, known.names.index(act)]


def test_no_sentences_have_no_vectors(encoder):
    assert encoder.read([]).shape == (0, READ_WIDTH)


def test_a_clause_has_the_same_vector_whatever_is_read_beside_it(encoder):
    one = Sentence("So the boiler has been off since Tuesday.", "It's been off since Tuesday.")
    many = [Sentence("Okay."), one, Sentence("Can I take your postcode, please?", "Hello.")]
    assert encoder.read(many)[1] == pytest.approx(encoder.read([one])[0], abs=1e-4)


def test_what_was_said_before_changes_what_a_clause_means(encoder):
    told = Sentence("A leak under the sink.", "There's a leak under our sink and it's getting worse.")
    alone = Sentence("A leak under the sink.")
    assert probability(encoder, "active_listening", told, alone)[0] > probability(encoder, "active_listening", alone)[0]


@given(st.integers(0, 400))
def test_of_a_long_turn_before_its_end_is_read(encoder_tokens, words):
    end = " ".join(["agree"] * 30)
    said = context.tokens(encoder_tokens, Sentence("Yes.", "blue " * words + end, "green " * words + end))
    assert said == context.tokens(encoder_tokens, Sentence("Yes.", end, end))


def test_two_readers_differ_and_what_they_say_is_the_mean_of_their_logits(encoder, root):
    vectors = encoder.read([Sentence("I'm ringing about your claim."), Sentence("That is disgraceful.", "It's shut.")])
    with np.load(root / "src/callcov/language/reader.npz", allow_pickle=False) as stored:
        heads = zip(stored["acts.weight"], stored["acts.bias"], strict=True)
        logits = [
            mine @ weight + bias for mine, (weight, bias) in zip(np.split(vectors, 2, axis=1), heads, strict=True)
        ]
    assert np.abs(logits[0] - logits[1]).max() > 0.5
    assert np.allclose(reader.shipped().judge(vectors).acts, 1 / (1 + np.exp(-np.mean(logits, axis=0))), atol=1e-5)


def test_an_empty_clause_is_read_without_harm(encoder):
    assert np.isfinite(encoder.read([Sentence("")])).all()


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=400))
def test_the_clauses_own_tokens_lie_inside_and_no_text_is_too_long(encoder_tokens, text, other, before):
    read = context.tokens(encoder_tokens, Sentence(text, other, before))
    assert 0 < read.first < read.last < len(read.ids) <= 100
