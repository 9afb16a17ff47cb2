"""Greeting: the agent greets the customer at the start.

Rule: a greeting is words such as "good morning", "hello", "hiya", "thanks for ringing", "welcome to", or one of "hi",
"hey", "morning" that opens a sentence; where none are found, the agent's `greeting` act. It counts when it starts at
most `seconds` after the agent's first word, so that "thank you for calling, goodbye" is none; after the agent's first
segment one that stands together with a farewell (a `closing` act, "bye") is none either. "Have a good evening", "this
morning" and the "hello? are you there?" of a bad line are none. What "hi there" becomes when its breath is lost on the
line ("either", "I there") counts as the agent's first words, if the recogniser was not sure of them. A company's name
alone, and going straight to the matter, are none.
Unit: seconds. Boundary: exactly `seconds` after the first word still counts. `timestamp` is the start of the greeting.
The customer alone, or nobody: not present. The agent alone can greet. Other writings and pictures greet by act only.
Flagged when not `present`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.checks.evidence import Evidence, Result, heard
from callcov.checks.reading import Reading
from callcov.model import Role, Segment
from callcov.text.normalise import Token
from callcov.text.phrases import Match, Matcher

_GREETINGS = Matcher(
    (
        (kind, wording)
        for kind, wordings in {
            "anywhere": """hello, hi there, hiya, hey there, howdy, greetings, good day to you, gday, good morning,
                good afternoon, good evening, top of the morning, thank you for calling, thanks for calling,
                thank you for ringing, thanks for ringing, thank you for phoning, thanks for phoning,
                thank you for holding, thanks for holding, thank you for waiting, thanks for waiting,
                thank you for your call, thanks for your call, thank you for contacting, thanks for contacting,
                thank you for getting in touch, thanks for getting in touch, thank you for choosing,
                thank you for reaching, thanks for reaching, thank you for dialling, thank you for dialing,
                thank you for picking up, thanks for picking up, thank you for answering, thank you for taking my call,
                thanks for taking my call, thank you for being so patient, thanks for hanging on, thanks for bearing,
                thank you for bearing, welcome to, welcome back, you are very welcome to, pleased to speak with you,
                nice to speak with you, nice to speak to you, lovely to speak to you""",
            "opening": "hi, hey, morning, afternoon, evening, good day, ay up, alright there, how do",
            "breathless": "either, i there, high there",
        }.items()
        for wording in wordings.replace("\n", " ").split(",")
    ),
    exact=True,
)
_TURNED = frozenset("have having has had a an the this that say said says tomorrow next last lovely".split())
"""Words before a greeting that make something else of it: "have a good evening", "say hello to your mum"."""
_LEADS = frozenset("oh ah yes yeah yep ok right well so and um hello hi hey sorry".split())
_TIMES = frozenset(("morning", "afternoon", "evening"))
_ADDRESSED = frozenset(
    "all there everyone everybody both folks sir madam mr mrs miss ms love mate to you it this my is i am how what "
    "can thanks thank welcome and hi hello doctor dr".split()
)
"""What may follow "morning" where the recogniser wrote no comma."""
_STILL_THERE = Matcher(
    (
        ("there", wording)
        for wording in """are you there, are you still there, you still there, still there, can you hear me,
            anybody there, anyone there, is anybody there, have i lost you, did i lose you, are you still on the line,
            are you with me""".replace("\n", " ").split(",")
    ),
    exact=True,
)
_UNSURE = 0.9
"""Confidence below which a word may be another one that sounds like it."""
_FAREWELLS = frozenset(("goodbye", "bye", "farewell", "cheerio"))


@dataclass(frozen=True, slots=True)
class Rules:
    """`seconds`: how long after the agent's first word a greeting still opens the call."""

    seconds: float = 15.0


class Greeting(Result):
    """Whether and when the agent greeted."""

    present: bool
    timestamp: float | None
    evidence: tuple[Evidence, ...]


def check(transcript: Reading, rules: Rules) -> Greeting:
    """The agent's greeting, the earliest one."""
    first = min((segment.span.start for _, segment in transcript.spoken_by(Role.AGENT)), default=None)
    if first is None:
        return Greeting(present=False, timestamp=None, evidence=())
    worded = [*_phrases(transcript, first + rules.seconds)]
    places = {one.segment for one in worded}
    meant = [one for one in heard(transcript, Role.AGENT, "greeting") if one.segment not in places]
    opening = [
        one
        for one in (*worded, *meant)
        if round(one.start - first, 3) <= rules.seconds and not _closes(transcript, one)
    ]
    said = min(opening, key=lambda one: (one.start, -one.end), default=None)
    if said is None:
        return Greeting(present=False, timestamp=None, evidence=())
    return Greeting(present=True, timestamp=said.start, evidence=(said,))


def _phrases(transcript: Reading, until: float) -> Iterator[Evidence]:
    """The agent's words of greeting in segments that begin by then."""
    spoken_first = True
    for place, segment in transcript.spoken_by(Role.AGENT):
        if segment.span.start > until:
            return
        spoken = transcript.tokens[place]
        lost = bool(_STILL_THERE.find(spoken[:12]))
        for match in _GREETINGS.find(spoken):
            before = spoken[match.first - 1] if match.first else None
            if before and not before.end and before.text in _TURNED:
                continue
            if match.name == "opening" and not _opens(spoken, match.first, match.last):
                continue
            if match.name == "breathless" and not (spoken_first and _unsure(segment, spoken, match)):
                continue
            if not (lost and spoken[match.first].text in ("hello", "hi") and match.length == 1):
                yield Evidence.at(transcript, place, spoken[match.first].word, spoken[match.last - 1].word + 1)
        spoken_first = False


def _unsure(segment: Segment, spoken: Sequence[Token], match: Match) -> bool:
    """Whether the match is the first that is said, and the recogniser was not sure of it."""
    words = (segment.words[token.word] for token in spoken[: match.last])
    return match.first == 0 and min(word.confidence for word in words) < _UNSURE


def _opens(spoken: Sequence[Token], first: int, last: int) -> bool:
    """Whether a short greeting opens a sentence, as "morning" does in "Morning, all" and not in "morning visits"."""
    before = spoken[first - 1] if first else None
    if before and not before.end and before.text not in _LEADS:
        return False
    if spoken[first].text not in _TIMES or spoken[last - 1].end or last == len(spoken):
        return True
    return spoken[last].text in _ADDRESSED


def _closes(transcript: Reading, said: Evidence) -> bool:
    """Whether the words belong to a farewell: in a segment with one, which is not the agent's first."""
    first, _ = next(transcript.spoken_by(Role.AGENT))
    if said.segment == first:
        return False
    leave = any(token.text in _FAREWELLS for token in transcript.tokens[said.segment])
    return leave or any(act.name == "closing" for act in transcript.segments[said.segment].acts)
