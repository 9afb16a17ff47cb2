"""Words to tokens that compare equal however they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.model import Span, Word
from callcov.text.normalise import plain, texts, tokens

NUMBERS = st.sampled_from("zero five fourteen twenty hundred thousand million third twelfth fortieth a and".split())
BESIDE_DIGITS = frozenset("oh o to too for fore won ate tree sex double triple treble quadruple".split())
"""Words that are digits only beside others; beside "07" as it was written they are none, beside "0 7" they are."""


def by_itself(word):
    return word not in BESIDE_DIGITS


def words(said):
    return tuple(Word(text, Span(place, place + 1)) for place, text in enumerate(said))


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("I'm", "i am"),
        ("I\u2019m CALLING", "i am calling"),
        ("can't", "cannot"),
        ("don't", "do not"),
        ("My name's Dana.", "my name is dana"),
        ("Dana's card", "dana card"),
        ("thirty seven", "37"),
        ("3 7", "37"),
        ("double four", "44"),
        ("within 30 days", "within thirty days"),
        ("$50", "fifty dollars"),
        ("a 2% fee", "a two percent fee"),
        ("dana@example.com", "dana at example dot com"),
        ("e-mail", "email"),
        ("okay, um, fine", "ok fine"),
        ("\uff14\uff15", "45"),
        ("3.5", "three point five"),
        ("1,200", "1200"),
        ("B12", "b twelve"),
        ("o'clock", "o\u2019clock"),
    ],
)
def test_two_writings_of_the_same_words_are_alike(written, other):
    assert texts(written) == texts(other)


@pytest.mark.parametrize(
    ("text", "end"),
    [("so?", "?"), ("so.", "."), ("so!", "."), ("so,", ","), ("so...", ","), ("so", ""), ("Dr.", ""), ("Mrs.", "")],
)
def test_the_closing_punctuation_is_kept(text, end):
    assert tokens(words([text]))[-1].end == end


def test_a_masked_word_stays_one_token():
    assert [token.text for token in tokens(words(["[card_number]", "[card_number]"]))] == ["[card_number]"] * 2


def test_no_words_have_no_tokens():
    assert tokens(()) == ()
    assert texts(" ... !") == ()


@given(st.lists(st.text(max_size=20), max_size=10))
def test_every_token_names_a_word_and_they_are_in_order(said):
    found = tokens(words(said))
    places = [token.word for token in found]
    assert places == sorted(places)
    assert all(0 <= place < len(said) for place in places)
    level = [token.word for token in plain(found)]
    assert level == sorted(level)
    assert set(level) <= set(places)


@given(st.lists(NUMBERS | st.from_regex(r"[a-z]{1,8}|[0-9]{1,4}", fullmatch=True).filter(by_itself), max_size=10))
def test_reading_plain_tokens_again_changes_nothing(said):
    once = texts(" ".join(said))
    assert texts(" ".join(once)) == once
