"""Written calls: who says what with which gap, as a Transcript, and what arithmetic says about them.

Turn times follow one rule, so that every number can be worked out again: a turn takes words / pace seconds, at least
0.4 (pace 2.7 words a second unless the call says otherwise), and starts `gap` seconds behind the latest end so far,
never before 0. Its words share its time evenly.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from callcov.model import Segment, Span, Transcript, Turn, Word

PACE = 2.7  # words a second, about 160 a minute
SHORTEST = 0.4  # seconds
LEAST_SILENCE = 3.0  # seconds from which a silence is listed (CONTRACT: quality.silence)
RATES = (110, 190)  # words a minute an agent is expected to keep to
FIELDS = (
    "identity_verification",
    "mandatory_disclosures",
    "purpose_declaration",
    "prohibited_phrases",
    "sensitive_data",
    "sentiment_analysis",
    "greeting",
    "empathetic_language",
    "interruptions",
    "silence",
    "talk_time",
    "speaking_rate",
    "active_listening",
    "call_structure",
    "recommendations",
    "customer_effort_score",
)


class BadCall(ValueError):
    """A written call contradicts itself: a field without a label, or a label that points at words nobody said."""


@dataclass(frozen=True, slots=True)
class Line:
    """One written turn: its number from 1, its side `A` or `C`, its words and when it is said."""

    number: int
    who: str
    words: tuple[str, ...]
    span: Span

    def word_start(self, place: int) -> float:
        """When the word at that place begins."""
        return round(self.span.start + self.span.duration * place / len(self.words), 3)


@dataclass(frozen=True, slots=True)
class Call:
    """A written call with its labels, one for each of FIELDS."""

    name: str
    direction: str
    lines: tuple[Line, ...]
    labels: dict[str, Any]

    @property
    def end(self) -> float:
        """When the last word has been said."""
        return max(line.span.end for line in self.lines)

    def line(self, number: int) -> Line:
        """The written turn of that number."""
        return self.lines[number - 1]

    def when(self, number: int, words: str) -> float:
        """When those words begin in that turn. Raises BadCall if they are not in it."""
        said, sought = [word.casefold() for word in self.line(number).words], words.casefold().split()
        for place in range(len(said) - len(sought) + 1):
            if " ".join(said[place : place + len(sought)]).rstrip(".,!?") == " ".join(sought):
                return self.line(number).word_start(place)
        raise BadCall(f"{self.name}: turn {number} does not say {words!r}.")


def read(folder: Path) -> list[Call]:
    """Every written call of a folder, in order of their names. Raises BadCall."""
    calls = [_call(yaml.safe_load(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]
    for call in calls:
        _prove(call)
    return calls


def transcript(call: Call) -> Transcript:
    """The call as the recogniser would give it for a recording with a channel each; nothing masked or understood."""
    first = min(call.lines, key=lambda line: line.span.start).who
    speakers = {who: "A" if who == first else "B" for who in "AC"}
    segments = tuple(Segment(speakers[line.who], _words(line), channel="AC".index(line.who)) for line in spoken(call))
    turns = tuple(Turn(speakers[line.who], line.span) for line in spoken(call))
    bare = Transcript(segments=segments, turns=turns, duration=round(call.end + 0.5, 3), channels_apart=True)
    return bare.with_agent(speakers["A"])


def spoken(call: Call) -> list[Line]:
    """The turns in order of their start, which is the order of the transcript's segments."""
    return sorted(call.lines, key=lambda line: (line.span.start, line.number))


def seconds_of(call: Call, who: str) -> float:
    """How long that side talks."""
    return sum(line.span.duration for line in call.lines if line.who == who)


def both(call: Call) -> float:
    """How long both talk at once."""
    pairs = ((mine, theirs) for mine in call.lines if mine.who == "A" for theirs in call.lines if theirs.who == "C")
    return sum(mine.span.overlap(theirs.span) for mine, theirs in pairs)


def words_a_minute(call: Call, who: str) -> float:
    """How fast that side talks."""
    return sum(len(line.words) for line in call.lines if line.who == who) / seconds_of(call, who) * 60


def silences(call: Call) -> list[tuple[int, Span]]:
    """Every listed silence between turns, with the number of the turn that ends last before it."""
    found: list[tuple[int, Span]] = []
    last = spoken(call)[0]
    for line in spoken(call)[1:]:
        if line.span.start - last.span.end >= LEAST_SILENCE:
            found.append((last.number, Span(last.span.end, line.span.start)))
        last = max(last, line, key=lambda one: one.span.end)
    return found


def _call(raw: dict[str, Any]) -> Call:
    pace = {"A": PACE, "C": PACE} | raw.get("pace", {})
    lines: list[Line] = []
    clock = 0.0
    for number, (who, text, gap) in enumerate(raw["turns"], 1):
        words = tuple(text.split())
        start = round(max(0.0, clock + gap), 3)
        end = round(start + max(SHORTEST, len(words) / pace[who]), 3)
        lines.append(Line(number, who, words, Span(start, end)))
        clock = max(clock, end)
    return Call(raw["id"], raw["direction"], tuple(lines), raw["labels"])


def _words(line: Line) -> tuple[Word, ...]:
    ends = [*(line.word_start(place) for place in range(1, len(line.words))), line.span.end]
    return tuple(
        Word(text, Span(line.word_start(place), end))
        for place, (text, end) in enumerate(zip(line.words, ends, strict=True))
    )


def _prove(call: Call) -> None:
    """Raise BadCall unless there is a label for each field, and each points at something that is there."""
    if set(call.labels) != set(FIELDS):
        raise BadCall(f"{call.name}: labels missing or unknown: {sorted(set(call.labels) ^ set(FIELDS))}.")
    for name, label in call.labels.items():
        for key in ("at", "or"):
            if isinstance(label, dict) and key in label:
                call.when(*label[key])
        for number in _numbers(label):
            if not 1 <= number <= len(call.lines):
                raise BadCall(f"{call.name}: {name} points at turn {number}, which is not there.")
    labelled = [number for number, _ in call.labels["silence"]["kinds"]]
    if labelled != [number for number, _ in silences(call)]:
        raise BadCall(f"{call.name}: silences of 3 s follow turns {[n for n, _ in silences(call)]}, not {labelled}.")


def _numbers(label: object) -> Iterable[int]:
    """The turns that a label lists."""
    if isinstance(label, dict):
        for key in ("turns", "may", "instances"):
            for item in label.get(key, []):
                yield item[0] if isinstance(item, list) else item
