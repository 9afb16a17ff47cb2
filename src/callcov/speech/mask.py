"""The sound that is served: the recording as FLAC with sensitive stretches silenced on every channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from callcov.model import Span
from callcov.speech.decode import Samples, probe, stream

_PAD = 0.5
_MAX_RATE = 48_000  # telephone and studio sound is below; a higher rate would only make the file larger
_MOST_CHANNELS = 8  # FLAC has no more


def padded(spans: Iterable[Span], speech: Iterable[Span], duration: float) -> tuple[Span, ...]:
    """The stretches to silence: each span with half a second around it, reaching to the pauses next to it.

    An edge that falls into speech moves outwards to the end of that speech, so that no part of a value remains.
    `speech` is the voice activity of all channels together; only where nobody speaks is a pause. Stretches are in
    order, apart, and inside 0..duration. No spans give no stretches.
    """
    spoken = _joined(speech)
    wide: list[Span] = []
    for span in spans:
        start, end = span.start - _PAD, span.end + _PAD
        start = min([start, *(one.start for one in spoken if one.start < start < one.end)])
        end = max([end, *(one.end for one in spoken if one.start < end < one.end)])
        wide.append(Span(round(max(0.0, start), 3), round(min(duration, end), 3)))
    return tuple(_joined(span for span in wide if span.duration > 0))


def write_masked(file: BinaryIO, silenced: Sequence[Span], out: BinaryIO) -> None:
    """Write the recording as 16-bit FLAC with its rate (at most 48 kHz) and channels, those stretches all zero.

    `out` is seekable. Memory does not grow with length. More than eight channels are mixed to one, FLAC has no room
    for them. Raises BadRecording as `decode.probe` does.
    """
    rate = min(probe(file).sample_rate, _MAX_RATE)
    with cast("Any", av.open(out, "w", format="flac")) as container:  # PyAV's own types are partly unknown
        encoder: Any = None
        place = 0
        for piece in stream(file, rate):
            kept = _silenced(piece, place, rate, silenced)
            layout = f"{len(kept)}c" if len(kept) > 2 else ("mono", "stereo")[len(kept) - 1]
            if encoder is None:
                encoder = container.add_stream("flac", rate=rate, layout=layout)
            frame = AudioFrame.from_ndarray(_interleaved(kept), format="s16", layout=layout)
            frame.sample_rate, frame.pts = rate, place
            container.mux(encoder.encode(frame))
            place += piece.shape[1]
        if encoder is not None:
            container.mux(encoder.encode(None))


def _silenced(piece: Samples, place: int, rate: int, silenced: Sequence[Span]) -> Samples:
    """A piece [channels, n] that begins at sample `place`, zero inside the spans."""
    kept = piece.copy() if len(piece) <= _MOST_CHANNELS else piece.mean(axis=0, keepdims=True)
    for span in silenced:
        first, last = int(span.start * rate) - place, int(np.ceil(span.end * rate)) - place
        kept[:, max(0, first) : max(0, last)] = 0
    return kept


def _interleaved(samples: Samples) -> NDArray[np.int16]:
    """Float samples [channels, n] as 16-bit [1, n * channels], the first sample of every channel first."""
    whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
    return np.ascontiguousarray(whole.T).reshape(1, -1)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that meet made one."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
