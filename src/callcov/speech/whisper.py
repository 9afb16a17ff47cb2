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

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from faster_whisper.transcribe import Segment as Said
from faster_whisper.transcribe import WhisperModel

from callcov.model import Span, Word
from callcov.speech.decode import SPEECH_RATE, Samples
from callcov.speech.transcribe import Heard

_JOINED_PAUSE = 2.0
_PAD = 0.4
_WINDOW = 30.0
_HOLE = 2.0
_LOOPING = 2.4  # text that compresses better than this repeats itself (Whisper's own threshold)
_MOSTLY_SILENT = 0.8
_SHORTEST_WORD = 0.02
_REACH = 0.2  # seconds by which a word may stick out of the speech around it
_UNSURE = 0.5  # share of language detections below which a call is taken for English


class Whisper:
    """A loaded Whisper model.

    Args:
        name: folder of a CTranslate2 Whisper model, or a name that faster-whisper knows (loaded from its hub).
    """

    def __init__(self, name: str | Path) -> None:
        self._model = WhisperModel(str(name), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)

    def transcribe(self, samples: Samples, offset: float, speech: Sequence[Span], language: str | None) -> Heard:
        """Recognise a block; see `Transcriber`. A language the model does not know is found out instead."""
        here = _inside(speech, Span(offset, offset + len(samples) / SPEECH_RATE))
        if not here:
            return Heard((), language or "en")
        spoken = self._language(samples, offset, here, language)
        words = self._hear(samples, offset, here, spoken)
        missed = _missed(words, here)
        if missed:
            again = self._hear(samples, offset, missed, spoken)
            words += [word for word in again if any(span.start <= _middle(word) < span.end for span in missed)]
            words.sort(key=lambda word: word.span.start)
        return Heard(_in_order(_spelt(words), offset, len(samples) / SPEECH_RATE), spoken)

    def _hear(self, samples: Samples, offset: float, speech: Sequence[Span], language: str) -> list[Word]:
        """The believable words of those stretches of a block, at their times in the recording."""
        stretches = _stretches(speech, offset, len(samples))
        said, _ = self._model.transcribe(
            np.concatenate([samples[stretch.first : stretch.last] for stretch in stretches]),
            language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
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


def _windows(stretches: list[_Stretch], speech: Sequence[Span], offset: float) -> list[float]:
    """Where to cut what the model gets into windows of at most half a minute: start, end, start, end, ...

    A window ends in the longest pause of its last fifth, so that no sentence is torn where it can be helped. Where
    nobody pauses it is longer, and the model goes through it in its own way.
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
        later = [(length, cut) for cut, length in cuts if cut > marks[-1]]
        good = [pause for pause in later if 0.8 * _WINDOW <= pause[1] - marks[-1] <= _WINDOW]
        marks.append(max(good)[1] if good else _last_before(marks[-1] + _WINDOW, [cut for _, cut in later], end))
    marks.append(end)
    return [mark for pair in pairwise(marks) for mark in pair]


def _last_before(limit: float, cuts: list[float], end: float) -> float:
    """The last cut up to `limit`, else the first after it, else the end."""
    early = [cut for cut in cuts if cut <= limit]
    return max(early) if early else min(cuts, default=end)


def _inside(speech: Sequence[Span], block: Span) -> list[Span]:
    """The speech inside a block."""
    cut = [Span(max(span.start, block.start), min(span.end, block.end)) for span in speech]
    return [span for span in cut if span.duration > 0]


def _missed(words: Sequence[Word], speech: Sequence[Span]) -> list[Span]:
    """Speech of two seconds and more without a word, which the model has skipped; a word lasts a second at most."""
    missed: list[Span] = []
    heard = iter(sorted(words, key=lambda word: word.span.start))
    word = next(heard, None)
    for span in speech:
        free = span.start
        while word and word.span.start < span.end:
            if word.span.start - free >= _HOLE:
                missed.append(Span(free, word.span.start))
            free = max(free, min(word.span.end, word.span.start + 1.0))
            word = next(heard, None)
        if span.end - free >= _HOLE:
            missed.append(Span(free, span.end))
    return missed


def _middle(word: Word) -> float:
    return (word.span.start + word.span.end) / 2


def _believed(said: Iterable[Said]) -> Iterable[list[Word]]:
    """The words of each segment that was not invented, times as the model gave them."""
    for segment in said:
        words = [
            Word(part.word, Span(part.start, part.end), round(float(part.probability), 3))
            for part in segment.words or []
            if any(letter.isalnum() for letter in part.word)
        ]
        if segment.compression_ratio > _LOOPING:
            words = unlooped(words)
        if words and not _invented(words, segment.no_speech_prob):
            yield words


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
    sure = sum(word.confidence for word in words) / len(words)
    seconds = words[-1].span.end - words[0].span.start
    squeezed = len(words) >= 4 and len(words) > 12 * seconds
    return sure < 0.3 or squeezed or (silent > _MOSTLY_SILENT and sure < 0.5)


def _placed(word: Word, stretches: list[_Stretch], offset: float) -> Word:
    """The word at its time in the recording, inside the stretch that its middle was heard in."""
    middle = (word.span.start + word.span.end) / 2 * SPEECH_RATE
    stretch = next((one for one in reversed(stretches) if one.at <= middle), stretches[0])
    shift = (stretch.first - stretch.at) / SPEECH_RATE
    low, high = stretch.first / SPEECH_RATE, stretch.last / SPEECH_RATE
    start, end = (min(max(time + shift, low), high) + offset for time in (word.span.start, word.span.end))
    return Word(word.text, Span(start, end), word.confidence)


def _near_speech(words: Iterable[Word], speech: Sequence[Span]) -> Iterable[Word]:
    """Words cut to the speech they belong to; an unsure word beside all speech is left out."""
    reach = [Span(span.start - _REACH, span.end + _REACH) for span in speech]
    ends = [span.end for span in reach]
    for word in words:
        place = bisect_right(ends, word.span.start)
        best = max(reach[place : place + 3] or reach[-1:], key=word.span.overlap)
        if word.span.overlap(best) > 0:
            yield Word(word.text, Span(max(word.span.start, best.start), min(word.span.end, best.end)), word.confidence)
        elif word.confidence >= _UNSURE:
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
