"""Customer effort score: how hard the call was for the customer, from things a person can check.

Rule: 1 plus the points of the drivers below, at most 5. 1 is effortless, 5 very hard. The drivers that counted, with
their points and evidence, are in `customer_effort_drivers`. What counts as said is in `checks.signs`; an act of the
understand stage counts beside the words, if it is sure enough; an unsure complaint makes one point at most.
- `repeat_contact`: the customer says they contacted before about this (`checks.contacts`, `repeat`), or the agent says
  so to them: 1; more than once before: 2;
- `transfers`: the customer is passed on to others, or tells that they were (`checks.transfers`; words alone, for an act
  sounds the same where it is only offered): 1;
- `repeat_information`: the customer has to say again what was said before (`repeat_information`): 1;
- `waiting`: holds, and dead air that is too long, together at least `waiting_seconds`, or the customer says they waited
  minutes to get through: 1; three times `waiting_seconds`: 2;
- `unresolved`: the call ended unresolved (the summary's `outcome`), words say so, and none in the second half that it
  is agreed, done or working ("Friday's fine"); or in the second half of the time from the first to the last word
  somebody says that it is not solved (`unresolved`), and no `resolution` of the agent and no such word follows: 1;
- `complaints`: the customer complains (`complaint`, in words that are not positive), is surely upset (`upset`) or
  breaks off in their last quarter ("forget it", "I'm calling a lawyer"): 1; complains in three segments or more: 2.
  A complaint that is taken back or denied is none, nor is grief, fear or illness that is no fault of the company's
  (`checks.grievance`);
- `negative_trend`: the customer's trend declined (`sentiment_analysis`), and their end is negative or they break off
  so: 1;
- `length`: first to last word at least `long_seconds`: 1.
0 means too little was said to judge: the agent is silent, or the customer says fewer than `words` words.
Boundary: a limit reached counts. Evidence points at the words; for waiting at the pauses; for length it is empty.
One party, or nobody: 0 without drivers.
Flagged from 4 on (the policy's `effort_flag`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from callcov.checks import grievance
from callcov.checks.contacts import contacts, is_theirs
from callcov.checks.evidence import Evidence, Result, evidence
from callcov.checks.quality.sentiment_analysis import SentimentAnalysis
from callcov.checks.quality.silence import Silence, evidence_of
from callcov.checks.reading import Reading
from callcov.checks.signs import Sign, signs
from callcov.checks.transfers import transfers
from callcov.model import Role, Span

_MOST_EVIDENCE = 5
_PAST_CONTACT = frozenset(
    "called rang rung phoned spoke spoken told contacted emailed wrote written calling ringing time times cold "
    "reported".split()
)
"""Words without which an act is no sign of an earlier contact."""
_LEAST = 0.25
"""How sure the understand stage must be of an act: a customer who only tells what is wrong sounds much like one who
complains."""
_UPSET = 0.5
"""How sure it must be that a customer is upset to count as a complaint; chosen on calls that rules are tuned with."""
_NO_CONTACT = frozenset("will going shall do them him her".split())
_SAID_BEFORE = frozenset(
    "already again told tell telling explained explain given gave repeat repeating through said read typed "
    "answered".split()
)
"""Words of which an act of saying it again has at least one."""
_TO_OTHERS = frozenset("wife husband partner mum mother mam dad father daughter son sister brother friend".split())
"""Words of which an act of saying it again has none: what was said to them was not said to the company."""
_LEAVING = frozenset(("unsolved", "complains"))


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits in seconds and words; `dead_air_seconds` is the least that counts as waiting beside a hold."""

    long_seconds: float = 600.0
    waiting_seconds: float = 60.0
    dead_air_seconds: float = 10.0
    words: int = 10


class Driver(Result):
    """One thing that made the call hard, its points (at least 1) and where it was heard."""

    driver: Literal[
        "repeat_contact",
        "transfers",
        "repeat_information",
        "waiting",
        "unresolved",
        "complaints",
        "negative_trend",
        "length",
    ]
    points: int
    evidence: tuple[Evidence, ...]


class CustomerEffortScore(Result):
    """`score` 0..5 and the drivers that make it, in the order of the module's list."""

    score: int
    drivers: tuple[Driver, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """The signs in each side's words, acts among them, and the time from the first word to the last.

    `told` are those of the customer's that are words, without the acts.
    """

    told: tuple[Sign, ...]
    customer: tuple[Sign, ...]
    agent: tuple[Sign, ...]
    talk: Span


def check(
    transcript: Reading,
    rules: Rules,
    sentiment: SentimentAnalysis,
    silence: Silence,
    still_open: tuple[Evidence, ...] = (),
) -> CustomerEffortScore:
    """How hard the call was for the customer; `still_open`: where a call that ended unresolved says so."""
    said = sum(len(segment.words) for _, segment in transcript.spoken_by(Role.CUSTOMER))
    if said < rules.words or not any(transcript.spoken_by(Role.AGENT)):
        return CustomerEffortScore(score=0, drivers=())
    heard = _heard(transcript)
    found = (
        _repeat_contact(transcript, heard),
        _once(transcript, "transfers", [one for one in (*heard.customer, *heard.agent) if one.name == "passed"]),
        _once(transcript, "repeat_information", [one for one in heard.customer if one.name == "told"]),
        _waiting(transcript, heard, silence, rules),
        _unsolved(transcript, heard, still_open),
        _complaints(transcript, heard),
        _negative_trend(transcript, heard, sentiment),
        Driver(driver="length", points=int(round(heard.talk.duration, 3) >= rules.long_seconds), evidence=()),
    )
    drivers = tuple(driver for driver in found if driver and driver.points)
    return CustomerEffortScore(score=min(5, 1 + sum(driver.points for driver in drivers)), drivers=drivers)


def _heard(transcript: Reading) -> _Heard:
    """What the words and the acts show."""
    spans = [segment.span for segment in transcript.segments]
    told = [
        one
        for one in _told(transcript, Role.CUSTOMER)
        if one.name != "complains" or not grievance.taken_back(transcript.tokens[one.place])
    ]
    sorrow = frozenset(one.place for one in told if one.name in ("feels", "grave"))
    customer = [*told, *_acts(transcript, Role.CUSTOMER, sorrow)]
    agent = [*_told(transcript, Role.AGENT), *_acts(transcript, Role.AGENT)]
    return _Heard(
        tuple(told),
        tuple(sorted(customer)),
        tuple(sorted(agent)),
        Span(min(span.start for span in spans), max(span.end for span in spans)),
    )


def _told(transcript: Reading, role: Role) -> list[Sign]:
    """What one side's words show."""
    found = signs(transcript, role)
    found += (Sign(*contact) for contact in contacts(transcript, role))
    found += (Sign(*passed, "passed") for passed in transfers(transcript, role))
    return found


_BY_ACT = {
    "repeat": "before",
    "repeat_information": "told",
    "unresolved": "unsolved",
    "complaint": "complains",
    "upset": "grumbles",
}


_GRIEVANCES = frozenset(("complaint", "upset"))


def _acts(transcript: Reading, role: Role, sorrow: frozenset[int] = frozenset()) -> list[Sign]:
    """The acts that are signs, in words that can be; `sorrow` as in `grievance`."""
    found: list[Sign] = []
    for place, act in transcript.acts_of(role, *_BY_ACT):
        segment = transcript.segments[place]
        heard = [token for token in transcript.tokens[place] if act.first <= token.word < act.last]
        said = {token.text for token in heard}
        doubtful = {
            "repeat": not said & _PAST_CONTACT or said & _NO_CONTACT or not is_theirs(heard),
            "repeat_information": not said & _SAID_BEFORE or said & _TO_OTHERS,
            "unresolved": "if" in said,
            "complaint": segment.sentiment > 0,
            "upset": act.confidence < _UPSET,
        }
        sure = act.confidence >= _LEAST
        if act.name in _GRIEVANCES and grievance.is_none(transcript, place, act, sorrow):
            continue
        if not doubtful.get(act.name) and (sure or act.name == "complaint"):
            name = _BY_ACT[act.name] if sure else "grumbles"
            found.append(Sign(place, act.first, act.last, name))
    return found


def _shown(transcript: Reading, found: Sequence[Sign]) -> tuple[Evidence, ...]:
    """The words of some signs, those that touch or overlap as one, at most five."""
    runs: list[tuple[int, int, int]] = []
    for one in sorted(found):
        if runs and runs[-1][0] == one.place and one.first <= runs[-1][2]:
            runs[-1] = (one.place, runs[-1][1], max(one.last, runs[-1][2]))
        else:
            runs.append((one.place, one.first, one.last))
    return tuple(evidence(transcript, *run) for run in runs[:_MOST_EVIDENCE])


def _once(
    transcript: Reading, driver: Literal["transfers", "repeat_information", "unresolved"], found: Sequence[Sign]
) -> Driver:
    """A driver with one point however often it is heard."""
    return Driver(driver=driver, points=int(bool(found)), evidence=_shown(transcript, found))


def _repeat_contact(transcript: Reading, heard: _Heard) -> Driver:
    """They called before; and how often."""
    told_back = (one for one in heard.agent if one.name in ("before", "often"))
    found = [*(one for one in heard.customer if one.name in ("before", "day", "often")), *told_back]
    days = {one[:3] for one in found if one.name == "day"}
    often = len(days) > 1 or any(one.name == "often" for one in found)
    return Driver(driver="repeat_contact", points=bool(found) + often, evidence=_shown(transcript, found))


def _waiting(transcript: Reading, heard: _Heard, silence: Silence, rules: Rules) -> Driver:
    """They wait, on hold or without a word, or did before anybody answered."""
    waits = [
        pause
        for pause in silence.instances
        if pause.kind == "hold" or round(pause.end - pause.start, 3) >= rules.dead_air_seconds
    ]
    waited = round(sum(pause.end - pause.start for pause in waits), 3)
    told = [one for one in heard.customer if one.name == "waited"]
    points = 2 if waited >= 3 * rules.waiting_seconds else int(waited >= rules.waiting_seconds or bool(told))
    shown = (*_shown(transcript, told), *(one for pause in waits for one in evidence_of(pause)))
    return Driver(driver="waiting", points=points, evidence=shown[:_MOST_EVIDENCE])


def _unsolved(transcript: Reading, heard: _Heard, still_open: tuple[Evidence, ...]) -> Driver:
    """The matter stays open: somebody says so, or so the call ended."""
    said = _once(transcript, "unresolved", _unresolved(transcript, heard))
    if said.points or not still_open or _settled(transcript, heard) > heard.talk.start + heard.talk.duration / 2:
        return said
    return Driver(driver="unresolved", points=1, evidence=still_open)


def _settled(transcript: Reading, heard: _Heard) -> float:
    """When it is last said to be agreed, done or working; -1 for never."""
    said = (one for one in (*heard.customer, *heard.agent) if one.name == "settled")
    return max((transcript.segments[one.place].words[one.first].span.start for one in said), default=-1.0)


def _unresolved(transcript: Reading, heard: _Heard) -> list[Sign]:
    """Where it is said not to be solved, in the second half and with no solution to follow."""
    resolved = (
        transcript.segments[place].words[act.first].span.start
        for place, act in transcript.acts_of(Role.AGENT, "resolution")
    )
    solved = max(max(resolved, default=-1.0), _settled(transcript, heard))
    found: list[Sign] = []
    for one in (*heard.customer, *heard.agent):
        start = transcript.segments[one.place].words[one.first].span.start
        late = round(start - heard.talk.start, 3) * 2 >= round(heard.talk.duration, 3)
        if one.name == "unsolved" and late and start > solved:
            found.append(one)
    return found


def _complaints(transcript: Reading, heard: _Heard) -> Driver:
    """They complain; and how often."""
    sure = [one for one in heard.customer if one.name == "complains"]
    found = sure or [one for one in heard.customer if one.name == "grumbles"] or _broken_off(transcript, heard)
    points = bool(found) + (len({one.place for one in sure}) >= 3)
    return Driver(driver="complaints", points=points, evidence=_shown(transcript, found))


def _negative_trend(transcript: Reading, heard: _Heard, sentiment: SentimentAnalysis) -> Driver | None:
    """They leave in a worse mood than they came: shown by what is wrong in their most negative words.

    That is the signs in their most negative segment, the latest of equals; without one, all its words.
    """
    if sentiment.customer.trend != "declined":
        return None
    if sentiment.customer.end == "negative":
        spoken = [*transcript.spoken_by(Role.CUSTOMER)]
        place, segment = min(reversed(spoken), key=lambda said: said[1].sentiment)
        shown = _shown(transcript, [one for one in heard.customer if one.place == place and one.name != "settled"])
        whole = evidence(transcript, place, 0, len(segment.words))
        return Driver(driver="negative_trend", points=1, evidence=shown or (whole,))
    broken = _broken_off(transcript, heard)
    return Driver(driver="negative_trend", points=int(bool(broken)), evidence=_shown(transcript, broken))


def _broken_off(transcript: Reading, heard: _Heard) -> list[Sign]:
    """Where the customer gives up in the last quarter of what they say: "forget it", "I'm calling a lawyer"."""
    spoken = [*transcript.spoken_by(Role.CUSTOMER)]
    last = {place for place, _ in spoken[-(len(spoken) // 4 or 1) :]} if len(spoken) >= 3 else set[int]()
    return [one for one in heard.told if one.place in last and one.name in _LEAVING]
