"""Summary: why they talk, how it ended and what comes next, in the call's own sentences.

- `reason`: the sentence in which somebody first says what the call is about: the agent who calls ("I'm ringing about
  your claim"), else the customer's first turn that says what they want or what happened, else the agent who takes it
  up (the evidence of `purpose_declaration`). Complaints about the queue, questions who is there or whether the call is
  recorded, and what is said before the agent asks what it is about, are passed over. Words of which the understand
  stage is far surer that they state a reason (an act `reason`) are taken instead, the less so the later they come. Null
  when nobody says it.
- `next_steps`: the sentences behind the reason, and behind the first 30 % of the segments (an agent's plain promise
  may come before), that say what somebody will do or what will come after the call: by their words (`checks/steps.py`)
  where the understand stage finds it likely (an act `next_step`), or where it is sure and they are no charge, choice
  of times or farewell, nothing past or done now; by the words alone where somebody promises what is never done in a
  call ("I'll pay it then"), where customers announce to whom they turn, and in what an earlier version understood.
  Threats and pressure are none. The last ten at most.
- `outcome`: `resolved`, `pending` or `unresolved`, with up to three places that say so (`checks/ending.py`).
- `text`: two to four sentences made of these, the same for the same call.

Sentences are quoted as stored: masked words stay masks. One party only: the same, never `resolved`. The whole summary
is null for a call without words and for a language that is not supported. Never flagged.
Where a chat endpoint is set up (docs/operating.md), an analysis may be stored with its wording in `text`; everything
else stays, and judging again writes our own text.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from callcov.checks.ending import Outcome, ended, harms, tells_course
from callcov.checks.evidence import Evidence, Result
from callcov.checks.forbidden import forbidden
from callcov.checks.reading import Reading
from callcov.checks.sentences import Sentence, sentences
from callcov.checks.steps import is_announced, is_promised, is_step, never_step
from callcov.model import Role
from callcov.text.numbers import is_number
from callcov.text.phrases import FUNCTION_WORDS

_MOST_STEPS = 10
_MOST_WORDS = 40
"""Words of a quoted sentence in the text."""


class Said(Result):
    """Something the call says, as it is said, and where."""

    text: str
    evidence: tuple[Evidence, ...]


class Summary(Result):
    """What a call was about, what came of it, and what follows. `text` says it in plain sentences.

    `outcome_evidence` is empty in what an earlier version judged.
    """

    reason: Said | None
    outcome: Outcome
    outcome_evidence: tuple[Evidence, ...] = ()
    next_steps: tuple[Said, ...]
    text: str


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLAIN = FUNCTION_WORDS | _words(
    "calling call called need want wanted like know think going get got have help thank thanks please sorry hello "
    "hi hiya good morning afternoon evening name ok right sure yeah yes no not oh still because about with what "
    "when where could speak speaking talk back just there from some only than look really actually something "
    "anything much again other else very well madam sir mr mrs miss dr hold on who whose fair enough fine lovely "
    "great course mean see bit one finally person make side before start moment minute let tell if alright human being"
)
"""Words that say nothing of what a call is about."""

_NOTICES = _words("recorded recording record taped tape monitored training quality")
_OPENING = 6
"""Segments in which an agent who asks what it is about has not been told yet."""
_UNLIKELY = 0.2
"""How likely words without the act are taken to state the reason."""
_FAR = 2.0
"""By how much the log-odds of other words must be greater, and"""
_LATER = 0.1
"""by how much for each segment they come later; both chosen on calls of the benchmark that rules are tuned with."""
_COMES = 0.6
"""How sure an act must be to be a step without words that promise one; chosen likewise."""
_SHOWN_STEPS = 2
_ENDED: dict[Outcome, str] = {
    "resolved": "It was settled in the call.",
    "pending": "It is not settled yet: a step is still to come.",
    "unresolved": "It was left unresolved.",
}
_INTRODUCES = _words("greeting identity disc_recording disc_debt disc_other offer_help verify_q hold")


def check(transcript: Reading, purpose: Sequence[Evidence] = ()) -> Summary | None:
    """The summary of a call; `purpose` is where the agent declares it. None for a call without words."""
    said = sentences(transcript)
    if not said:
        return None
    why = reason_of(transcript, said, purpose)
    steps = steps_after(transcript, said, why)
    end = ended(transcript, said, steps)
    reason = Said(text=why.text, evidence=(why,)) if why else None
    coming = [one for one in _coming(transcript, said, why, steps) if not _forces(transcript, one)]
    shown = [one.evidence(transcript) for one in coming[-_MOST_STEPS:]]
    follows = tuple(Said(text=one.text, evidence=(one,)) for one in shown)
    return Summary(
        reason=reason,
        outcome=end.outcome,
        outcome_evidence=end.evidence,
        next_steps=follows,
        text=told(reason, end.outcome, follows),
    )


def steps_after(transcript: Reading, said: Sequence[Sentence], why: Evidence | None) -> list[Sentence]:
    """The sentences behind the reason that say what comes after the call, by their words."""
    return [one for one in _behind(transcript, said, why) if is_step(one)]


def _coming(
    transcript: Reading, said: Sequence[Sentence], why: Evidence | None, steps: Sequence[Sentence]
) -> Sequence[Sentence]:
    """Of `steps`, which are by their words, those that the understand stage confirms, and what it is sure of alone."""
    if not tells_course(transcript):
        return steps
    by_words = {(one.place, one.first) for one in steps}
    behind = ((one, _surely_comes(transcript, one)) for one in _behind(transcript, said, why))
    return [one for one, sure in behind if _comes(one, sure, by_words=(one.place, one.first) in by_words)]


def _comes(one: Sentence, sure: float, *, by_words: bool) -> bool:
    """Whether a sentence is a step that the understand stage is that sure of, and that is one by its words or not."""
    if by_words:
        return sure > 0 or is_promised(one) or is_announced(one)
    return sure >= _COMES and not never_step(one)


def _forces(transcript: Reading, one: Sentence) -> bool:
    """Whether a sentence threatens or presses: that is nothing to look forward to."""
    plainly = one.role is Role.AGENT and any(name in ("threat", "pressure") for name, _, _ in forbidden(one.tokens))
    return plainly or (one.role is Role.AGENT and harms(transcript, one))


def _behind(transcript: Reading, said: Sequence[Sentence], why: Evidence | None) -> list[Sentence]:
    """The sentences behind the reason and behind the first 30 % of the segments, and plain promises before these."""
    least = 0.3 * len(transcript.segments) if len(transcript.segments) > 6 else 0
    told_at = why.segment if why else -1
    return [
        one
        for one in said
        if one.place > told_at and (one.place >= least or (why and one.role is Role.AGENT and is_promised(one)))
    ]


def _surely_comes(transcript: Reading, one: Sentence) -> float:
    """How sure the understand stage is that a sentence says what comes; 0 where it found nothing."""
    acts = transcript.segments[one.place].acts
    mine = (act for act in acts if act.name == "next_step" and act.first < one.last and one.first < act.last)
    return max((act.confidence for act in mine), default=0.0)


def reason_of(transcript: Reading, said: Sequence[Sentence], purpose: Sequence[Evidence]) -> Evidence | None:
    """The words that say what the call is about: by rule, or those that surely do where the rule's hardly do."""
    found = _by_rule(transcript, said, purpose)
    acts = [one for role in Role for one in transcript.acts_of(role, "reason")]
    if not acts:
        return found
    own = max((act.confidence for place, act in acts if found and place == found.segment), default=_UNLIKELY)
    least = _odds(own) - _LATER * found.segment + _FAR if found else 0.0
    place, best = max(acts, key=lambda one: _odds(one[1].confidence) - _LATER * one[0])
    surer = _odds(best.confidence) - _LATER * place > least
    return Evidence.at(transcript, place, best.first, best.last) if surer else found


def _odds(confidence: float) -> float:
    """A probability as log-odds."""
    bounded = min(max(confidence, 0.001), 0.999)
    return log(bounded / (1 - bounded))


def _by_rule(transcript: Reading, said: Sequence[Sentence], purpose: Sequence[Evidence]) -> Evidence | None:
    """The words that say what the call is about."""
    early = max(_OPENING, len(transcript.segments) // 2)
    asked = {one.place for one in said if one.role is Role.AGENT and _asks_matter(one)}
    after = max((place for place in asked if place < _OPENING), default=-1)
    called = transcript.role(transcript.segments[0].speaker) is Role.CUSTOMER
    for one in said:
        if one.place >= early:
            break
        if one.role is Role.AGENT and _states(transcript, one, called=called):
            soon = (other for other in said if one.place <= other.place <= one.place + 2 and other.role is Role.AGENT)
            return next((other for other in soon if "stated" in other.sayings), one).evidence(transcript)
        if one.role is Role.CUSTOMER and one.place > after and _telling(one) >= (1 if one.place - 1 in asked else 3):
            turn = [other for other in said if other.place == one.place]
            return max(turn, key=_telling).evidence(transcript)
    return next(iter(purpose), None)


def _asks_matter(one: Sentence) -> bool:
    """Whether a sentence asks what the call is about; "let me see what's happening" looks into it."""
    return "asks_matter" in one.sayings and (one.asks or "at_once" not in one.sayings)


def _telling(one: Sentence) -> int:
    """How much a sentence tells of a matter: its distinct words that mean something, two more for a wish or trouble."""
    if "beside" in one.sayings or any(word.startswith("[") for word in one.words):
        return 0
    telling = {word for word in one.words if len(word) > 2 and word.isalpha() and word not in _PLAIN}
    return sum(not is_number(word) for word in telling) + 2 * bool("wanted" in one.sayings or "stated" in one.sayings)


def _states(transcript: Reading, one: Sentence, *, called: bool) -> bool:
    """Whether the agent says why they call; `called`: the customer picked up, so what the agent tells is the reason."""
    acts = one.acts(transcript)
    if "stated" in one.sayings:
        return True
    if one.asks or not _NOTICES.isdisjoint(one.words):
        return False
    if "purpose" in acts:
        return _telling(one) >= 2
    return called and _telling(one) >= 4 and acts.isdisjoint(_INTRODUCES)


def drawn(stored: Summary) -> Summary:
    """A summary with its text as `check` draws it, whoever worded it since."""
    return stored.model_copy(update={"text": told(stored.reason, stored.outcome, stored.next_steps)})


def told(reason: Said | None, outcome: Outcome, steps: Sequence[Said]) -> str:
    """The summary in two or three plain sentences; the last two steps are quoted."""
    parts = ["Nobody says what the call is about."]
    if reason:
        parts = [f"The {reason.evidence[0].speaker} says what the call is about: “{_short(reason.text)}”."]
    parts.append(_ENDED[outcome])
    if steps:
        parts.append("What comes next: " + "; ".join(f"the {_quoted(step)}" for step in steps[-_SHOWN_STEPS:]) + ".")
    return " ".join(parts)


def _quoted(step: Said) -> str:
    return f"{step.evidence[0].speaker} says “{_short(step.text)}”"


def _short(text: str) -> str:
    """A sentence without its full stop, the end of a long one left out."""
    words = text.split()
    return " ".join(words[:_MOST_WORDS]) + " …" if len(words) > _MOST_WORDS else text.rstrip(".,;: ")
