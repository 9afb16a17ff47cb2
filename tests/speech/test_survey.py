"""The first pass over a recording: where speech is, who has a channel, and the blocks."""

import io
import json
import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from callcov.errors import BadRecording
from callcov.model import Span
from callcov.speech.decode import SPEECH_RATE
from callcov.speech.survey import Block, Survey, blocks_of, survey
from callcov.speech.voice import Voice, spans_of

RATE = SPEECH_RATE


def seen(encode, samples):
    return survey(io.BytesIO(encode(samples, RATE, "flac", "flac")))


def floats(samples):
    """The survey of a WAV file of 32-bit floats."""
    body, size = samples.T.astype("<f4").tobytes(), 4 * len(samples)
    form = (b"WAVEfmt ", 16, 3, len(samples), RATE, RATE * size, size, 32, b"data", len(body))
    return survey(io.BytesIO(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(body), *form) + body))


def noise(shape, level, seed=1):
    return (np.random.default_rng(seed).standard_normal(shape) * level).astype(np.float32)


def seconds(spans):
    return sum(span.duration for span in spans)


def test_speech_is_found_where_the_truth_says_on_each_channel(encode, speech, sound):
    turns = json.loads((sound / "two-voices.json").read_text("utf-8"))["turns"]
    found = seen(encode, speech)
    assert found.apart
    assert found.heard == (0, 1)
    for channel, who in enumerate("AC"):
        own = [Span(turn["start"], turn["end"]) for turn in turns if turn["who"] == who]
        other = [Span(turn["start"], turn["end"]) for turn in turns if turn["who"] != who]
        covered = sum(one.overlap(span) for one in own for span in found.speech[channel])
        wrong = sum(one.overlap(span) for one in other for span in found.speech[channel])
        assert covered > 0.8 * seconds(own)  # pauses inside a turn are no speech
        assert wrong < 0.3


def test_a_narrow_line_that_carries_no_fundamental_is_heard(sound):
    truth = json.loads((sound / "narrow-line.json").read_text("utf-8"))["turns"]
    (found,) = survey(io.BytesIO((sound / "narrow-line.wav").read_bytes())).speech
    for turn in truth:
        span = Span(turn["start"], turn["end"])
        assert sum(span.overlap(one) for one in found) > 0.8 * span.duration


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_a_sample_that_is_no_number_costs_its_moment_and_no_more(speech, value):
    samples = speech.copy()
    samples[0, 9 * RATE] = value
    for one, other in zip(floats(samples).speech, floats(speech).speech, strict=True):
        assert abs(seconds(one) - seconds(other)) < 2.0


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_of_nothing_but_such_samples_a_recording_is_silent(value):
    assert floats(np.full((1, 3 * RATE), value, np.float32)).blocks == ()


def test_floats_at_the_scale_of_whole_numbers_are_refused_for_no_word_would_be_heard_in_them(speech):
    with pytest.raises(BadRecording, match="far beyond full scale"):
        floats(speech * 32768)


def test_a_call_thirty_decibels_quieter_has_the_same_speech(encode, speech):
    loud, quiet = seen(encode, speech), seen(encode, speech * 0.03)
    for one, other in zip(loud.speech, quiet.speech, strict=True):
        assert seconds(other) == pytest.approx(seconds(one), rel=0.1)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(lambda one: one, id="the same"),
        pytest.param(lambda one: one * 0.3, id="fainter"),
        pytest.param(lambda one: -one, id="upside down"),
        pytest.param(lambda one: one + noise(one.shape, 0.001), id="with a little noise"),
    ],
)
def test_two_channels_that_are_alike_are_one_line(encode, speech, second):
    mono = speech.mean(axis=0)
    found = seen(encode, np.stack([mono, second(mono)]))
    assert not found.apart
    assert found.heard == (0,)
    assert len(found.speech) == 1
    assert {block.channel for block in found.blocks} == {0}


def test_of_two_alike_the_louder_is_heard(encode, speech):
    mono = speech.mean(axis=0)
    assert seen(encode, np.stack([mono * 0.1, mono])).heard == (1,)


def test_an_echo_of_the_other_party_does_not_make_channels_alike(encode, speech):
    assert seen(encode, speech + 0.05 * speech[::-1]).apart


@pytest.mark.parametrize("silent", [0, 1])
def test_a_channel_without_speech_is_left_out_and_the_other_is_one_line(encode, speech, silent):
    samples = speech.copy()
    samples[silent] = noise(samples.shape[1], 0.0003)
    found = seen(encode, samples)
    assert not found.apart
    assert found.heard == (1 - silent,)
    assert seconds(found.speech[0]) > 5


def test_more_than_two_channels_are_heard_as_their_mean(encode, speech):
    samples = np.concatenate([speech, noise((2, speech.shape[1]), 0.0003)])
    found = survey(io.BytesIO(encode(samples, RATE, "wav", "pcm_s16le")))
    assert (found.channels, found.apart, found.heard) == (4, False, (None,))
    assert {block.channel for block in found.blocks} == {None}


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("level", [0.0, 0.0003, 0.05])
def test_silence_and_noise_hold_no_speech_and_no_blocks(encode, channels, level):
    found = seen(encode, noise((channels, 20 * RATE), level))
    assert (found.speech, found.blocks, found.apart) == (((),), (), False)
    assert found.duration == pytest.approx(20.0)
    assert not found.damaged


def test_hold_music_holds_no_speech(sound):
    found = survey(io.BytesIO((sound / "hold-music.wav").read_bytes()))
    assert found.speech == ((),)
    assert found.duration == pytest.approx(15.0, abs=0.05)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("wav", "pcm_mulaw", 8_000),
        ("mp3", "mp3", 44_100),
        ("flac", "flac", 16_000),
        ("ogg", "libopus", 48_000),
        ("webm", "libopus", 48_000),
        ("mp4", "aac", 16_000),
        ("mpeg", "mp2", 32_000),
    ],
)
def test_a_fifth_of_a_second_of_intact_sound_is_not_damaged(encode, tones, container, codec, rate):
    found = survey(io.BytesIO(encode(tones(0.2, rate, 440), rate, container, codec)))
    assert found.duration == pytest.approx(0.2, abs=0.1)
    assert found.audible == pytest.approx(found.duration, abs=0.1)
    assert not found.damaged


def test_a_recording_of_which_little_can_be_decoded_is_damaged(encode, tones):
    recording = bytearray(encode(tones(10, RATE, 440), RATE, "mp4", "aac"))
    start = recording.index(b"mdat") + 4
    end = recording.index(b"moov") - 4
    keep = start + (end - start) // 20
    recording[keep:end] = np.random.default_rng(5).bytes(end - keep)
    found = survey(io.BytesIO(recording))
    assert found.damaged
    assert found.audible < 9


def test_nothing_to_decode_is_refused():
    with pytest.raises(BadRecording):
        survey(io.BytesIO(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0"))


def test_a_survey_survives_json(encode, speech):
    found = seen(encode, speech)
    adapter = TypeAdapter(Survey)
    assert adapter.validate_json(adapter.dump_json(found)) == found
    assert isinstance(found.blocks[0], Block)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 90_000), min_size=1, max_size=12))
def test_voice_activity_does_not_depend_on_the_pieces_it_is_fed_in(speech, sizes):
    samples = speech[0, : 8 * RATE]
    once, often = Voice(), Voice()
    once.feed(samples)
    start = 0
    for size in [*sizes, len(samples)]:
        often.feed(samples[start : start + size])
        start += size
    assert np.array_equal(once.likelihoods(), often.likelihoods())
    assert np.array_equal(once.energies(), often.energies())


@given(st.lists(st.floats(0, 1, width=32), max_size=200), st.floats(0.05, 7))
def test_spans_are_in_order_apart_and_inside_the_recording(likely, duration):
    frames = np.array(likely, np.float32)
    spans = spans_of(frames, np.full(len(frames), 0.01, np.float32), duration)
    for span in spans:
        assert 0 <= span.start < span.end <= round(duration, 3) + 1e-9
    for one, other in pairwise(spans):
        assert other.start - one.end > 0.2


@st.composite
def _speech(draw):
    """Speech and pauses of a call of up to an hour or so."""
    spans, time = [], 0.0
    for _ in range(draw(st.integers(0, 40))):
        time += draw(st.floats(0.3, 90))
        length = draw(st.one_of(st.floats(0.2, 20), st.floats(300, 1500)))
        spans.append(Span(round(time, 3), round(time + length, 3)))
        time += length
    return tuple(spans), round(time + 1, 3)


@given(_speech())
def test_blocks_cover_all_speech_once_and_last_ten_minutes_at_most(call):
    speech, duration = call
    blocks = blocks_of(speech, duration)
    for span in speech:
        assert sum(span.overlap(block) for block in blocks) == pytest.approx(span.duration, abs=0.01)
    for block in blocks:
        assert block.duration <= 600.001
        assert 0 <= block.start < block.end <= duration
        assert any(block.overlap(span) > 0 for span in speech)
    for one, other in pairwise(blocks):
        assert one.end <= other.start


def test_a_block_ends_in_the_longest_pause_of_its_last_quarter():
    speech = (Span(0, 100), Span(105, 500), Span(502, 560), Span(561, 900))
    first, second = blocks_of(speech, 900.0)
    assert first == Span(0, 501)
    assert second.end == 900


def test_where_nobody_pauses_a_block_ends_after_ten_minutes():
    assert blocks_of((Span(0, 1300),), 1300.0) == (Span(0, 600), Span(600, 1200), Span(1200, 1300))
