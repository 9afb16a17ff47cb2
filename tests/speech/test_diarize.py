"""Two voices on one channel, or one."""

import io
import json
from itertools import pairwise

import numpy as np
import pytest

from callcov.model import Span
from callcov.speech.diarize import Embedder, Windows, embed, turns_from, turns_of, voices
from callcov.speech.survey import survey


@pytest.fixture(scope="module")
def embedder(models_folder):
    return Embedder(models_folder / "campplus")


def windows(*voice, odd=()):
    """Windows of 1.5 s every 0.75 s with a made-up voice each; those in `odd` are of nobody."""
    random = np.random.default_rng(4)
    common, *own = random.standard_normal((4, 192))
    vectors = [
        common + (own[which] if place not in odd else own[2] * 3) + random.standard_normal(192) * 0.4
        for place, which in enumerate(voice)
    ]
    vectors = np.array(vectors, np.float32)
    starts = np.arange(len(voice)) * 0.75
    return Windows(starts, starts + 1.5, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_two_voices_on_one_channel_are_told_apart(embedder, sound):
    recording = (sound / "two-voices-mono.wav").read_bytes()
    (speech,) = survey(io.BytesIO(recording)).speech
    found = turns_of(io.BytesIO(recording), 0, speech, embedder)
    truth = json.loads((sound / "two-voices.json").read_text("utf-8"))["turns"]
    shared = np.array(
        [
            [
                sum(
                    turn.span.overlap(Span(one["start"], one["end"]))
                    for turn in found
                    if turn.speaker == speaker
                    for one in truth
                    if one["who"] == who
                )
                for who in "AC"
            ]
            for speaker in "01"
        ]
    )
    right = max(shared[0, 0] + shared[1, 1], shared[0, 1] + shared[1, 0])
    assert right > 0.95 * shared.sum()


def test_one_voice_is_one_speaker(embedder, sound):
    recording = (sound / "one-voice.wav").read_bytes()
    (speech,) = survey(io.BytesIO(recording)).speech
    assert {turn.speaker for turn in turns_of(io.BytesIO(recording), 0, speech, embedder)} == {"0"}


def test_turns_cover_the_speech_and_nothing_else(embedder, sound):
    recording = (sound / "two-voices-mono.wav").read_bytes()
    (speech,) = survey(io.BytesIO(recording)).speech
    found = turns_of(io.BytesIO(recording), None, speech, embedder)
    assert all(one.span.end <= other.span.start for one, other in pairwise(found))
    for span in speech:
        assert sum(span.overlap(turn.span) for turn in found) == pytest.approx(span.duration, abs=0.005)
    assert sum(turn.span.duration for turn in found) == pytest.approx(sum(span.duration for span in speech), abs=0.01)


def test_windows_lie_inside_their_speech(embedder, speech, encode):
    recording = encode(speech.mean(axis=0, keepdims=True), 16_000, "wav", "pcm_s16le")
    spans = (Span(0.5, 4.4), Span(5.0, 5.6), Span(6.0, 6.2), Span(8.7, 21.0))
    found = embed(io.BytesIO(recording), None, spans, embedder)
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    for start, end in zip(found.starts, found.ends, strict=True):
        assert any(span.start - 1e-6 <= start < end <= span.end + 1e-6 for span in spans)
    assert not any(6.0 <= start < 6.2 for start in found.starts)


def test_without_speech_there_are_no_turns(embedder, sound):
    with (sound / "hold-music.wav").open("rb") as file:
        assert turns_of(file, 0, (), embedder) == ()


def test_a_voice_of_its_own_that_speaks_long_enough_is_found():
    assert voices(windows(*[0] * 20, *[1] * 10)) is not None


def test_a_few_odd_windows_are_no_second_voice():
    assert voices(windows(*[0] * 40, odd=(7,))) is None


def test_one_voice_has_no_second_centre():
    assert voices(windows(*[0] * 40)) is None


def test_the_rarer_voice_may_speak_little():
    found = turns_from(windows(*[0] * 60, *[1] * 8, *[0] * 60), (Span(0, 96.75),))
    assert [turn.speaker for turn in found] in (["0", "1", "0"], ["1", "0", "1"])
    assert found[1].span.start == pytest.approx(45.4, abs=0.8)
    assert found[1].span.end == pytest.approx(51.4, abs=0.8)


def test_a_doubtful_window_does_not_cut_a_turn():
    found = turns_from(windows(*[0] * 20, *[1] * 20, odd=(5,)), (Span(0, 30.75),))
    assert len(found) == 2


def alike(*voice):
    """Windows as `windows` makes them, of two voices that are much alike (their centres' cosine is about 0.85)."""
    random = np.random.default_rng(7)
    common, *own = random.standard_normal((3, 192))
    vectors = np.array([common * 2.2 + own[which] + random.standard_normal(192) * 0.3 for which in voice], np.float32)
    starts = np.arange(len(voice)) * 0.75
    return Windows(starts, starts + 1.5, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_two_voices_that_are_alike_are_told_by_their_turns():
    centres = voices(alike(*([0] * 10 + [1] * 8) * 4))
    assert centres is not None
    assert 0.77 < float(centres[0] @ centres[1]) < 0.88


def test_what_alternates_within_the_sound_of_a_word_is_one_voice():
    random = np.random.default_rng(2)
    assert voices(alike(*random.integers(0, 2, 72).tolist())) is None


def test_two_voices_that_are_alike_are_one_where_little_is_said():
    assert voices(alike(*[0] * 6, *[1] * 5)) is None
