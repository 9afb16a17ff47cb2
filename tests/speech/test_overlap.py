"""Two who speak at once on one channel are heard, and one who speaks alone is not taken for two."""

import io
import json

import numpy as np
import pytest

from callcov.model import Span
from callcov.speech.decode import SPEECH_RATE
from callcov.speech.overlap import Segmenter, overlaps


@pytest.fixture(scope="module")
def segmenter(models_folder):
    return Segmenter(models_folder / "segmentation")


@pytest.fixture
def heard(segmenter, encode):
    """Function (samples [n], speech or all of it): when two speak at once in them, as a recording."""

    def hear(samples, *speech):
        whole = (np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
        recording = encode(whole, SPEECH_RATE, "wav", "pcm_s16le")
        return overlaps(io.BytesIO(recording), 0, speech or [Span(0.0, len(samples) / SPEECH_RATE)], segmenter)

    return hear


@pytest.fixture(scope="module")
def turns(speech, sound):
    """The sound of the agent's longest turn and of the customer's, without the other side."""
    told = json.loads((sound / "two-voices.json").read_text("utf-8"))["turns"]
    longest = [
        max((one for one in told if one["who"] == who), key=lambda one: one["end"] - one["start"]) for who in "AC"
    ]
    cut = [slice(round(one["start"] * SPEECH_RATE), round(one["end"] * SPEECH_RATE)) for one in longest]
    loudest = [max(speech[:, part], key=lambda channel: float((channel**2).sum())) for part in cut]
    return [one / np.abs(one).max() * 0.4 for one in loudest]


def together(first, second, both):
    """Two stretches of sound, the second beginning so many seconds before the first ends."""
    start = len(first) - round(both * SPEECH_RATE)
    mixed = np.zeros(max(len(first), start + len(second)), np.float32)
    mixed[: len(first)] += first
    mixed[start : start + len(second)] += second
    return mixed, Span(start / SPEECH_RATE, len(first) / SPEECH_RATE)


@pytest.mark.parametrize("both", [0.8, 1.2, 1.6])
@pytest.mark.parametrize("order", [1, -1], ids=["agent first", "customer first"])
def test_where_two_speak_at_once_is_heard_to_a_quarter_of_a_second(heard, turns, both, order):
    mixed, truth = together(*turns[::order], both)
    found = heard(mixed)
    inside = sum(one.overlap(truth) for one in found)
    assert inside > 0.6 * truth.duration
    assert sum(one.duration for one in found) - inside < 0.25


@pytest.mark.parametrize("who", [0, 1], ids=["agent", "customer"])
def test_one_voice_alone_is_not_two(heard, turns, who):
    assert sum(one.duration for one in heard(turns[who])) < 0.1


def test_what_lies_outside_the_speech_is_not_told(heard, turns):
    mixed, truth = together(*turns, 1.2)
    before = Span(0.0, truth.start - 0.3)
    assert heard(mixed, before) == ()
    middle = (truth.start + truth.end) / 2
    assert all(one.end <= middle for one in heard(mixed, Span(0.0, middle)))


def test_a_place_in_a_long_call_is_the_same_as_in_a_short_one(heard, turns):
    mixed, truth = together(*turns, 1.2)
    for lead in (7.3, 21.0):
        late = np.concatenate([np.zeros(round(lead * SPEECH_RATE), np.float32), mixed])
        found = [one for one in heard(late) if one.end > lead]
        moved = Span(truth.start + lead, truth.end + lead)
        assert sum(one.overlap(moved) for one in found) > 0.6 * truth.duration


@pytest.mark.parametrize("seconds", [0.05, 0.9, 12.0])
def test_silence_and_hardly_any_sound_have_no_overlap(heard, seconds):
    assert heard(np.zeros(round(seconds * SPEECH_RATE), np.float32)) == ()


def test_without_speech_nothing_is_asked(segmenter, sound):
    assert overlaps(io.BytesIO((sound / "two-voices-mono.wav").read_bytes()), 0, [], segmenter) == ()
