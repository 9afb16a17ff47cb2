"""What one side says in one go, joined across the other side's "mm-hm", so that a sentence is matched whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.checks.backchannel import only_listens
from callcov.model import Role, Transcript
from callcov.text.guards import inverted
from callcov.text.murmurs import murmured
from callcov.text.normalise import Token, plain, tokens

_SOON = 2.0
"""Seconds within which whoever was only listened to goes on; "right" and then a long silence is a turn."""


_BROKEN_OFF = frozenset("a an the to of for with and or your my our this that i we is are was do if as at in".split())
"""Words that end no question: "can you tell me the"."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Plain tokens of one side; `places[token.word]` is the segment and the word in it that a token came from.

    `interaction` counts the side's passages from 1; one that only listens, while the other side goes on, has the number
    of the one before it, for it ends no turn.
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

    def parts(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The pieces of `tokens[first:last]`, a range of tokens for each segment they stand in."""
        begins = first
        for at in range(first + 1, last + 1):
            if at == last or self.places[self.tokens[at].word][0] != self.places[self.tokens[begins].word][0]:
                yield begins, at
                begins = at

    @property
    def segments(self) -> tuple[int, ...]:
        """The places of its segments, in order."""
        return tuple(dict.fromkeys(segment for segment, _ in self.places))


def passages(transcript: Transcript, heard: Sequence[tuple[Token, ...]]) -> dict[Role, tuple[Passage, ...]]:
    """The passages of each side in order; none of a side that says nothing. `heard` are each segment's plain tokens.

    A passage ends where the other side takes a turn. A backchannel is no turn, unless it answers a question.
    """
    listening = _listening(transcript, heard)
    return {role: _of_side(transcript, heard, listening, role) for role in Role}


def _of_side(
    transcript: Transcript, heard: Sequence[tuple[Token, ...]], listening: Sequence[bool], role: Role
) -> tuple[Passage, ...]:
    found: list[Passage] = []
    number = 0
    for run in _runs(transcript, listening, role):
        number += not (all(listening[place] for place in run) and _goes_on(transcript, run[-1]))
        places = tuple((place, at) for place in run for at in range(len(transcript.segments[place].words)))
        if len(run) == 1:
            said = heard[run[0]]
        else:  # a number may go on in the next segment
            said = plain(tokens([transcript.segments[place].words[at] for place, at in places]))
        found.append(Passage(said, places, max(1, number)))
    return tuple(found)


def _runs(transcript: Transcript, listening: Sequence[bool], role: Role) -> Iterator[list[int]]:
    """The places of one side's segments, a list for each run without a turn of the other side between."""
    run: list[int] = []
    for place, segment in enumerate(transcript.segments):
        if transcript.role(segment.speaker) is role:
            run.append(place)
        elif run and not listening[place]:
            yield run
            run = []
    if run:
        yield run


def _goes_on(transcript: Transcript, place: int) -> bool:
    """Whether somebody speaks soon after a segment: the other side, who was only listened to."""
    after = transcript.segments[place + 1 : place + 2]
    return bool(after) and after[0].span.start - transcript.segments[place].span.end <= _SOON


def _listening(transcript: Transcript, heard: Sequence[tuple[Token, ...]]) -> tuple[bool, ...]:
    """For each segment whether it is a backchannel that answers no question of the other side just before it.

    A question may lack its mark ("am I speaking with John"); then "mm-hm" alone is no answer, for the words may go on.
    """
    asks = dict.fromkeys(Role, False)
    wonders = dict.fromkeys(Role, False)
    found: list[bool] = []
    for segment, said in zip(transcript.segments, heard, strict=True):
        role = transcript.role(segment.speaker)
        murmurs = murmured(segment.words)
        answers = asks[role.other] or (wonders[role.other] and bool(said) and not murmurs)
        found.append(not answers and (only_listens(said) or murmurs))
        asks[role] = segment.words[-1].text.rstrip("\"'").endswith("?")
        wonders[role] = _wonders(said)
    return tuple(found)


def _wonders(said: Sequence[Token]) -> bool:
    """Whether the words end in a question without a mark, which is not broken off: "hi is this Roberto"."""
    if not said or said[-1].end or said[-1].text in _BROKEN_OFF:
        return False
    return inverted(said, len(said))
