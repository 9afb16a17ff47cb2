"""Words and voice activity become segments: nothing lost, nothing invented, in order."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.model import Span, Turn, Word
from callcov.speech.align import channels_apart, one_channel, speaker_of


def words(text, start, each=0.3):
    return [
        Word(word, Span(start + place * each, start + (place + 1) * each)) for place, word in enumerate(text.split())
    ]


def lines(aligned):
    return [f"{segment.speaker} {segment.text}" for segment in aligned.segments]


@st.composite
def said(draw):
    """Words of one channel in order of time, with pauses."""
    made, time = [], draw(st.floats(0, 5))
    for number in range(draw(st.integers(0, 30))):
        time += draw(st.sampled_from([0.0, 0.0, 0.05, 0.6, 1.5, 4.0]))
        length = draw(st.floats(0.02, 1.2))
        mark = draw(st.sampled_from(["", "", "", ".", "?"]))
        made.append(Word(f"w{number}{mark}", Span(round(time, 3), round(time + length, 3)), draw(st.floats(0, 1))))
        time += length
    return made


@st.composite
def turns(draw):
    made, time = [], 0.0
    for _ in range(draw(st.integers(0, 20))):
        time += draw(st.sampled_from([0.0, 0.4, 2.0]))
        length = draw(st.floats(0.1, 6))
        made.append(Turn(draw(st.sampled_from("01")), Span(round(time, 3), round(time + length, 3))))
        time += length
    return made


def _check(aligned, given_words):
    assert Counter(word for segment in aligned.segments for word in segment.words) == Counter(given_words)
    assert all(segment.words for segment in aligned.segments)
    starts = [segment.span.start for segment in aligned.segments]
    assert starts == sorted(starts)
    if aligned.segments:
        assert aligned.segments[0].speaker == "A"
    assert {segment.speaker for segment in aligned.segments} <= {"A", "B"}
    assert [turn.span.start for turn in aligned.turns] == sorted(turn.span.start for turn in aligned.turns)


@given(said(), said())
def test_two_channels_lose_and_invent_no_word(left, right):
    aligned = channels_apart({0: left, 1: right}, {0: [word.span for word in left], 1: [word.span for word in right]})
    _check(aligned, left + right)
    for channel, own in ((0, left), (1, right)):
        assert [word for segment in aligned.segments if segment.channel == channel for word in segment.words] == own


@given(said(), turns())
def test_one_channel_loses_and_invents_no_word_and_keeps_their_order_in_time(heard, voices):
    aligned = one_channel(heard, voices, 0)
    _check(aligned, heard)
    assert [word for segment in aligned.segments for word in segment.words] == heard


@given(said(), said())
def test_swapping_the_channels_swaps_nothing_but_the_channels(left, right):
    one = channels_apart({0: left, 1: right}, {})
    other = channels_apart({0: right, 1: left}, {})
    if left and right and left[0].span.start != right[0].span.start:
        starts = Counter(word.span for word in [*left, *right])
        if max(starts.values()) == 1:
            assert [segment.words for segment in one.segments] == [segment.words for segment in other.segments]


def test_an_empty_call_has_no_segments_and_no_turns():
    assert channels_apart({0: [], 1: []}, {0: [], 1: []}).segments == ()
    assert one_channel([], [], None).turns == ()


def test_speakers_take_turns_and_the_first_is_a():
    aligned = channels_apart(
        {0: words("good morning", 5.0), 1: words("hello there", 1.0) + words("fine thanks", 8.0)}, {}
    )
    assert lines(aligned) == ["A hello there", "B good morning", "A fine thanks"]


def test_a_voice_that_says_no_word_comes_after_those_that_do():
    aligned = channels_apart({0: [], 1: words("hello", 3.0)}, {0: [Span(1, 2)], 1: [Span(3, 4)]})
    assert aligned.turns == (Turn("B", Span(1, 2)), Turn("A", Span(3, 4)))


def test_words_of_overlapping_speech_stay_together():
    aligned = channels_apart(
        {0: words("i would like to cancel my order now please", 0.0), 1: words("okay let me see", 1.0)}, {}
    )
    assert lines(aligned) == ["A i would like to cancel my order now please", "B okay let me see"]


def test_a_long_silence_ends_a_segment():
    aligned = channels_apart({0: words("one moment", 0.0) + words("thank you for waiting", 20.0), 1: []}, {})
    assert lines(aligned) == ["A one moment", "A thank you for waiting"]


def test_in_an_overlap_both_speakers_are_heard_and_every_word_is_still_said_once():
    voices = [Turn("0", Span(0, 3)), Turn("1", Span(3, 6))]
    heard = words("i would like to cancel my order now please", 0.0) + words("okay let me see", 3.6)
    aligned = one_channel(heard, voices, 0, [Span(2.5, 3.2), Span(4.0, 4.4)])
    assert lines(aligned) == lines(one_channel(heard, voices, 0))
    said = {name: [(turn.span.start, turn.span.end) for turn in aligned.turns if turn.speaker == name] for name in "AB"}
    assert said == {"A": [(0, 3.2), (4.0, 4.4)], "B": [(2.5, 6)]}


def test_where_one_voice_is_heard_nobody_speaks_with_it():
    aligned = one_channel(words("hello is anybody there", 0.0), [Turn("0", Span(0, 2))], 0, [Span(0.5, 1.5)])
    assert [turn.span for turn in aligned.turns] == [Span(0, 2)]


def test_a_word_belongs_to_the_turn_that_covers_most_of_it():
    voices = [Turn("0", Span(0, 2)), Turn("1", Span(2, 4))]
    assert speaker_of(Word("so", Span(1.5, 2.1)), voices) == "0"
    assert speaker_of(Word("so", Span(1.9, 2.9)), voices) == "1"
    assert speaker_of(Word("so", Span(5, 6)), voices) is None


def test_a_word_outside_all_turns_goes_to_the_nearest():
    aligned = one_channel(words("yes. no.", 1.0, each=3.0), [Turn("0", Span(0, 1)), Turn("1", Span(9, 10))], 0)
    assert lines(aligned)[0] == "A yes."


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(1.5, ["A can you hold please. sure i can"], id="within the sentence"),
        pytest.param(1.0, ["A can you hold please.", "B sure i can"], id="a word too early"),
    ],
)
def test_a_change_of_voice_is_moved_to_the_end_of_the_sentence(change, expected):
    heard = words("can you hold please. sure i can", 0.0)
    voices = [Turn("0", Span(0, change)), Turn("1", Span(change, 2.1))]
    if change > 1.2:
        voices = [Turn("0", Span(0, 0.6)), Turn("1", Span(0.6, 0.9)), Turn("0", Span(0.9, 2.1))]
    assert lines(one_channel(heard, voices, 0)) == expected


def test_a_long_stretch_of_another_voice_in_a_sentence_is_believed():
    heard = words("i told you that we are not going to pay for it", 0.0)
    aligned = one_channel(heard, [Turn("0", Span(0, 1.5)), Turn("1", Span(1.5, 3.6))], 0)
    assert lines(aligned) == ["A i told you that we", "B are not going to pay for it"]


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        pytest.param(
            "it still makes that odd noise Well that is the belt for you",
            2.1,
            ["A it still makes that odd noise", "B Well that is the belt for you"],
            id="a word too late",
        ),
        pytest.param(
            "it still makes that odd noise Well that is the belt for you",
            1.5,
            ["A it still makes that odd noise", "B Well that is the belt for you"],
            id="a word too early",
        ),
        pytest.param(
            "it still makes that odd noise I think it is the belt for you",
            2.1,
            ["A it still makes that odd noise I", "B think it is the belt for you"],
            id="I tells nothing",
        ),
    ],
)
def test_a_change_of_voice_is_moved_to_the_capital_that_begins_a_sentence(text, change, expected):
    voices = [Turn("0", Span(0, change)), Turn("1", Span(change, 3.9))]
    assert lines(one_channel(words(text, 0.0), voices, 0)) == expected


def test_words_without_turns_are_one_speakers():
    assert lines(one_channel(words("hello is anybody there", 0.0), [], 0)) == ["A hello is anybody there"]


def test_times_of_segments_never_go_back():
    aligned = channels_apart({0: words("a b c d", 0.0, 1.0), 1: words("x y", 1.5, 1.0)}, {})
    for one, other in pairwise(aligned.segments):
        assert one.span.start <= other.span.start
