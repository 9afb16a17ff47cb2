"""The first look at a recording: one streaming pass.

It finds the length, the speech on every channel, whether each speaker has a channel, and the blocks to transcribe.
Which channels are heard:

- one channel: that one;
- two channels that carry different voices: both, apart;
- two channels that are alike (dual mono, up to gain, sign and a little noise; or one room through two microphones):
  the louder one, as mono. Alike means that while anybody speaks their levels differ by the same amount, within 6 dB,
  in 97 % of half-second windows: two people on two channels make the difference jump with every turn;
- two channels of which only one ever carries speech: that one, as mono, so that a line recorded on one side of a
  stereo file is still searched for two voices;
- three channels and more: their mean, as mono, since nobody can say who sits where.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from callcov.errors import BadRecording
from callcov.model import Span
from callcov.speech.decode import Decoding
from callcov.speech.voice import Voice, spans_of

LONGEST_BLOCK = 600.0
_CUT_FROM = 450.0  # a block is cut in the longest pause between here and its longest length
_MARGIN = 0.5  # of sound kept around a block's speech
_WINDOW = 16  # frames of 32 ms: half a second
_FAR_BEYOND = 64.0  # of energy, where full scale is 1; a tool wrote whole numbers into a WAV file of floats
_ALIKE_DB = 6.0
_ALIKE_SHARE = 0.97


@dataclass(frozen=True, slots=True)
class Block:
    """What is transcribed at once: at most ten minutes of a channel, or of the mean of all (`channel` None)."""

    channel: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a recording found; JSON-able with a pydantic TypeAdapter.

    `apart` is true when each speaker has a channel. `heard` are the channels that are analysed, (0, 1) when apart,
    else one, where None stands for the mean of all. `speech` holds the voice activity of each of `heard`, in order
    of time. `blocks` cover all speech, in order of `heard`, then of time; a silent recording has none. `duration` is
    the timeline's length, `audible` the seconds that were decoded; `damaged` says that some could not be.
    """

    duration: float
    channels: int
    apart: bool
    heard: tuple[int | None, ...]
    speech: tuple[tuple[Span, ...], ...]
    blocks: tuple[Block, ...]
    audible: float
    damaged: bool


def survey(file: BinaryIO) -> Survey:
    """Look through a recording once, in bounded memory.

    Raises:
        BadRecording: the file is no recording, nothing can be decoded, or a hundredth is eight times over full scale.
    """
    decoding = Decoding(file)
    voices: list[Voice] = []
    channels = 0
    for piece in decoding:
        channels = piece.shape[0]
        tracks = piece if channels <= 2 else piece.mean(axis=0, keepdims=True)
        voices = voices or [Voice() for _ in tracks]
        for voice, track in zip(voices, tracks, strict=True):
            voice.feed(track)
    if not channels:
        raise BadRecording("No sound in the recording could be decoded.")
    duration = round(decoding.length, 3)
    likely = [voice.likelihoods() for voice in voices]
    energy = [voice.energies() for voice in voices]
    if any(np.mean(one > _FAR_BEYOND) > 0.01 for one in energy):
        raise BadRecording("The recording's samples are far beyond full scale; export it with samples of 16 bits.")
    speech = tuple(spans_of(*frames, duration) for frames in zip(likely, energy, strict=True))
    heard = _heard(channels, likely, energy, speech)
    kept = tuple(speech[channel or 0] for channel in heard)
    return Survey(
        duration=duration,
        channels=channels,
        apart=len(heard) == 2,
        heard=heard,
        speech=kept,
        blocks=tuple(
            Block(channel, span)
            for channel, spans in zip(heard, kept, strict=True)
            for span in blocks_of(spans, duration)
        ),
        audible=round(decoding.audible, 3),
        damaged=decoding.skipped > 0 or decoding.audible < 0.95 * decoding.promised - 0.2,
    )


def blocks_of(speech: tuple[Span, ...], duration: float) -> tuple[Span, ...]:
    """Stretches of at most ten minutes that hold all speech of a channel, cut in pauses; () without speech.

    A cut lies in the middle of the longest pause of the last quarter of the ten minutes; where nobody pauses, at ten
    minutes sharp. Stretches without speech belong to no block, but for half a second around it.
    """
    blocks: list[Span] = []
    rest = list(speech)
    free = 0.0  # end of the block before
    while rest:
        start = max(free, rest[0].start - _MARGIN)
        end = min(duration, rest[-1].end + _MARGIN)
        if end - start > LONGEST_BLOCK:
            end = _cut(rest, start)
        blocks.append(Span(round(start, 3), round(end, 3)))
        free = blocks[-1].end
        rest = [Span(max(free, span.start), span.end) for span in rest if span.end > free]
    return tuple(blocks)


def _cut(speech: list[Span], start: float) -> float:
    """Where to end a block that begins at `start`."""
    pauses = ((after.start - before.end, (after.start + before.end) / 2) for before, after in pairwise(speech))
    good = [pause for pause in pauses if start + _CUT_FROM <= pause[1] <= start + LONGEST_BLOCK]
    return max(good)[1] if good else start + LONGEST_BLOCK


def _heard(
    channels: int,
    likely: list[NDArray[np.float32]],
    energy: list[NDArray[np.float32]],
    speech: tuple[tuple[Span, ...], ...],
) -> tuple[int | None, ...]:
    """The channels to analyse, by the rules of this module's docstring."""
    if channels != 2:
        return (None if channels > 2 else 0,)
    if not speech[0] or not speech[1]:
        return (1 if speech[1] else 0,)
    differences = _level_differences(likely, energy)
    if not len(differences):
        return (0, 1)
    middle = float(np.median(differences))
    alike = float(np.mean(np.abs(differences - middle) <= _ALIKE_DB)) >= _ALIKE_SHARE
    if alike:
        return (0 if middle > -0.5 else 1,)
    return (0, 1)


def _level_differences(likely: list[NDArray[np.float32]], energy: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Decibels by which channel 0 is louder than channel 1, of each half second in which anybody speaks."""
    count = len(likely[0]) // _WINDOW * _WINDOW
    speaking = (np.maximum(likely[0], likely[1])[:count] >= 0.3).reshape(-1, _WINDOW).sum(axis=1) >= _WINDOW // 4
    floor = 1e-10  # -100 dB of full scale
    left, right = (one[:count].astype(np.float64).reshape(-1, _WINDOW).mean(axis=1) + floor for one in energy)
    return 10 * np.log10(left / right)[speaking]
