"""Sensitive data: which values were told, and whether the agent asked for them.

Rule: one instance for each value that the masking stage found (`Transcript.sensitive`), at the place where it was
first said; its parts in later segments and its repetitions are the same instance. `solicited`: the customer said it
after the agent had asked for that type ("can I have ...", "and the three digits on the back?"), or had said yes to the
customer's offer of it, and no other value of the type had answered since. "No, not that one" and "sorry, again?" leave
the question open. An account number and a bank account count as one thing asked for, so do a PIN and a password.
Asking to enter it on the keypad or a web page, and warning against telling it, is not asking. What the agent says is
never solicited.
Unit: values. Boundary: there is none, one value is enough. Nobody or one side speaking: what was said is counted,
nothing is solicited without the agent.
Flagged when a value was solicited whose type the policy forbids to solicit (`never_solicit`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from callcov.checks.backchannel import only_listens
from callcov.checks.evidence import Evidence, Result
from callcov.checks.policy import SensitiveType
from callcov.checks.reading import Reading
from callcov.model import Role
from callcov.text.normalise import Token
from callcov.text.sensitive.cues import another, asked_in, offered_in

_SAME_THING = {"bank_account": "account_number", "password": "pin"}
_AGAIN = frozenset("no nope not wrong again sorry pardon repeat missed catch".split())
"""Words of an agent's short reply with which the answer before it was not the one."""
_YES = frozenset("yes yeah yep yup please go sure ok fine lovely".split())
_NO = frozenset("no nope not never".split())
_REPLY = 8
"""Words of a reply that are looked at."""


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


def check(transcript: Reading, rules: Rules) -> SensitiveData:
    """Every sensitive value of the call, in order of time."""
    waiting: dict[str, _Question] = {}
    offers: frozenset[str] = frozenset()
    mail = False
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
        heard = transcript.tokens[place]
        if agent:
            waiting = _after(heard, waiting, offers)
            if found and heard and another([token.text for token in heard], heard[-1].end):
                waiting[_thing(found[-1].type)] = _Question()
            if mail and "address" in waiting:
                waiting.setdefault("email", _Question())  # "could you e-mail it?" "which address?"
        else:
            offers = offered_in(heard)
            mail = any(token.text in ("email", "emails") for token in heard)
    flagged = any(one.solicited and one.type in rules.never_solicit for one in found)
    return SensitiveData(shared=bool(found), flagged=flagged, instances=tuple(found))


def _after(heard: Sequence[Token], waiting: dict[str, _Question], offers: frozenset[str]) -> dict[str, _Question]:
    """The questions that wait after an agent's words: answered ones are closed, new ones and taken offers opened."""
    said = {token.text for token in heard[:_REPLY]}
    if not only_listens(heard) and not said & _AGAIN:
        waiting = {thing: question for thing, question in waiting.items() if not question.answered}
    taken = offers if said & _YES and not said & _NO else frozenset[str]()
    return waiting | {_thing(kind): _Question() for kind in (*asked_in(heard), *taken)}


def _thing(kind: str) -> str:
    """What is asked for: some types answer the same question."""
    return _SAME_THING.get(kind, kind)
