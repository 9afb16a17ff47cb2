"""Recording → samples, by PyAV: what a file holds, and its sound as a stream of bounded pieces.

Nothing a header claims is believed: length comes from the packets, rate and channels from the first decoded frame.
The timeline starts with the first sound. A jump forward in the packets' times of at most ten minutes is a gap and
becomes silence (a muted line records nothing); a jump backward or a wilder one is damage, and the sound goes on where
it was. The same rule serves `probe` and `Decoding`, so a block decoded alone has the times of the whole recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

from callcov.errors import BadRecording, RecordingTooLong
from callcov.model import Recording, Span
from callcov.speech.container import format_of, opened, sound_of

Samples = NDArray[np.float32]

SPEECH_RATE = 16_000
"""Samples a second that every model here was trained on."""

LONGEST = 12 * 3600.0
_LONGEST_GAP = 600.0
_SMALLEST_GAP = 0.1  # shorter ones are rounding of time stamps or a decoder's start delay
_PREROLL = 0.5  # decoded and thrown away before a block, so that a codec's memory is right at its start
_MAX_DEMUX_ERRORS = 100  # in a row; after that the rest of the file is lost


def probe(file: BinaryIO) -> Recording:
    """What an uploaded file holds, by reading every packet and decoding until the first sound.

    Args:
        file: seekable; read from its start, left anywhere.

    Returns:
        Format by content (contract names), seconds of sound (to the millisecond), channels, samples a second.

    Raises:
        BadRecording: empty, not a recording, unreadable, encrypted, without sound, or with an impossible header.
        RecordingTooLong: more than twelve hours.
    """
    with opened(file) as container:
        stream = sound_of(container)
        walk = _Walk(container, stream)
        first: AudioFrame | None = None
        for packet in walk:
            if packet.has_sidedata("encryption_info"):  # some ciphertext decodes, to noise
                raise BadRecording("The sound in the file is encrypted; export it without protection.")
            if first is None:
                first = next(iter(walk.decode(packet)), None)
            if walk.end > LONGEST:
                raise RecordingTooLong("The recording is longer than 12 hours; split it and send the parts.")
        if first is None:
            raise BadRecording(
                "The sound in the file cannot be decoded: it is damaged, protected or of an unknown codec."
            )
        _check_header(first.layout.nb_channels, first.sample_rate)
        name = format_of(container, stream)
        return Recording(name, round(walk.end, 3), first.layout.nb_channels, first.sample_rate)


def stream(file: BinaryIO, rate: int = SPEECH_RATE) -> Iterator[Samples]:
    """The sound of a recording as float32 pieces [channels, n], n at most one second, channels kept apart.

    Damaged packets are skipped and leave silence where their times show a gap. The last piece may be shorter; a file
    without decodable sound gives no piece.

    Raises:
        BadRecording: the file is no recording (as `probe`).
    """
    return iter(Decoding(file, rate))


def one_stream(file: BinaryIO, channel: int | None) -> Iterator[Samples]:
    """One channel of `stream` at 16 kHz, float32 pieces [n]; the mean of all for None."""
    return _one_of(stream(file), channel)


def _one_of(pieces: Iterable[Samples], channel: int | None) -> Iterator[Samples]:
    return (piece.mean(axis=0) if channel is None else piece[channel] for piece in pieces)


def load_block(file: BinaryIO, channel: int | None, span: Span) -> Samples:
    """One channel's samples of a span at 16 kHz, float32 [n], n = the span's length; the mean of all for None.

    Packets before the span are read but not decoded. What lies behind the recording's end is silence.
    """
    wanted = round(span.duration * SPEECH_RATE)
    block = np.zeros(wanted, np.float32)
    filled = 0
    for one in _one_of(Decoding(file, SPEECH_RATE, span), channel):
        part = one[: wanted - filled]
        block[filled : filled + len(part)] = part
        filled += len(part)
    return block


class Decoding:
    """One pass over a recording's sound, or over a span of it; iterate once, then read the tallies.

    Args:
        file: seekable recording.
        rate: samples a second of the pieces.
        span: only this part, in seconds of the timeline; None for all.

    Attributes:
        audible: seconds decoded, silence put into gaps not counted.
        promised: seconds that the packets announced.
        skipped: packets or reads that failed.
    """

    def __init__(self, file: BinaryIO, rate: int = SPEECH_RATE, span: Span | None = None) -> None:
        self.audible = 0.0
        self.promised = 0.0
        self.skipped = 0
        self._file = file
        self._rate = rate
        self._span = span

    def __iter__(self) -> Iterator[Samples]:
        """Float32 pieces [channels, n], n at most a second."""
        return _in_pieces(self._samples(), self._rate)

    def _samples(self) -> Iterator[Samples]:
        """Decoded frames and the silence between them, in order, cut to the span."""
        start, end = (self._span.start, self._span.end) if self._span else (0.0, float("inf"))
        first, last = round(start * self._rate), end * self._rate
        with opened(self._file) as container:
            walk = _Walk(container, sound_of(container))
            to_rate = _Resampler(self._rate)
            place = 0  # of the next sample on the timeline
            for frame in self._frames(walk, start, end):
                self.audible += frame.samples / max(frame.sample_rate, 1)
                due = place if frame.time is None else round(walk.place(frame.time) * self._rate)
                if due > place + _SMALLEST_GAP * self._rate:
                    held = to_rate(None)
                    yield held[:, max(0, first - place) :]
                    place += held.shape[1]
                    yield from _silence(frame.layout.nb_channels, due - max(place, first), self._rate)
                    place = max(place, due)
                samples = to_rate(frame)
                yield samples[:, max(0, first - place) :]
                place += samples.shape[1]
                if place >= last:
                    break
            else:
                yield to_rate(None)[:, max(0, first - place) :]
            self.promised, self.skipped = walk.end, walk.skipped

    def _frames(self, walk: _Walk, start: float, end: float) -> Iterator[AudioFrame]:
        """Frames from shortly before `start` on; the first frame of all is decoded too, it sets the clock."""
        skipping = False
        for packet in walk:
            if walk.started and walk.end < start - _PREROLL:
                skipping = True
                continue
            if skipping:
                walk.stream.codec_context.flush_buffers()
                skipping = False
            if walk.last_start > end + _PREROLL:
                return
            yield from walk.decode(packet)


class _Walk:
    """The packets of one sound stream with their places on the timeline."""

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self.stream = stream
        self.end = 0.0
        self.last_start = 0.0
        self.skipped = 0
        self.started = False
        self._offset: float | None = None
        self._packets = container.demux(stream)
        stream.codec_context.thread_count = 1

    def __iter__(self) -> Iterator[Packet[AudioStream]]:
        failed = 0
        while failed < _MAX_DEMUX_ERRORS:
            try:
                packet = next(self._packets)
            except (StopIteration, EndOfFile):
                return
            except FFmpegError:
                failed += 1
                self.skipped += 1
                continue
            failed = 0
            self._note(packet)
            yield packet

    def place(self, time: float) -> float:
        """Seconds on the timeline of a time stamp of the file."""
        return time - (self._offset or 0.0)

    def decode(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        """The packet's frames; none if it is damaged."""
        try:
            frames = [frame for frame in packet.decode() if frame.samples]
        except FFmpegError:
            self.skipped += 1
            return []
        if frames and not self.started:
            self.started = True
            if frames[0].time is not None and self._offset is not None:
                self.end -= frames[0].time - self._offset
                self._offset = frames[0].time
        return frames

    def _note(self, packet: Packet[AudioStream]) -> None:
        """Move the end of the timeline behind this packet."""
        if not packet.size:
            return  # the empty one that ends the stream
        base = float(packet.time_base)
        length = (packet.duration or 0) * base
        start = self.end
        if packet.pts is not None:
            time = packet.pts * base
            if self._offset is None:
                self._offset = max(0.0, time)
            start = time - self._offset
            if start < self.end - 1.0 or start > self.end + _LONGEST_GAP:
                start = self.end
                self._offset = time - start
        self.last_start = start
        self.end = max(self.end, start + length)


class _Resampler:
    """Frames of one recording to float32 [channels, n] at one rate; a change of format inside the file is followed."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._channels = 0
        self._template: tuple[str, str, int] | None = None
        self._graph: av.AudioResampler | None = None

    def __call__(self, frame: AudioFrame | None) -> Samples:
        """The samples this frame adds; for None, what was still held back."""
        if frame is None:
            held, self._graph = self._graph.resample(None) if self._graph else [], None
            return self._fit(held)
        template = (frame.format.name, frame.layout.name, frame.sample_rate)
        self._channels = self._channels or frame.layout.nb_channels
        held: list[AudioFrame] = []
        if template != self._template or self._graph is None:
            held = self._graph.resample(None) if self._graph else []
            self._graph = av.AudioResampler("flt", frame.layout, self._rate)
            self._template = template
        frame.pts = None  # the timeline is kept by the caller
        return self._fit(held + self._graph.resample(frame))

    def _fit(self, frames: list[AudioFrame]) -> Samples:
        """Frames joined, with the channel count of the recording's first frame."""
        # Packed, because PyAV reads past the end of planar frames with more than eight channels.
        parts = [cast("Samples", frame.to_ndarray()).reshape(-1, frame.layout.nb_channels).T for frame in frames]
        fitted = [
            part if len(part) == self._channels else np.repeat(part.mean(axis=0, keepdims=True), self._channels, axis=0)
            for part in parts
        ]
        return np.concatenate(fitted, axis=1) if fitted else np.zeros((self._channels, 0), np.float32)


def _check_header(channels: int, rate: int) -> None:
    """Refuse what no recorder writes."""
    if not 1 <= channels <= 64 or not 1000 <= rate <= 768_000:
        raise BadRecording(f"The recording claims {channels} channels at {rate} samples a second, which cannot be.")


def _silence(channels: int, count: int, piece: int) -> Iterator[Samples]:
    """`count` samples of silence in pieces of bounded size."""
    for start in range(0, count, piece):
        yield np.zeros((channels, min(piece, count - start)), np.float32)


def _in_pieces(parts: Iterator[Samples], size: int) -> Iterator[Samples]:
    """The same samples in pieces of `size`; the last may be shorter, none is empty."""
    held: list[Samples] = []
    count = 0
    for part in parts:
        held.append(part)
        count += part.shape[1]
        if count >= size:
            joined = np.concatenate(held, axis=1)
            whole = count - count % size
            yield from (joined[:, start : start + size] for start in range(0, whole, size))
            held, count = [joined[:, whole:]], count - whole
    if count:
        yield np.concatenate(held, axis=1)
