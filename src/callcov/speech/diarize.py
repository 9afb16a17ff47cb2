"""Who speaks when on one shared channel: CAM++ voice vectors of short windows, two clusters or one, smoothed.

Windows of 1.5 s every 0.75 s lie inside the speech that voice activity found. Their vectors are split into two by
spherical k-means; whether the two are two voices is decided by how far apart their centres are. A path of least cost
through the call (Viterbi) then gives every quarter of a second to one voice, so that a doubtful window inside a turn
does not cut it. Nothing is random. Model: Wang et al., CAM++, Interspeech 2023 (3D-Speaker weights).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

from callcov.model import Span, Turn
from callcov.speech.decode import SPEECH_RATE, Samples, one_stream
from callcov.speech.network import session

Floats = NDArray[np.float32]

WIDTH = 192
_WINDOW = 1.5
_HOP = 0.75
_FRAMES = 148  # 25 ms frames every 10 ms in a window
_BATCH = 16
_LONGEST_STRETCH = 30.0  # speech is taken in pieces of at most this, so that memory does not grow
_SHORTEST = 0.4  # shorter speech says too little of its voice to be asked
_CLEAR = 0.8  # a shorter window is placed, but does not shape a voice
_ROUNDS = 20
_STEP = 0.25
_AT_PAUSE = 0.5  # cost of a change of voice, in steps that sound clearly of one
_IN_SPEECH = 3.0


class Embedder:
    """The CAM++ model in `folder`, one thread; loads at once."""

    def __init__(self, folder: Path) -> None:
        self._session = session(folder / "model.onnx")

    def vectors(self, features: Sequence[Floats]) -> Floats:
        """One unit vector a window [n, 192] from its log-mel frames [t, 80], all of one length; [0, 192] for none."""
        if not features:
            return np.zeros((0, WIDTH), np.float32)
        centred = np.stack([frames - frames.mean(axis=0) for frames in features])
        (found,) = cast("tuple[Floats]", tuple(self._session.run(None, {"x": centred})))
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of speech and the voice heard in each: starts and ends in seconds [n], unit vectors [n, 192]."""

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    vectors: Floats


def turns_of(file: BinaryIO, channel: int | None, speech: Sequence[Span], embedder: Embedder) -> tuple[Turn, ...]:
    """The turns of speakers "0" and "1", or of "0" alone, in order; they cover the speech given and nothing else.

    Args:
        file: the recording.
        channel: the one to listen to; None for the mean of all.
        speech: its voice activity, in order.
        embedder: the model.
    """
    return turns_from(embed(file, channel, speech, embedder), speech)


def turns_from(windows: Windows, speech: Sequence[Span]) -> tuple[Turn, ...]:
    """The turns that windows of a speech say; speech without a neighbour of the other voice keeps its own edges."""
    centres = voices(windows)
    if centres is None:
        return tuple(Turn("0", span) for span in speech)
    steps = _steps(speech)
    leaning = _leaning(windows, centres, np.array([(step.start + step.end) / 2 for step in steps]))
    voice = _path(leaning, [step.start > before.end for before, step in pairwise(steps)])
    turns: list[Turn] = []
    for which, step in zip(voice, steps, strict=True):
        if turns and turns[-1].speaker == str(which) and turns[-1].span.end == step.start:
            turns[-1] = Turn(str(which), Span(turns[-1].span.start, step.end))
        else:
            turns.append(Turn(str(which), step))
    return tuple(turns)


def voices(windows: Windows) -> Floats | None:
    """The centres of two voices [2, 192], or None where only one is heard.

    Two voices are two when the cosine of their centres is below 0.77 and the rarer one fills six seconds of windows
    and 3 % of all; below 0.62, three seconds are enough. Measured with eleven voices on telephone prompts, clean and
    with noise at 15 dB: one voice split in two gives 0.79 to 0.96 (once 0.74 with 4.5 s), two voices 0.49 to 0.75.
    Two voices that are alike are told by their turns: see `_take_turns`. Of several such splits the one that tells most
    apart counts: (1 - cosine) times the root of both shares' product.
    """
    length = windows.ends - windows.starts
    clear = length >= _CLEAR
    vectors, weights = windows.vectors[clear], length[clear].astype(np.float32)
    if len(vectors) < 2:
        return None
    best: tuple[float, Floats] | None = None
    for centres in _starts(vectors, weights):
        found, labels = _two_means(vectors, weights, centres)
        rare = min(float(weights[labels == which].sum()) for which in (0, 1))
        share = rare / float(weights.sum())
        cosine = float(found[0] @ found[1])
        apart = (rare >= 6.0 and cosine < 0.77) or (rare >= 3.0 and cosine < 0.62)
        alike = rare >= 6.0 and cosine < 0.88 and share >= 0.2
        if share < 0.03 or not (apart or (alike and _take_turns(windows.starts[clear], windows.ends[clear], labels))):
            continue
        score = (1 - cosine) * math.sqrt(share * (1 - share))
        if best is None or score > best[0]:
            best = score, found
    return best[1] if best else None


def _take_turns(starts: NDArray[np.float64], ends: NDArray[np.float64], labels: NDArray[np.int64]) -> bool:
    """Whether windows that follow each other at once, without sharing sound, keep their label far more than by chance.

    The halves of one voice alternate with what it says. Measured in standard deviations above chance: one voice split
    in two -0.6 to 1.8 (ten channels of the made calls), two that are alike 3.6 and 4.3, so three decide. Fewer than
    twelve such pairs tell nothing.
    """
    after = np.searchsorted(starts, ends - 0.05)
    pairs = np.flatnonzero((after < len(starts)) & (starts[np.minimum(after, len(starts) - 1)] < ends + 0.1))
    if len(pairs) < 12:
        return False
    agree = np.count_nonzero(labels[pairs] == labels[after[pairs]]) / len(pairs)
    share = np.count_nonzero(labels) / len(labels)
    chance = share**2 + (1 - share) ** 2
    return bool(agree - chance >= 3.0 * math.sqrt(chance * (1 - chance) / len(pairs)))


def _starts(vectors: Floats, weights: Floats) -> Iterator[Floats]:
    """Pairs of centres to begin with: some windows, each with the average voice and with the voice least like it.

    The windows are spread over the call, and the most unusual ones; three neighbours are averaged, so that a single
    odd window leads nowhere.
    """
    mean = _unit((vectors * weights[:, None]).sum(axis=0))
    local = _unit(vectors + np.roll(vectors, 1, axis=0) + np.roll(vectors, -1, axis=0))
    spread = np.linspace(0, len(vectors) - 1, min(16, len(vectors))).round().astype(int)
    unusual = np.argsort(local @ mean, kind="stable")[:6]
    for place in dict.fromkeys([*spread.tolist(), *unusual.tolist()]):
        seed = local[place]
        yield np.stack([mean, seed])
        yield np.stack([local[int((local @ seed).argmin())], seed])


def _two_means(vectors: Floats, weights: Floats, centres: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Spherical k-means with two centres; centres and the label of each vector."""
    labels = (vectors @ centres.T).argmax(axis=1)
    for _ in range(_ROUNDS):
        centres = np.stack(
            [
                _unit((vectors[labels == which] * weights[labels == which, None]).sum(axis=0))
                if (labels == which).any()
                else centres[which]
                for which in (0, 1)
            ]
        )
        before, labels = labels, (vectors @ centres.T).argmax(axis=1)
        if (before == labels).all():
            break
    return centres, labels


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _steps(speech: Sequence[Span]) -> list[Span]:
    """Speech cut into steps of about a quarter of a second; neighbours inside one stretch share their edge."""
    steps: list[Span] = []
    for span in speech:
        count = max(1, round(span.duration / _STEP))
        edges = [round(edge, 3) for edge in np.linspace(span.start, span.end, count + 1).tolist()]
        steps += [Span(start, end) for start, end in pairwise(edges)]
    return steps


def _leaning(windows: Windows, centres: Floats, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each time, how much the windows over it sound like voice 0 (about 1) or 1 (about -1); 0 without a window."""
    sounds = windows.vectors @ (centres[0] - centres[1])
    sounds = sounds / max(1e-6, 1.0 - float(centres[0] @ centres[1]))
    leaning = np.zeros(len(times))
    total = np.zeros(len(times))
    for sound, start, end in zip(sounds.tolist(), windows.starts.tolist(), windows.ends.tolist(), strict=True):
        first, last = np.searchsorted(times, [start, end])
        near = 1.02 - np.abs(times[first:last] - (start + end) / 2) / max(1e-6, (end - start) / 2)
        leaning[first:last] += near * sound
        total[first:last] += near
    return leaning / np.maximum(total, 1e-6)


def _path(leaning: NDArray[np.float64], pauses: Sequence[bool]) -> list[int]:
    """The voice of each step on the path of least cost; changing voice costs, less at a pause before the step."""
    cost = [0.0, 0.0]
    back: list[tuple[int, int]] = []
    for value, change in zip(
        leaning.tolist(), [0.0, *(_AT_PAUSE if pause else _IN_SPEECH for pause in pauses)], strict=True
    ):
        come = (0 if cost[0] <= cost[1] + change else 1, 1 if cost[1] <= cost[0] + change else 0)
        cost = [cost[come[0]] + change * (come[0] != 0) - value, cost[come[1]] + change * (come[1] != 1) + value]
        back.append(come)
    voice = 0 if cost[0] <= cost[1] else 1
    path: list[int] = []
    for come in reversed(back):
        path.append(voice)
        voice = come[voice]
    return path[::-1]


def embed(file: BinaryIO, channel: int | None, speech: Sequence[Span], embedder: Embedder) -> Windows:
    """The voice of every window of the speech, in one streaming pass over the recording."""
    places: list[tuple[float, float]] = []
    vectors: list[Floats] = [np.zeros((0, WIDTH), np.float32)]
    waiting: list[Floats] = []
    for start, samples in _stretches(file, channel, speech):
        for first, last, features in _windows(samples):
            places.append((start + first, start + last))
            waiting.append(features)
            if len(waiting) == _BATCH:
                vectors.append(embedder.vectors(waiting))
                waiting = []
    vectors.append(embedder.vectors(waiting))
    edges = np.array(places, np.float64).reshape(-1, 2)
    return Windows(edges[:, 0], edges[:, 1], np.concatenate(vectors))


def _stretches(file: BinaryIO, channel: int | None, speech: Sequence[Span]) -> Iterator[tuple[float, Samples]]:
    """Start and samples of every stretch of speech, cut to at most 30 s."""
    waiting = iter(
        Span(start, min(span.end, start + _LONGEST_STRETCH))
        for span in speech
        for start in np.arange(span.start, span.end, _LONGEST_STRETCH).tolist()
    )
    span = next(waiting, None)
    held = np.zeros(0, np.float32)
    place = 0  # of held[0]
    for piece in one_stream(file, channel):
        held = np.concatenate([held, piece])
        while span and place + len(held) >= round(span.end * SPEECH_RATE):
            first = round(span.start * SPEECH_RATE) - place
            yield span.start, held[first : round(span.end * SPEECH_RATE) - place]
            span = next(waiting, None)
        if not span:
            return
        unneeded = min(len(held), max(0, round(span.start * SPEECH_RATE) - place))
        held, place = held[unneeded:], place + unneeded
    if span:
        yield span.start, held[max(0, round(span.start * SPEECH_RATE) - place) :]


def _windows(samples: Samples) -> Iterator[tuple[float, float, Floats]]:
    """Start, end and frames of the windows of a stretch; one short window for a short stretch, none below 0.4 s."""
    seconds = len(samples) / SPEECH_RATE
    if seconds < _SHORTEST:
        return
    frames = _fbank(samples)
    if seconds <= _WINDOW:
        yield 0.0, seconds, np.resize(frames, (_FRAMES, frames.shape[1]))
        return
    last = seconds - _WINDOW
    starts = np.arange(0.0, last, _HOP).tolist()
    if last - starts[-1] > _HOP / 3:
        starts.append(last)
    for start in starts:
        first = min(round(start * 100), len(frames) - _FRAMES)
        yield start, start + _WINDOW, frames[first : first + _FRAMES]


def _fbank(samples: Samples) -> Floats:
    """80 log-mel energies of 25 ms every 10 ms, as the model was trained on: [t, 80]."""
    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = 80
    bank = knf.OnlineFbank(options)
    bank.accept_waveform(SPEECH_RATE, samples.tolist())
    bank.input_finished()
    return np.stack([bank.get_frame(frame) for frame in range(bank.num_frames_ready)]).astype(np.float32)
