"""Sound for tests: read what the repository holds, write plain wav."""

import wave
from pathlib import Path

import numpy as np

from callcov.speech.decode import stream

SOUND = Path(__file__).parent / "sound"


def samples(path: Path, rate: int = 8000) -> np.ndarray:
    """All samples of a recording, float32 [channels, n]."""
    with path.open("rb") as file:
        return np.concatenate(list(stream(file, rate)), axis=1)


def write_wav(path: Path, sound: np.ndarray, rate: int = 8000) -> Path:
    """16-bit wav of float samples [channels, n]."""
    with wave.open(str(path), "wb") as file:
        file.setparams((sound.shape[0], 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1).T * 32767).astype("<i2").tobytes())
    return path
