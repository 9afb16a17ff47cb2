"""Prohibited phrases: words the policy forbids, from the mouth it forbids them to.

Rule: an entry is used when its speaker says one of its wordings (function words and the recogniser's spelling
forgiven). With `match: meaning` a paraphrase counts too: an act `prohibited:<id>`, and for the categories threat,
insult, guarantee, profanity and pressure the act `proh_<category>` or its plain forms ("I can guarantee"; not what
every agent may promise, a call back, a price or a delivery), given to the first entry of that category that looks at
the speaker's side. Denied ("I'm not saying you're stupid", "I can't guarantee that") and quoted ("he said you're
stupid") is not used, nor is an insult to oneself; a question can be ("are you stupid?"). `speaker` says whose words
count: the customer's do not unless the entry says `customer` or `any`.
Unit: instances; words of one entry that touch or overlap are one. Boundary: there is none, one instance is enough.
A side that says nothing has used nothing; nobody speaking: not used.
Flagged when `used`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from callcov.checks.evidence import Evidence, Result
from callcov.checks.passages import Passage
from callcov.checks.policy import Prohibited
from callcov.checks.reading import Reading
from callcov.model import Act, Role
from callcov.text.guards import denied, quoted
from callcov.text.normalise import Token
from callcov.text.phrases import DENIALS, Matcher

_LEARNED = ("threat", "insult", "guarantee", "profanity", "pressure")
"""Categories the understand stage knows without any wording."""
_PLAIN_FORMS = Matcher(
    (
        (category, wording.strip())
        for category, wordings in {
            "guarantee": """i guarantee you, i guarantee that, i guarantee it, i can guarantee, i will guarantee,
                i personally guarantee, we guarantee you, we guarantee that, we can guarantee, you are guaranteed,
                i promise you will, i can promise you, it is guaranteed, guaranteed approval, completely risk free""",
            "insult": """you are an idiot, you are a moron, you are an imbecile, you are so stupid,
                you are such an idiot, are you stupid, are you an idiot, how stupid are you, how dumb are you,
                half a brain, shut up""",
            "threat": """have you arrested, you will be arrested, i know where you live, we know where you live,
                you will regret it, you will regret this, tell your employer, call your employer, tell your boss""",
        }.items()
        for wording in wordings.split(",")
    ),
    exact=True,
)
_TELLING = {
    "insult": frozenset(
        "stupid idiot idiots dumb moron morons fool foolish deaf blind lazy useless pathetic incompetent "
        "ignorant crazy ridiculous liar liars clueless dense slow brain simple".split()
    ),
    "guarantee": frozenset(
        "guarantee guaranteed guarantees guaranteeing promise promised promising certain certainly definitely sure "
        "assure hundred always approved risk".split()
    ),
}
_WITHIN_REACH = frozenset(
    "call calls ring phone email text touch sorted sort back price prices delivery response reply appointment warranty "
    "callback".split()
)
"""What an agent or a company can promise of itself: to call back, to sort it, a price, a delivery."""
_NOT_OURS = frozenset("approved approval accepted win profit return returns money results risk cure lose".split())
_CHECKING = frozenset("verify confirm check".split())
_SAYING = frozenset(
    "say saying said suggest suggesting imply implying mean meaning threaten threatening calling accuse "
    "accusing".split()
)
_CLAUSE = 14
"""Words behind a plain form that tell what is promised or threatened."""
_LISTENER = frozenset(("you", "your"))
_LESSER = frozenset("year kid kids child children toddler baby gran nan grandmother dog cat".split())
"""Whom somebody is compared with who is called stupid: "my six-year-old could do this"."""
_WILL = frozenset("will would can could am are is going do".split())
_OURS = frozenset("we i they nobody one".split())


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy's prohibited phrases."""

    prohibited: tuple[Prohibited, ...] = ()


class Instance(Evidence):
    """One place where a prohibited phrase was said, and which."""

    phrase_id: str
    category: str


class ProhibitedPhrases(Result):
    """Whether prohibited phrases were used, and where."""

    used: bool
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """Words of a segment that an entry forbids."""

    segment: int
    first: int
    last: int


def check(transcript: Reading, rules: Rules) -> ProhibitedPhrases:
    """Every prohibited phrase, in order of time."""
    matcher = _matcher(rules.prohibited)
    entries = {entry.id: entry for entry in rules.prohibited}
    found: dict[str, set[_Place]] = {}
    sides = [role for role in Role if any(entry.speaker in ("any", role.value) for entry in rules.prohibited)]
    for role in sides:
        by_act = _by_act(rules, role)
        for passage in transcript.passages(role):
            for name, place in (*_worded(passage, matcher), *_meant(transcript, passage, by_act)):
                if entries[name].speaker in ("any", role.value):
                    found.setdefault(name, set()).add(place)
    said = [
        Instance.at(transcript, place.segment, place.first, place.last, phrase_id=name, category=entries[name].category)
        for name, places in found.items()
        for place in _joined(places)
    ]
    order = {entry.id: number for number, entry in enumerate(rules.prohibited)}
    instances = tuple(sorted(said, key=lambda one: (one.start, one.segment, order[one.phrase_id])))
    return ProhibitedPhrases(used=bool(instances), instances=instances)


@lru_cache(maxsize=8)
def _matcher(prohibited: tuple[Prohibited, ...]) -> Matcher:
    """The wordings of all entries, laid out once for all calls that a policy judges."""
    return Matcher((entry.id, wording) for entry in prohibited for wording in entry.wordings)


def _worded(passage: Passage, matcher: Matcher) -> Iterator[tuple[str, _Place]]:
    """Where an entry's wording is said, neither denied nor quoted."""
    return ((name, _Place(*passage.words(first, last))) for name, first, last in _said(passage, matcher))


def _said(passage: Passage, matcher: Matcher) -> Iterator[tuple[str, int, int]]:
    """The same as ranges of the passage's tokens."""
    for match in matcher.find(passage.tokens):
        heard = passage.tokens
        turned = heard[match.first].text not in DENIALS and denied(heard, match.first)
        if not turned and not quoted(heard, match.first):
            yield match.name, match.first, match.last


def _everyday(heard: Sequence[Token], first: int, last: int, category: str) -> bool:
    """Whether a plain form is what every agent says: "I promise you I'll call back", "did you tell your employer?"."""
    end = next((at for at in range(last, min(len(heard), last + _CLAUSE)) if heard[at - 1].end in (".", "?")), None)
    after = {token.text for token in heard[last : end or last + _CLAUSE]}
    before = [token.text for token in heard[max(0, first - 4) : first]]
    match category:
        case "guarantee":
            return not _WITHIN_REACH.isdisjoint(after) and _NOT_OURS.isdisjoint(after)
        case "threat":
            yours = heard[first].text in ("tell", "call") and "you" in before and _OURS.isdisjoint(before)
            return yours or bool(_CHECKING & after)
        case _:
            return heard[last - 1].text == "up" and "shop" in after


def _by_act(rules: Rules, role: Role) -> dict[str, Prohibited]:
    """The entries about that side that may be said in other words, by their own act and by that of their category."""
    meant = [one for one in rules.prohibited if one.match == "meaning" and one.speaker in ("any", role.value)]
    names = {f"prohibited:{entry.id}": entry for entry in meant}
    for category in _LEARNED:
        first = next((one for one in meant if one.category == category), None)
        if first:
            names[f"proh_{category}"] = first
    return names


def _meant(transcript: Reading, passage: Passage, by_act: Mapping[str, Prohibited]) -> Iterator[tuple[str, _Place]]:
    """Where an entry is said in other words: in a plain form of its category, or where an act means it."""
    for category, first, last in _said(passage, _PLAIN_FORMS):
        if f"proh_{category}" in by_act and not _everyday(passage.tokens, first, last, category):
            yield by_act[f"proh_{category}"].id, _Place(*passage.words(first, last))
    for segment in passage.segments:
        for act in transcript.segments[segment].acts:
            entry = by_act.get(act.name)
            if entry and _meant_so(passage, segment, act, entry.category):
                yield entry.id, _Place(segment, act.first, act.last)


def _meant_so(passage: Passage, place: int, act: Act, category: str) -> bool:
    """Whether an act's words really say it: not denied, not quoted, not said of the speaker."""
    first, last = passage.range(place, act.first, act.last)
    if first == last:
        return False
    heard = passage.tokens
    said = [token.text for token in heard[first:last]]
    if any(word in _SAYING and denied(heard, first + at, reach=3) for at, word in enumerate(said)):
        return False
    if quoted(heard, first) or any(quoted(heard, first + at) for at in range(1, min(len(said), 6))):
        return False
    if any(word in _TELLING.get(category, ()) and denied(heard, first + at) for at, word in enumerate(said)):
        return "risk" in said
    if category == "threat" and _refrains(said):
        return False
    of_oneself = said[:1] in (["i"], ["my"]) and not (_LISTENER | _LESSER) & set(said)
    return not (category == "insult" and of_oneself)


def _refrains(said: list[str]) -> bool:
    """Whether somebody says what they will not do: "we will never call your employer"."""
    return "if" not in said and any(
        word in _OURS
        and said[at + 1 : at + 2]
        and said[at + 1] in _WILL
        and said[at + 2 : at + 3] in (["not"], ["never"])
        for at, word in enumerate(said)
    )


def _joined(places: set[_Place]) -> list[_Place]:
    """The places in order, those that touch or overlap as one."""
    kept: list[_Place] = []
    for place in sorted(places):
        if kept and kept[-1].segment == place.segment and place.first <= kept[-1].last:
            kept[-1] = _Place(place.segment, kept[-1].first, max(kept[-1].last, place.last))
        else:
            kept.append(place)
    return kept
