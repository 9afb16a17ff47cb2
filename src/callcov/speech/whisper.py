"""The Whisper recogniser, by faster-whisper on CTranslate2: int8, one thread, greedy, temperature 0.

Only speech is listened to. Spans closer than two seconds are heard together and every stretch gets 0.4 s of sound
around it (the engine's own voice filter does the same); stretches are put end to end, recognised, and the words' times
put back.

Whisper sometimes invents text where nothing, or nothing intelligible, is said. Measured on tones, noise, breath,
clicks and hold music without any voice filter (base and tiny.en), what it invents is: one phrase in a loop, whose first
round has low confidence; a lone "you" or "." over likely silence; or a sentence squeezed into no time. Each of these is
dropped below; a phrase is never dropped for its wording.
"""

from __future__ import annotations

import math
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from faster_whisper.transcribe import BatchedInferencePipeline, WhisperModel
from faster_whisper.transcribe import Segment as Said

from callcov.model import Span, Word
from callcov.speech.decode import SPEECH_RATE, Samples
from callcov.speech.transcribe import Heard

_JOINED_PAUSE = 2.0
_PAD = 0.4
_WINDOW = 30.0
_BATCH = 2  # windows decoded at once: each costs 100 MB and little is won by more
_HOLE, _TAIL, _WORDLESS = 2.0, 0.9, 0.4
_LONGEST_WORD, _LONGEST_MARK = 1.0, 0.4
_LOOPING = 2.4  # text that compresses better than this repeats itself (Whisper's own threshold)
_MOSTLY_SILENT = 0.8
_SURE, _SURE_IN_SILENCE, _SURE_IN_LOOP = 0.25, 0.5, 0.65
_SHORTEST_WORD = 0.02
_UNSURE = 0.5  # share of language detections below which a call is taken for English


class Whisper:
    """A loaded Whisper model.

    Args:
        name: folder of a CTranslate2 Whisper model, or a name that faster-whisper knows (loaded from its hub).
    """

    def __init__(self, name: str | Path) -> None:
        self._model = WhisperModel(str(name), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)
        self._windowed = BatchedInferencePipeline(self._model)

    def transcribe(self, samples: Samples, offset: float, speech: Sequence[Span], language: str | None) -> Heard:
        """Recognise a block; see `Transcriber`. A language the model does not know is found out instead."""
        here = _inside(speech, Span(offset, offset + len(samples) / SPEECH_RATE))
        if not here:
            return Heard((), language or "en")
        spoken = self._language(samples, offset, here, language)
        words = self._hear(samples, offset, here, spoken)
        skipped = missed(words, here)
        if skipped:
            words = filled(words, self._hear(samples, offset, skipped, spoken), skipped)
        return Heard(_in_order(_spelt(words), offset, len(samples) / SPEECH_RATE), spoken)

    def _hear(self, samples: Samples, offset: float, speech: Sequence[Span], language: str) -> list[Word]:
        """The believable words of those stretches of a block, at their times in the recording."""
        stretches = _stretches(speech, offset, len(samples))
        said, _ = self._windowed.transcribe(
            np.concatenate([samples[stretch.first : stretch.last] for stretch in stretches]),
            language,
            batch_size=_BATCH,
            beam_size=1,
            temperature=0.0,
            word_timestamps=True,
            without_timestamps=False,
            vad_filter=False,
            clip_timestamps=_windows(stretches, speech, offset),
        )
        words = (_placed(word, stretches, offset) for segment in _believed(said) for word in segment)
        return list(_near_speech(words, speech))

    def _language(self, samples: Samples, offset: float, speech: Sequence[Span], language: str | None) -> str:
        """The language asked for if the model knows it, else the one heard in the first half minute of speech."""
        known = self._model.supported_languages
        wanted = language.partition("-")[0].lower() if language else None
        if wanted in known:
            return wanted
        if known == ["en"]:
            return "en"
        stretches = _stretches(speech, offset, len(samples))
        sound = np.concatenate([samples[stretch.first : stretch.last] for stretch in stretches])
        found, share, _ = self._model.detect_language(sound[: round(_WINDOW * SPEECH_RATE)])
        return found if share >= _UNSURE else "en"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Samples `first:last` of a block, heard at sample `at` of what the model gets."""

    first: int
    last: int
    at: int


def _stretches(speech: Sequence[Span], offset: float, count: int) -> list[_Stretch]:
    """The parts of a block to listen to, as sample numbers."""
    joined: list[Span] = []
    for span in speech:
        if joined and span.start - joined[-1].end < _JOINED_PAUSE:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    stretches: list[_Stretch] = []
    at = 0
    for span in joined:
        first = max(0, round((span.start - _PAD - offset) * SPEECH_RATE))
        last = min(count, round((span.end + _PAD - offset) * SPEECH_RATE))
        stretches.append(_Stretch(first, last, at))
        at += last - first
    return stretches


def _windows(stretches: list[_Stretch], speech: Sequence[Span], offset: float) -> list[dict[str, float]]:
    """Where to cut what the model gets into windows of at most half a minute, in seconds.

    A window ends in the longest pause of its last fifth, so that no sentence is torn where it can be helped; where
    nobody pauses, in the last pause there is; where there is none, after half a minute sharp.
    """
    cuts = [(stretch.at / SPEECH_RATE, _JOINED_PAUSE) for stretch in stretches[1:]]
    for before, after in pairwise(speech):
        place = ((before.end + after.start) / 2 - offset) * SPEECH_RATE
        stretch = next((one for one in stretches if one.first <= place < one.last), None)
        if stretch:
            cuts.append(((place - stretch.first + stretch.at) / SPEECH_RATE, after.start - before.end))
    end = (stretches[-1].at + stretches[-1].last - stretches[-1].first) / SPEECH_RATE
    marks = [0.0]
    while end - marks[-1] > _WINDOW:
        near = [(length, cut) for cut, length in cuts if 0 < cut - marks[-1] <= _WINDOW]
        good = [pause for pause in near if pause[1] - marks[-1] >= 0.8 * _WINDOW]
        marks.append(max(good)[1] if good else max([cut for _, cut in near], default=marks[-1] + _WINDOW))
    marks.append(end)
    return [{"start": start, "end": stop} for start, stop in pairwise(marks)]


def _inside(speech: Sequence[Span], block: Span) -> list[Span]:
    """The speech inside a block."""
    cut = [Span(max(span.start, block.start), min(span.end, block.end)) for span in speech]
    return [span for span in cut if span.duration > 0]


def missed(words: Sequence[Word], speech: Sequence[Span]) -> list[Span]:
    """Speech that the model has skipped.

    That is two seconds without a word, 0.9 s at the end of a stretch, or a whole stretch of 0.4 s. The model likes to
    end a sentence before its last words are said. The longest word is taken to last a second, and 0.4 s more for each
    figure and mark in it: a number or an address is one word.
    """
    skipped: list[Span] = []
    ordered = sorted(words, key=lambda word: word.span.start)
    for span in speech:
        inside = [word for word in ordered if word.span.overlap(span) > 0]
        if not inside and span.duration >= _WORDLESS:
            skipped.append(span)
            continue
        edges = [span.start]
        for word in inside:
            edges += [word.span.start, max(edges[-1], _ends(word))]
        edges.append(max(span.end, edges[-1]))
        holes = [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
        skipped += [hole for hole in holes if hole.duration >= (_TAIL if hole.end == span.end else _HOLE)]
    return skipped


def _ends(word: Word) -> float:
    """When a word may end: as heard, but a plain one after a second; what is written in figures may go on longer."""
    marks = sum(not letter.isalpha() for letter in word.text.strip(" .,?!'"))
    longest = word.span.start + _LONGEST_WORD + _LONGEST_MARK * marks
    return longest if marks > 1 else min(word.span.end, longest)


def filled(words: Sequence[Word], again: Sequence[Word], skipped: Sequence[Span]) -> list[Word]:
    """The words with those heard again in what was skipped, in order; a word heard both times stays once."""
    whole = sorted(words, key=lambda word: word.span.start)
    for span in skipped:
        new = [word for word in again if span.start <= (word.span.start + word.span.end) / 2 <= span.end]
        at = bisect_right(whole, span.start, key=lambda word: word.span.start)
        (before,) = _key(whole[at - 1 : at]) or [""]
        while new and before.endswith(_key(new[:1])[0]):
            new = new[1:]
        whole[at:at] = new
    return sorted(whole, key=lambda word: word.span.start)


def _believed(said: Iterable[Said]) -> Iterator[list[Word]]:
    """The words of each segment that was not invented, times and spaces as the model gave them.

    The segments of a window share its `seek`; a window that repeats itself is judged whole, without the rounds.
    """
    for _, window in groupby(said, key=lambda segment: segment.seek):
        segments = list(window)
        if _repeating("".join(segment.text for segment in segments)):
            words = unlooped([word for segment in segments for word in _parts(segment)])
            if words and _sureness(words) >= _SURE_IN_LOOP:
                yield words
            continue
        for segment in segments:
            words = _parts(segment)
            if words and not _invented(words, segment.no_speech_prob):
                yield words


def _repeating(text: str) -> bool:
    """Whether a window's text compresses as only a loop does (Whisper's own measure)."""
    encoded = text.encode()
    return len(encoded) > _LOOPING * len(zlib.compress(encoded))


def _parts(segment: Said) -> list[Word]:
    """The parts of words that a segment is made of, but for lone punctuation."""
    return [
        Word(part.word, Span(float(part.start), float(part.end)), round(float(part.probability), 3))
        for part in segment.words or []
        if any(letter.isalnum() for letter in part.word)
    ]


def unlooped(words: list[Word]) -> list[Word]:
    """The words without what repeats: of a phrase said three times or more in a row, its first round."""
    kept = list(words)
    for length in range(1, len(words) // 3 + 1):
        place = 0
        while place + 3 * length <= len(kept):
            phrase = _key(kept[place : place + length])
            rounds = 1
            while _key(kept[place + rounds * length : place + (rounds + 1) * length]) == phrase:
                rounds += 1
            if rounds >= 3:
                del kept[place + length : place + rounds * length]
            place += 1
    return kept


def _key(words: list[Word]) -> list[str]:
    """Words as they are compared: letters and digits, no case."""
    return ["".join(filter(str.isalnum, word.text)).casefold() for word in words]


def _invented(words: list[Word], silent: float) -> bool:
    """Whether a segment's confidence, speed and likelihood of silence say that nobody said it."""
    sure = _sureness(words)
    seconds = words[-1].span.end - words[0].span.start
    squeezed = len(words) >= 4 and len(words) > 12 * seconds
    return sure < _SURE or squeezed or (silent > _MOSTLY_SILENT and sure < _SURE_IN_SILENCE)


def _sureness(words: list[Word]) -> float:
    """Geometric mean of the confidences: an invented phrase begins with a word of nearly none."""
    return math.exp(sum(math.log(max(word.confidence, 1e-3)) for word in words) / len(words))


def _placed(word: Word, stretches: list[_Stretch], offset: float) -> Word:
    """The word at its time in the recording, inside the stretch that its middle was heard in."""
    middle = (word.span.start + word.span.end) / 2 * SPEECH_RATE
    stretch = next((one for one in reversed(stretches) if one.at <= middle), stretches[0])
    shift = (stretch.first - stretch.at) / SPEECH_RATE
    low, high = stretch.first / SPEECH_RATE, stretch.last / SPEECH_RATE
    start, end = (min(max(time + shift, low), high) + offset for time in (word.span.start, word.span.end))
    return Word(word.text, Span(start, end), word.confidence)


def _near_speech(words: Iterable[Word], speech: Sequence[Span]) -> Iterator[Word]:
    """Words cut to the speech they belong to, which knows their edges better; unsure ones far from any are left out.

    Measured against exact times of the made calls, a turn's first word begins 0.02 s off in the median (0.19 uncut).
    """
    ends = [span.end for span in speech]
    for word in words:
        place = bisect_right(ends, word.span.start)
        around = speech[max(0, place - 1) : place + 3]
        best = max(around, key=word.span.overlap)
        if word.span.overlap(best) > 0:
            yield Word(word.text, Span(max(word.span.start, best.start), min(word.span.end, best.end)), word.confidence)
        elif word.confidence >= _UNSURE or any(
            Span(one.start - _PAD, one.end + _PAD).overlap(word.span) for one in around
        ):
            yield word


def _spelt(parts: Iterable[Word]) -> Iterator[Word]:
    """Whole words from the model's parts, of which only the first of a word begins with a space: `9` and `.30`."""
    word: Word | None = None
    for part in parts:
        text = part.text.strip()
        if word and not part.text.startswith(" ") and not text[0].isalpha():
            span = Span(word.span.start, max(word.span.end, part.span.end))
            word = Word(word.text + text, span, min(word.confidence, part.confidence))
            continue
        if word:
            yield word
        word = Word(text, part.span, part.confidence)
    if word:
        yield word


def _in_order(words: Iterable[Word], offset: float, duration: float) -> tuple[Word, ...]:
    """Words with starts that never go back, at least 20 ms long, inside the block, times to the millisecond."""
    placed: list[Word] = []
    latest = offset + duration - _SHORTEST_WORD
    before = offset
    for word in words:
        start = min(max(word.span.start, before), latest)
        end = min(max(word.span.end, start + _SHORTEST_WORD), offset + duration)
        placed.append(Word(word.text, Span(round(start, 3), round(end, 3)), word.confidence))
        before = start
    return tuple(placed)
