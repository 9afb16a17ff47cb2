"""What a recogniser writes for the sound of listening."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.model import Segment, Span, Word
from callcov.text import sensitive
from callcov.text.murmurs import murmured
from callcov.text.sensitive.stream import stretches


def words(text, seconds, start=0.0):
    """The words of a text, evenly over some seconds."""
    said = text.split()
    each = seconds / max(1, len(said))
    return tuple(Word(word, Span(start + at * each, start + (at + 1) * each)) for at, word in enumerate(said))


@pytest.mark.parametrize("text", ["MMHM", "M.M.H.M.", "H.M.", "Mm-hm.", "M M H M", "And then HM.", "and the mace ham"])
def test_letters_of_a_hum_and_a_hasty_and_then_are_a_murmur(text):
    assert murmured(words(text, 0.7))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0.5),
        ("And then what?", 1.4),
        ("And the other one is red", 0.9),
        ("Ham", 0.4),
        ("And you", 0.5),
        ("H", 0.2),
        ("M", 0.2),
        ("M, H.", 0.4),
    ],
)
def test_anything_else_is_none(text, seconds):
    assert not murmured(words(text, seconds))


@given(st.lists(st.text(min_size=1, max_size=6), max_size=8), st.floats(0.0, 3.0))
def test_any_words_have_an_answer(texts, seconds):
    assert murmured(tuple(Word(text, Span(0.0, seconds)) for text in texts)) in (True, False)


def test_a_number_goes_on_behind_a_murmur():
    call = (
        Segment("A", words("What is the long number on your card?", 3.0)),
        Segment("B", words("It is 4929 1173", 3.0, 4.0)),
        Segment("A", words("And then HM.", 0.7, 7.5)),
        Segment("B", words("0026 5581", 3.0, 9.0)),
    )
    assert [stretch.speaker for stretch in stretches(call)] == ["A", "B"]
    masked = sensitive.mask(call, sensitive.find(call), ("card_number",))
    assert not any(letter.isdigit() for segment in masked for letter in segment.text)


@pytest.mark.parametrize(("said", "read"), [("For one seven.", "4 one seven"), ("nine for two", "nine 4 two")])
def test_for_before_a_digit_is_four_where_a_number_is_told(said, read):
    (stretch,) = stretches([Segment("A", words(said, 2.0))])
    assert " ".join(atom.text for atom in stretch.atoms) == " ".join("4" if one == "4" else one for one in read.split())


@pytest.mark.parametrize("said", ["a table for two please", "wait for one moment", "for me nine"])
def test_for_stays_itself_elsewhere(said):
    (stretch,) = stretches([Segment("A", words(said, 2.0))])
    assert "for" in [atom.text for atom in stretch.atoms]


def test_a_question_for_the_case_of_being_cut_off_asks_for_the_telephone():
    call = (
        Segment("A", words("And a model, in case we get cut off?", 3.0)),
        Segment("B", words("oh 7700 900 371", 3.0, 4.0)),
    )
    assert {one.type for one in sensitive.find(call)} == {"phone_number"}


@pytest.mark.parametrize(
    "asked", ["your date of first please?", "Could I have your data of birth?", "your date a both?"]
)
def test_a_date_of_birth_is_asked_for_in_words_that_sound_like_it(asked):
    call = (
        Segment("A", words(asked, 2.0)),
        Segment("B", words("It is the 7th of June, 68.", 3.0, 3.0)),
    )
    assert {one.type for one in sensitive.find(call)} == {"date_of_birth"}
