"""Which words may be sensitive values, told by the talk around them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.language import tagger
from callcov.language.heads import fingerprint
from callcov.model import Segment, Span, Word


def call(*lines):
    """Segments from lines such as `A what is the number`."""
    found = []
    for place, line in enumerate(lines):
        speaker, *texts = line.split()
        found.append(Segment(speaker, tuple(Word(text, Span(place, place + 0.5)) for text in texts)))
    return tuple(found)


def test_the_shipped_tagger_was_trained_on_the_exchanges_as_they_are(root):
    folders = ("tools/values", "bench/verdicts/dev", "tools/values/heard")
    files = [path for folder in folders for path in sorted((root / folder).glob("*.yaml"))]
    assert tagger.shipped().training == fingerprint(files)


def test_two_taggers_differ_and_what_they_say_is_the_mean_of_their_logits(encoder, root):
    stream = tagger.stream_of(encoder.tokenizer, call("A and the number on the front", "B it is 4539 1488 0343 6467"))
    (states,) = encoder.tag([stream.ids])
    with np.load(root / "src/callcov/language/tagger.npz", allow_pickle=False) as stored:
        heads = zip(stored["head.weight"], stored["head.bias"], strict=True)
        logits = [mine @ weight + bias for mine, (weight, bias) in zip(np.split(states, 2, axis=1), heads, strict=True)]
    assert np.abs(logits[0] - logits[1]).max() > 0.5
    chances = np.exp(np.mean(logits, axis=0))
    assert np.allclose(tagger.shipped().judge(states), chances / chances.sum(axis=1, keepdims=True), atol=1e-4)


def test_a_call_without_words_has_no_beliefs(encoder):
    assert tagger.likely(encoder, ()).words == ()
    (each,) = tagger.likely(encoder, (Segment("A", ()),)).words
    assert each.shape == (0, 12)


def test_the_question_decides_what_a_number_is(encoder):
    def believed(question):
        found = tagger.likely(encoder, call(f"A {question}", "B yes it is 8 8 2 0 4 1 7"))
        return float(found.words[1][3:].sum(axis=1).mean())

    assert believed("what is your account number with us please") > believed("what is the order number on the parcel")


@given(st.integers(0, 3000))
def test_windows_judge_every_token_once_and_read_no_more_than_they_may(length):
    judged = [place for one in tagger.windows(length) for place in range(one.judged_from, one.judged_to)]
    assert judged == list(range(length))
    for one in tagger.windows(length):
        assert one.first <= one.judged_from < one.judged_to <= one.last <= one.first + tagger.WINDOW - 2


def test_beliefs_are_probabilities_for_every_word_of_a_long_call(encoder):
    segments = call(
        *[f"{'AB'[place % 2]} well that is number {place} of many things to say here" for place in range(90)]
    )
    found = tagger.likely(encoder, segments)
    assert [len(each) for each in found.words] == [len(segment.words) for segment in segments]
    every = np.concatenate(found.words)
    assert every.shape[1] == len(found.types) == 12
    assert (every >= 0).all()
    assert (every.sum(axis=1) <= 1 + 1e-4).all()


@pytest.mark.parametrize("text", ["\u202eآلو", "🙂🙂", "\u0301", "x" * 2000, "…"])
def test_any_writing_is_read_without_harm(encoder, text):
    (each,) = tagger.likely(encoder, (Segment("A", (Word(text, Span(0, 1)),)),)).words
    assert np.isfinite(each).all()
