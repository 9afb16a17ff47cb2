"""Summary: why they talk, how it ended and what comes next, in the call's own sentences.

- `reason`: the sentence in which somebody first says what the call is about: the agent who calls ("I'm ringing about
  your claim"), else the customer's first turn that says what they want or what happened, else the agent who takes it
  up (the evidence of `purpose_declaration`). Complaints about the queue, questions who is there or whether the call is
  recorded, and what is said before the agent asks what it is about, are passed over. Null when nobody says it.
- `next_steps`: the sentences behind the reason, and behind the first 30 % of the segments, that say what somebody will
  do or what will come after the call (`checks/steps.py`); the last ten at most.
- `outcome`: `resolved` when what was wanted was done or answered: the agent says it is done, or the customer that it
  works, and nobody has to come, decide or call back; or the customer leaves content with an answer, and nothing but
  papers about it is to follow; or not discontent, and what follows confirms it (a receipt, directions). `pending`
  when a definite step is still to come from the agent's side, or is agreed; what the customer is told to do is none,
  nor what the agent only says back. `unresolved`: neither, or the customer leaves angry with nothing but what they
  could do themselves.
- `text`: two to four sentences made of these, the same for the same call.

Sentences are quoted as stored: masked words stay masks. One party only: the same, never `resolved`. The whole summary
is null for a call without words and for a language that is not supported. Never flagged.
Where a chat endpoint is set up (docs/operating.md), an analysis may be stored with its wording in `text`; everything
else stays, and judging again writes our own text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from callcov.checks.evidence import Evidence, Result
from callcov.checks.reading import Reading
from callcov.checks.sentences import Sentence, sentences
from callcov.checks.steps import is_step, is_told, names_a_time
from callcov.model import Role
from callcov.text.numbers import is_number
from callcov.text.phrases import FUNCTION_WORDS

Outcome = Literal["resolved", "pending", "unresolved"]
_MOST_STEPS = 10
_MOST_WORDS = 40
"""Words of a quoted sentence in the text."""


class Said(Result):
    """Something the call says, as it is said, and where."""

    text: str
    evidence: tuple[Evidence, ...]


class Summary(Result):
    """What a call was about, what came of it, and what follows. `text` says it in plain sentences."""

    reason: Said | None
    outcome: Outcome
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
_LAST_TURNS = 4
_SHOWN_STEPS = 2
_THANKS = _words("thanks thank cheers ta brilliant perfect lovely relief great")
_BAD_ENDS = _words("complaint sarcasm unresolved repeat_information")
_ENDED: dict[Outcome, str] = {
    "resolved": "It was settled in the call.",
    "pending": "It is not settled yet: a step is still to come.",
    "unresolved": "It was left unresolved.",
}
_INTRODUCES = _words("greeting identity disc_recording disc_debt disc_other offer_help verify_q hold")
_DONE = _words(
    "cancelled canceled moved changed booked reset removed updated refunded sorted fixed credited sent added "
    "stopped closed ordered done renewed switched unlocked activated paid restored cleared corrected reversed "
    "waived rebooked registered transferred issued replaced extended reinstated deleted amended replaced reserved "
    "confirmed released"
)
_NOT_YET = _words("not would need if once")
_IS_DONE = _words("have has is are been all now just already got")
_PAPERS = _words(
    "confirmation receipt directions leaflet brochure copy details reminder text texts email emails link ticket tickets"
)
"""What is sent about a matter that is settled, or to whom has not decided."""
_CONFIRMS = _words("confirmation receipt directions reminder ticket tickets")
"""Of these what is sent only when it is settled."""
_HARMS = _words("proh_threat proh_pressure")


def check(transcript: Reading, purpose: Sequence[Evidence] = ()) -> Summary | None:
    """The summary of a call; `purpose` is where the agent declares it. None for a call without words."""
    said = sentences(transcript)
    if not said:
        return None
    why = _reason(transcript, said, purpose)
    least = max(0.3 * len(transcript.segments) if len(transcript.segments) > 6 else 0, why.segment + 1 if why else 0)
    steps = [one for one in said if one.place >= least and is_step(one)]
    ended = _outcome(transcript, said, steps)
    reason = Said(text=why.text, evidence=(why,)) if why else None
    shown = [one.evidence(transcript) for one in steps[-_MOST_STEPS:]]
    coming = tuple(Said(text=one.text, evidence=(one,)) for one in shown)
    return Summary(reason=reason, outcome=ended, next_steps=coming, text=told(reason, ended, coming))


def _reason(transcript: Reading, said: Sequence[Sentence], purpose: Sequence[Evidence]) -> Evidence | None:
    """The words that say what the call is about."""
    early = max(_OPENING, len(transcript.segments) // 2)
    asked = [one.place for one in said if one.role is Role.AGENT and "asks_matter" in one.sayings]
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


def _telling(one: Sentence) -> int:
    """How much a sentence tells of a matter: its distinct words that mean something, two more for a wish or trouble."""
    if "beside" in one.sayings or any(word.startswith("[") for word in one.words):
        return 0
    telling = {word for word in one.words if len(word) > 2 and word.isalpha() and word not in _PLAIN}
    return sum(not is_number(word) for word in telling) + 2 * bool("wanted" in one.sayings or "stated" in one.sayings)


def _states(transcript: Reading, one: Sentence, *, called: bool) -> bool:
    """Whether the agent says why they call; `called`: the customer picked up, so what the agent tells is the reason."""
    acts = _acts(transcript, one)
    if "stated" in one.sayings:
        return True
    if one.asks or not _NOTICES.isdisjoint(one.words):
        return False
    if "purpose" in acts:
        return _telling(one) >= 2
    return called and _telling(one) >= 4 and acts.isdisjoint(_INTRODUCES)


def _outcome(transcript: Reading, said: Sequence[Sentence], steps: Sequence[Sentence]) -> Outcome:
    """How the call ended."""
    late = [one for one in said if one.place * 3 >= len(transcript.segments) and not _harms(transcript, one)]
    promised = [one for one in steps if one.role is Role.AGENT and _promises(transcript, one)]
    papers = [one for one in promised if not _PAPERS.isdisjoint(one.said) and "to_come" not in one.sayings]
    matter = [one for one in promised if one not in papers]
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
    if (mood > 0 or (mood == 0 and confirmed)) and not matter:
        return "resolved"
    return "pending" if promised else "unresolved"


def _promises(transcript: Reading, one: Sentence) -> bool:
    """Whether a step is the agent's own: nothing that is left to the customer, said back or threatened."""
    acts = _acts(transcript, one)
    said_back = "active_listening" in acts and "resolution" not in acts
    theirs = "own_way" in one.sayings or "if" in one.said[:3] or is_told(one)
    return not (said_back or theirs or _harms(transcript, one))


def _acts(transcript: Reading, one: Sentence) -> set[str]:
    """The acts that words of a sentence do."""
    acts = transcript.segments[one.place].acts
    return {act.name for act in acts if act.first < one.last and one.first < act.last}


def _harms(transcript: Reading, one: Sentence) -> bool:
    """Whether a sentence threatens or presses, and does not solve anything: then it helps nobody."""
    acts = _acts(transcript, one)
    return not acts.isdisjoint(_HARMS) and "resolution" not in acts


def _says_done(one: Sentence) -> bool:
    """Whether the agent says that something is done, or the customer that it works."""
    if one.asks or not _NOT_YET.isdisjoint(one.words):
        return False
    if one.role is Role.CUSTOMER:
        return "works" in one.sayings
    perfect = any(word in _DONE and before in _IS_DONE for before, word in pairwise(one.said) if before != "are")
    return (perfect and "will" not in one.words) or ("settled" in one.sayings and "coming" not in one.sayings)


def _mood(transcript: Reading, heard: Sequence[Sentence]) -> int:
    """How the customer leaves: 1 thankful, -1 with a complaint, sarcasm or trouble, 0 neither; the last tells."""
    spoken = [segment for _, segment in transcript.spoken_by(Role.CUSTOMER)][-_LAST_TURNS:]
    for segment in reversed(spoken):
        shown = {act.name for act in segment.acts}
        if not shown.isdisjoint(_BAD_ENDS):
            return -1  # sarcasm says thanks, too
        if "thanks" in shown:
            return 1
    answered = any(transcript.acts_of(Role.AGENT, "resolution"))
    thanked = any(not _THANKS.isdisjoint(one.words) for one in heard)
    return int(answered and thanked and sum(one.sentiment for one in spoken[-2:]) >= 0)


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
