"""Purpose declaration: the agent says, or takes up, what the call is about, early on.

Rule: stated: "I'm calling about ...", "the reason for my call is ...", a `purpose` act of the agent (a likely one
while the customer has told nothing). Taken up: once the customer has told a reason, the agent says it back ("so
you're calling about the bill", "you'd like to cancel", "let me look into your order"), or repeats two of its telling
words in one sentence, or two words that stood together, or one by itself ("your medical, right") or with what is done
about it ("let's see about this pigeon"; in an `active_listening` or `empathy` act one is always enough, in an
`active_listening` act that is nearly certain none is needed: words may be quite other ones, or misheard), or goes on
behind a yes to their question ("is it the glasses?" "it is, your new varifocals are here"). Words that give a
name, a notice or a greeting, or that ask who is calling, are none; nor is "how can I help?", "I can help with that",
or asking ("what is it about?"). Who only says whom they want ("I'm calling for Michelle Thompson", "to speak to Mr
Jones") or for whom they call ("on behalf of Axis") has stated none.
Unit: agent interactions. One is a run of agent speech between customer turns, counted from 1; a backchannel ("mm-hm")
of either side ends none, and one of the agent behind which the customer goes on within two seconds is none, unless it
answers a question. Boundary: the `interactions`-th is in time, the next is late.
The agent silent, the customer alone, or nobody: not disclosed, flagged. The agent alone can state a purpose.
Flagged when never said, or after the `interactions`-th interaction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from callcov.checks.evidence import Evidence, Result
from callcov.checks.passages import Passage
from callcov.checks.reading import Reading
from callcov.checks.telling import clauses, sentences, stem, stems, tells
from callcov.model import Role
from callcov.text.guards import denied, inverted
from callcov.text.names import EVERYDAY_NAMES, FIRST_NAMES
from callcov.text.normalise import Token
from callcov.text.numbers import is_number
from callcov.text.phrases import DENIALS, FUNCTION_WORDS, Matcher

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
            this is in reference to, it is in reference to, i am calling in reference to, it is about the,
            it is about a, it is about an, it is about that, what it is it is, what it is we, this is about the,
            i am ringing with, i am ringing because, i am phoning because, giving you a call about, giving you a ring
            about, giving you a quick call about, giving you a quick ring about, a quick call about, a quick ring about,
            give you a call about, give you a ring about, it is in relation to your, this is in relation to your,
            calling on behalf of, ringing on behalf of, phoning on behalf of, it is a reminder, it is just a reminder,
            this is a reminder, this is just a reminder, a reminder of your, a reminder about your,
            a reminder that your, following up your, follow up on your""".split(",")
    ),
    exact=True,
)
_TAKEN_UP = Matcher(
    (
        ("taken", wording.strip())
        for wording in """you are calling about, you are calling because, you are calling to,
            you are calling regarding, you called about, you are ringing about, you are ringing because, you would
            like to,
            you want to, you want the, you want a, you are looking to, you are wanting to, you are having trouble,
            you are having problems, you are having an issue, i understand you, i understand that you, i see you are,
            so you have, so you are, so your, so it is your, so it is the, so this is about, so that is the, so that
            is your,
            help you with your, help with your, take a look at your, have a look at your, look at your, look into your,
            look into the, pull up your order, help you cancel, help you change, help you reset, help you book""".split(
            ","
        )
    ),
    exact=True,
)
_REACHING = frozenset(("speak", "talk", "see", "ask", "find", "check", "get"))
"""What somebody calls to do who only wants a person on the line: "I'm calling to speak to Mr Jones"."""
_PERSONS = FIRST_NAMES | frozenset(
    "mr mrs ms miss missus mister dr doctor homeowner householder occupier owner tenant holder payer manager whoever "
    "him her them husband wife mum dad son daughter someone somebody".split()
)
_MATTER_BEHIND = frozenset("about regarding concerning because as with for on to that your".split())
"""Words behind a person or a company with which what it is about may follow."""
_OTHER = frozenset(("identity", "disc_recording", "greeting", "offer_help", "verify_q", "hold"))
"""Acts whose words are not about the matter, whatever else they seem to do."""
_SURE = 0.5
"""How likely a `purpose` act must be before the customer has told anything."""
_RESTATED = 0.8
"""How likely an act of listening must be to take up what was told in quite other words, or in misheard ones."""
_REASON = 4
"""Words a customer turn needs to be able to tell a reason."""
_TELLING = 2
"""Telling words that an agent needs behind a yes."""
_ALONE = 4
"""Words, lead-in apart, of a clause that does no more than name the matter."""
_PEOPLE = FIRST_NAMES - EVERYDAY_NAMES
"""Words that name who calls and not what about."""
_LEAD_IN = frozenset("oh ah ok right so yes yeah well and sure certainly now".split())
_THE_MATTER = frozenset("your a an".split())
_DOING = frozenset((("let", "us"), ("let", "me"), ("i", "will"), ("i", "can"), ("we", "will"), ("we", "can")))


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


def check(transcript: Reading, rules: Rules) -> PurposeDeclaration:
    """The first place where the agent states or takes up the purpose."""
    reasons = _reasons(transcript)
    told: set[str] = set()
    for passage in transcript.passages(Role.AGENT):
        while reasons and reasons[0][0] < passage.places[-1][0]:
            told |= reasons.popleft()[1]
        said = (*_said(transcript, passage, told), *_affirmed(transcript, passage))
        found = sorted({*said, *(_accepted(transcript, passage, told) if told else ())})
        if found:
            return PurposeDeclaration(
                disclosed=True,
                interaction_number=passage.interaction,
                flagged=passage.interaction > rules.interactions,
                evidence=(Evidence.at(transcript, *found[0]),),
            )
    return PurposeDeclaration(disclosed=False, interaction_number=None, flagged=True, evidence=())


def _said(transcript: Reading, passage: Passage, told: set[str]) -> Iterator[tuple[int, int, int]]:
    """Where the agent states a purpose of their own."""
    heard = passage.tokens
    for match in _STATED.find(heard):
        if denied(heard, match.first) or inverted(heard, match.first) or match.last >= len(heard):
            continue
        end = _clause_end(heard, match.last)
        if not _wants_person([token.text for token in heard[match.last - 1 : end]]):
            yield passage.words(match.first, end)
    for place, first, last in _acts(transcript, passage, "purpose", least=0.0 if told else _SURE):
        said = heard[slice(*passage.range(place, first, last))]
        stated = [match.last for match in _STATED.find(said)]
        if not stated or not all(_wants_person([token.text for token in said[at - 1 :]]) for at in stated):
            yield place, first, last


def _wants_person(words: Sequence[str]) -> bool:
    """Whether words from the last one of "I'm calling for" on only tell whom the agent wants, or for which company.

    "For Michelle Thompson", "to see if Dave's in", "on behalf of Axis"; what it is about may follow.
    """
    link, behind = words[0], [word for word in words[1:] if word not in ("the", "please", "just")]
    if link == "of":
        return _MATTER_BEHIND.isdisjoint(behind)
    if link == "to" and behind[:1] and behind[0] in _REACHING:
        wants = behind[1:3] in (["hold", "of"], ["if", "i"]) or not _PERSONS.isdisjoint(behind[1:5])
        return wants and _MATTER_BEHIND.isdisjoint(behind[3:])
    return link == "for" and bool(behind) and behind[0] in _PERSONS and _MATTER_BEHIND.isdisjoint(behind[1:])


def _accepted(transcript: Reading, passage: Passage, told: set[str]) -> Iterator[tuple[int, int, int]]:
    """Where the agent takes up what the customer told."""
    heard = passage.tokens
    for match in _TAKEN_UP.find(heard):
        if not denied(heard, match.first) and not inverted(heard, match.first):
            yield passage.words(match.first, _clause_end(heard, match.last))
    sure = _restated(transcript, passage)
    for place, first, last in _acts(transcript, passage, "active_listening", "empathy"):
        start, end = passage.range(place, first, last)
        restated = end - start >= _REASON and first in sure[place]
        if (stems(heard[start:end]) & told or restated) and sum(
            is_number(token.text) for token in heard[start:end]
        ) < 3:
            yield place, first, last
    for first, last in sentences(heard):
        shared = [at for at in range(first, last) if stem(heard[at].text) in told and tells(heard[at].text)]
        if len({stem(heard[at].text) for at in shared}) >= 2:
            yield passage.words(shared[0], shared[-1] + 1)
        yield from (passage.words(at, at + 2) for at in range(first, last - 1) if _pair(heard, at) in told)
    other = _beside(transcript, passage)
    for first, last in clauses(heard):
        if other.isdisjoint(range(first, last)) and _names(heard[first:last], told):
            yield passage.words(first, last)


def _names(said: Sequence[Token], told: set[str]) -> bool:
    """Whether a clause names what was told by itself, or says what is done about it."""
    words = [token.text for token in said]
    while words and words[0] in _LEAD_IN:
        words.pop(0)
    at = next((at for at, word in enumerate(words) if tells(word) and stem(word) in told), 0)
    alone = len(words) <= _ALONE and words[0] in _THE_MATTER if at else False
    done = not _DOING.isdisjoint(pairwise(words[:at])) and DENIALS.isdisjoint(words[:at])
    return alone or (done and said[-1].end != "?")


def _affirmed(transcript: Reading, passage: Passage) -> Iterator[tuple[int, int, int]]:
    """Where the agent says more of the matter behind a yes to the customer's question."""
    heard, theirs = passage.tokens, transcript.passages(Role.CUSTOMER)
    said = [token.text for token in heard[:2]]
    first = 2 if said == ["it", "is"] else 1 if said[:1] in (["yes"], ["yeah"]) else 0
    at = bisect_left(theirs, passage.places[0], key=lambda one: one.places[0])
    asked = theirs[at - 1].tokens if at else ()
    if not first or not asked or asked[-1].end != "?":
        return
    other = _beside(transcript, passage)
    for start, end in sentences(heard):
        begins = max(start, first)
        telling = sum(tells(token.text) for token in heard[begins:end])
        if telling >= _TELLING and heard[end - 1].end != "?" and other.isdisjoint(range(begins, end)):
            yield passage.words(begins, end)


def _beside(transcript: Reading, passage: Passage) -> frozenset[int]:
    """The tokens of a passage that are not about the matter."""
    acts = ((place, act) for place in passage.segments for act in transcript.segments[place].acts)
    found = (passage.range(place, act.first, act.last) for place, act in acts if act.name in _OTHER)
    return frozenset(at for first, last in found for at in range(first, last))


def _restated(transcript: Reading, passage: Passage) -> dict[int, frozenset[int]]:
    """Where a passage surely gives back what was told: the first words of such acts by segment."""
    return {
        place: frozenset(
            act.first
            for act in transcript.segments[place].acts
            if act.name == "active_listening" and act.confidence >= _RESTATED
        )
        for place in passage.segments
    }


def _pair(heard: Sequence[Token], at: int) -> str | None:
    """Two words that stand together and are told together, such as "every evening"; None if they tell nothing."""
    one, two = heard[at], heard[at + 1]
    if (
        one.end
        or one.text in _PEOPLE
        or {one.text, two.text} & FUNCTION_WORDS
        or not (tells(one.text) or tells(two.text))
    ):
        return None
    return f"{one.text} {two.text}"


def _acts(transcript: Reading, passage: Passage, *names: str, least: float = 0.0) -> Iterator[tuple[int, int, int]]:
    """The words of a passage's acts of those names that are likely enough, and neither asked nor another act's."""
    for place in passage.segments:
        acts = transcript.segments[place].acts
        other = {at for act in acts if act.name in _OTHER for at in range(act.first, act.last)}
        for act in acts:
            first, last = passage.range(place, act.first, act.last)
            if act.name not in names or first >= last or act.confidence < least:
                continue
            if other.isdisjoint(range(act.first, act.last)) and not _questions(passage.tokens, first):
                yield place, act.first, act.last


def _questions(heard: Sequence[Token], first: int) -> bool:
    """Whether words ask what the call is about instead of saying it."""
    opening = [token.text for token in heard[first : first + 4]]
    return opening[:1] in (["what"], ["how"], ["why"]) and opening[1:2] != ["i"]


def _reasons(transcript: Reading) -> deque[tuple[int, frozenset[str]]]:
    """The customer's turns that may tell a reason: their last segment's place, and the beginnings of telling words."""
    found: deque[tuple[int, frozenset[str]]] = deque()
    for passage in transcript.passages(Role.CUSTOMER):
        pairs = {pair for at in range(len(passage.tokens) - 1) if (pair := _pair(passage.tokens, at))}
        words = (stems(passage.tokens) | pairs) - {
            stem(name) for token in passage.tokens if (name := token.text) in _PEOPLE
        }
        if len(passage.tokens) >= _REASON and words:
            found.append((passage.places[0][0], words))
    return found


def _clause_end(heard: Sequence[Token], place: int) -> int:
    """Where the clause that goes on at a place ends, at most twenty tokens on."""
    last = place
    while last < min(len(heard), place + 20):
        last += 1
        if heard[last - 1].end:
            break
    return max(last, 1)
