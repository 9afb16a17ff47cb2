"""One reading of a transcript for all checks: what several of them need is drawn from it once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

from callcov.checks import activity
from callcov.checks.activity import Said
from callcov.checks.passages import Passage, passages
from callcov.model import Act, Role, Segment, Span, Transcript
from callcov.text.normalise import Token, plain, tokens

_SIDES = tuple(Role)


@dataclass(frozen=True)
class Reading(Transcript):
    """A transcript that remembers what was drawn from it; the same values give the same, and none of it is stored.

    Everything is made when it is first asked for, in time linear in the words. An empty call gives empty tuples.
    """

    @classmethod
    def of(cls, transcript: Transcript) -> Reading:
        """The transcript read; one that already is a reading stays the same, with what it remembers."""
        if isinstance(transcript, cls):
            return transcript
        return cls(**{one.name: getattr(transcript, one.name) for one in fields(transcript)})

    @cached_property
    def tokens(self) -> tuple[tuple[Token, ...], ...]:
        """The plain tokens of every segment, in order."""
        return tuple(plain(tokens(segment.words)) for segment in self.segments)

    def passages(self, role: Role) -> tuple[Passage, ...]:
        """What one side says between the other's turns."""
        return self._passages[role]

    def said(self, role: Role) -> tuple[Said, ...]:
        """The words of one side in order of time."""
        return self._said[role]

    def voice(self, role: Role) -> tuple[Span, ...]:
        """When one side makes sound."""
        return self._voices[role]

    @cached_property
    def sound(self) -> tuple[Span, ...]:
        """When anybody makes sound."""
        return activity.merged((*self.voice(Role.AGENT), *self.voice(Role.CUSTOMER)))

    @cached_property
    def began(self) -> float | None:
        """When anybody first speaks: the first turn, else the first word; None for a call without either."""
        turns = min((turn.span.start for turn in self.turns), default=None)
        return turns if turns is not None else min((one.span.start for one in self.segments), default=None)

    def spoken_by(self, role: Role) -> Iterator[tuple[int, Segment]]:
        """As in `Transcript`, without looking for the side again."""
        return iter(self._spoken[role])

    def acts_of(self, role: Role, *names: str) -> Iterator[tuple[int, Act]]:
        """As in `Transcript`, without looking through the acts of other names."""
        known = self._acts[role]
        found = (one for name in dict.fromkeys(names) for one in known.get(name, ()))
        return ((place, act) for place, _, act in sorted(found, key=lambda one: one[:2]))

    @cached_property
    def _spoken(self) -> dict[Role, tuple[tuple[int, Segment], ...]]:
        return {role: tuple(super(Reading, self).spoken_by(role)) for role in _SIDES}

    @cached_property
    def _acts(self) -> dict[Role, dict[str, list[tuple[int, int, Act]]]]:
        """The acts of each side by name: the segment's place, the act's place in it, the act."""
        found: dict[Role, dict[str, list[tuple[int, int, Act]]]] = {role: {} for role in _SIDES}
        for role, spoken in self._spoken.items():
            for place, segment in spoken:
                for at, act in enumerate(segment.acts):
                    found[role].setdefault(act.name, []).append((place, at, act))
        return found

    @cached_property
    def _passages(self) -> dict[Role, tuple[Passage, ...]]:
        return passages(self, self.tokens)

    @cached_property
    def _said(self) -> dict[Role, tuple[Said, ...]]:
        return {role: activity.words_of(self, role) for role in _SIDES}

    @cached_property
    def _voices(self) -> dict[Role, tuple[Span, ...]]:
        return {role: activity.voice(self, role) for role in _SIDES}
