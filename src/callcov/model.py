"""The nouns of a call: who said what, when. Frozen values; times are seconds from the start of the recording.

A Transcript is everything the checks may read: segments of masked words with their acts and sentiment, the voice
activity of each speaker, the roles, and the typed places of sensitive values. Ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Role(StrEnum):
    """Which side of the call a speaker is on."""

    AGENT = "agent"
    CUSTOMER = "customer"

    @property
    def other(self) -> Role:
        """The opposite side."""
        return Role.CUSTOMER if self is Role.AGENT else Role.AGENT


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time in seconds; `end` is exclusive and never before `start`."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds, never negative."""
        return self.end - self.start

    def overlap(self, other: Span) -> float:
        """Seconds that both spans cover; 0.0 when they only touch or do not meet."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word, punctuation attached; a masked word's text is its type in brackets, `[card_number]`."""

    text: str
    span: Span
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of one voice, no text: voice activity of a channel, or a diarised stretch of a mono recording."""

    speaker: str
    span: Span


@dataclass(frozen=True, slots=True)
class Act:
    """Something a segment does, such as `greeting` or `complaint`; covers `words[first:last]` of its segment.

    `confidence` is 0..1. `like` names the nearest example sentence for a learned act, None for a phrase match
    and for the acts of a call's course.
    Acts say nothing of who spoke: a check asks for the role it cares about.
    """

    name: str
    first: int
    last: int
    confidence: float = 1.0
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """What one speaker says without being interrupted. `sentiment` is -1 (negative) .. 1 (positive)."""

    speaker: str
    words: tuple[Word, ...]
    channel: int | None = None
    acts: tuple[Act, ...] = ()
    sentiment: float = 0.0

    @property
    def span(self) -> Span:
        """From the first word's start to the last word's end; a segment always has a word."""
        return Span(self.words[0].span.start, max(word.span.end for word in self.words))

    @property
    def text(self) -> str:
        """The words joined by spaces; consecutive words masked as one value show one mark."""
        return text_of(self.words)


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A place where a sensitive value was spoken: `segments[segment].words[first:last]`.

    Parts of one value that is spread over several segments carry the same `value` number (from 0).
    """

    type: str
    value: int
    segment: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """Who said what, when. Segments are in order of their start; speaker `A` is the one who talks first.

    `turns` is voice activity in order of start. `channels_apart` is true when each speaker had a channel, so that
    overlaps in `turns` are certain. `language` is an ISO 639-1 code. An empty call has no segments and no turns.
    """

    segments: tuple[Segment, ...] = ()
    turns: tuple[Turn, ...] = ()
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    sensitive: tuple[Sensitive, ...] = ()
    duration: float = 0.0
    language: str = "en"
    channels_apart: bool = False

    def role(self, speaker: str) -> Role:
        """The side a speaker is on; a speaker nobody could place counts as the customer."""
        return self.roles.get(speaker, Role.CUSTOMER)

    def spoken_by(self, role: Role) -> Iterator[tuple[int, Segment]]:
        """The segments of one side with their places in `segments`, in order."""
        return ((place, segment) for place, segment in enumerate(self.segments) if self.role(segment.speaker) is role)

    def acts_of(self, role: Role, *names: str) -> Iterator[tuple[int, Act]]:
        """The acts of those names in one side's speech, with their segments' places, in order of time."""
        return ((place, act) for place, segment in self.spoken_by(role) for act in segment.acts if act.name in names)

    def with_agent(self, speaker: str) -> Transcript:
        """The same transcript with that speaker as the agent and everyone else as the customer."""
        speakers = {turn.speaker for turn in self.turns} | {segment.speaker for segment in self.segments} | {speaker}
        return replace(self, roles={who: Role.AGENT if who == speaker else Role.CUSTOMER for who in sorted(speakers)})


@dataclass(frozen=True, slots=True)
class Recording:
    """What the probe found in an uploaded file. `format` is the contract's name for it, from the bytes."""

    format: str
    duration: float
    channels: int
    sample_rate: int


def text_of(words: tuple[Word, ...]) -> str:
    """Words joined by spaces, with one mark for a run of words masked as the same type. Empty for no words."""
    return "".join(added(words))


def added(words: Iterable[Word]) -> Iterator[str]:
    """What each word adds to the text of those before it: itself behind a space, or nothing when it repeats a mark."""
    space, mark = "", None
    for word in words:
        yield "" if word.text == mark else space + word.text
        mark = word.text if word.text.startswith("[") and word.text.endswith("]") else None
        space = " "
