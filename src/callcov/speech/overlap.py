"""When two speak at once on one shared channel, by pyannote's segmentation 3.0.

The model says for each 17 ms of ten seconds of sound who of up to three voices speaks (Plaquet and Bredin, Powerset
multi-class cross entropy loss for neural speaker diarization, Interspeech 2023). Of this only how likely two voices are
at once is taken, for whose voices they are `diarize` knows over the whole call. Windows overlap by half, so that every
moment is judged twice but at the ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from callcov.model import Span
from callcov.speech.decode import SPEECH_RATE, Samples, one_stream
from callcov.speech.network import session

Floats = NDArray[np.float32]

_WINDOW, _HOP = 10 * SPEECH_RATE, 5 * SPEECH_RATE  # samples
_LEAST = SPEECH_RATE  # shorter sound tells nothing
_FRAME = 270  # samples from a frame to the next
_MIDDLE = 495  # of a frame, in samples from its beginning: what it hears is 991 long
_ALONE = 4  # classes: nobody, and each of three voices; behind them every pair
_LIKELY = 0.5


class Segmenter:
    """The segmentation model in `folder`, one thread; loads at once."""

    def __init__(self, folder: Path) -> None:
        self._session = session(folder / "model.onnx")

    def both(self, samples: Samples) -> Floats:
        """How likely it is that two speak at once, 0..1, for every frame of a window of a second or more, [frames]."""
        (chances,) = cast("tuple[Floats]", tuple(self._session.run(None, {"x": samples[None, None]})))
        return chances[0, :, _ALONE:].sum(axis=1)


def overlaps(file: BinaryIO, channel: int | None, speech: Sequence[Span], segmenter: Segmenter) -> tuple[Span, ...]:
    """When two speak at once, in seconds of the recording, in order and apart, inside the speech given.

    Args:
        file: the recording.
        channel: the one to listen to; None for the mean of all.
        speech: its voice activity, in order.
        segmenter: the model.
    """
    length = (round(speech[-1].end * SPEECH_RATE) if speech else 0) // _FRAME + 1
    sums, times = np.zeros(length, np.float32), np.zeros(length, np.float32)
    for place, samples in _windows(file, channel):
        if _spoken(place, len(samples), speech):
            first = round(place / _FRAME)
            chances = segmenter.both(samples)[: max(0, length - first)]
            sums[first : first + len(chances)] += chances
            times[first : first + len(chances)] += 1
    return tuple(_within(_spans(sums >= _LIKELY * np.maximum(times, 1)), speech))


def _windows(file: BinaryIO, channel: int | None) -> Iterator[tuple[int, Samples]]:
    """The first sample of each window and its samples; the last window may be shorter."""
    held = np.zeros(0, np.float32)
    place = new = 0  # of held[0]; and the first sample that no window had
    for piece in one_stream(file, channel):
        held = np.concatenate([held, piece])
        while len(held) >= _WINDOW:
            yield place, held[:_WINDOW]
            new = place + _WINDOW
            held, place = held[_HOP:], place + _HOP
    if place + len(held) > new and len(held) >= _LEAST:
        yield place, held


def _spoken(place: int, count: int, speech: Sequence[Span]) -> bool:
    """Whether anybody speaks in those samples."""
    start, end = place / SPEECH_RATE, (place + count) / SPEECH_RATE
    after = bisect_right(speech, start, key=lambda span: span.end)
    return after < len(speech) and speech[after].start < end


def _spans(loud: NDArray[np.bool_]) -> Iterator[Span]:
    """Runs of frames as seconds, from half a step before the middle of the first to as much behind the last."""
    place = 0
    for both, run in groupby(loud.tolist()):
        count = len(list(run))
        if both:
            start = place * _FRAME + _MIDDLE - _FRAME // 2
            yield Span(start / SPEECH_RATE, (start + count * _FRAME) / SPEECH_RATE)
        place += count


def _within(spans: Iterator[Span], speech: Sequence[Span]) -> Iterator[Span]:
    """The spans cut to the speech, times to the millisecond."""
    for span in spans:
        at = bisect_right(speech, span.start, key=lambda one: one.end)
        while at < len(speech) and speech[at].start < span.end:
            start, end = round(max(span.start, speech[at].start), 3), round(min(span.end, speech[at].end), 3)
            if end > start:
                yield Span(start, end)
            at += 1
