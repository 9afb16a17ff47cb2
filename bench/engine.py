"""The bare engine that ours is compared with: faster-whisper, called directly with our settings, on one thread."""

import os
from pathlib import Path

from faster_whisper import WhisperModel, decode_audio

from callcov import config
from callcov.models import locate


def recogniser() -> Path:
    """The folder of the recogniser that `callcov` would use; raises ModelMissing with the command that mends it."""
    settings = config.read(os.environ)
    return locate.whisper(settings.models, settings.model)


def bare() -> WhisperModel:
    """The engine, loaded."""
    return WhisperModel(str(recogniser()), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)


def heard(engine: WhisperModel, path: Path, *, stereo: bool = False, language: str | None = None) -> str:
    """What the engine hears in a recording, channel after channel, with the settings of `speech/whisper.py`."""
    said: list[str] = []
    for channel in decode_audio(str(path), split_stereo=True) if stereo else (decode_audio(str(path)),):
        segments, _ = engine.transcribe(
            channel,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=True,
        )
        said += [segment.text.strip() for segment in segments]
    return " ".join(said)
