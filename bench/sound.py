"""Long recordings for the benchmarks, joined from the sample calls that the project ships.

Each round through the samples is played a little faster or slower and louder or softer, so that no minute is the
exact copy of another. Always the same file for the same samples and length.
"""

import itertools
import wave
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler

SAMPLES = Path(__file__).parents[1] / "samples"
RATE = 8000
SPEEDS = (1.0, 0.97, 1.03, 0.94, 1.06)
GAINS = (1.0, 0.7, 0.85)
KINDS = (".wav", ".mp3", ".m4a", ".ogg", ".flac")


def _decoded(path: Path) -> np.ndarray:
    """A recording as [2, samples] at 8 kHz; a mono one on both channels."""
    with av.open(str(path)) as container:
        resampler = AudioResampler(format="fltp", layout="stereo", rate=RATE)
        frames = [out.to_ndarray() for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(frames, axis=1)


def _is_stereo(sound: np.ndarray) -> bool:
    return float(np.abs(sound[0] - sound[1]).max()) > 0.01


def calls() -> list[np.ndarray]:
    """The stereo sample calls in the order of their names, as [2, samples]."""
    decoded = [_decoded(path) for path in sorted(SAMPLES.iterdir()) if path.suffix in KINDS]
    return [sound for sound in decoded if _is_stereo(sound)]


def _varied(sound: np.ndarray, turn: int) -> np.ndarray:
    speed, gain = SPEEDS[turn % len(SPEEDS)], GAINS[turn % len(GAINS)]
    places = np.arange(0, sound.shape[1] - 1, speed)
    return gain * np.stack([np.interp(places, np.arange(sound.shape[1]), channel) for channel in sound])


def build(path: Path, seconds: float, *, stereo: bool) -> Path:
    """A 16 bit WAV of at least that length at `path`: the channels apart, or mixed into one."""
    samples = calls()
    written = 0
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2 if stereo else 1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for turn in itertools.count():
            sound = _varied(samples[turn % len(samples)], turn // len(samples))
            sound = sound if stereo else sound.mean(axis=0, keepdims=True)
            out.writeframes((np.clip(sound, -1, 1).T * 32767).astype("<i2").tobytes())
            written += sound.shape[1]
            if written >= seconds * RATE:
                return path
    raise AssertionError("unreachable")
