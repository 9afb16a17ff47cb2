"""Purpose declaration: the agent says, or takes up, what the call is about, early on.

Rule: stated: "I'm calling about ...", "the reason for my call is ...", a `purpose` act of the agent. Taken up: once the
customer has told a reason, the agent says it back ("so you're calling about the bill", "you'd like to cancel"), takes
it on ("I can help you with that", "let me look into that"), or repeats two of its telling words in one sentence, or two
words that stood together (in an `active_listening` or `empathy` act one is enough). A bare "how can I help?" is none,
nor is asking ("what is it about?").
Unit: agent interactions. One is a run of agent speech between customer turns, counted from 1; a customer's backchannel
("mm-hm") ends none, unless it answers a question. Boundary: the `interactions`-th is in time, the next is late.
The agent silent, the customer alone, or nobody: not disclosed, flagged. The agent alone can state a purpose.
Flagged when never said, or after the `interactions`-th interaction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcov.checks.evidence import Evidence, Result
from callcov.checks.passages import Passage, passages
from callcov.model import Role, Transcript
from callcov.text.guards import denied, inverted
from callcov.text.normalise import Token
from callcov.text.numbers import is_number
from callcov.text.phrases import FUNCTION_WORDS, Matcher

_STATED = Matcher(
    (
        ("stated", wording)
        for wording in """i am calling about, i am calling to, i am calling because, i am calling regarding,
            i am calling in relation to, i am calling with, i am calling in regards to, i am calling concerning,
            i am calling for, i am calling you about, i am calling you because, i am calling you to, i was calling to,
            i was calling about, we are calling about, we are calling to, we are calling because, just calling to,
            calling today to, calling today about, calling today because, calling today regarding, calling back about,
            calling you back about, i am ringing about, i am ringing to, i am phoning about, i am phoning to,
            i am ringing because, i am getting in touch about, i am getting in touch because, i am reaching out about,
            i am reaching out because, i am reaching out to, i am contacting you about, i am contacting you because,
            the reason i am calling, the reason for my call, the reason for the call, the reason for this call,
            the reason we are calling, the reason i called, the purpose of my call, the purpose of this call,
            the purpose of the call, this call is about, this call is regarding, this is a courtesy call,
            this is a follow up call, i am following up on, following up on, i wanted to talk to you about,
            i wanted to speak to you about, i wanted to speak with you about, i need to talk to you about,
            returning your call about, i am just calling about, i am just calling to, it is regarding your,
            it is about your, it is in regards to your, this is regarding your, this is about your,
            this is in reference to, i am calling in reference to""".split(",")
    ),
    exact=True,
)
_TAKEN_UP = Matcher(
    (
        ("taken", wording)
        for wording in """you are calling about, you are calling because, you are calling to,
            you are calling regarding, you called about, you are ringing about, you would like to, you want to,
            you are looking to, you need to know, you are wanting to, you are having trouble, you are having problems,
            you are having an issue, i understand you, i understand that you, i understand your, i see you are,
            so you have, so you are, so your, so it is your, help you with that, help with that, help you with your,
            help with your, help you out with that, assist you with that, assist with that, look into that,
            look into this, look into it for you, take a look at that, take a look at your, have a look at that,
            look at that for you, check that for you, sort that out, get that sorted, sorted out for you,
            take care of that, get that fixed, fix that for you, do that for you, get that done, get this sorted,
            resolve that, resolve this, get to the bottom of, find out what, see what happened, see what is going on,
            pull up your account, pull that up, pull up your order, help you get that, help you cancel,
            help you change, help you reset""".split(",")
    ),
    exact=True,
)
_PLAIN = FUNCTION_WORDS | frozenset(
    "calling call called need want wanted like know think going get got have help thank thanks please sorry "
    "hello good morning afternoon evening today yesterday number name okay right sure yeah still been "
    "because about with what when where would could speak speaking talk back time just there your from that "
    "this them some more only into over than make made take took give gave tell told said says come came "
    "look looking really actually something anything much again other else first last next week month year "
    "days address phone email customer service moment minute much very well".split()
)
_REASON = 4
"""Words a customer turn needs to be able to tell a reason."""
_STEM = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """`interactions`: the last agent interaction in which the purpose is in time."""

    interactions: int = 4


class PurposeDeclaration(Result):
    """Whether the agent made clear what the call is about, and in which of their interactions."""

    disclosed: bool
    interaction_number: int | None
    flagged: bool
    evidence: tuple[Evidence, ...]


def check(transcript: Transcript, rules: Rules) -> PurposeDeclaration:
    """The first place where the agent states or takes up the purpose."""
    reasons = _reasons(transcript)
    told: set[str] = set()
    for passage in passages(transcript, Role.AGENT):
        while reasons and reasons[0][0] < passage.places[-1][0]:
            told |= reasons.popleft()[1]
        found = sorted({*_said(transcript, passage), *(_accepted(transcript, passage, told) if told else ())})
        if found:
            return PurposeDeclaration(
                disclosed=True,
                interaction_number=passage.interaction,
                flagged=passage.interaction > rules.interactions,
                evidence=(Evidence.at(transcript, *found[0]),),
            )
    return PurposeDeclaration(disclosed=False, interaction_number=None, flagged=True, evidence=())


def _said(transcript: Transcript, passage: Passage) -> Iterator[tuple[int, int, int]]:
    """Where the agent states a purpose of their own."""
    heard = passage.tokens
    for match in _STATED.find(heard):
        if not denied(heard, match.first) and not inverted(heard, match.first) and match.last < len(heard):
            yield passage.words(match.first, _clause_end(heard, match.last))
    yield from _acts(transcript, passage, "purpose")


def _accepted(transcript: Transcript, passage: Passage, told: set[str]) -> Iterator[tuple[int, int, int]]:
    """Where the agent takes up what the customer told."""
    heard = passage.tokens
    for match in _TAKEN_UP.find(heard):
        if not denied(heard, match.first) and not inverted(heard, match.first):
            yield passage.words(match.first, _clause_end(heard, match.last))
    for place, first, last in _acts(transcript, passage, "active_listening", "empathy"):
        start, end = passage.range(place, first, last)
        if _telling(heard[start:end]) & told and sum(is_number(token.text) for token in heard[start:end]) < 3:
            yield place, first, last
    for first, last in _sentences(heard):
        shared = [at for at in range(first, last) if heard[at].text[:_STEM] in told and _tells(heard[at].text)]
        if len({heard[at].text[:_STEM] for at in shared}) >= 2:
            yield passage.words(shared[0], shared[-1] + 1)
        yield from (passage.words(at, at + 2) for at in range(first, last - 1) if _pair(heard, at) in told)


def _sentences(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The sentences of some tokens as ranges."""
    first = 0
    for place, token in enumerate(heard, start=1):
        if token.end in (".", "?") or place == len(heard):
            yield first, place
            first = place


def _pair(heard: Sequence[Token], at: int) -> str | None:
    """Two words that stand together and are told together, such as "every evening"; None if they tell nothing."""
    one, two = heard[at], heard[at + 1]
    if one.end or {one.text, two.text} & FUNCTION_WORDS or not (_tells(one.text) or _tells(two.text)):
        return None
    return f"{one.text} {two.text}"


def _acts(transcript: Transcript, passage: Passage, *names: str) -> Iterator[tuple[int, int, int]]:
    """The words of a passage's acts of those names that are neither denied nor asked."""
    for place in passage.segments:
        for act in transcript.segments[place].acts:
            first, last = passage.range(place, act.first, act.last)
            if act.name in names and first < last and not _questions(passage.tokens, first):
                yield place, act.first, act.last


def _questions(heard: Sequence[Token], first: int) -> bool:
    """Whether words ask what the call is about instead of saying it."""
    opening = [token.text for token in heard[first : first + 4]]
    return opening[:1] in (["what"], ["how"], ["why"]) and opening[1:2] != ["i"]


def _reasons(transcript: Transcript) -> deque[tuple[int, frozenset[str]]]:
    """The customer's turns that may tell a reason: their last segment's place, and the beginnings of telling words."""
    found: deque[tuple[int, frozenset[str]]] = deque()
    for passage in passages(transcript, Role.CUSTOMER):
        pairs = {pair for at in range(len(passage.tokens) - 1) if (pair := _pair(passage.tokens, at))}
        words = _telling(passage.tokens) | pairs
        if len(passage.tokens) >= _REASON and words:
            found.append((passage.places[0][0], words))
    return found


def _telling(heard: Sequence[Token]) -> frozenset[str]:
    """The beginnings of the words that carry what is spoken of."""
    return frozenset(token.text[:_STEM] for token in heard if _tells(token.text))


def _tells(word: str) -> bool:
    """Whether a word carries meaning of its own: long enough, no everyday word, no mask, no number."""
    return len(word) >= 4 and word.isalpha() and word not in _PLAIN and not is_number(word)


def _clause_end(heard: Sequence[Token], place: int) -> int:
    """Where the clause that goes on at a place ends, at most twelve tokens on."""
    last = place
    while last < min(len(heard), place + 12):
        last += 1
        if heard[last - 1].end:
            break
    return max(last, 1)
