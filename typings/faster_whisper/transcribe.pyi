from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

class Word:
    start: float
    end: float
    word: str
    probability: float

class Segment:
    seek: int
    start: float
    end: float
    text: str
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: list[Word] | None

class TranscriptionInfo:
    language: str
    language_probability: float

class WhisperModel:
    def __init__(
        self,
        model_size_or_path: str,
        device: str = ...,
        device_index: int = ...,
        compute_type: str = ...,
        cpu_threads: int = ...,
        num_workers: int = ...,
        download_root: str | None = ...,
        local_files_only: bool = ...,
    ) -> None: ...
    @property
    def supported_languages(self) -> list[str]: ...
    def detect_language(
        self, audio: NDArray[np.float32], *, language_detection_segments: int = ...
    ) -> tuple[str, float, list[tuple[str, float]]]: ...

class BatchedInferencePipeline:
    def __init__(self, model: WhisperModel) -> None: ...
    def transcribe(
        self,
        audio: NDArray[np.float32],
        language: str | None = ...,
        *,
        batch_size: int = ...,
        beam_size: int = ...,
        temperature: float | Sequence[float] = ...,
        word_timestamps: bool = ...,
        without_timestamps: bool = ...,
        vad_filter: bool = ...,
        clip_timestamps: Sequence[dict[str, float]] | None = ...,
    ) -> tuple[Iterable[Segment], TranscriptionInfo]: ...
