from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

class Word:
    start: float
    end: float
    word: str
    probability: float

class Segment:
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
    def transcribe(
        self,
        audio: NDArray[np.float32],
        language: str | None = ...,
        *,
        beam_size: int = ...,
        temperature: float | Sequence[float] = ...,
        condition_on_previous_text: bool = ...,
        word_timestamps: bool = ...,
        vad_filter: bool = ...,
        compression_ratio_threshold: float | None = ...,
        log_prob_threshold: float | None = ...,
        no_speech_threshold: float | None = ...,
        no_repeat_ngram_size: int = ...,
        clip_timestamps: str | Sequence[float] = ...,
    ) -> tuple[Iterable[Segment], TranscriptionInfo]: ...
    def detect_language(
        self, audio: NDArray[np.float32], *, language_detection_segments: int = ...
    ) -> tuple[str, float, list[tuple[str, float]]]: ...
