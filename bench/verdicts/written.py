"""Written calls: who says what and when, the values marked in it, and what arithmetic says about it.

The times of the turns are those of the rendered sound (`sound/<id>.json`). A call that has not been rendered yet gets
estimated times: a turn takes words / 2.5 seconds, at least 0.4, and starts `gap` seconds behind the latest end so far.
Within a turn the time is shared among the words by their letters.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import markup
import yaml
from markup import Mark

from callcov.model import Segment, Span, Transcript, Turn, Word

HERE = Path(__file__).parent
SOUND = HERE / "sound"
SPLITS = ("dev", "fresh", "held_out")
SILENT = frozenset(("fresh",))
"""Splits without sound."""
PACE = 2.5  # words a second of a call that has no sound yet
SHORTEST = 0.4  # seconds
LEAST_SILENCE = 3.0  # seconds from which a silence is listed (CONTRACT: quality.silence)
RATES = (110, 190)  # words a minute an agent is expected to keep to
LEAST_WORDS = 15  # a side that says fewer has no rate worth comparing
IN_TIME = 15.0  # seconds from the first speech in which the agent's name is to come
PURPOSE_BY = 4  # agent interactions
DEAD_AIR = 10.0  # seconds from which dead air is flagged
PARTS = ("opening", "discovery", "resolution", "closing")
POLICIES = ("default", "collections", "payments", "health")
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
TYPES = (
    "card_number",
    "card_cvv",
    "ssn",
    "bank_account",
    "account_number",
    "date_of_birth",
    "phone_number",
    "email",
    "address",
    "password",
    "pin",
    "government_id",
)


class BadCall(ValueError):
    """A written call contradicts itself: a field without a label, or a label that points at words nobody said."""


@dataclass(frozen=True, slots=True)
class Line:
    """One written turn: its number from 1, its side `A` or `C`, its words, the values in them and when it is said."""

    number: int
    who: str
    words: tuple[str, ...]
    marks: tuple[Mark, ...]
    span: Span

    def word_start(self, place: int) -> float:
        """When the word at that place begins; the end of the turn for the place behind its last word."""
        letters = [len(word) + 1 for word in self.words]
        return round(self.span.start + self.span.duration * sum(letters[:place]) / sum(letters), 3)

    def said(self, mark: Mark) -> Span:
        """When the words of a mark are said."""
        return Span(self.word_start(mark.first), self.word_start(mark.last))


@dataclass(frozen=True, slots=True)
class Call:
    """A written call with its labels, one for each of FIELDS and one for the summary."""

    name: str
    direction: str
    policy: str
    lines: tuple[Line, ...]
    labels: dict[str, Any]

    @property
    def end(self) -> float:
        """When the last word has been said."""
        return max(line.span.end for line in self.lines)

    @property
    def begin(self) -> float:
        """When the first word is said."""
        return min(line.span.start for line in self.lines)

    def line(self, number: int) -> Line:
        """The written turn of that number."""
        return self.lines[number - 1]

    def when(self, number: int, words: str) -> float:
        """When those words begin in that turn. Raises BadCall if they are not in it."""
        said = [word.casefold().strip(".,!?-") for word in self.line(number).words]
        sought = [word.casefold().strip(".,!?-") for word in markup.said(words).split()]
        for place in range(len(said) - len(sought) + 1):
            if said[place : place + len(sought)] == sought:
                return self.line(number).word_start(place)
        raise BadCall(f"{self.name}: turn {number} does not say {words!r}.")


def read(split: str) -> list[Call]:
    """Every written call of one of SPLITS, in order of their names. Raises BadCall."""
    return [load(path) for path in sorted((HERE / split).glob("*.yaml"))]


def load(path: Path) -> Call:
    """One written call, proven against itself. Raises BadCall."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    if (
        raw.get("id") != path.stem
        or raw.get("policy") not in POLICIES
        or raw["direction"] not in ("inbound", "outbound")
    ):
        raise BadCall(f"{path.name}: id, policy or direction is not as the guide says.")
    read_turns = [(who, *markup.read(text), gap) for who, text, gap in raw["turns"]]
    truth = SOUND / f"{path.stem}.json"
    spans = _rendered(truth, read_turns) if truth.exists() else _estimated(read_turns)
    lines = tuple(
        Line(number, who, words, marks, span)
        for number, ((who, words, marks, _), span) in enumerate(zip(read_turns, spans, strict=True), 1)
    )
    call = Call(path.stem, raw["direction"], raw["policy"], lines, raw["labels"])
    _prove(call)
    return call


def truth(call: Call) -> dict[str, Any]:
    """What the renderer says of the call's sound: voices, agent channel, seconds and turns."""
    return json.loads((SOUND / f"{call.name}.json").read_text("utf-8"))


def transcript(call: Call) -> Transcript:
    """The call as a faultless recogniser would give it for a channel each; nothing masked or understood."""
    first = min(call.lines, key=lambda line: line.span.start).who
    speakers = {who: "A" if who == first else "B" for who in "AC"}
    segments = tuple(Segment(speakers[line.who], _words(line), channel="AC".index(line.who)) for line in spoken(call))
    turns = tuple(Turn(speakers[line.who], line.span) for line in spoken(call))
    bare = Transcript(segments=segments, turns=turns, duration=round(call.end + 0.7, 3), channels_apart=True)
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


def words_of(call: Call, who: str) -> int:
    """How many words that side says."""
    return sum(len(line.words) for line in call.lines if line.who == who)


def words_a_minute(call: Call, who: str) -> float:
    """How fast that side talks."""
    return words_of(call, who) / seconds_of(call, who) * 60


def silences(call: Call) -> list[tuple[int, Span]]:
    """Every listed silence between turns, with the number of the turn that ends last before it."""
    found: list[tuple[int, Span]] = []
    last = spoken(call)[0]
    for line in spoken(call)[1:]:
        if line.span.start - last.span.end >= LEAST_SILENCE:
            found.append((last.number, Span(last.span.end, line.span.start)))
        last = max(last, line, key=lambda one: one.span.end)
    return found


def _estimated(turns: Iterable[tuple[str, tuple[str, ...], Any, float]]) -> list[Span]:
    spans: list[Span] = []
    clock = 0.0
    for _, words, _, gap in turns:
        start = round(max(0.0, clock + gap), 3)
        spans.append(Span(start, round(start + max(SHORTEST, len(words) / PACE), 3)))
        clock = max(clock, spans[-1].end)
    return spans


def _rendered(path: Path, turns: Iterable[tuple[str, tuple[str, ...], Any, float]]) -> list[Span]:
    kept = json.loads(path.read_text("utf-8"))["turns"]
    if [(turn["who"], turn["text"]) for turn in kept] != [(who, " ".join(words)) for who, words, _, _ in turns]:
        raise BadCall(f"{path.stem}: the sound says something else than the call; render it again.")
    return [Span(turn["start"], turn["end"]) for turn in kept]


def _words(line: Line) -> tuple[Word, ...]:
    ends = [*(line.word_start(place) for place in range(1, len(line.words))), line.span.end]
    return tuple(
        Word(text, Span(line.word_start(place), end))
        for place, (text, end) in enumerate(zip(line.words, ends, strict=True))
    )


def _prove(call: Call) -> None:
    """Raise BadCall unless there is a label for each field, and each points at something that is there."""
    if set(call.labels) != {*FIELDS, "summary"}:
        raise BadCall(f"{call.name}: labels missing or unknown: {sorted(set(call.labels) ^ {*FIELDS, 'summary'})}.")
    for name, label in call.labels.items():
        for key in ("at", "or"):
            if isinstance(label, Mapping) and key in label:
                call.when(*label[key])
        for number in _numbers(label):
            if not 1 <= number <= len(call.lines):
                raise BadCall(f"{call.name}: {name} points at turn {number}, which is not there.")
    _prove_values(call)
    labelled = sorted(number for number, _ in call.labels["silence"]["kinds"])
    if labelled != sorted(number for number, _ in silences(call)):
        raise BadCall(f"{call.name}: silences of 3 s follow turns {[n for n, _ in silences(call)]}, not {labelled}.")


def _prove_values(call: Call) -> None:
    """Marks are of a known type, and every labelled value has a mark in its turn."""
    for line in call.lines:
        for mark in line.marks:
            if mark.type not in (*TYPES, markup.DECOY):
                raise BadCall(f"{call.name}: turn {line.number} marks a {mark.type}, which is no type.")
    for number, kind, *_ in call.labels["sensitive_data"].get("instances", []):
        if kind not in {mark.type for mark in call.line(number).marks}:
            raise BadCall(f"{call.name}: turn {number} is said to hold a {kind}, but marks none.")


def _numbers(label: object) -> Iterable[int]:
    """The turns that a label lists."""
    if isinstance(label, Mapping):
        for key in ("turns", "may", "instances", "reason", "next_steps"):
            for item in label.get(key, []):
                yield item[0] if isinstance(item, list) else item
