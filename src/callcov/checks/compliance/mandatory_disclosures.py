"""Mandatory disclosures: the sentences the policy requires for this call were read by the agent.

Rule: a disclosure is read when the agent says one of its wordings (function words and the recogniser's spelling
forgiven, joined across the customer's "mm-hm"). With `match: meaning` a paraphrase counts too: an act `disclosure:<id>`
of the agent (`disclosure:<id>#2` for its second part), and for a disclosure about recording a `disc_recording` act;
where it is this call that the notice is about, only words that name a call, or what it is heard for, and not recording,
for what "recorded" is said of decides: "we record our calls" and "everything you say is taped" are read, "the concert
is recorded", "I have it recorded that you paid" and "your alarm is monitored" are not; a likely act is believed rather
than words of which the recogniser was not sure. Denied ("this call is not recorded") and asked ("is this call
recorded?") is not read; asking for consent is ("are you happy that this call is recorded?"), and so is asking a wording
that is a question. Words about another call or a voicemail are not this call's notice. A disclosure of several parts
(`also`) is read when every part is, in one turn or in several; each part that was said is evidence.
Required: `always`; `inbound` or `outbound` when the call's direction is known to be that one (unknown: not required);
`when_payment` when paying is spoken of by either side, or a card or bank account is told; a card that was lost is no
paying.
Unit: seconds from the first speech of the call to the first word of the disclosure. Boundary: exactly
`deadline_seconds` is in time; read later, or with a part read later, is missing, with its words as evidence.
The agent silent, the customer alone, or nobody: everything required is missing. Nothing required: `read` is true.
Flagged when not `read`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from callcov.checks import notices
from callcov.checks.evidence import Evidence, Result
from callcov.checks.passages import Passage
from callcov.checks.policy import Direction, Disclosure
from callcov.checks.reading import Reading
from callcov.checks.recording import says_otherwise
from callcov.model import Act, Role
from callcov.text.guards import asked, denied, inverted
from callcov.text.normalise import Token, texts
from callcov.text.phrases import DENIALS, FUNCTION_WORDS, Matcher

_LIKELY = 0.8
"""How likely an act must be to count though its words name something else than the call that is recorded."""
_UNSURE = 0.6
"""Confidence below which a word may be another, so that a likely act is believed rather than the word."""
_PAYING = Matcher(
    (
        ("payment", wording)
        for wording in """make a payment, take a payment, take payment, take the payment, card payment,
            pay by card, pay by phone, pay over the phone, pay with, pay my bill, pay the bill, pay your bill, pay it,
            pay that, pay now, pay today, pay off, pay the balance, pay in full, process the payment, process a
            payment, process that payment, with a credit card, with a debit card, by credit card, by debit card, with
            my credit card, with my debit card, use my card, with my card, on my card, what card, which card, card
            details, card number, charge your card, charge the card, set up a direct debit, set up the direct debit,
            payment plan, payment arrangement, set up a payment, bank details, like to pay, want to pay, how would you
            like to pay, down payment""".split(",")
    ),
    exact=True,
)
_PAID_WITH = frozenset(("card_number", "card_cvv", "bank_account"))
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


def check(transcript: Reading, rules: Rules) -> MandatoryDisclosures:
    """Every disclosure of the policy, looked for in what the agent says."""
    talk = _Talk(transcript)
    said = _worded(talk.spoken, _matcher(rules.disclosures), _asking(rules.disclosures))
    began = transcript.began or 0.0
    matched: list[str] = []
    missing: list[str] = []
    shown: list[Evidence] = []
    for entry in rules.disclosures:
        found = [_first(talk, entry, act, said.get(act, [])) for act in entry.parts()]
        shown += [one for one in found if one]
        if all(one and _in_time(one, entry, began) for one in found):
            matched.append(entry.id)
        elif entry.required in ("always", rules.direction) or (entry.required == "when_payment" and talk.pays):
            missing.append(entry.id)
    return MandatoryDisclosures(
        read=not missing,
        matched_disclosures=tuple(matched),
        missing_disclosures=tuple(missing),
        evidence=tuple(sorted(shown, key=lambda one: (one.start, one.segment))),
    )


class _Talk:
    """What the disclosures of a policy are looked for in, each thing drawn from the call once."""

    def __init__(self, transcript: Reading) -> None:
        self.transcript, self.spoken = transcript, transcript.passages(Role.AGENT)
        self._told: dict[notices.Finder, tuple[tuple[int, int, int], ...]] = {}

    @cached_property
    def acts(self) -> dict[str, list[tuple[Passage, int, Act]]]:
        """The agent's acts by name: the passage, the segment's place, the act."""
        found: dict[str, list[tuple[Passage, int, Act]]] = {}
        for passage in self.spoken:
            for place in passage.segments:
                for act in self.transcript.segments[place].acts:
                    found.setdefault(act.name, []).append((passage, place, act))
        return found

    @cached_property
    def pays(self) -> bool:
        """Whether paying is spoken of."""
        return any(_payments(self.transcript))

    def told(self, find: notices.Finder) -> tuple[tuple[int, int, int], ...]:
        """Where the agent gives that notice in words of their own."""
        if find not in self._told:
            places = ((one, *found) for one in self.spoken for found in notices.told(one, find))
            self._told[find] = tuple(passage.words(first, last) for passage, first, last in places)
        return self._told[find]

    @cached_property
    def confirmed(self) -> tuple[tuple[int, int, int], ...]:
        """Where the agent says yes to the customer who asks whether the call is recorded."""
        customer = self.transcript.passages(Role.CUSTOMER)
        begins = [passage.places[0] for passage in customer]
        found: list[tuple[int, int, int]] = []
        asked: dict[int, int | None] = {}  # each passage is asked once, however often the agent says "mm-hm" in it
        for passage in self.spoken:
            before = bisect_left(begins, passage.places[0]) - 1 if passage.places else -1
            if before >= 0 and before not in asked:
                asked[before] = notices.wondered(customer[before])
            behind = asked.get(before)
            if behind is not None and notices.confirmed(behind, passage):
                found.append(passage.words(0, 1))
        return tuple(found)


@lru_cache(maxsize=8)
def _matcher(disclosures: tuple[Disclosure, ...]) -> Matcher:
    """The wordings of every part of all disclosures, laid out once for all calls that a policy judges."""
    return Matcher((act, wording) for entry in disclosures for act, part in entry.parts().items() for wording in part)


@lru_cache(maxsize=8)
def _asking(disclosures: tuple[Disclosure, ...]) -> frozenset[str]:
    """The acts of the parts that are said as a question: "Do you agree to the terms?" is read by asking it."""
    return frozenset(act for entry in disclosures for act, part in entry.parts().items() if _asks(part))


@lru_cache(maxsize=1_000)
def _asks(wordings: tuple[str, ...]) -> bool:
    tokens = [[Token(text, at) for at, text in enumerate(texts(one))] for one in wordings]
    return any(one.endswith("?") for one in wordings) or any(inverted(one, 0) for one in tokens)


def _first(talk: _Talk, entry: Disclosure, act: str, worded: Sequence[tuple[int, int, int]]) -> Evidence | None:
    """Where a part of a disclosure was first read, by its words or by what was meant."""
    wordings = entry.parts()[act]
    meant: list[tuple[int, int, int]] = []
    if entry.match == "meaning":
        meant = [*_meant(talk, act, wordings), *_told(talk, wordings)]
    places = (Evidence.at(talk.transcript, *place) for place in (*worded, *meant))
    return min(places, key=lambda one: one.start, default=None)


def _in_time(read: Evidence, entry: Disclosure, began: float) -> bool:
    """Whether words came by the disclosure's deadline."""
    return entry.deadline_seconds is None or round(read.start - began, 3) <= entry.deadline_seconds


def _worded(
    spoken: Sequence[Passage], matcher: Matcher, asking: frozenset[str]
) -> dict[str, list[tuple[int, int, int]]]:
    """Where the wordings of each part are said, and not denied, by the part's act; asked only those that ask."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for passage in spoken:
        for match in matcher.find(passage.tokens):
            turned = match.name not in asking and asked(passage.tokens, match.first, match.last)
            if not turned and not denied(passage.tokens, match.first):
                found.setdefault(match.name, []).append(passage.words(match.first, match.last))
    return found


def _meant(talk: _Talk, name: str, wordings: tuple[str, ...]) -> list[tuple[int, int, int]]:
    """Where a part of a disclosure is said in other words: the acts that mean it, if they really state it."""
    of_call = notices.of_call(wordings)
    names = (name, "disc_recording") if of_call else (name,)
    keys, asks = _keys(wordings), _asks(wordings)
    return [
        (place, act.first, act.last)
        for one in names
        for passage, place, act in talk.acts.get(one, ())
        if _states(passage, said := passage.range(place, act.first, act.last), keys, asks=asks)
        and not (of_call and says_otherwise(passage.tokens[said[0] : said[1]]) and not _misheard(talk, place, act))
    ]


def _misheard(talk: _Talk, place: int, act: Act) -> bool:
    """Whether an act is likely and one of its words was not: "our clothes may be monitored" was said of calls."""
    words = talk.transcript.segments[place].words[act.first : act.last]
    return act.confidence >= _LIKELY and any(word.confidence < _UNSURE for word in words)


def _told(talk: _Talk, wordings: tuple[str, ...]) -> tuple[tuple[int, int, int], ...]:
    """Where a notice that nearly every policy has is said in anybody's words, or confirmed when the customer asks."""
    find = notices.finder(wordings)
    if find is None:
        return ()
    return talk.told(find) + (talk.confirmed if notices.of_call(wordings) else ())


@lru_cache(maxsize=1_000)
def _keys(wordings: tuple[str, ...]) -> frozenset[str]:
    """The beginnings of the telling words of wordings; empty if one of them denies something itself."""
    words = [word for wording in wordings for word in texts(wording)]
    if any(word in DENIALS for word in words):
        return frozenset()
    return frozenset(word[:_STEM] for word in words if word not in FUNCTION_WORDS and len(word) >= 4)


def _states(passage: Passage, said: tuple[int, int], keys: frozenset[str], *, asks: bool) -> bool:
    """Whether words state a disclosure: none of its telling words is denied, and they are no question unless it is."""
    first, last = said
    if first == last or (not asks and asked(passage.tokens, first, last)):
        return False
    telling = [at for at in range(first, last) if passage.tokens[at].text[:_STEM] in keys]
    return not any(denied(passage.tokens, at, reach=4) for at in telling)


def _payments(transcript: Reading) -> Iterator[bool]:
    """True for each sign that paying is spoken of."""
    yield from (True for one in transcript.sensitive if one.type in _PAID_WITH)
    for role in Role:
        for passage in transcript.passages(role):
            yield from (True for match in _PAYING.find(passage.tokens) if not denied(passage.tokens, match.first))
