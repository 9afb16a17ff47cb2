"""Cutting speech into clauses loses no word and keeps its places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.language.clauses import clauses, phrase_around, sentences
from callcov.language.reading import is_backchannel
from callcov.model import Segment, Span, Word

SPOKEN = st.sampled_from(
    "hello, yes. no? Mr. [pin] [card_number], and so but um I'm £5 3,000 ... - because the".split()
)
SEGMENTS = st.lists(SPOKEN, min_size=1, max_size=80)


def segment(*texts):
    return Segment("A", tuple(Word(text, Span(at, at + 1)) for at, text in enumerate(texts)))


@given(SEGMENTS)
@pytest.mark.parametrize("cut", [sentences, clauses])
def test_the_pieces_hold_every_word_once_in_order(cut, texts):
    pieces = cut(7, segment(*texts))
    assert [place for piece in pieces for place in range(piece.first, piece.last)] == list(range(len(texts)))
    assert all(piece.segment == 7 for piece in pieces)
    assert all(piece.first <= token.word < piece.last for piece in pieces for token in piece.tokens)


@given(SEGMENTS, st.data())
def test_a_phrase_made_whole_still_holds_the_words_found(texts, data):
    first = data.draw(st.integers(0, len(texts) - 1))
    last = data.draw(st.integers(first + 1, len(texts)))
    for backwards in (True, False):
        start, end = phrase_around(segment(*texts).words, first, last, backwards=backwards)
        assert 0 <= start <= first < last <= end <= len(texts)
        assert backwards or start == first


def test_sentences_end_at_marks_but_not_at_titles():
    pieces = sentences(0, segment(*"Hello, Mr. Brown. Is it you? Good.".split()))
    assert [piece.text for piece in pieces] == ["Hello, Mr. Brown.", "Is it you?", "Good."]
    assert [piece.question for piece in pieces] == [False, True, False]


def test_a_long_sentence_is_cut_at_commas_and_joining_words():
    long = "I ordered the lamp on the third of May, and it came with a broken foot so I sent it back"
    assert [piece.text for piece in clauses(0, segment(*long.split()))] == [
        "I ordered the lamp on the third of May,",
        "and it came with a broken foot",
        "so I sent it back",
    ]


def test_speech_without_any_punctuation_is_cut_all_the_same():
    pieces = clauses(0, segment(*["word"] * 100))
    assert len(pieces) > 3
    assert all(piece.last - piece.first <= 28 for piece in pieces)


def test_masked_words_are_kept_from_the_encoder():
    (piece,) = clauses(0, segment("it", "is", "[card_number]", "[card_number]", "okay"))
    assert piece.text == "it is okay"


def test_a_question_is_known_without_its_mark():
    assert clauses(0, segment(*"so is this call recorded".split()))[0].question
    assert not clauses(0, segment(*"this call is recorded".split()))[0].question


@pytest.mark.parametrize("text", ["okay", "Yeah, yeah.", "Mm-hm.", "", "[pin]", "yes please"])
def test_an_acknowledgement_says_nothing(text):
    assert is_backchannel(" ".join(word for word in text.split() if "[" not in word))


@pytest.mark.parametrize("text", ["no way", "I see the problem", "thanks bye", "yes yes yes yes"])
def test_anything_more_says_something(text):
    assert not is_backchannel(text)
