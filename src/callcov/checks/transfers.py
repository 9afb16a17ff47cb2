"""Transfers: where the customer is passed on to others, or says that they were.

A transfer is made ("putting you through now"), announced ("I'll put you through", "I have to transfer you") or told by
the customer as having happened to them ("they transferred me to you"). An agent who sends the customer elsewhere ("you
need to call the council") passes them on too. What is offered ("I can put you through if you like", "shall I transfer
you?") is a transfer only if the customer's next words take it up; so is what would or might be ("I'd have to"), and
neither if the sentence goes on with "but" or "or". What is denied, asked for by the customer ("can you put me through
to Rachel?") or passed on without them ("I'll pass that on", "the money was transferred") is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from callcov.checks.reading import Reading
from callcov.checks.telling import sentence_around
from callcov.model import Role
from callcov.text.guards import denied
from callcov.text.normalise import Token
from callcov.text.phrases import DENIALS, Match, Matcher


def _each(firsts: str, lasts: str) -> str:
    """Every wording of one of the first parts with one of the last."""
    return ",".join(f"{first.strip()} {last.strip()}" for first in firsts.split(",") for last in lasts.split(","))


_AGENT = {
    "pass": _each("put you, pop you, pass you, patch you", "through, across, over, on to, back to")
    + """, pass you on, pass you to, transfer you, transfer your call, transfer the call, transfer this call, put your
        call through, hand you over, connect you, redirect you, """
    + _each("get you, send you, move you, switch you", "over to, through to, across to"),
    "passing": _each("putting you, popping you, passing you, patching you", "through, across, over, on to, back to")
    + """, passing you on, passing you to, transferring you, transferring your call, transferring the call,
        transferring this call, putting your call through, handing you over, connecting you, redirecting you""",
    "refer": _each(
        "you need to, you will need to, you would need to, you have to, you will have to, you would have to, you must",
        "speak to, speak with, talk to, call, ring, phone, contact",
    )
    + ", you should speak to, you should call, you should contact, you should ring",
}
_CUSTOMER = {
    "around": """passed around, pass me around, passing me around, passed from, passing me from, pillar to post, bounced
        around, bounced from, been sent round, being sent round, sent me round, between departments, from one
        department, different departments, palming me off, palmed me off, palmed off, fobbed off, fobbing me off,
        passing me back, """
    + _each("third, fourth, fifth, sixth", "desk i, department i, team i, transfer, person i, person now"),
    "moved_me": _each(
        "transferred me, transferring me, passed me, passing me, handed me, sent me, putting me",
        "to you, to someone, to somebody, to another, to a different, to the other, on to, over, over to, through to, "
        "across, across to, back to, through, again",
    )
    + ", transferred me, transferring me",
    "put_me": _each("put me", "through, across, over to, on to"),
    "was_moved": _each(
        "been, was, were, got, being, get, getting",
        "put through, put across, put on to, transferred, passed on, passed over, passed across, passed to, "
        "handed over",
    ),
}
_MATCHERS = {
    role: Matcher(
        ((kind, one) for kind, wordings in kinds.items() for one in wordings.split(",")), exact=True, spelled=True
    )
    for role, kinds in ((Role.AGENT, _AGENT), (Role.CUSTOMER, _CUSTOMER))
}
_BETWEEN = frozenset(
    "just now then quickly have has had got need to try trying and go ahead also first actually".split()
)
"""Words between who passes on, or "will", and the words of passing on."""
_PEOPLE = frozenset("i we he she they".split())
_AUXILIARIES = frozenset("will shall can could would should may might must do does did if whether".split())
_BEING = frozenset("am are is be been was were just now i we".split())
_INSTEAD = frozenset("than instead without avoid rather before".split())
_TIE = frozenset("hold holding wait bear stay hang give let confirm tell".split())
"""Words of what is asked with "if" before a transfer that is made: "if you just hold on, I'll put you through"."""
_WONDERING = frozenset("see check ask know find tell".split())
_ELSE = frozenset(("but", "or"))
_NOT_AWAY = frozenset("us me back again in if up when once".split())
"""Words behind "you need to call" that send nobody elsewhere."""
_YES = frozenset(
    "yes yeah yep yup ok please sure fine go great perfect lovely grand definitely absolutely aye ja alright".split()
)
_TAKES_UP = frozenset((("that", "would"), ("that", "sounds"), ("if", "you"), ("would", "you"), ("all", "right")))
_HESITATING = frozenset("oh well um uh er erm ah hmm right".split())
_ADVERBS = frozenset("have had has just then already always also only now first and so".split())
_ASKING = frozenset("can could will would please to want let if may might shall".split())
_REACH = 20
"""Tokens of a sentence to either side that are looked at: recognisers leave full stops out."""
_NEXT = 6
"""Segments within which the customer answers an offer."""
_ANSWER = 6
"""Tokens of an answer in which a denial makes it none that takes something up."""


def transfers(transcript: Reading, role: Role) -> Iterator[tuple[int, int, int]]:
    """Where one side's words pass the customer on: `segments[place].words[first:last]`. Nobody speaks: nowhere."""
    for place, _ in transcript.spoken_by(role):
        heard = transcript.tokens[place]
        for match in _MATCHERS[role].find(heard):
            told = role is Role.CUSTOMER
            if _happened(heard, match) if told else _passes_on(transcript, place, heard, match):
                yield place, heard[match.first].word, heard[match.last - 1].word + 1


def _sentence(heard: Sequence[Token], first: int, last: int) -> tuple[list[str], list[str], str]:
    """The words of the sentence before and behind a place, and the mark that ends it."""
    begins, ends = sentence_around(heard, first, last, _REACH)
    texts = [token.text for token in heard[begins:ends]]
    return texts[: first - begins], texts[last - begins :], heard[ends - 1].end


def _passes_on(transcript: Reading, place: int, heard: Sequence[Token], match: Match) -> bool:
    """Whether the agent's words pass the customer on, or offer it and the customer takes it up."""
    before, behind, mark = _sentence(heard, match.first, match.last)
    if denied(heard, match.first) or not _INSTEAD.isdisjoint(before[-3:]):
        return False
    if match.name == "refer":
        return not (mark == "?" or "if" in before[-2:] or (behind[:1] and behind[0] in _NOT_AWAY))
    if _announced(before, match.name) and not _conditional(before, behind):
        return True
    return _ELSE.isdisjoint(behind) and _taken_up(transcript, place)


def _announced(before: Sequence[str], kind: str) -> bool:
    """Whether the words that lead to "put you through" or "putting you through" say that it is done."""
    if kind == "passing":
        return not before or before[-1] in _BEING
    at = len(before) - 1
    while at >= 0 and before[at] in _BETWEEN:
        at -= 1
    lead, earlier = (before[at] if at >= 0 else ""), (before[at - 1] if at > 0 else "")
    if lead in _PEOPLE:
        return earlier not in _AUXILIARIES
    if lead == "will":
        return earlier in _PEOPLE
    return (lead == "me" and earlier == "let") or (
        lead in ("going", "gonna") and earlier in ("am", "are", "is", "just")
    )


def _conditional(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Whether a transfer hangs on an "if"; a small thing asked for before it ("if you just hold on") is none."""
    first = len(before) - before[::-1].index("if") if "if" in before else None
    if first is not None and _TIE.isdisjoint(before[first:]):
        return True
    return any(one == "if" and (at == 0 or behind[at - 1] not in _WONDERING) for at, one in enumerate(behind))


def _taken_up(transcript: Reading, place: int) -> bool:
    """Whether the customer's next words say yes to what is offered in that segment."""
    near = range(place + 1, min(len(transcript.segments), place + 1 + _NEXT))
    answers = (at for at in near if transcript.role(transcript.segments[at].speaker) is Role.CUSTOMER)
    answer = [token.text for at in islice(answers, 1) for token in transcript.tokens[at]]
    while answer and answer[0] in _HESITATING:
        answer = answer[1:]
    agrees = bool(answer) and (answer[0] in _YES or tuple(answer[:2]) in _TAKES_UP)
    return agrees and DENIALS.isdisjoint(answer[:_ANSWER])


def _happened(heard: Sequence[Token], match: Match) -> bool:
    """Whether the customer tells that they were passed on."""
    before, _, _ = _sentence(heard, match.first, match.last)
    if denied(heard, match.first):
        return False
    if match.name == "put_me":
        return bool(before) and _ASKING.isdisjoint(before)
    if match.name == "moved_me":
        return "if" not in before
    return match.name != "was_moved" or _of_themselves(before)


def _of_themselves(before: Sequence[str]) -> bool:
    """Whether it is the customer who "was transferred", and not their money."""
    at = len(before) - 1
    while at >= 0 and before[at] in _ADVERBS:
        at -= 1
    if at < 0 or before[at] in ("i", "we"):
        return True
    return bool({"and", "then"} & set(before[at + 1 :])) and bool({"i", "we"} & set(before))
