"""Words and voice activity → who said what. Pure; no word is lost, none is invented.

A speaker's words are first joined into phrases at their own pauses, then all phrases are put in order of time and
neighbours of one speaker are joined into a segment. So a backchannel inside a long sentence follows it instead of
cutting it in two, and overlapping speech stays in whole phrases.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from callcov.model import Segment, Span, Turn, Word

_PHRASE_PAUSE = 0.5
_TURN_PAUSE = 1.0  # a breath or the end of a sentence: whoever goes on after it has not stopped talking
_SEGMENT_PAUSE = 2.0  # longer silence ends a segment even when nobody else speaks
_FLIP_WORDS = 2  # so few words of another voice inside a sentence are the diariser's error
_FLIP_SECONDS = 0.8
_SENTENCE_END = (".", "?", "!")

_Said = tuple[Word, str]


@dataclass(frozen=True, slots=True)
class Aligned:
    """Segments in order of their start and turns in order of theirs; speaker `A` is the one who talks first."""

    segments: tuple[Segment, ...]
    turns: tuple[Turn, ...]


def channels_apart(words: Mapping[int, Sequence[Word]], speech: Mapping[int, Sequence[Span]]) -> Aligned:
    """Every channel is a speaker: its words make the segments, its voice activity the turns. Empty for no speech."""
    turns = [Turn(str(channel), span) for channel, spans in speech.items() for span in spans]
    phrases = [Segment(str(channel), phrase, channel) for channel, said in words.items() for phrase in _phrases(said)]
    return _labelled(phrases, turns)


def one_channel(
    words: Sequence[Word], turns: Sequence[Turn], channel: int | None, overlaps: Sequence[Span] = ()
) -> Aligned:
    """Every word goes to whoever's turn covers most of it, or to the nearest turn; sentences are kept whole.

    `turns` are in order and do not overlap; in `overlaps` both speakers are heard, where there are two. Words without
    any turn are one speaker's.
    """
    said = [pair for sentence in _sentences(_begun(_given(words, turns))) for pair in _whole(sentence)]
    runs = groupby(said, key=lambda pair: pair[1])
    phrases = [
        Segment(speaker, phrase, channel) for speaker, run in runs for phrase in _phrases([word for word, _ in run])
    ]
    speakers = {turn.speaker for turn in turns}
    both = [Turn(speaker, span) for span in overlaps for speaker in sorted(speakers) if len(speakers) > 1]
    return _labelled(phrases, [*turns, *both])


def speaker_of(word: Word, turns: Sequence[Turn]) -> str | None:
    """The speaker whose turn covers most of the word; None if nobody was speaking. The earlier turn wins a tie."""
    best = max(turns, key=lambda turn: turn.span.overlap(word.span), default=None)
    return best.speaker if best and best.span.overlap(word.span) > 0 else None


def _given(words: Sequence[Word], turns: Sequence[Turn]) -> list[_Said]:
    """Every word with its speaker; only the turns around a word are looked at."""
    ends = [turn.span.end for turn in turns]
    said: list[_Said] = []
    for word in words:
        after = bisect_right(ends, word.span.start)
        around = turns[max(0, after - 1) : bisect_right(ends, word.span.end) + 1]
        near = min(around, key=lambda turn: _distance(turn.span, word.span), default=None)
        said.append((word, speaker_of(word, around) or (near.speaker if near else "0")))
    return said


def _begun(said: list[_Said]) -> list[_Said]:
    """The words with a change of speaker moved to where a sentence begins, at most two words and 0.8 s away.

    The diariser knows a change to some quarter of a second; a recogniser that wrote no full stop there still wrote the
    next speaker's first word with a capital.
    """
    moved = list(said)
    for at in range(1, len(said)):
        before, after = said[at - 1][1], said[at][1]
        if before == after or said[at - 1][0].text.endswith(_SENTENCE_END) or _capital(said[at][0]):
            continue
        near = [place for place in (at - 1, at + 1, at - 2, at + 2) if 0 < place < len(said) - 1]
        for place in near:
            words = range(min(place, at), max(place, at))
            mine = all(said[one][1] == (before if place < at else after) for one in (*words, place))
            away = abs(said[place][0].span.start - said[at][0].span.start)
            if mine and away <= _FLIP_SECONDS and _capital(said[place][0]):
                for one in words:
                    moved[one] = said[one][0], after if place < at else before
                break
    return moved


def _capital(word: Word) -> bool:
    """Whether a word is written as the first of a sentence; "I" and what is spelled in capitals tell nothing."""
    return word.text[:1].isupper() and not word.text.startswith("I") and not word.text[1:2].isupper()


def _distance(one: Span, other: Span) -> float:
    """Seconds between two spans; 0.0 when they meet."""
    return max(0.0, one.start - other.end, other.start - one.end)


def _sentences(said: Sequence[_Said]) -> Iterator[list[_Said]]:
    """Words up to a full stop, or to a pause of half a second before another speaker."""
    sentence: list[_Said] = []
    for word, speaker in said:
        if sentence:
            before, other = sentence[-1]
            changed = speaker != other and word.span.start - before.span.end >= _PHRASE_PAUSE
            if changed or before.text.endswith(_SENTENCE_END):
                yield sentence
                sentence = []
        sentence.append((word, speaker))
    if sentence:
        yield sentence


def _whole(sentence: list[_Said]) -> list[_Said]:
    """One sentence, given to one speaker if all others have at most two words and 0.8 s of it: the diariser's error.

    Of two speakers with as many words the one who ends the sentence has it.
    """
    last = sentence[-1][1]
    counts = Counter(speaker for _, speaker in sentence)
    main = max(counts, key=lambda speaker: (counts[speaker], speaker == last))
    strange = [word for word, speaker in sentence if speaker != main]
    few = len(strange) <= _FLIP_WORDS and sum(word.span.duration for word in strange) <= _FLIP_SECONDS
    return [(word, main) for word, _ in sentence] if few else sentence


def _phrases(words: Sequence[Word]) -> Iterable[tuple[Word, ...]]:
    """Words of one speaker, cut where the speaker pauses."""
    if not words:
        return
    cuts = [
        place for place, (one, two) in enumerate(pairwise(words), 1) if two.span.start - one.span.end > _PHRASE_PAUSE
    ]
    for start, end in pairwise([0, *cuts, len(words)]):
        yield tuple(words[start:end])


def _labelled(phrases: Sequence[Segment], turns: Sequence[Turn]) -> Aligned:
    """Phrases joined to segments, speakers named by who talks first."""
    ordered = sorted(phrases, key=lambda phrase: (phrase.span.start, phrase.span.end, phrase.speaker))
    voices = sorted(turns, key=lambda turn: (turn.span, turn.speaker))
    names: dict[str, str] = {}
    for one in [*ordered, *voices]:  # a voice without words comes behind those that said something
        names.setdefault(one.speaker, chr(ord("A") + len(names)))
    segments: list[Segment] = []
    for phrase in ordered:
        named = replace(phrase, speaker=names[phrase.speaker])
        before = segments[-1] if segments else None
        if before and before.speaker == named.speaker and named.span.start - before.span.end <= _SEGMENT_PAUSE:
            segments[-1] = replace(before, words=before.words + named.words)
        else:
            segments.append(named)
    return Aligned(tuple(segments), _bridged([Turn(names[turn.speaker], turn.span) for turn in voices]))


def _bridged(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Turns, in order of start, with the short pauses of a voice closed in which nobody else speaks."""
    joined: list[Turn] = []
    latest: dict[str, int] = {}
    heard_until: dict[str, float] = {}  # each speaker's, by turns that begin earlier than the one at hand
    for begin, together in groupby(turns, lambda one: one.span.start):
        here = list(together)
        for turn in here:
            place = latest.get(turn.speaker)
            before = None if place is None else joined[place].span
            others = max((end for who, end in heard_until.items() if who != turn.speaker), default=0.0)
            if place is not None and before and before.end < begin and others > before.end:
                place = None  # somebody else speaks in the pause
            if place is not None and before and begin - before.end <= _TURN_PAUSE:
                joined[place] = Turn(turn.speaker, Span(before.start, max(before.end, turn.span.end)))
                continue
            latest[turn.speaker] = len(joined)
            joined.append(turn)
        for turn in here:
            heard_until[turn.speaker] = max(turn.span.end, heard_until.get(turn.speaker, 0.0))
    return tuple(joined)
