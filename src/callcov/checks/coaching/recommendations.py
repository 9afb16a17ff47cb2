"""Recommendations: what the agent should do differently next time, the most urgent first, at most six.

Rule: every recommendation follows from one field of the other results, which it names as its `requirement`; its message
tells the moment and what to say or do instead. Every field that is flagged is recommended once, but for parts of the
call that words show after all:
- high: prohibited phrases by the agent, all categories in one, a forbidden solicitation, a missing disclosure, no name;
- medium: a late name, a purpose never or late said, dead air that is too long, a missing part of the call (all of them
  in one, by `checks.missing`), an effort score that is flagged;
- low: no greeting, a speaking rate outside the limits.
Where fewer than six are, what is not flagged follows: a customer who is clearly upset (says that they are afraid, sad
or at a loss, surely shows hurt, anger or hardship (an `upset` act), complains more than once, complains and contacted
before or is negative, or tells of something grave: a death, an illness, an accident, a job lost) and met no empathy
(medium), two or more certain interruptions by the agent (medium) or three that are not certain (low), and no active
listening though the customer said `listening_words` words (low).
Should more than six be due, none is dropped for one that is less urgent, and of equals the order above decides, with
empathy and interruptions before the effort: they say what to do otherwise, while the effort is mostly the sum of what
is told already.
Evidence is that of the field, so it is empty where something is absent; the message then names when the agent began.
Who tells of something grave is never told that it is annoying.
Boundary: the limits are those of the fields.
The customer alone, or nobody: none, for there is no agent to advise. The agent alone is advised on what was theirs to
say: not on empathy, listening, discovery or resolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from callcov.checks.coaching.customer_effort_score import CustomerEffortScore
from callcov.checks.evidence import Evidence, Result
from callcov.checks.groups import Compliance, Quality
from callcov.checks.missing import missing_parts
from callcov.checks.quality.silence import evidence_of
from callcov.checks.reading import Reading
from callcov.checks.signs import signs
from callcov.model import Role

_MOST = 6
_MOST_EVIDENCE = 3
_LEADING = 6
"""Words before what is grave that are quoted with it: "my son died"."""
_UPSET = 0.6
"""How sure an act of being upset must be; chosen on calls of the benchmark that rules are tuned with."""
_RANKS = {"high": 0, "medium": 1, "low": 2}
_INSTEAD = {
    "threat": "Say plainly what happens next, and a way out: “The fee is added on Friday; let us see what we can do”.",
    "insult": "Stay with the matter, not the person: “Let me explain that differently”.",
    "guarantee": "Say what it depends on: “I cannot promise it, but most requests like yours go through”.",
    "profanity": "Leave strong words out, even when the customer uses them: “I see why this is upsetting”.",
    "pressure": "Leave the customer time: “Take the time you need; I can send you all of this in writing”.",
}
_EASIER = {
    "repeat_contact": "open with what is already known: “I see you called before, so you need not explain it again”.",
    "transfers": "stay on the line and hand over in person: “I will explain it to my colleague first”.",
    "repeat_information": "read the notes before asking: “I have your details here, let me just check them with you”.",
    "waiting": "offer a call back instead of a long wait: “May I call you back within the hour?”",
    "unresolved": "end with a next step: “I will look into this today and call you by noon tomorrow”.",
    "complaints": "acknowledge it first: “You are right to be annoyed, and I will put this right”.",
    "negative_trend": "ask before the end: “What would make this right for you?”",
    "length": "agree early on what the call is to settle: “So if we fix the bill today, are we there?”",
}

_GRAVELY = "acknowledge it first: “I am so sorry about what happened, and I will put this right”."
"""What is said instead of a complaint of who tells of something grave."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the advice takes from the policy: a wording by disclosure id, the limits, the types never to ask for."""

    disclosures: Mapping[str, str] = field(default_factory=dict[str, str])
    never_solicit: tuple[str, ...] = ("card_cvv", "pin", "password")
    identity_seconds: float = 15.0
    dead_air_seconds: float = 10.0
    wpm_low: float = 110.0
    wpm_high: float = 190.0
    effort_flag: int = 4
    listening_words: int = 100


class Recommendation(Result):
    """One piece of advice: how urgent, which field it follows from, what to do instead, and the words it rests on."""

    priority: Literal["high", "medium", "low"]
    requirement: str
    title: str
    message: str
    evidence: tuple[Evidence, ...]


def check(
    transcript: Reading, rules: Rules, compliance: Compliance, quality: Quality, effort: CustomerEffortScore
) -> tuple[Recommendation, ...]:
    """What the agent should do differently, at most six."""
    began = min((segment.span.start for _, segment in transcript.spoken_by(Role.AGENT)), default=None)
    if began is None:
        return ()
    both = any(transcript.spoken_by(Role.CUSTOMER))
    grave = _grave(transcript)
    due = [
        *_phrases(compliance),
        *_sensitive(compliance, rules),
        *_disclosures(compliance, rules, began),
        *_identity(compliance, rules, began),
        *_purpose(compliance, began),
        *_silence(quality, rules),
        *_parts(transcript, quality, began, both=both),
        *(_empathy(transcript, quality, effort, grave) if both else ()),
        *_interruptions(quality),
        *_effort(effort, rules, grave=bool(grave)),
        *_greeting(quality, began),
        *_rate(quality, rules),
        *(_listening(transcript, quality, rules) if both else ()),
    ]
    return tuple(sorted(due, key=lambda one: _RANKS[one.priority])[:_MOST])


def _clock(seconds: float) -> str:
    """Seconds as a player shows them: 75.4 is 1:15."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _plain(items: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The first items, without what their own field adds to them."""
    return tuple(
        Evidence(segment=item.segment, start=item.start, end=item.end, speaker=item.speaker, text=item.text)
        for item in items[:_MOST_EVIDENCE]
    )


def _phrases(compliance: Compliance) -> Iterator[Recommendation]:
    """The agent used prohibited phrases: the first of each category, three at most, in one piece of advice."""
    said = [item for item in compliance.prohibited_phrases.instances if item.speaker is Role.AGENT]
    firsts = {item.category: item for item in reversed(said)}
    told = [firsts[category] for category in dict.fromkeys(item.category for item in said)][:_MOST_EVIDENCE]
    if told:
        yield Recommendation(
            priority="high",
            requirement="prohibited_phrases",
            title=f"Do not use words of {_listed([one.category for one in told])}",
            message=" ".join(
                f"At {_clock(one.start)} you said “{one.text}”. "
                + _INSTEAD.get(one.category, "Use the wording your team has approved for this.")
                for one in told
            ),
            evidence=_plain((*told, *(item for item in said if item not in told))),
        )


def _listed(names: Sequence[str]) -> str:
    """Names as people list them: "threat, insult or profanity"."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


_SPOKEN = {"card_cvv": "card's security code", "ssn": "social security number", "pin": "PIN"}
"""What people call a sensitive type, where its name is not that already."""


def _sensitive(compliance: Compliance, rules: Rules) -> Iterator[Recommendation]:
    """The agent asked for what must never be asked for."""
    items = tuple(
        item for item in compliance.sensitive_data.instances if item.solicited and item.type in rules.never_solicit
    )
    if items:
        kind = _SPOKEN.get(items[0].type, items[0].type.replace("_", " "))
        yield Recommendation(
            priority="high",
            requirement="sensitive_data",
            title=f"Never ask for a {kind}",
            message=f"Before {_clock(items[0].start)} you asked for a {kind}, and it was said aloud. "
            "Say “Please do not tell me; you can enter it yourself on the keypad or the secure page”.",
            evidence=_plain(items),
        )


def _disclosures(compliance: Compliance, rules: Rules, began: float) -> Iterator[Recommendation]:
    """Required sentences were not said."""
    missing = compliance.mandatory_disclosures.missing_disclosures
    if missing:
        wordings = ", ".join(f"“{rules.disclosures[one]}”" for one in missing if one in rules.disclosures)
        names = ", ".join(one.replace("_", " ") for one in missing)
        yield Recommendation(
            priority="high",
            requirement="mandatory_disclosures",
            title="Read every required disclosure",
            message=f"You began at {_clock(began)} and these were not read as required: {names}."
            + (f" Say {wordings}." if wordings else ""),
            evidence=(),
        )


def _identity(compliance: Compliance, rules: Rules, began: float) -> Iterator[Recommendation]:
    """The name was never said, or late."""
    result = compliance.identity_verification
    if result.flagged:
        late = result.timestamp is not None
        moment = (
            f"Your name came at {_clock(result.timestamp)}"
            if result.timestamp is not None
            else f"You began at {_clock(began)} and never gave your name"
        )
        yield Recommendation(
            priority="medium" if late else "high",
            requirement="identity_verification",
            title="Give your name sooner" if late else "Say who you are",
            message=f"{moment}. Say “My name is ..., from ...” within the first {rules.identity_seconds:g} seconds.",
            evidence=_plain(result.evidence),
        )


def _purpose(compliance: Compliance, began: float) -> Iterator[Recommendation]:
    """What the call is about was not said in time."""
    result = compliance.purpose_declaration
    if result.flagged:
        moment = (
            f"The purpose came only in your turn {result.interaction_number}"
            if result.interaction_number is not None
            else f"You began at {_clock(began)} and never said what the call is about"
        )
        yield Recommendation(
            priority="medium",
            requirement="purpose_declaration",
            title="Say early what the call is about",
            message=f"{moment}. Say “I am calling about ...”, or confirm it: “So you are calling about ...”.",
            evidence=_plain(result.evidence),
        )


def _silence(quality: Quality, rules: Rules) -> Iterator[Recommendation]:
    """The line was dead for too long."""
    dead = [pause for pause in quality.silence.instances if pause.kind == "dead_air"]
    worst = max(dead, key=lambda pause: pause.end - pause.start, default=None)
    if quality.silence.flagged and worst:
        yield Recommendation(
            priority="medium",
            requirement="silence",
            title="Announce a pause before it starts",
            message=f"At {_clock(worst.start)} nobody spoke for {worst.end - worst.start:.0f} seconds "
            f"(the limit is {rules.dead_air_seconds:g}). Say “Give me a moment while I look this up”, and come back "
            "every half minute.",
            evidence=evidence_of(worst),
        )


def _interruptions(quality: Quality) -> Iterator[Recommendation]:
    """The agent took the floor from the customer."""
    mine = tuple(item for item in quality.interruptions.instances if item.by is Role.AGENT)
    certain = sum(item.certain for item in mine)
    if certain >= 2 or len(mine) >= 3:
        yield Recommendation(
            priority="medium" if certain >= 2 else "low",
            requirement="interruptions",
            title="Let the customer finish",
            message=f"At {_clock(mine[0].start)} you cut in with “{mine[0].text}”. Wait for the end of the "
            "sentence, or say “Sorry, please go on”.",
            evidence=_plain(mine),
        )


def _grave(transcript: Reading) -> list[tuple[int, int, int]]:
    """Where the customer tells of something grave, with the words of the sentence that lead to it."""
    found: list[tuple[int, int, int]] = []
    for one in signs(transcript, Role.CUSTOMER):
        if one.name == "grave":
            words, first = transcript.segments[one.place].words, one.first
            while first > max(0, one.first - _LEADING) and not words[first - 1].text.endswith((".", "?", "!", ",")):
                first -= 1
            found.append((one.place, first, one.last))
    return found


def _empathy(
    transcript: Reading, quality: Quality, effort: CustomerEffortScore, grave: list[tuple[int, int, int]]
) -> Iterator[Recommendation]:
    """The customer was clearly upset, or told of something grave, and nobody acknowledged it."""
    drivers = {driver.driver: driver.evidence for driver in effort.drivers}
    complaints = drivers.get("complaints", ())
    again = len({one.segment for one in complaints}) > 1 or "repeat_contact" in drivers
    upset = bool(complaints) and (again or quality.sentiment_analysis.customer.overall == "negative")
    if quality.empathetic_language.used:
        return
    feels = [(one.place, one.first, one.last) for one in signs(transcript, Role.CUSTOMER) if one.name == "feels"]
    acts = transcript.acts_of(Role.CUSTOMER, "upset")
    feels = grave or feels or [(place, act.first, act.last) for place, act in acts if act.confidence >= _UPSET]
    if feels:
        said = tuple(Evidence.at(transcript, *one) for one in feels[:_MOST_EVIDENCE])
        yield Recommendation(
            priority="medium",
            requirement="empathetic_language",
            title="Acknowledge how the customer feels",
            message=f"At {_clock(said[0].start)} the customer said “{said[0].text}”. Before anything else say “"
            + ("I am so sorry to hear that" if grave else "I am so sorry, that must be hard")
            + "; let us see how I can help”.",
            evidence=said,
        )
    elif upset:
        yield Recommendation(
            priority="medium",
            requirement="empathetic_language",
            title="Acknowledge the complaint",
            message=f"At {_clock(complaints[0].start)} the customer said “{complaints[0].text}”. Before solving it say "
            "“I am sorry this happened, I understand how annoying it is”.",
            evidence=complaints[:_MOST_EVIDENCE],
        )


def _parts(transcript: Reading, quality: Quality, began: float, *, both: bool) -> Iterator[Recommendation]:
    """Parts of the call that are missing, in one piece of advice; the agent alone can only open and close."""
    missing = missing_parts(transcript, quality.call_structure, both=both)
    if missing:
        instead = ". ".join(say for _, say in missing.values())
        yield Recommendation(
            priority="medium",
            requirement="call_structure",
            title=next(iter(missing.values()))[0] if len(missing) == 1 else "Lead the call through all its parts",
            message=f"The call that you began at {_clock(began)} has no {' and no '.join(missing)}. {instead}.",
            evidence=(),
        )


def _effort(effort: CustomerEffortScore, rules: Rules, *, grave: bool) -> Iterator[Recommendation]:
    """The call was hard for the customer."""
    if effort.score >= rules.effort_flag and effort.drivers:
        most = max(effort.drivers, key=lambda driver: driver.points)
        at = f"at {_clock(most.evidence[0].start)}" if most.evidence else "over the whole call"
        yield Recommendation(
            priority="medium",
            requirement="customer_effort_score",
            title="Make it easier for the customer",
            message=f"Effort {effort.score} of 5, most of all by {most.driver.replace('_', ' ')}, {at}: "
            + (_GRAVELY if grave and most.driver == "complaints" else _EASIER[most.driver]),
            evidence=most.evidence[:_MOST_EVIDENCE],
        )


def _greeting(quality: Quality, began: float) -> Iterator[Recommendation]:
    """Nobody was greeted."""
    if not quality.greeting.present:
        yield Recommendation(
            priority="low",
            requirement="greeting",
            title="Greet the customer",
            message=f"You began at {_clock(began)} without a greeting. Say “Good morning, thank you for calling ...”.",
            evidence=(),
        )


def _rate(quality: Quality, rules: Rules) -> Iterator[Recommendation]:
    """The agent spoke too fast or too slowly."""
    rate = quality.speaking_rate
    if rate.flagged and rate.agent_wpm is not None:
        fast = rate.agent_wpm > rules.wpm_high
        limit = rules.wpm_high if fast else rules.wpm_low
        yield Recommendation(
            priority="low",
            requirement="speaking_rate",
            title="Speak more slowly" if fast else "Speak a little faster",
            message=f"Over the call you spoke {rate.agent_wpm:g} words a minute; the limit is {limit:g}. "
            + (
                "Pause after each number and each sentence."
                if fast
                else "Keep notes at hand, so that words come easier."
            ),
            evidence=(),
        )


def _listening(transcript: Reading, quality: Quality, rules: Rules) -> Iterator[Recommendation]:
    """The customer said much and nothing was confirmed."""
    said = sum(len(segment.words) for _, segment in transcript.spoken_by(Role.CUSTOMER))
    if said >= rules.listening_words and not quality.active_listening.used:
        yield Recommendation(
            priority="low",
            requirement="active_listening",
            title="Repeat what you understood",
            message=f"The customer said {said} words and none were confirmed. After the problem is told say “So if I "
            "understand you correctly, ...”.",
            evidence=(),
        )
