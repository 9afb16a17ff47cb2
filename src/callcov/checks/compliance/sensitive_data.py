"""Sensitive data: which values were told, and whether the agent asked for them.

Rule: one instance for each value that the masking stage found (`Transcript.sensitive`), at the place where it was
first said; its parts in later segments and its repetitions are the same instance. `solicited`: the customer said it
after the agent had asked for that type ("can I have ...", "and the three digits on the back?") and no other value of
the type had answered since. An account number and a bank account count as one thing asked for, so do a PIN and a
password. Asking to enter it on the keypad or a web page, and warning against telling it, is not asking. What the agent
says is never solicited.
Unit: values. Boundary: there is none, one value is enough. Nobody or one side speaking: what was said is counted,
nothing is solicited without the agent.
Flagged when a value was solicited whose type the policy forbids to solicit (`never_solicit`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from callcov.checks.backchannel import is_backchannel
from callcov.checks.evidence import Evidence, Result
from callcov.checks.policy import SensitiveType
from callcov.model import Role, Transcript
from callcov.text.sensitive import asks_for

_SAME_THING = {"bank_account": "account_number", "password": "pin"}


@dataclass(slots=True)
class _Question:
    """A question the agent has asked; once answered, the agent's next words close it."""

    answered: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """`never_solicit`: the types an agent must not ask for."""

    never_solicit: tuple[SensitiveType, ...] = ("card_cvv", "pin", "password")


class Instance(Evidence):
    """One value: its type, where it was first said, and whether the agent had asked for it."""

    type: SensitiveType
    solicited: bool


class SensitiveData(Result):
    """Whether sensitive values were told, which, and whether one was asked for against the policy."""

    shared: bool
    flagged: bool
    instances: tuple[Instance, ...]


def check(transcript: Transcript, rules: Rules) -> SensitiveData:
    """Every sensitive value of the call, in order of time."""
    waiting: dict[str, _Question] = {}
    seen: set[tuple[str, int]] = set()
    found: list[Instance] = []
    spans = deque(sorted(transcript.sensitive, key=lambda one: (one.segment, one.first)))
    for place, segment in enumerate(transcript.segments):
        agent = transcript.role(segment.speaker) is Role.AGENT
        while spans and spans[0].segment == place:
            one = spans.popleft()
            if (one.type, one.value) not in seen:
                seen.add((one.type, one.value))
                question = None if agent else waiting.get(_thing(one.type))
                at = (place, one.first, one.last)
                found.append(Instance.at(transcript, *at, type=one.type, solicited=question is not None))
                if question:
                    question.answered = True
        if agent and not is_backchannel(segment.words):
            waiting = {thing: question for thing, question in waiting.items() if not question.answered}
            waiting |= {_thing(kind): _Question() for kind in asks_for(segment)}
    flagged = any(one.solicited and one.type in rules.never_solicit for one in found)
    return SensitiveData(shared=bool(found), flagged=flagged, instances=tuple(found))


def _thing(kind: str) -> str:
    """What is asked for: some types answer the same question."""
    return _SAME_THING.get(kind, kind)
