"""Mandatory disclosures: the sentences the policy requires for this call were read by the agent.

Rule: a disclosure is read when the agent says one of its wordings (function words and the recogniser's spelling
forgiven, joined across the customer's "mm-hm"). With `match: meaning` a paraphrase counts too: an act
`disclosure:<id>` of the agent, and for a disclosure about recording a `disc_recording` act. Denied ("this call is not
recorded") and asked ("is this call recorded?") is not read; asking for consent is ("are you happy that this call is
recorded?"). Words about another call or a voicemail are not this call's notice.
Required: `always`; `inbound` or `outbound` when the call's direction is known to be that one (unknown: not required);
`when_payment` when paying is spoken of by either side, or a card or bank account is told.
Unit: seconds from the first speech of the call to the first word of the disclosure. Boundary: exactly
`deadline_seconds` is in time; read later is missing, with its words as evidence.
The agent silent, the customer alone, or nobody: everything required is missing. Nothing required: `read` is true.
Flagged when not `read`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.checks.evidence import Evidence, Result
from callcov.checks.passages import Passage, first_speech, passages
from callcov.checks.policy import Direction, Disclosure
from callcov.model import Role, Transcript
from callcov.text.guards import asked, denied
from callcov.text.normalise import texts
from callcov.text.phrases import DENIALS, FUNCTION_WORDS, Matcher

_PAYING = Matcher(
    (
        ("payment", wording)
        for wording in """make a payment, take a payment, take payment, take the payment, card payment, pay by card,
            pay by phone, pay over the phone, pay with, pay my bill, pay the bill, pay your bill, pay it, pay that,
            pay now, pay today, pay off, pay the balance, pay in full, process the payment, process a payment,
            process that payment, credit card, debit card, card details, card number, charge your card, charge the card,
            direct debit, payment plan, payment arrangement, set up a payment, bank details, like to pay, want to pay,
            how would you like to pay, down payment""".split(",")
    ),
    exact=True,
)
_PAID_WITH = frozenset(("card_number", "card_cvv", "bank_account"))
_RECORDING = frozenset("record recorded recording recordings records recorder tape taped taping".split())
_ANOTHER = frozenset("last previous earlier yesterday voicemail voicemails message answerphone payment album".split())
_STEM = 5
"""Letters by which a word said counts as a form of a wording's word."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy's disclosures, and the call's direction if the account told it."""

    disclosures: tuple[Disclosure, ...] = ()
    direction: Direction | None = None


class MandatoryDisclosures(Result):
    """Which disclosures were read in time, and which required ones were not."""

    read: bool
    matched_disclosures: tuple[str, ...]
    missing_disclosures: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def check(transcript: Transcript, rules: Rules) -> MandatoryDisclosures:
    """Every disclosure of the policy, looked for in what the agent says."""
    spoken = passages(transcript, Role.AGENT)
    matcher = Matcher((entry.id, wording) for entry in rules.disclosures for wording in entry.wordings)
    said = _worded(spoken, matcher)
    began = first_speech(transcript) or 0.0
    matched: list[str] = []
    missing: list[str] = []
    shown: list[Evidence] = []
    for entry in rules.disclosures:
        places = said.get(entry.id, []) + (_meant(transcript, spoken, entry) if entry.match == "meaning" else [])
        found = min((Evidence.at(transcript, *place) for place in places), key=lambda one: one.start, default=None)
        if found:
            shown.append(found)
        if found and (entry.deadline_seconds is None or round(found.start - began, 3) <= entry.deadline_seconds):
            matched.append(entry.id)
        elif _required(transcript, entry, rules.direction):
            missing.append(entry.id)
    return MandatoryDisclosures(
        read=not missing,
        matched_disclosures=tuple(matched),
        missing_disclosures=tuple(missing),
        evidence=tuple(sorted(shown, key=lambda one: (one.start, one.segment))),
    )


def _worded(spoken: Sequence[Passage], matcher: Matcher) -> dict[str, list[tuple[int, int, int]]]:
    """Where each disclosure's wordings are said, and neither denied nor asked."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for passage in spoken:
        for match in matcher.find(passage.tokens):
            if not denied(passage.tokens, match.first) and not asked(passage.tokens, match.first, match.last):
                found.setdefault(match.name, []).append(passage.words(match.first, match.last))
    return found


def _meant(transcript: Transcript, spoken: Sequence[Passage], entry: Disclosure) -> list[tuple[int, int, int]]:
    """Where a disclosure is said in other words: the acts that mean it, if they really state it."""
    about_recording = any(word in _RECORDING for wording in entry.wordings for word in texts(wording))
    names = {f"disclosure:{entry.id}"} | ({"disc_recording"} if about_recording else set[str]())
    keys = _keys(entry)
    return [
        (place, act.first, act.last)
        for passage in spoken
        for place in passage.segments
        for act in transcript.segments[place].acts
        if act.name in names
        and _states(passage, passage.range(place, act.first, act.last), keys)
        and not (about_recording and _of_another(passage, place, act.first, act.last))
    ]


def _keys(entry: Disclosure) -> frozenset[str]:
    """The beginnings of a disclosure's telling words; empty if a wording denies something itself."""
    words = [word for wording in entry.wordings for word in texts(wording)]
    if any(word in DENIALS for word in words):
        return frozenset()
    return frozenset(word[:_STEM] for word in words if word not in FUNCTION_WORDS and len(word) >= 4)


def _states(passage: Passage, said: tuple[int, int], keys: frozenset[str]) -> bool:
    """Whether words state a disclosure: none of its telling words is denied, and they are no question."""
    first, last = said
    if first == last or asked(passage.tokens, first, last):
        return False
    telling = [at for at in range(first, last) if passage.tokens[at].text[:_STEM] in keys]
    return not any(denied(passage.tokens, at, reach=4) for at in telling)


def _of_another(passage: Passage, place: int, first: int, last: int) -> bool:
    """Whether words about recording are about another call, a voicemail or a payment."""
    start, end = passage.range(place, first, last)
    return any(token.text in _ANOTHER for token in passage.tokens[start:end])


def _required(transcript: Transcript, entry: Disclosure, direction: Direction | None) -> bool:
    """Whether this call needs a disclosure."""
    if entry.required == "when_payment":
        return any(_payments(transcript))
    return entry.required in ("always", direction)


def _payments(transcript: Transcript) -> Iterator[bool]:
    """True for each sign that paying is spoken of."""
    yield from (True for one in transcript.sensitive if one.type in _PAID_WITH)
    for role in Role:
        for passage in passages(transcript, role):
            yield from (True for match in _PAYING.find(passage.tokens) if not denied(passage.tokens, match.first))
