"""Identity verification: the agent says who they are, in time.

Rule: the agent gives a name as theirs: "my name is X", "this is X from Y", "you're through to X", "X speaking", "X on
the line", "X here", "hello, X from Y", "I'm X, I look after ..."; says one when the customer asks for it ("can I have
your name?" "Darren"); or says a plain yes to the customer's "is that Dana?". An `identity` act of the agent whose words
hold a name counts too where no such words are found. A company, a desk or a department is no name ("you've reached
Brightwater Energy", "accounts speaking"). A name that is only mentioned, asked for or addressed is none ("I'll get
Steve", "is this Robert?", "Mr Brown, I'm sorry"). After a transfer the new agent's name counts like the first one's:
each place is listed, the first one decides.
A name is a word with a capital, or a common first name however the recogniser wrote it (`text.names`). Names are what
a recogniser mishears most: where only a name can stand ("my name is", a closing "speaking"), what it wrote there counts
as one, in most places only if it was unsure (`unclear`).
Unit: seconds from the first speech of the call, whoever speaks (the first turn, else the first word; ringing and menus
without speech are not counted), to the first of the identifying words. Boundary: exactly `seconds` is in time.
`timestamp` is the start of the identifying words.
The agent silent, the customer alone, or nobody: not verified, flagged. Names in other writings count by their
introduction ("my name is ..."), for they have no capitals.
Flagged when never said, or said later than `seconds`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.checks.evidence import Evidence, Result
from callcov.checks.naming import Naming, answers_yes, asks_for_name, guesses_name
from callcov.checks.passages import Passage
from callcov.checks.reading import Reading
from callcov.model import Act, Role
from callcov.text.guards import denied, inverted, quoted

_MENTIONED = frozenset(
    "get grab fetch put transfer transferring transferred spoke asked ask colleague tell told send sent wait "
    "connect connecting contact pass passing his her their".split()
)
_OWN = frozenset("my me myself name called speaking line adviser advisor agent you i".split())


@dataclass(frozen=True, slots=True)
class Rules:
    """`seconds`: how long after the first speech of the call the name may come."""

    seconds: float = 15.0


class IdentityVerification(Result):
    """Whether, when and with which words the agent said who they are."""

    verified: bool
    timestamp: float | None
    flagged: bool
    evidence: tuple[Evidence, ...]


def check(transcript: Reading, rules: Rules) -> IdentityVerification:
    """The agent's own name, wherever it is given."""
    customer = transcript.passages(Role.CUSTOMER)
    begins = [passage.places[0][0] for passage in customer]
    found: set[tuple[int, int, int]] = set()
    for passage in transcript.passages(Role.AGENT):
        at = bisect_left(begins, passage.places[0][0])
        found.update(_given(transcript, passage, customer[at - 1] if at else None))
    said = _apart([Evidence.at(transcript, *place) for place in sorted(found)])
    if not said or transcript.began is None:
        return IdentityVerification(verified=False, timestamp=None, flagged=True, evidence=())
    when = said[0].start
    late = round(when - transcript.began, 3) > rules.seconds
    return IdentityVerification(verified=True, timestamp=when, flagged=late, evidence=said)


def _apart(said: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """In order of time, without a place that overlaps the one before."""
    kept: list[Evidence] = []
    for one in sorted(said, key=lambda item: (item.start, -item.end)):
        if not kept or one.segment != kept[-1].segment or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


def _given(transcript: Reading, passage: Passage, before: Passage | None) -> Iterator[tuple[int, int, int]]:
    """The words of a passage in which a name is given, by wording first, by act otherwise."""
    naming = Naming(transcript, passage)
    asked = before is not None and asks_for_name(before.tokens)
    ranges = [*naming.introduced(asked=asked, opens=passage.interaction == 1), *naming.signed()]
    ranges += naming.greeted() if passage.interaction == 1 else ()
    if asked:
        ranges += naming.answered()
    elif before is None:
        ranges += naming.alone()
    elif answers_yes(passage.tokens, plainly=False) and guesses_name(Naming(transcript, before), passage.tokens):
        ranges.append((0, 1))
    ranges = ranges or [*naming.unclear(asked=asked, opens=passage.interaction == 1)]
    if ranges:
        yield from (passage.words(first, last) for first, last in ranges)
        return
    for place in passage.segments:
        for act in transcript.segments[place].acts:
            if act.name == "identity" and _holds_name(passage, place, act, naming):
                yield place, act.first, act.last


def _holds_name(passage: Passage, place: int, act: Act, naming: Naming) -> bool:
    """Whether an act's words hold a name and are no mention of somebody else."""
    first, last = passage.range(place, act.first, act.last)
    said = passage.tokens[first:last]
    if not said or said[-1].end == "?" or any(token.text in _MENTIONED for token in said):
        return False
    if inverted(passage.tokens, first) or denied(passage.tokens, first) or quoted(passage.tokens, first):
        return False
    # "I'm calling from Acme", "I'm calling for Michelle"
    other = next((at for at, token in enumerate(said) if token.text in ("from", "for")), len(said))
    return any(naming.sure(first + at) for at in range(other)) and any(token.text in _OWN for token in said)
