"""How a call ended: what was wanted is done, is still to come, or neither.

- `resolved`: what was wanted was done or answered.
- `pending`: a definite step is still to come from either side.
- `unresolved`: neither.

Rule: the words are looked at first. By them a call is resolved when the agent says it is done, or the customer that it
works, and nobody has to come, decide or call back; or the customer leaves content with an answer, and nothing but
papers about it is to follow; or not discontent, and what follows confirms it (a receipt, directions) or the customer is
glad of the answer to a question for a fact. It is pending
when a definite step is still to come from the agent's side, or is agreed; what the customer is told to do is none, nor
what the agent only says back. It is unresolved otherwise, or when the customer leaves angry with nothing but what they
could do themselves.
Words that plainly say it decide: the customer says it works or is answered, or the agent that it is "not yet" so.
Else that is weighed with what the understand stage found: how sure it is of steps to come (`next_step`), of what is
done (`settled`) and what stays open (`unsettled`) in the second half and the last fifth of the segments, who says it
and what comes last, how both part (thanks, complaints, a closing), and how the last two segments of each feel. The
weights are `ending.yaml`, a multinomial logistic regression on calls whose end was labelled (tools/train_endings.py). A
transcript in which nothing of the kind was found, as in those understood by an earlier version, ends as by the words.
Evidence: up to three places that say it, the surest; none for what only the words tell.
One party only: never `resolved`, by the words alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, takewhile
from math import log1p
from pkgutil import get_data
from typing import Literal

import yaml

from callcov.checks.evidence import Evidence
from callcov.checks.reading import Reading
from callcov.checks.sentences import Sentence
from callcov.checks.steps import is_told, names_a_time
from callcov.model import Act, Role
from callcov.text.phrases import DENIALS

Outcome = Literal["resolved", "pending", "unresolved"]
OUTCOMES: tuple[Outcome, ...] = ("resolved", "pending", "unresolved")
_SHOWS: dict[Outcome, str] = {"resolved": "settled", "pending": "next_step", "unresolved": "unsettled"}
_MOST_EVIDENCE = 3
_SIDES = (Role.AGENT, Role.CUSTOMER)
_COURSE = ("next_step", "settled", "unsettled")
_PARTING = ("closing", "thanks", "complaint", "sarcasm", "unresolved", "resolution")
_LATE, _END = 0.5, 0.8
"""Shares of the segments behind which something is said late, or at the end."""
_LIKELY = 0.35
"""How sure an act must be to be what came last."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, and the words that say so."""

    outcome: Outcome
    evidence: tuple[Evidence, ...]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LAST_TURNS = 4
_THANKS = _words("thanks thank cheers ta brilliant perfect lovely relief great")
_BAD_ENDS = _words("complaint sarcasm unresolved repeat_information")
_DONE = _words(
    "cancelled canceled moved changed booked reset removed updated refunded sorted fixed credited sent added "
    "stopped closed ordered done renewed switched unlocked activated paid restored cleared corrected reversed "
    "waived rebooked registered transferred issued replaced extended reinstated deleted amended replaced reserved "
    "confirmed released"
)
_FOR_A_FACT = _words("what which who when where how is are do does")
_HAILS = _words("hello hi hiya hey good morning afternoon evening there ok right so and oh well yes yeah thanks")
_GLAD = _words("lovely great perfect brilliant grand super smashing wonderful excellent cheers thanks thank ta")
_REFUSES = DENIALS | _words("sorry afraid unfortunately")
_UNDONE = _words("not nothing")
_RUNNING = _words("printing working flying charging loading playing moving heating connecting")
_NOT_YET = _words("not would need if once")
_IS_DONE = _words("have has is are been all now just already got")
_PAPERS = _words(
    "confirmation receipt directions leaflet brochure copy details reminder text texts email emails link ticket tickets"
)
"""What is sent about a matter that is settled, or to whom has not decided."""
_CONFIRMS = _words("confirmation receipt directions reminder ticket tickets")
"""Of these what is sent only when it is settled."""
_HARMS = _words("proh_threat proh_pressure")


def ended(transcript: Reading, said: Sequence[Sentence], steps: Sequence[Sentence]) -> Ending:
    """How the call ended; `said` is all that is said, at least one sentence, `steps` what is to come after it."""
    by_words = of_words(transcript, said, steps)
    both = len({one.role for one in said}) == len(_SIDES)
    weighs = both and tells_course(transcript) and not _plain(transcript, said, by_words)
    outcome = _weighed(features(transcript, by_words)) if weighs else by_words
    return Ending(outcome, tuple(_shown(transcript, _SHOWS[outcome])))


def _plain(transcript: Reading, said: Sequence[Sentence], by_words: Outcome) -> bool:
    """Whether words need no weighing: resolved, and the customer says it works; pending, and the agent "not yet"."""
    late = [one for one in said if one.place * 3 >= len(transcript.segments)]
    if by_words == "resolved":
        return _answered(said) or any(one.role is Role.CUSTOMER and _says_done(one) for one in late)
    waits = (one for one in late if one.role is Role.AGENT and not one.asks and "yet" in one.words)
    return by_words == "pending" and any(not _UNDONE.isdisjoint(one.words) for one in waits)


def tells_course(transcript: Reading) -> bool:
    """Whether the understand stage found steps, or anything settled or open; an earlier version never did."""
    return any(any(transcript.acts_of(role, *_COURSE)) for role in _SIDES)


def features(transcript: Reading, by_words: Outcome) -> dict[str, float]:
    """What the ending is weighed by, each by its name: see the module."""
    found: dict[str, float] = {f"by words {one}": float(one == by_words) for one in OUTCOMES}
    last = dict.fromkeys(("settled", "unsettled"), 0.0)
    for role in _SIDES:
        acts = [(share, act.name, act.confidence) for share, act in _shares(transcript, role)]
        for name in _COURSE:
            late = [sure for share, one, sure in acts if one == name and share > _LATE]
            found[f"{role} {name} late"] = max(late, default=0.0)
            found[f"{role} {name} often"] = log1p(sum(late))
        for name in (*_COURSE, *_PARTING):
            ends = (sure for share, one, sure in acts if one == name and share > _END)
            found[f"{role} {name} at the end"] = max(ends, default=0.0)
        for share, name, sure in acts:
            if name in last and sure >= _LIKELY and share > _LATE:
                last[name] = max(last[name], share)
        mood = [segment.sentiment for _, segment in transcript.spoken_by(role)][-2:]
        found[f"{role} mood"] = sum(mood) / len(mood) if mood else 0.0
    return found | {f"last {name}": share for name, share in last.items()}


def _shares(transcript: Reading, role: Role) -> Iterator[tuple[float, Act]]:
    """The acts of a side, each with the share of the segments up to its own."""
    count = len(transcript.segments)
    return (((place + 1) / count, act) for place, act in transcript.acts_of(role, *_COURSE, *_PARTING))


@cache
def _weights() -> dict[str, tuple[float, ...]]:
    """Of each feature what it adds to each outcome; `bias` is added to all."""
    stored = get_data("callcov.checks", "ending.yaml") or b""
    return {name: tuple(row) for name, row in yaml.safe_load(stored).items()}


def _weighed(found: dict[str, float]) -> Outcome:
    weights = _weights()
    scores = [
        bias + sum(value * weights[name][at] for name, value in found.items())
        for at, bias in enumerate(weights["bias"])
    ]
    return OUTCOMES[scores.index(max(scores))]


def _shown(transcript: Reading, name: str) -> Iterator[Evidence]:
    """The surest places in the second half where an act of that name is done, in order of time."""
    half = _LATE * len(transcript.segments)
    late = [(place, act) for role in _SIDES for place, act in transcript.acts_of(role, name) if place + 1 > half]
    surest = sorted(late, key=lambda one: -one[1].confidence)[:_MOST_EVIDENCE]
    for place, act in sorted(surest, key=lambda one: (one[0], one[1].first)):
        yield Evidence.at(transcript, place, act.first, act.last)


def of_words(transcript: Reading, said: Sequence[Sentence], steps: Sequence[Sentence]) -> Outcome:
    """How the call ended by the words alone."""
    late = [one for one in said if one.place * 3 >= len(transcript.segments) and not harms(transcript, one)]
    promised = [one for one in steps if one.role is Role.AGENT and _promises(transcript, one)]
    on_paper = [not _PAPERS.isdisjoint(one.said) and "to_come" not in one.sayings for one in promised]
    papers = [one for one, is_paper in zip(promised, on_paper, strict=True) if is_paper]
    matter = [one for one, is_paper in zip(promised, on_paper, strict=True) if not is_paper]
    still = [one for one in matter if not one.sayings.isdisjoint(("to_come", "arrives"))]
    if len({one.role for one in said}) < 2:
        return "pending" if promised else "unresolved"
    heard = [one for one in late if one.role is Role.CUSTOMER]
    mood = _mood(transcript, heard)
    leaves = mood <= 0 and any("leaving" in one.sayings for one in heard)
    unhappy = mood < 0 and not still and not any(names_a_time(one.said) for one in promised)
    if leaves or unhappy or any("refusing" in one.sayings for one in heard):
        return "unresolved"
    if mood >= 0 and any(_says_done(one) for one in late):
        return "pending" if still else "resolved"
    confirmed = any(not _CONFIRMS.isdisjoint(one.said) for one in papers)
    glad = mood > 0 or (mood == 0 and (confirmed or _answered(said)))
    if glad and not matter:
        return "resolved"
    return "pending" if promised else "unresolved"


def _promises(transcript: Reading, one: Sentence) -> bool:
    """Whether a step is the agent's own: nothing that is left to the customer, said back or threatened."""
    acts = one.acts(transcript)
    said_back = "active_listening" in acts and "resolution" not in acts
    theirs = "own_way" in one.sayings or "if" in one.said[:3] or is_told(one)
    return not (said_back or theirs or harms(transcript, one))


def harms(transcript: Reading, one: Sentence) -> bool:
    """Whether a sentence threatens or presses, and does not solve anything: then it helps nobody."""
    acts = one.acts(transcript)
    return not acts.isdisjoint(_HARMS) and "resolution" not in acts


def _says_done(one: Sentence) -> bool:
    """Whether the agent says that something is done, or the customer that it works."""
    if one.asks or not _NOT_YET.isdisjoint(one.words):
        return False
    if one.role is Role.CUSTOMER:
        return "works" in one.sayings or _runs(one.said)
    perfect = any(word in _DONE and before in _IS_DONE for before, word in pairwise(one.said) if before != "are")
    return (perfect and "will" not in one.words) or ("settled" in one.sayings and "coming" not in one.sayings)


def _answered(said: Sequence[Sentence]) -> bool:
    """Whether the customer's last question is for a fact, the agent answers it and the customer is glad of it."""
    asked = max((at for at, one in enumerate(said) if one.role is Role.CUSTOMER and one.asks), default=None)
    if asked is None:
        return False
    opening = next((word for word in said[asked].said if word not in _HAILS), "")
    behind = list(said[asked + 1 :])
    answer = list(takewhile(lambda one: one.role is Role.AGENT, behind))
    replied = behind[len(answer)].said if len(answer) < len(behind) else ()
    plain = not any(one.asks or "at_once" in one.sayings or not _REFUSES.isdisjoint(one.words) for one in answer)
    return opening in _FOR_A_FACT and bool(answer) and plain and not _GLAD.isdisjoint(replied[:3])


def _runs(said: Sequence[str]) -> bool:
    """Whether a sentence ends by saying that a thing does what it should: "it's printing", "it's flying now"."""
    ends = list(said[-4:-1] if said[-1:] == ("now",) else said[-3:])
    return ends[:2] == ["it", "is"] and ends[-1] in _RUNNING


def _mood(transcript: Reading, heard: Sequence[Sentence]) -> int:
    """How the customer leaves: 1 thankful, -1 with a complaint, sarcasm or trouble, 0 neither; the last tells.

    What they complained of before it works is over.
    """
    works = {one.place for one in heard if _says_done(one)}
    last = list(transcript.spoken_by(Role.CUSTOMER))[-_LAST_TURNS:]
    spoken = [segment for _, segment in last]
    for place, segment in reversed(last):
        shown = {act.name for act in segment.acts}
        if place in works:
            return int("thanks" in shown)
        if not shown.isdisjoint(_BAD_ENDS):
            return -1  # sarcasm says thanks, too
        if "thanks" in shown:
            return 1
    answered = any(transcript.acts_of(Role.AGENT, "resolution"))
    thanked = any(not _THANKS.isdisjoint(one.words) for one in heard)
    return int(answered and thanked and sum(one.sentiment for one in spoken[-2:]) >= 0)
