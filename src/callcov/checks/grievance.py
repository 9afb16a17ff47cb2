"""Whether words that sound like a complaint are one: of the company, neither taken back nor denied.

Rule: none is what is taken back in the same segment ("but it was my mistake"); what says that it is no trouble ("it
doesn't bother me", "I'm not mad or anything"); and what tells of fear, grief or illness without a word of the company
or of anybody who let the customer down ("my husband's in a hospice now"), in the segment that tells it or, for an
`upset` act, after it ("it's just one call after another").
"""

from __future__ import annotations

from collections.abc import Sequence

from callcov.checks.reading import Reading
from callcov.model import Act
from callcov.text.guards import denied
from callcov.text.normalise import Token
from callcov.text.phrases import Matcher

_TAKEN_BACK = Matcher(
    (
        ("back", wording)
        for wording in """my mistake, my own mistake, my fault, my own fault, my own silly fault, with myself, silly me,
            so never mind, i misread, i had misread, i got it wrong, i had it wrong, i was wrong, it has just
            come, it has just arrived, it is working again now, it is fine now, it is sorted now""".split(",")
    ),
    exact=True,
)
_UNFELT = frozenset("mad angry upset annoyed cross bothered bother complaining complaint mind fussed".split())
_DENIALS = frozenset("not never no".split())
_REACH = 3
"""Tokens before such a word in which a denial denies it."""
_ONES_OWN = frozenset(
    "ill unwell poorly flu hospital hospice chemo cancer stroke funeral died sad gutted nervous frightened scared "
    "worried neighbour neighbours".split()
)
"""What happens to the customer and not between them and the company."""
_COMPANY = frozenset("you your yours they nobody somebody someone".split())


def taken_back(heard: Sequence[Token]) -> bool:
    """Whether a segment takes back what it complains of."""
    return any(not denied(heard, match.first) for match in _TAKEN_BACK.find(heard))


def is_none(transcript: Reading, place: int, act: Act, sorrow: frozenset[int]) -> bool:
    """Whether an act of complaining or being upset is no complaint.

    `sorrow` are the segments in which the customer tells of fear or grief.
    """
    heard = transcript.tokens[place]
    mine = [token.text for token in heard if act.first <= token.word < act.last]
    if taken_back(heard) or any(word in _UNFELT and _DENIALS & set(_before(mine, at)) for at, word in enumerate(mine)):
        return True
    if _COMPANY & set(mine):
        return False
    after = act.name == "upset" and any(one < place for one in sorrow)
    return after or place in sorrow or bool(_ONES_OWN & set(mine))


def _before(words: Sequence[str], at: int) -> Sequence[str]:
    return words[max(0, at - _REACH) : at]
