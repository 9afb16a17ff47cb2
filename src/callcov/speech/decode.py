"""Recording → samples, by PyAV: what a file holds, and its sound as a stream of bounded pieces.

Nothing a header claims is believed: length comes from the packets, rate and channels from the first decoded frame.
The timeline starts with the first sound and runs on with the sound's own length, for a recorder's time stamps may run
slower or faster than its sound. Stamps that are ahead by a tenth of a second to ten minutes are a gap and become
silence (a muted line records nothing); those that lag by more than a second, or are farther ahead, are damage or drift,
and the sound goes on where it was. A block is cut out of the whole recording, of which all is decoded up to there, so
it has the times of the whole. `probe` goes by what packets say of their lengths, which may be missing, rounded or
wrong: where the first packets' sound or the stamps belie them, it decodes the whole recording too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError, PatchWelcomeError
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
_LARGEST_LAG = 1.0  # a stalled recorder stamps what was waiting in one burst, and is in time again behind it
_PREROLL = 0.5  # brought to the rate and thrown away before a block, so that the filter's memory is right at its start
_TRIED = 12  # packets that `probe` decodes to see whether their lengths are true
_ROUNDING = 2e-5  # seconds: of lengths in ticks of a ninety-thousandth
_ABOVE_ANY_SCALE = 1e10  # samples of 32 bits written as floats reach a fifth of it
_MAX_DEMUX_ERRORS = 100  # in a row; after that the rest of the file is lost


def probe(file: BinaryIO) -> Recording:
    """What an uploaded file holds, by reading every packet and decoding the first ones.

    Args:
        file: seekable; read from its start, left anywhere.

    Returns:
        Format by content (contract names), seconds of sound (to the millisecond), channels, samples a second.

    Raises:
        BadRecording: empty, not a recording, unreadable, encrypted, without sound, with several sound tracks, joined of
            unlike parts, or with an impossible header.
        RecordingTooLong: more than twelve hours.
    """
    with opened(file) as container:
        stream = sound_of(container)
        walk = _Walk(container, stream)
        first: AudioFrame | None = None
        for place, packet in enumerate(walk):
            if packet.has_sidedata("encryption_info"):  # some ciphertext decodes, to noise
                raise BadRecording("The sound in the file is encrypted; export it without protection.")
            if first is None or place < _TRIED:
                first = next(iter(walk.decode(packet)), first)
            _check_length(walk.clock.end)
        if first is None:
            raise BadRecording(
                "The sound in the file cannot be decoded: it is damaged, protected or of an unknown codec."
            )
        _check_header(first.layout.nb_channels, first.sample_rate)
        name = format_of(container, stream)
    seconds = walk.clock.end
    if not (walk.clock.steady and walk.truthful):
        decoding = Decoding(file)
        for _, _, end in decoding.frames():
            _check_length(end)
        seconds = decoding.length
    return Recording(name, round(seconds, 3), first.layout.nb_channels, first.sample_rate)


def stream(file: BinaryIO, rate: int = SPEECH_RATE) -> Iterator[Samples]:
    """The sound of a recording as float32 pieces [channels, n], n at most one second, channels kept apart.

    Damaged packets are skipped and leave silence where their times show a gap. The last piece may be shorter; a file
    without decodable sound gives no piece.

    Raises:
        BadRecording: the file is no recording (as `probe`).
    """
    return iter(Decoding(file, rate))


def one_stream(file: BinaryIO, channel: int | None, span: Span | None = None) -> Iterator[Samples]:
    """One channel of the recording, or of a span of it, at 16 kHz, float32 pieces [n]; the mean of all for None."""
    pieces = Decoding(file, SPEECH_RATE, span)
    return (piece.mean(axis=0) if channel is None else piece[channel] for piece in pieces)


def load_block(file: BinaryIO, channel: int | None, span: Span) -> Samples:
    """One channel's samples of a span at 16 kHz, float32 [n], n = the span's length; the mean of all for None.

    All before the span is decoded too, which takes a few seconds for an hour. What lies behind the recording's end is
    silence.
    """
    wanted = round(span.duration * SPEECH_RATE)
    block = np.zeros(wanted, np.float32)
    filled = 0
    for one in one_stream(file, channel, span):
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
        length: seconds of the timeline, without what a codec's last frame is filled up with.
        audible: seconds decoded, silence put into gaps not counted.
        promised: seconds that the packets announced.
        skipped: packets or reads that failed.
    """

    def __init__(self, file: BinaryIO, rate: int = SPEECH_RATE, span: Span | None = None) -> None:
        self.length = 0.0
        self.audible = 0.0
        self.promised = 0.0
        self.skipped = 0
        self._file = file
        self._rate = rate
        self._span = span

    def __iter__(self) -> Iterator[Samples]:
        """Float32 pieces [channels, n], n at most a second; every sample a number that can be squared."""
        return map(_sane, _in_pieces(self._samples(), self._rate))

    def frames(self) -> Iterator[tuple[AudioFrame, float, float]]:
        """Every frame with its start and end on the timeline, in seconds."""
        clock = _Clock(_SMALLEST_GAP)
        with opened(self._file) as container:
            walk = _Walk(container, sound_of(container))
            for packet in walk:
                for frame in walk.decode(packet):
                    length = frame.samples / max(frame.sample_rate, 1)
                    self.audible += length
                    yield frame, clock.put(frame.time, length), clock.end
        self.promised, self.skipped = walk.clock.end, walk.skipped
        overshoot = clock.end - self.promised  # a codec's last frame is filled up
        self.length = self.promised if 0 < overshoot < 0.2 else clock.end

    def _samples(self) -> Iterator[Samples]:
        """Decoded frames and the silence between them, in order, cut to the span."""
        start, end = (self._span.start, self._span.end) if self._span else (0.0, float("inf"))
        first = round(start * self._rate)
        place = 0  # of the next sample on the timeline
        to_rate: _Resampler | None = None
        for frame, begins, ends in self.frames():
            if to_rate is None:
                to_rate = _Resampler(self._rate, frame.layout.nb_channels)
            if ends < start - _PREROLL:
                place = round(ends * self._rate)
                continue
            due = round(begins * self._rate)
            if due > place + _SMALLEST_GAP * self._rate:
                held = to_rate(None)
                yield held[:, max(0, first - place) :]
                place += held.shape[1]
                yield from _silence(to_rate.channels, due - max(place, first), self._rate)
                place = max(place, due)
            samples = to_rate(frame)
            yield samples[:, max(0, first - place) :]
            place += samples.shape[1]
            if place >= end * self._rate:
                return
        if to_rate:
            yield to_rate(None)[:, max(0, first - place) :]


class _Clock:
    """Where each packet or frame is on the timeline: behind the one before, or later where its time stamp says so.

    Attributes:
        end: seconds of the timeline so far.
        steady: no stamp was so far from where the sound is that it was not believed.
    """

    def __init__(self, smallest_gap: float = 0.0) -> None:
        self.end = 0.0
        self.steady = True
        self._smallest_gap = smallest_gap
        self._offset: float | None = None

    def put(self, time: float | None, length: float) -> float:
        """Where on the timeline that many seconds of sound start whose time stamp is `time`."""
        start = self.end
        if time is not None:
            if self._offset is None:
                self._offset = time
            ahead = time - self._offset - start
            if not -_LARGEST_LAG <= ahead <= _LONGEST_GAP:
                self._offset = time - start
                self.steady = False
            elif ahead > self._smallest_gap:
                start += ahead
        self.end = start + length
        return start

    def begin(self, time: float | None) -> None:
        """Let the timeline start at this stamp instead of the first that was put."""
        if time is not None and self._offset is not None:
            self.end -= time - self._offset
            self._offset = time


class _Walk:
    """The packets of one sound stream, and the timeline that their stamps and lengths announce.

    `truthful` says that the packets decoded so far were as long as announced; the first sound may be cut by its codec.
    """

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self.clock = _Clock()
        self.skipped = 0
        self.truthful = True
        self._started = False
        self._packets = container.demux(stream)
        stream.codec_context.thread_count = 1

    def __iter__(self) -> Iterator[Packet[AudioStream]]:
        failed = 0
        while failed < _MAX_DEMUX_ERRORS:
            try:
                packet = next(self._packets)
            except (StopIteration, EndOfFile):
                return
            except PatchWelcomeError as failure:  # FFmpeg's word for an Ogg file joined of unlike ones
                raise BadRecording(
                    "Parts of the file differ in codec or channels; export it as one recording."
                ) from failure
            except FFmpegError:
                failed += 1
                self.skipped += 1
                continue
            failed = 0
            if packet.size:  # all but the one that ends the stream
                time = None if packet.pts is None else packet.pts * float(packet.time_base)
                self.clock.put(time, _announced(packet))
            yield packet

    def decode(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        """The packet's frames; none if it is damaged."""
        try:
            frames = [frame for frame in packet.decode() if frame.samples]
        except FFmpegError:
            self.skipped += 1
            return []
        if self._started and packet.size:
            length = sum(frame.samples / max(frame.sample_rate, 1) for frame in frames)
            self.truthful &= abs(length - _announced(packet)) <= _ROUNDING
        elif frames:
            self._started = True
            self.clock.begin(frames[0].time)
        return frames


def _announced(packet: Packet[AudioStream]) -> float:
    """Seconds that a packet says it lasts; 0 where it does not say."""
    return (packet.duration or 0) * float(packet.time_base)


class _Resampler:
    """Frames of one recording to float32 [channels, n] at one rate; a change of format inside the file is followed."""

    def __init__(self, rate: int, channels: int) -> None:
        self.channels = channels
        self._rate = rate
        self._template: tuple[str, str, int] | None = None
        self._graph: av.AudioResampler | None = None

    def __call__(self, frame: AudioFrame | None) -> Samples:
        """The samples this frame adds; for None, what was still held back."""
        if frame is None:
            held, self._graph = self._graph.resample(None) if self._graph else [], None
            return self._fit(held)
        template = (frame.format.name, frame.layout.name, frame.sample_rate)
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
            part if len(part) == self.channels else np.repeat(part.mean(axis=0, keepdims=True), self.channels, axis=0)
            for part in parts
        ]
        return np.concatenate(fitted, axis=1) if fitted else np.zeros((self.channels, 0), np.float32)


def _check_length(seconds: float) -> None:
    if round(seconds, 3) > LONGEST:
        raise RecordingTooLong("The recording is longer than 12 hours; split it and send the parts.")


def _check_header(channels: int, rate: int) -> None:
    """Refuse what no recorder writes."""
    if not 1 <= channels <= 64 or not 1000 <= rate <= 768_000:
        raise BadRecording(f"The recording claims {channels} channels at {rate} samples a second, which cannot be.")


def _sane(piece: Samples) -> Samples:
    """The piece with NaN as silence, and what is infinite or above any scale of samples as full scale.

    A WAV file of floats can hold them, and one would make a model's every answer about its surroundings NaN.
    """
    mad = ~(np.abs(piece) < _ABOVE_ANY_SCALE)
    return np.where(mad, np.nan_to_num(np.sign(piece)), piece) if mad.any() else piece


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
