"""Who is the agent: decided from what is said. Pure.

Every segment carries the log-odds that an agent said it (`language.understand.Understood.likeness`, 0 = no idea). A
speaker's evidence is the sum over their segments, weighted by length up to a sentence and more at the beginning of the
call, where agents greet, name their company and ask what they can do. One strong sentence does not decide alone: the
odds of a segment are cut at `_MOST`. Whoever is called picks up and talks first: where the client told which way the
call went, that counts as much as one strong sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

from callcov.model import Segment, Transcript

_MOST = 3.0
_WHOLE_WORDS = 8  # a segment of so many words counts fully
_OPENING_SECONDS = 30.0
_OPENING_WEIGHT = 2.0
_PICKS_UP = {"inbound": _MOST, "outbound": -_MOST}


def agent_of(transcript: Transcript, likeness: Sequence[float], direction: str | None = None) -> str:
    """The speaker who is the agent; `likeness` has one value a segment.

    `direction` is inbound or outbound, None where nobody said. Of two speakers the one with more evidence; a tie goes
    to the one who talks first, as the one who picks up does. A lone speaker is the agent unless what they say is a
    customer's. Speaker `A` for a call without words.
    """
    if not transcript.segments:
        return "A"
    start = transcript.segments[0].span.start
    evidence = dict.fromkeys(sorted({segment.speaker for segment in transcript.segments}), 0.0)
    for segment, odds in zip(transcript.segments, likeness, strict=True):
        evidence[segment.speaker] += _weight(segment, start) * max(-_MOST, min(_MOST, odds))
    if len(evidence) == 1:
        (speaker,) = evidence
        return speaker if evidence[speaker] >= 0 else _other(speaker)
    evidence[transcript.segments[0].speaker] += _PICKS_UP.get(direction or "", 0.0)
    return max(evidence, key=lambda speaker: (evidence[speaker], -ord(speaker[0])))


def _weight(segment: Segment, start: float) -> float:
    opening = _OPENING_WEIGHT if segment.span.start - start < _OPENING_SECONDS else 1.0
    return opening * min(1.0, len(segment.words) / _WHOLE_WORDS)


def _other(speaker: str) -> str:
    return "B" if speaker == "A" else "A"
