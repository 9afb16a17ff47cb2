"""Interruptions: one side takes the floor from the other, who had not finished.

Rule: somebody starts to speak at least `lead` seconds after the other started and while the other still speaks, and
goes on when the other stops. The other counts as not finished when the words break off ("I wanted to", "because",
"my-"), or end without the mark of a finished sentence and overlap by `unmarked` seconds, or overlap by `finished`
seconds whatever the mark: starting that early is no misjudged pause.
Not interruptions: a backchannel or laugh on either side, both starting at once, and starting without getting the
floor. Stretches of one voice less than `bridge` seconds apart are one.
In mono it is heard that both speak, but not what they say: there whoever spoke first counts as not finished when both
speak for `unmarked` seconds; `certain` is false.
Unit: a count, and seconds of both speaking at once (`overlap_seconds`, as in talk time). Each instance points at the
words that took the floor. One party, or nobody: 0.
Never flagged.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from callcov.checks.activity import Said, during, seconds, shared, voice
from callcov.checks.backchannel import is_backchannel
from callcov.checks.evidence import Evidence, Result
from callcov.checks.reading import Reading
from callcov.model import Role, Span
from callcov.text.normalise import tokens

_HANGING = frozenset(
    "a an the my your his her our their its this these those to of for from with in on at by as into about and or but "
    "because so if when while that which who i we they he she am are was were is be been have has had will would can "
    "could should do does did not just very really going trying wanted want".split()
)
"""Words no English sentence is likely to end on, so that ending there is breaking off."""
_SHOWN = 12
"""Words of an interruption that are shown at most."""
_SLACK = 0.3
"""Seconds by which a recogniser's word times may differ from voice activity."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds; see the module's rule for each."""

    lead: float = 0.5
    broken: float = 0.1
    unmarked: float = 0.5
    finished: float = 1.0
    bridge: float = 0.8


class Interruption(Evidence):
    """The words that took the floor, who took it, and whether it was heard what the other still said."""

    by: Role
    certain: bool


class Interruptions(Result):
    """How often each side took the floor from the other, and seconds of both speaking at once."""

    count: int
    by_agent: int
    by_customer: int
    overlap_seconds: float
    instances: tuple[Interruption, ...]


def check(transcript: Reading, rules: Rules) -> Interruptions:
    """Who took the floor from whom."""
    by_agent = _taken_by(transcript, Role.AGENT, rules)
    by_customer = _taken_by(transcript, Role.CUSTOMER, rules)
    return Interruptions(
        count=len(by_agent) + len(by_customer),
        by_agent=len(by_agent),
        by_customer=len(by_customer),
        overlap_seconds=seconds(shared(transcript.voice(Role.AGENT), transcript.voice(Role.CUSTOMER))),
        instances=tuple(sorted(by_agent + by_customer, key=lambda one: (one.start, one.segment))),
    )


def _taken_by(transcript: Reading, role: Role, rules: Rules) -> list[Interruption]:
    """The interruptions by one side."""
    mine, theirs = (voice(transcript, side, rules.bridge) for side in (role, role.other))
    my_words, their_words = transcript.said(role), transcript.said(role.other)
    found: list[Interruption] = []
    for start in mine:
        at = bisect_left(theirs, start.start, key=lambda span: span.start) - 1
        if at < 0 or not _in_time(start, theirs[at], rules):
            continue
        alone = Span(theirs[at].start, start.start)
        taking = during(my_words, start, _SLACK)
        losing = during(their_words, theirs[at] if transcript.channels_apart else alone, _SLACK)
        if is_backchannel([said.word for said in taking]) or is_backchannel([said.word for said in losing]):
            continue
        if _unfinished(losing, theirs[at].end - start.start, rules, apart=transcript.channels_apart):
            found.append(_shown(transcript, taking, role))
    return found


def _in_time(mine: Span, theirs: Span, rules: Rules) -> bool:
    """Whether one stretch starts well inside the other and outlasts it."""
    overlap = round(theirs.end - mine.start, 3)
    return round(mine.start - theirs.start, 3) >= rules.lead and overlap >= rules.broken and mine.end > theirs.end


def _unfinished(losing: tuple[Said, ...], overlap: float, rules: Rules, *, apart: bool) -> bool:
    """Whether whoever lost the floor had more to say, from the last word and how long both spoke."""
    last = losing[-1].word
    if apart and (_breaks_off(last.text) or _hangs(losing)):
        return True
    marked = apart and _ends_sentence(last.text)  # in mono more words follow that nobody wrote down
    return round(overlap, 3) >= (rules.finished if marked else rules.unmarked)


def _ends_sentence(text: str) -> bool:
    """Whether a word is written as the last of a sentence."""
    return text.rstrip("\"')\u201d\u2019").endswith((".", "?", "!"))


def _breaks_off(text: str) -> bool:
    """Whether a word is written as cut: with a dash, an ellipsis or a comma behind it."""
    return text.endswith(("-", "\u2013", "\u2014", "...", "\u2026", ","))


def _hangs(losing: tuple[Said, ...]) -> bool:
    """Whether the last word, unmarked, is one that needs another behind it."""
    found = tokens([losing[-1].word])
    return bool(found) and not found[-1].end and found[-1].text in _HANGING


def _shown(transcript: Reading, taking: tuple[Said, ...], role: Role) -> Interruption:
    """The first words that took the floor, within their segment."""
    first = taking[0]
    indexes = [said.at for said in taking if said.place == first.place]
    low = min(indexes)
    last = min(max(indexes) + 1, low + _SHOWN)
    return Interruption.at(transcript, first.place, low, last, by=role, certain=transcript.channels_apart)
