"""Sounds of listening: "mm-hm", "right", "okay, got it", laughter. They answer nothing and take no floor."""

from __future__ import annotations

from collections.abc import Sequence

from callcov.model import Word
from callcov.text.murmurs import murmured
from callcov.text.normalise import FILLERS, Token, tokens

_LISTENING = frozenset(
    "ok yes yeah yep yup ya right sure see got gotcha it i that great good fine true exactly absolutely definitely of "
    "course oh wow really aha ha haha hah hehe huh all no nope indeed cool lovely perfect understood thanks thank you "
    "so and well too".split()
)
_LONGEST = 4
"""Words of a backchannel at most; "oh yes of course thank you" is already an answer."""


def is_backchannel(words: Sequence[Word]) -> bool:
    """Whether the words are nothing but listening; true for no words at all, which is what a laugh leaves."""
    return murmured(words) or only_listens([token for token in tokens(words) if token.text not in FILLERS])


def only_listens(heard: Sequence[Token]) -> bool:
    """The same of plain tokens."""
    return len(heard) <= _LONGEST and all(token.text in _LISTENING for token in heard)
