"""Silence: pauses in which nobody speaks, and whether they were announced.

Rule: a pause is a stretch of at least `silence_seconds` without voice activity of either side, between the first and
the last speech of the call; ringing before it and a line left open after it are no silence of the conversation (they
count in `talk_time.silence_seconds`). A pause is a hold when either side announced or asked for it right before
("may I put you on hold?", "bear with me", "let me just pull that up"; the customer's "hang on, I'll find it"), or the
agent asked the customer to do something there and then ("hold the power key for thirty seconds", "could you read the
meter?"); the wordings are in `checks.announcing`. Right before means: the announcement ends at most
`announced_seconds` before the pause, and the announcer goes on for a few words at most, the other side answers with a
few. Somebody who only says what they do now ("let me see"), or what is to be done, must say it last. What tells of
another pause ("you were on hold earlier") announces none. Any other pause is dead air. The agent's `hold` act of two
words or more announces too.
Unit: seconds. `total_seconds` and `longest_seconds` are over the pauses listed. Boundary: `flagged` when one dead air
lasts `dead_air_seconds` or more; a hold is never flagged.
Instances: `start` and `end` are the pause's; `segment` and `speaker` who spoke last before it; for a hold all three,
with `text`, name the announcing words; `text` is empty for dead air. Where nobody has said a word before, `segment` and
`speaker` are null.
One party: its own pauses. Nobody: none. Words in other writings announce by act only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from callcov.checks.activity import Said, during, seconds
from callcov.checks.announcing import LIMITS, Kind, announcements, resumes, tells_of_one
from callcov.checks.evidence import Evidence, Result
from callcov.checks.reading import Reading
from callcov.model import Act, Role, Span
from callcov.text.normalise import plain, tokens

_SENTENCE = 15
"""Words behind an announcement that belong to its sentence at most, for recognisers that write no full stops."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits in seconds; the first two are the policy's."""

    silence_seconds: float = 3.0
    dead_air_seconds: float = 10.0
    announced_seconds: float = 15.0


class Pause(Result):
    """A pause of the conversation, who spoke last before it, and the words that announced it, if any did."""

    segment: int | None
    start: float
    end: float
    speaker: Role | None
    text: str
    kind: Literal["dead_air", "hold"]


class Silence(Result):
    """The pauses of the call; `flagged` for dead air that is too long."""

    total_seconds: float
    longest_seconds: float
    flagged: bool
    instances: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class _Speech:
    """The words of each side, and the agent's `hold` acts by the place of their segment."""

    words: dict[Role, tuple[Said, ...]]
    holds: dict[int, list[Act]]


def evidence_of(pause: Pause) -> tuple[Evidence, ...]:
    """The pause as evidence for another field; empty for a call without words."""
    if pause.segment is None or pause.speaker is None:
        return ()
    return (Evidence(segment=pause.segment, start=pause.start, end=pause.end, speaker=pause.speaker, text=pause.text),)


def check(transcript: Reading, rules: Rules) -> Silence:
    """The pauses of the call."""
    gaps = [
        Span(round(before.end, 3), round(after.start, 3))
        for before, after in pairwise(transcript.sound)
        if round(after.start - before.end, 3) >= rules.silence_seconds
    ]
    speech = _Speech({role: transcript.said(role) for role in Role}, {})
    for place, act in transcript.acts_of(Role.AGENT, "hold"):
        speech.holds.setdefault(place, []).append(act)
    pauses = tuple(_pause(transcript, gap, speech, rules) for gap in gaps)
    lengths = [round(gap.duration, 3) for gap in gaps]
    return Silence(
        total_seconds=seconds(gaps),
        longest_seconds=max(lengths, default=0.0),
        flagged=any(
            pause.kind == "dead_air" and length >= rules.dead_air_seconds
            for pause, length in zip(pauses, lengths, strict=True)
        ),
        instances=pauses,
    )


def _pause(transcript: Reading, gap: Span, speech: _Speech, rules: Rules) -> Pause:
    """One pause with what announced it."""
    announced = _announced(transcript, gap, speech, rules)
    if announced:
        return Pause(
            segment=announced.segment,
            start=gap.start,
            end=gap.end,
            speaker=announced.speaker,
            text=announced.text,
            kind="hold",
        )
    # a word may be timed a little past the voice activity it belongs to: its middle decides
    before = [words[at - 1] for words in speech.words.values() if (at := _spoken_by(words, gap.start))]
    last = max(before, key=lambda said: said.middle, default=None)
    return Pause(
        segment=last.place if last else None,
        start=gap.start,
        end=gap.end,
        speaker=transcript.role(transcript.segments[last.place].speaker) if last else None,
        text="",
        kind="dead_air",
    )


def _spoken_by(words: tuple[Said, ...], moment: float) -> int:
    """How many of the words are spoken by that moment."""
    return bisect_right(words, moment, key=lambda said: said.middle)


def _announced(transcript: Reading, gap: Span, speech: _Speech, rules: Rules) -> Evidence | None:
    """The words that announced the pause, if any did; the latest, when several."""
    window = Span(gap.start - rules.announced_seconds, gap.start)
    recent = {role: during(words, window) for role, words in speech.words.items()}
    found = [*_acts(recent[Role.AGENT], speech.holds), *_phrases(recent)]
    in_time = [
        said
        for role, kind, said in found
        if round(gap.start - said[-1].word.span.end, 3) <= rules.announced_seconds
        and _right_before(transcript, recent, role, kind, said)
    ]
    if not in_time:
        return None
    words = max(in_time, key=lambda said: (said[-1].middle, len(said)))
    place = words[-1].place
    inside = [said.at for said in words if said.place == place]
    return Evidence.at(transcript, place, min(inside), max(inside) + 1)


def _acts(recent: tuple[Said, ...], holds: dict[int, list[Act]]) -> Iterator[tuple[Role, Kind, tuple[Said, ...]]]:
    """The agent's `hold` acts among the words."""
    for place in sorted({said.place for said in recent} & holds.keys()):
        for act in holds[place]:
            words = tuple(said for said in recent if said.place == place and act.first <= said.at < act.last)
            sentence = [said.word for said in recent if said.place == place and said.at >= act.first]
            # a single word or number is too little to announce anything by its meaning
            if len(words) > 1 and not tells_of_one(plain(tokens(sentence))):
                yield Role.AGENT, "moment", words


def _phrases(recent: dict[Role, tuple[Said, ...]]) -> Iterator[tuple[Role, Kind, tuple[Said, ...]]]:
    """The announcing phrases among the words."""
    for role, words in recent.items():
        heard = plain(tokens([said.word for said in words]))
        for kind, first, last in announcements(heard, role):
            yield role, kind, words[heard[first].word : heard[last - 1].word + 1]


def _right_before(
    transcript: Reading, recent: dict[Role, tuple[Said, ...]], role: Role, kind: Kind, said: tuple[Said, ...]
) -> bool:
    """Whether little is said between the end of the announcing sentence and the pause."""
    last = said[-1]
    end = last.middle
    for word in transcript.segments[last.place].words[last.at : last.at + _SENTENCE]:
        end = round((word.span.start + word.span.end) / 2, 4)
        if word.text.endswith((".", "?", "!")):
            break
    own, reply = LIMITS[kind]
    mine = [one.word for one in recent[role] if one.middle > end]
    theirs = sum(one.middle > end for one in recent[role.other])
    return len(mine) <= own and theirs <= reply and not (kind != "hold" and resumes(plain(tokens(mine))))
