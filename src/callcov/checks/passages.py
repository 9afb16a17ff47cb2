"""What one side says in one go, joined across the other side's "mm-hm", so that a sentence is matched whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.checks.backchannel import only_listens
from callcov.model import Role, Transcript
from callcov.text.murmurs import murmured
from callcov.text.normalise import Token, plain, tokens


@dataclass(frozen=True, slots=True)
class Passage:
    """Plain tokens of one side; `places[token.word]` is the segment and the word in it that a token came from.

    `interaction` counts the side's passages from 1.
    """

    tokens: tuple[Token, ...]
    places: tuple[tuple[int, int], ...]
    interaction: int

    def words(self, first: int, last: int) -> tuple[int, int, int]:
        """The words under `tokens[first:last]` as segment, first and last word (exclusive).

        Words that go on in the side's next segment are left out: evidence points into one segment.
        """
        place, start = self.places[self.tokens[first].word]
        ends = [self.places[token.word] for token in self.tokens[first:last]]
        return place, start, max(word for segment, word in ends if segment == place) + 1

    def range(self, place: int, first: int, last: int) -> tuple[int, int]:
        """The tokens of `segments[place].words[first:last]` as a range; an empty one if those words say nothing."""
        low, high = bisect_left(self.places, (place, first)), bisect_left(self.places, (place, last))
        start = bisect_left(self.tokens, low, key=lambda token: token.word)
        end = bisect_left(self.tokens, high, key=lambda token: token.word)
        return (start, end) if start < end else (0, 0)

    @property
    def segments(self) -> tuple[int, ...]:
        """The places of its segments, in order."""
        return tuple(dict.fromkeys(segment for segment, _ in self.places))


def passages(transcript: Transcript, heard: Sequence[tuple[Token, ...]], role: Role) -> tuple[Passage, ...]:
    """The passages of one side in order; empty for a side that says nothing. `heard` are each segment's plain tokens.

    A passage ends where the other side takes a turn. A backchannel is no turn, unless it answers a question.
    """
    runs = list(_runs(transcript, heard, role))
    found: list[Passage] = []
    for number, run in enumerate(runs, start=1):
        places = tuple((place, at) for place in run for at in range(len(transcript.segments[place].words)))
        if len(run) == 1:
            said = heard[run[0]]
        else:  # a number may go on in the next segment
            said = plain(tokens([transcript.segments[place].words[at] for place, at in places]))
        found.append(Passage(said, places, number))
    return tuple(found)


def _runs(transcript: Transcript, heard: Sequence[tuple[Token, ...]], role: Role) -> Iterator[list[int]]:
    """The places of one side's segments, a list for each run without a turn of the other side between."""
    run: list[int] = []
    for place, segment in enumerate(transcript.segments):
        if transcript.role(segment.speaker) is role:
            run.append(place)
        elif run:
            asked = transcript.segments[run[-1]].words[-1].text.rstrip("\"'").endswith("?")
            if asked or not (only_listens(heard[place]) or murmured(segment.words)):
                yield run
                run = []
    if run:
        yield run
