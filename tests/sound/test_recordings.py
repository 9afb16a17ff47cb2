"""The shipped recordings hold what their truth says."""

import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "samples"
RATE = 8000


def _truths():
    for truth_folder, sound_folder in ((HERE, HERE), (SAMPLES / "truth", SAMPLES)):
        for path in sorted(truth_folder.glob("*.json")):
            truth = json.loads(path.read_text("utf-8"))
            for recording in truth["recordings"]:
                yield pytest.param(truth, recording, sound_folder, id=recording["file"])


RECORDINGS = list(_truths())


def _sound(path):
    """Samples [channels, n] at 8 kHz."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", stream.layout, RATE)
        frames = [out for frame in container.decode(stream) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def _level(sound, start, end):
    """Root mean square between two times, in decibels of full scale."""
    part = sound[round(start * RATE) : round(end * RATE)]
    return 10 * np.log10((part**2).mean() + 1e-10)


@pytest.mark.parametrize(("truth", "recording", "folder"), RECORDINGS)
def test_a_recording_is_as_long_as_its_truth_and_has_its_channels(truth, recording, folder):
    sound = _sound(folder / recording["file"])
    assert len(sound) == (1 if recording["agent_channel"] is None else 2)
    assert sound.shape[1] / RATE == pytest.approx(truth["seconds"], abs=0.15)


@pytest.mark.parametrize(("truth", "recording", "folder"), RECORDINGS)
def test_every_turn_is_heard_where_its_truth_says_and_on_its_channel_alone(truth, recording, folder):
    sound = _sound(folder / recording["file"])
    for turn in truth["turns"]:
        apart = recording["agent_channel"] is not None
        own = (recording["agent_channel"] if turn["who"] == "A" else 1 - recording["agent_channel"]) if apart else 0
        assert _level(sound[own], turn["start"], turn["end"]) > -30
        others = [one for one in truth["turns"] if one["who"] != turn["who"]]
        alone = all(one["end"] < turn["start"] or one["start"] > turn["end"] for one in others)
        if apart and alone:
            assert _level(sound[1 - own], turn["start"], turn["end"]) < -50


@pytest.mark.parametrize(("truth", "recording", "folder"), RECORDINGS)
def test_nobody_is_heard_between_the_turns(truth, recording, folder):
    sound = _sound(folder / recording["file"]).mean(axis=0)
    heard = sorted((one["start"], one["end"]) for one in truth["turns"] + truth["music"])
    for (_, end), (start, _) in pairwise(heard):
        if start - end > 0.3:
            assert _level(sound, end + 0.1, start - 0.1) < -40
