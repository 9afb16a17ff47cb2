"""Hold music made from nothing but sine waves: a slow melody over four chords, our own, in no one's copyright."""

import numpy as np
from numpy.typing import NDArray
from voices import LOUDNESS, RATE, telephone

BEAT = 0.5  # seconds
CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))  # semitones above C: C, A minor, F, G; four beats each
MELODY = (16, 14, 12, 7, 9, 12, 16, 14, 17, 16, 14, 9, 11, 14, 19, 17)  # one note a beat


def hold_music(seconds: float) -> NDArray[np.float32]:
    """That many seconds of music at 8 kHz, half as loud as a voice, fading in and out."""
    size = round(seconds * RATE)
    sound = np.zeros(size + 4 * RATE, np.float32)
    for beat in range(int(seconds / BEAT) + 1):
        start = round(beat * BEAT * RATE)
        _add(sound, start, MELODY[beat % len(MELODY)] + 12, 0.9, 0.5)
        if beat % 4 == 0:
            for semitone in CHORDS[beat // 4 % len(CHORDS)]:
                _add(sound, start, semitone, 2.2, 0.3)
    sound = telephone(sound[:size])
    fade = np.minimum(1, np.minimum(np.arange(size), np.arange(size)[::-1]) / (0.3 * RATE))
    return (sound * fade / np.sqrt((sound**2).mean()) * LOUDNESS / 2).astype(np.float32)


def _add(sound: NDArray[np.float32], start: int, semitone: int, seconds: float, loudness: float) -> None:
    """A struck note: three partials that die away."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 261.63 * 2 ** (semitone / 12)
    note = sum(np.sin(2 * np.pi * pitch * partial * time) / partial**2 for partial in (1, 2, 3))
    tail = sound[start : start + len(time)]
    tail += (loudness * note * np.exp(-2.5 * time / seconds))[: len(tail)]
