"""Whether words that were found are denied, asked or only quoted: then they were not said.

Each guard looks at the clause around `tokens[first:last]` (tokens of `normalise.plain`), a few words at most.
"""

from __future__ import annotations

from collections.abc import Sequence

from callcov.text.normalise import Token
from callcov.text.phrases import DENIALS

_REACH = 5
"""Tokens that a denial or a reporting verb reaches forward within its clause."""
_LEAD_IN = frozenset("so and but or ok well sorry oh hi hello now wait excuse me yes yeah no right just please".split())
_AUXILIARY = frozenset("is are was were do does did can could will would have has had am may should".split())
_SUBJECT = frozenset(
    "this that the my your our i you we they he she it call calls line everything anyone somebody someone there".split()
)
_WONDER = frozenset("what which who whose when where why how whether".split())
_TAGS = frozenset(("ok", "right", "yeah", "yes", "understood"))
_INFORMING = frozenset(
    "ok happy aware understand understood consent agree know remind comfortable fine mind acknowledge let".split()
)
_REPORTED = frozenset("said says told called calls wrote claims claimed quoted heard say".split())
_OWN = frozenset(("i", "we"))
_OBLIGED = frozenset("should must have need got do to also just".split())
_WHATEVER = frozenset("what whatever anything everything all things".split())
_NAMING = frozenset(("call", "called", "calls"))
_PEOPLE = frozenset("he she they who you everyone everybody somebody someone".split())


def denied(tokens: Sequence[Token], first: int, reach: int = _REACH) -> bool:
    """Whether the words from `first` on stand under a denial: "I am not saying ...", "nothing is being ...".

    `reach` is how many tokens a denial reaches forward within its clause. A denial inside the words themselves does
    not count; what was looked for may hold one.
    """
    before = _clause_before(tokens, first)[-reach:]
    place = next((at for at in range(len(before) - 1, -1, -1) if before[at] in DENIALS), None)
    return place is not None and before[place + 1 : place + 2] not in (["only"], ["just"], ["problem"], ["worries"])


def asked(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Whether the words are a question for the thing itself: "is this call recorded?", "this call is recorded?".

    A tag ("this call is recorded, okay?") and a question that informs ("are you happy that this call is recorded?")
    are statements.
    """
    before = _clause_before(tokens, first)
    if _INFORMING & set(before):
        return False
    if inverted(tokens, first):
        return True
    if "whether" in before or ("if" in before and "ask" in before):
        return True
    return _closed_by_question(tokens, first, last)


def inverted(tokens: Sequence[Token], first: int) -> bool:
    """Whether the clause of the words opens as a question does: "is this ...", "did you ...", "what are you ..."."""
    opening = [*_clause_before(tokens, first), *(token.text for token in tokens[first : first + 3])]
    while opening and opening[0] in _LEAD_IN:
        opening.pop(0)
    if len(opening) > 1 and opening[0] in _WONDER and opening[1] in _AUXILIARY:
        return True
    return len(opening) > 1 and opening[0] in _AUXILIARY and opening[1] in _SUBJECT


def quoted(tokens: Sequence[Token], first: int) -> bool:
    """Whether somebody else's words are repeated: "they said ...", "you told me ...". "I said ..." is one's own."""
    before = _clause_before(tokens, first)
    for place, word in enumerate(before):
        if place < len(before) - _REACH or word not in _REPORTED or _WHATEVER & set(before[max(0, place - 2) : place]):
            continue
        if word in _NAMING and not _PEOPLE & set(before[max(0, place - 2) : place]):
            continue
        whose = place - 1
        while whose > 0 and before[whose] in _OBLIGED:
            whose -= 1
        return place == 0 or before[whose] not in _OWN
    return False


def _begins_question(tokens: Sequence[Token], place: int) -> bool:
    """Whether another question begins, as in "this call is recorded how can I help?"; "is it?" only asks the same."""
    words = [token.text for token in tokens[place : place + 3]]
    if len(words) < 3 or tokens[place].end or tokens[place + 1].end:
        return False
    wonders = words[0] in _WONDER and words[1] in _AUXILIARY
    return wonders or (words[0] in _AUXILIARY and words[1] in _SUBJECT)


def _clause_before(tokens: Sequence[Token], first: int) -> list[str]:
    """The words of the clause that stand before a place, at most twelve."""
    found: list[str] = []
    for token in reversed(tokens[max(0, first - 12) : first]):
        if token.end or token.text == "but":
            break
        found.append(token.text)
    return found[::-1]


def _closed_by_question(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Whether the clause of the words ends in a question mark; a tag and another question behind it do not count."""
    for place in range(max(first, last - 1), min(len(tokens), last + 12)):
        if place >= last and _begins_question(tokens, place):
            return False
        if tokens[place].end:
            return tokens[place].end == "?" and tokens[place].text not in _TAGS and tokens[place].text not in _WONDER
    return False
