"""Voice activity of one channel, fed piece by piece: the Silero v6 model that faster-whisper carries.

Silero was trained on wide-band sound at usual levels; a telephone line cuts the voice's fundamental away, and then it
finds little (in `tests/sound/narrow-line.wav` 4 % of a man's speech). So before the model

- the envelope's own low frequencies are added to the sound: a rectified voice shows its fundamental again;
- the level is brought to -44 dB of full scale, by the loudest frames so far, of which 0.9 dB a second fade.

After it a frame counts as speech at 0.3, or at 0.1 if it stands 12 dB above the line's own noise. Measured on the
project's made calls, frames of true speech found rise from 0.72 to 0.84 (from 0 to 0.83 when they are 30 dB quieter),
while noise, tones and hold music stay below 0.02.

The model sees frames of 32 ms and remembers what it heard, so the spans do not depend on how the sound was cut into
pieces. Only one likelihood and one energy a frame are kept (0.9 MB an hour), the samples are not.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import cast

import faster_whisper
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from callcov.model import Span
from callcov.speech.decode import SPEECH_RATE, Samples
from callcov.speech.network import session

FRAME = 512 / SPEECH_RATE
"""Seconds of one frame."""

_SAMPLES = 512
_CONTEXT = 64  # the end of the frame before, which the model reads again
_BATCH = 64  # frames a run: two seconds
_LEVEL = 10**-4.4
_QUIETEST = 1e-7  # mean square below which nothing is amplified further
_FADE = 0.65  # of the level, a batch
_FAST, _SLOW = 32, 480  # samples: what varies between 2 ms and 30 ms is the fundamental of a voice
_SPEECH = 0.3
_PERHAPS = 0.1
_ABOVE_NOISE = 10**1.2
_SHORTEST_PAUSE = 0.3
_SHORTEST_SPEECH = 0.1
_PAD = 0.04


class Voice:
    """Voice activity of one channel. Feed it every sample in order, then ask."""

    def __init__(self) -> None:
        self._held: list[Samples] = []
        self._count = 0
        self._context = np.zeros(_CONTEXT, np.float32)
        self._memory = np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)
        self._level = _QUIETEST
        self._envelope = np.zeros(_SLOW, np.float32)
        self._likely: list[NDArray[np.float32]] = []
        self._energy: list[NDArray[np.float32]] = []

    def feed(self, samples: Samples) -> None:
        """Hear more sound: float32 [n] at 16 kHz, any n."""
        self._held.append(samples)
        self._count += len(samples)
        if self._count >= _SAMPLES * _BATCH:
            joined = np.concatenate(self._held)
            whole = self._count - self._count % (_SAMPLES * _BATCH)
            for start in range(0, whole, _SAMPLES * _BATCH):
                self._run(joined[start : start + _SAMPLES * _BATCH])
            self._held, self._count = [joined[whole:]], self._count - whole

    def likelihoods(self) -> NDArray[np.float32]:
        """Of each frame so far, how likely it is speech, 0..1; ends the feeding (the last frame is filled up)."""
        if self._count:
            rest = np.concatenate(self._held)
            self._run(np.pad(rest, (0, -len(rest) % _SAMPLES)))
            self._held, self._count = [], 0
        return np.concatenate(self._likely) if self._likely else np.zeros(0, np.float32)

    def energies(self) -> NDArray[np.float32]:
        """Mean square of each frame; call after `likelihoods`."""
        return np.concatenate(self._energy) if self._energy else np.zeros(0, np.float32)

    def _run(self, samples: Samples) -> None:
        energy = np.square(samples).reshape(-1, _SAMPLES).mean(axis=1)
        self._energy.append(energy)
        self._level = max(self._level * _FADE, float(np.percentile(energy, 90)), _QUIETEST)
        clear = self._with_fundamental(samples) * np.float32(np.sqrt(_LEVEL / self._level))
        frames = clear.reshape(-1, _SAMPLES)
        before = np.concatenate([self._context[None], frames[:-1, -_CONTEXT:]])
        self._context = frames[-1, -_CONTEXT:].copy()
        inputs = {"input": np.concatenate([before, frames], axis=1), "h": self._memory[0], "c": self._memory[1]}
        likely, hidden, cell = cast("tuple[NDArray[np.float32], ...]", _model().run(None, inputs))
        self._memory = hidden, cell
        self._likely.append(likely.reshape(-1))

    def _with_fundamental(self, samples: Samples) -> Samples:
        """The samples with what their envelope does at the pitch of a voice, by differences of running means."""
        envelope = np.concatenate([self._envelope, np.abs(samples)])
        self._envelope = envelope[-_SLOW:]
        total = np.concatenate([[0.0], np.cumsum(envelope, dtype=np.float64)])
        end = np.arange(_SLOW + 1, len(total))
        fast = (total[end] - total[end - _FAST]) / _FAST
        slow = (total[end] - total[end - _SLOW]) / _SLOW
        return samples + (fast - slow).astype(np.float32)


def spans_of(likely: NDArray[np.float32], energy: NDArray[np.float32], duration: float) -> tuple[Span, ...]:
    """Stretches of speech, in order, apart by pauses of at least 0.3 s, inside 0..duration; () for silence.

    Takes the likelihood and the energy of every frame. A stretch is 40 ms wider on both sides than its frames; less
    than 0.1 s is no speech.
    """
    if not len(likely):
        return ()
    noise = max(float(np.percentile(energy, 10)), _QUIETEST / 4)
    speech = (likely >= _SPEECH) | ((likely >= _PERHAPS) & (energy >= noise * _ABOVE_NOISE))
    runs: list[list[int]] = []  # [first frame, frame after the last]
    for frame in np.flatnonzero(speech).tolist():
        if runs and (frame - runs[-1][1]) * FRAME < _SHORTEST_PAUSE:
            runs[-1][1] = frame + 1
        else:
            runs.append([frame, frame + 1])
    return tuple(
        Span(round(max(0.0, first * FRAME - _PAD), 3), round(min(duration, last * FRAME + _PAD), 3))
        for first, last in runs
        if (last - first) * FRAME >= _SHORTEST_SPEECH and first * FRAME < duration
    )


@cache
def _model() -> onnxruntime.InferenceSession:
    return session(Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx")
