"""Prohibited phrases: words the policy forbids, from the mouth it forbids them to.

Rule: an entry is used when its speaker says one of its wordings (function words and the recogniser's spelling
forgiven). With `match: meaning` a paraphrase counts too: an act `prohibited:<id>`, and for the categories threat,
insult, guarantee, profanity and pressure the act `proh_<category>` or its plain forms ("I can guarantee", "today or not
at all", "scroungers like you": `checks/forbidden.py`; not what every agent may promise, a call back, a price or a
delivery), given to the first entry of that category that looks at the speaker's side. Denied ("I'm not saying you're
stupid", "I can't guarantee that") and quoted ("he said you're stupid") is not used, nor is an insult to oneself; a
question can be ("are you stupid?"). No threat is what the agent will not do, what may lawfully follow when a loan or a
bill is not paid ("your home may be at risk if you do not keep up repayments"), or a warning of what customers do to
themselves ("you'll lock yourself out"); no insult is a guess at what happened ("maybe you were out"). `speaker` says
whose words count: the customer's do not unless the entry says `customer` or `any`.
Unit: instances; words of one entry that touch or overlap are one, and a paraphrase that was cut for its length goes on
to its pause if that is near. Boundary: there is none, one instance is enough.
A side that says nothing has used nothing; nobody speaking: not used.
Flagged when `used`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from callcov.checks.evidence import Evidence, Result
from callcov.checks.forbidden import forbidden, said_so
from callcov.checks.passages import Passage
from callcov.checks.policy import Prohibited
from callcov.checks.reading import Reading
from callcov.checks.telling import sentence_around
from callcov.model import Act, Role, Word
from callcov.text.guards import denied, quoted
from callcov.text.normalise import Token
from callcov.text.phrases import Matcher

_LEARNED = ("threat", "insult", "guarantee", "profanity", "pressure")
"""Categories the understand stage knows without any wording."""
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
_SAYING = frozenset(
    "say saying said suggest suggesting imply implying mean meaning threaten threatening calling accuse "
    "accusing".split()
)
_LISTENER = frozenset(("you", "your"))
_LESSER = frozenset("year kid kids child children toddler baby gran nan grandmother dog cat".split())
"""Whom somebody is compared with who is called stupid: "my six-year-old could do this"."""
_WILL = frozenset("will would can could am are is going do".split())
_OURS = frozenset("we i they nobody one".split())
_PAYMENTS = frozenset("repayment repayments payment payments instalments paying pay owe".split())
_MAY_FOLLOW = frozenset("may might could risk repossessed".split())
_LAWFUL = frozenset("home property house credit account arrears rating file supply repossessed borrow".split())
_NO_NOTICE = frozenset(
    "me us today tonight now ruin ruined destroy wreck trash arrested jail prison police kids family wife husband "
    "employer boss job work door regret else watch sending coming going".split()
)
"""What no notice of the law says: who or what else it hits, and that it is to be paid at once."""
_TO_ONESELF = frozenset("lock locking burn scald cut electrocute block".split())
_GUESSES = (
    frozenset("was were did have had".split()),
    frozenset("out away asleep not hear see get notice receive miss missed used had gone spent moved".split()),
)
"""The words behind "maybe you" that only tell what may have happened."""
_GUESS = 7
"""Tokens of a sentence that does nothing but guess."""
_SENTENCE = 25
_PAUSES = frozenset(",.;:?!")
_CUT, _WHOLE = 10, 4
"""Words at which the understand stage cuts a phrase, and how many more are taken in to reach a pause."""


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
    for match in matcher.find(passage.tokens):
        if said_so(passage.tokens, match):
            yield match.name, _Place(*passage.words(match.first, match.last))


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
    for category, first, last in forbidden(passage.tokens):
        if f"proh_{category}" in by_act:
            yield by_act[f"proh_{category}"].id, _Place(*passage.words(first, last))
    for segment in passage.segments:
        for act in transcript.segments[segment].acts:
            entry = by_act.get(act.name)
            if entry and _meant_so(passage, segment, act, entry.category):
                yield entry.id, _Place(segment, act.first, _whole(transcript, segment, act))


def _whole(transcript: Reading, segment: int, act: Act) -> int:
    """Where an act's words end; those of one cut for its length go on to a pause that is near."""
    words = transcript.segments[segment].words
    if act.last - act.first < _CUT or _pauses(words[act.last - 1]):
        return act.last
    ends = (at for at in range(act.last + 1, min(len(words), act.last + _WHOLE) + 1))
    return next((at for at in ends if at == len(words) or _pauses(words[at - 1])), act.last)


def _pauses(word: Word) -> bool:
    return word.text[-1:] in _PAUSES


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
    if (category == "threat" and _warns(heard, first, last)) or (category == "insult" and _guesses(said)):
        return False
    of_oneself = said[:1] in (["i"], ["my"]) and not (_LISTENER | _LESSER) & set(said)
    return not (category == "insult" and of_oneself)


def _warns(heard: Sequence[Token], first: int, last: int) -> bool:
    """Whether words threaten nobody: what is not done, what the law lets follow, what customers do to themselves."""
    if _refrains([token.text for token in heard[first:last]]):
        return True
    begins, ends = sentence_around(heard, first, last, _SENTENCE)
    said = [token.text for token in heard[begins:ends]]
    if any(verb in _TO_ONESELF and whom == "yourself" for verb, whom in pairwise(said)):
        return True
    acts = any(one in ("i", "we", "they") and verb in ("will", "would", "can", "could") for one, verb in pairwise(said))
    follows = all(not kind.isdisjoint(said) for kind in (_PAYMENTS, _MAY_FOLLOW, _LAWFUL))
    return follows and not acts and _NO_NOTICE.isdisjoint(said)


def _guesses(said: Sequence[str]) -> bool:
    """Whether a short sentence only guesses what happened: "maybe you were out", "you've used more, haven't you"."""
    if len(said) > _GUESS + 3 or "me" in said:
        return False
    maybe = said[:1] in (["maybe"], ["perhaps"])
    told = said[1:] if maybe else said
    tag = list(said[-3:]) in (["have", "not", "you"], ["did", "not", "you"], ["had", "not", "you"])
    if not (maybe or tag) or told[:1] != ["you"] or told[1:2] == [] or told[1] not in _GUESSES[0]:
        return False
    verb = next((word for word in told[2:] if word not in ("just", "probably", "not")), "")
    return verb in _GUESSES[1]


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
