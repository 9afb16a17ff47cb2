"""The sound that is served: the recording as FLAC with sensitive stretches silenced on every channel."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import Any, BinaryIO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from callcov.model import Span, Transcript
from callcov.speech.decode import Samples, probe, stream

_PAD = 0.5
_FARTHEST = 3.0  # seconds that an edge may move beyond the padding to reach a pause
_BETWEEN = 2.0  # seconds between two parts of a value that are silenced with them
_MAX_RATE = 48_000  # telephone and studio sound is below; a higher rate would only make the file larger
_MOST_CHANNELS = 8  # FLAC has no more


def silences(transcript: Transcript, types: Collection[str]) -> tuple[Span, ...]:
    """The stretches to silence for the sensitive values of those types, as `padded` makes them.

    What lies between two parts of one value, two seconds at most, goes with them: a digit the recogniser missed may be
    there. Where speakers have channels only the speaker's own voice makes an edge move outwards.
    """
    said: dict[tuple[str, int], list[Span]] = {}
    for found in transcript.sensitive:
        if found.type in types:
            segment = transcript.segments[found.segment]
            words = segment.words[found.first : found.last]
            span = Span(words[0].span.start, max(word.span.end for word in words))
            said.setdefault((segment.speaker, found.value), []).append(span)
    stretches: list[Span] = []
    for (speaker, _), spans in said.items():
        speech = [turn.span for turn in transcript.turns if turn.speaker == speaker or not transcript.channels_apart]
        stretches += padded(_joined(spans, within=_BETWEEN), speech, transcript.duration)
    return tuple(_joined(stretches))


def padded(spans: Iterable[Span], speech: Iterable[Span], duration: float) -> tuple[Span, ...]:
    """The stretches to silence: each span with half a second around it, reaching to the pauses next to it.

    An edge that falls into speech moves outwards to the end of that speech, so that no part of a value remains; at
    most three seconds, because words are heard no farther off their time than the half second. `speech` is voice
    activity: only where it is silent is a pause. Stretches are in order, apart, and inside 0..duration. No spans give
    no stretches.
    """
    spoken = _joined(speech)
    starts, ends = [one.start for one in spoken], [one.end for one in spoken]
    wide: list[Span] = []
    for span in spans:
        start, end = span.start - _PAD, span.end + _PAD
        before, after = bisect_left(starts, start) - 1, bisect_left(starts, end) - 1
        if before >= 0 and start < ends[before]:
            start = max(starts[before], start - _FARTHEST)
        if after >= 0 and end < ends[after]:
            end = min(ends[after], end + _FARTHEST)
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


def _joined(spans: Iterable[Span], within: float = 0.0) -> list[Span]:
    """Spans in order, those that meet, or lie that many seconds apart, made one."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end + within:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
