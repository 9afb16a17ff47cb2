"""Words of a block: where they were said, none invented."""

import io
import json
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.model import Span, Word
from callcov.speech.decode import SPEECH_RATE, Decoding, load_block
from callcov.speech.survey import survey
from callcov.speech.whisper import Whisper, filled, missed, unlooped


@pytest.fixture(scope="module")
def tiny(models_folder):
    return Whisper(models_folder / "whisper-tiny.en")


@pytest.fixture(scope="module")
def base(models_folder):
    return Whisper(models_folder / "whisper-base")


def hear(recogniser, recording, language="en"):
    """The words of every channel that is heard, and the language."""
    found = survey(io.BytesIO(recording))
    heard = [
        recogniser.transcribe(
            load_block(io.BytesIO(recording), block.channel, block.span),
            block.span.start,
            found.speech[found.heard.index(block.channel)],
            language,
        )
        for block in found.blocks
    ]
    return heard, found


def plain(text):
    return re.sub(r"[^a-z0-9 ]", "", text.lower()).split()


def test_both_parties_are_heard_at_the_times_of_their_turns(tiny, sound):
    heard, _ = hear(tiny, (sound / "two-voices.wav").read_bytes())
    turns = json.loads((sound / "two-voices.json").read_text("utf-8"))["turns"]
    for who, one in zip("AC", heard, strict=True):
        for turn in (turn for turn in turns if turn["who"] == who):
            inside = [word for word in one.words if turn["start"] - 0.4 <= word.span.start <= turn["end"]]
            said = plain(turn["text"])
            missing = set(said) - set(plain(" ".join(word.text for word in inside)))
            assert len(missing) <= 0.35 * len(said)
            assert inside[0].span.start == pytest.approx(turn["start"], abs=0.6)
            assert inside[-1].span.end == pytest.approx(turn["end"], abs=0.6)


@pytest.mark.parametrize("name", ["two-voices.wav", "one-voice.wav", "narrow-line.wav"])
def test_words_are_in_order_inside_the_recording_and_last_some_time(tiny, sound, name):
    heard, found = hear(tiny, (sound / name).read_bytes())
    for one in heard:
        assert one.words
        assert one.language == "en"
        for word in one.words:
            assert 0 <= word.span.start < word.span.end <= found.duration
            assert 0 <= word.confidence <= 1
            assert word.text == word.text.strip() != ""
        for before, after in pairwise(one.words):
            assert before.span.start <= after.span.start


def test_the_same_block_gives_the_same_words(tiny, sound):
    recording = (sound / "one-voice.wav").read_bytes()
    assert hear(tiny, recording)[0] == hear(tiny, recording)[0]


def test_only_the_speech_of_the_block_is_listened_to(tiny, sound):
    recording = (sound / "two-voices.wav").read_bytes()
    block = Span(8.0, 13.0)
    speech = survey(io.BytesIO(recording)).speech[0]
    words = tiny.transcribe(load_block(io.BytesIO(recording), 0, block), block.start, speech, "en").words
    assert "monday" in plain(" ".join(word.text for word in words))
    assert all(block.start <= word.span.start < word.span.end <= block.end for word in words)


def test_without_speech_there_are_no_words(tiny):
    assert tiny.transcribe(np.zeros(SPEECH_RATE, np.float32), 0.0, (), "en").words == ()


def test_a_fifth_of_a_second_is_transcribed_without_complaint(tiny, speech):
    samples = speech[0, SPEECH_RATE : SPEECH_RATE + SPEECH_RATE // 5]
    heard = tiny.transcribe(samples, 0.0, (Span(0.0, 0.2),), "en")
    assert all(word.span.end <= 0.2 for word in heard.words)


@pytest.mark.parametrize("kind", ["silence", "noise", "ringing", "hum", "clicks"])
def test_nothing_is_invented_even_where_voice_activity_is_wrong(tiny, kind):
    time = np.arange(20 * SPEECH_RATE) / SPEECH_RATE
    random = np.random.default_rng(2)
    samples = {
        "silence": np.zeros(len(time)),
        "noise": random.standard_normal(len(time)) * 0.03,
        "ringing": (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 480 * time)) * 0.1 * (time % 6 < 2),
        "hum": np.sin(2 * np.pi * 50 * time) * 0.2,
        "clicks": random.standard_normal(len(time)) * (random.random(len(time)) > 0.9995) * 0.5,
    }[kind].astype(np.float32)
    assert tiny.transcribe(samples, 0.0, (Span(0.0, 20.0),), "en").words == ()


def test_nothing_is_invented_over_hold_music(tiny, sound):
    recording = (sound / "hold-music.wav").read_bytes()
    samples = np.concatenate(list(Decoding(io.BytesIO(recording))), axis=1)[0]
    assert hear(tiny, recording)[0] == []
    assert tiny.transcribe(samples, 0.0, (Span(0.0, 15.0),), "en").words == ()


def test_a_phrase_in_a_loop_is_kept_once():
    def said(text):
        return [Word(word, Span(place, place + 1)) for place, word in enumerate(text.split())]

    def texts(words):
        return " ".join(word.text for word in words)

    assert texts(unlooped(said("so I will go I will go, I will go. I will go then"))) == "so I will go then"
    assert texts(unlooped(said("beep beep beep beep beep"))) == "beep"
    assert texts(unlooped(said("no no that is fine"))) == "no no that is fine"
    assert unlooped([]) == []


def test_a_language_of_its_own_is_found_out(base, sound):
    (heard,), _ = hear(base, (sound / "spanish.wav").read_bytes(), language=None)
    assert heard.language == "es"
    assert {"problema", "factura"} <= set(plain(" ".join(word.text for word in heard.words)))


@pytest.mark.parametrize("asked", ["en", "en-US", "EN"])
def test_a_language_that_is_given_is_not_questioned(base, sound, asked):
    (heard,), _ = hear(base, (sound / "one-voice.wav").read_bytes(), language=asked)
    assert heard.language == "en"


def test_a_language_the_model_does_not_know_is_found_out_instead(base, sound):
    (heard,), _ = hear(base, (sound / "one-voice.wav").read_bytes(), language="xx")
    assert heard.language == "en"


def test_a_number_is_one_word_as_it_is_written(base, sound):
    heard, _ = hear(base, (sound / "narrow-line.wav").read_bytes())
    assert "$20" in [word.text for one in heard for word in one.words]


def test_a_line_without_fundamental_is_understood(base, sound):
    heard, _ = hear(base, (sound / "narrow-line.wav").read_bytes())
    truth = json.loads((sound / "narrow-line.json").read_text("utf-8"))["turns"]
    said = {word for turn in truth for word in plain(turn["text"])} - {"twenty", "dollars"}
    missing = said - set(plain(" ".join(word.text for one in heard for word in one.words)))
    assert len(missing) <= 3


def said(*words):
    """Words of `text start end`."""
    found = [word.rsplit(" ", 2) for word in words]
    return [Word(" " + text, Span(float(start), float(end))) for text, start, end in found]


def test_the_end_of_a_stretch_without_words_was_skipped():
    words = said("it 0.1 0.3", "is 0.3 0.5", "used 0.5 0.9")
    assert missed(words, [Span(0.0, 1.7)]) == []
    assert missed(words, [Span(0.0, 2.2)]) == [Span(0.9, 2.2)]
    assert missed(words, [Span(0.0, 1.0), Span(3.0, 3.3)]) == []
    assert missed(words, [Span(0.0, 1.0), Span(3.0, 3.5)]) == [Span(3.0, 3.5)]


def test_a_number_in_figures_may_take_as_long_as_saying_it():
    assert missed(said("07700900 0.1 0.9"), [Span(0.0, 4.0)]) == []
    assert missed(said("it 0.1 0.3", "7 0.4 0.9", "then 3.2 3.5"), [Span(0.0, 3.5)]) == [Span(0.9, 3.2)]


def test_what_was_skipped_is_filled_and_no_word_of_its_neighbour_is_said_twice():
    words = said("i 0.0 0.2", "call 0.2 0.6", "on 0.6 0.8", "Tuesday. 0.8 1.3", "Fine 4.0 4.4")
    again = said("Tuesday 1.4 1.5", "after 1.6 1.9", "ten. 1.9 2.4", "far 9.0 9.5")
    kept = filled(words, again, [Span(1.3, 2.5)])
    assert "".join(word.text for word in kept) == " i call on Tuesday. after ten. Fine"


@given(
    st.lists(st.tuples(st.sampled_from(["a", "bee", "10"]), st.integers(0, 90)), max_size=8),
    st.lists(st.tuples(st.sampled_from(["a", "bee", "10"]), st.integers(0, 90)), max_size=8),
)
def test_filling_loses_no_word_and_keeps_the_order(words, again):
    whole, more = (
        [Word(text, Span(at / 10, at / 10 + 0.3)) for text, at in sorted(one, key=lambda p: p[1])]
        for one in (words, again)
    )
    skipped = missed(whole, [Span(0.0, 4.0), Span(5.0, 9.0)])
    kept = filled(whole, more, skipped)
    assert [word for word in kept if word in whole] == whole or len(kept) >= len(whole)
    assert [word.span.start for word in kept] == sorted(word.span.start for word in kept)
