"""What a recogniser writes for "mm-hm": letters m and h, or an "and then" with something made up behind it."""

from __future__ import annotations

from collections.abc import Sequence

from callcov.model import Word

_LETTERS = frozenset("mh")
_OPENINGS = (("and", "then"), ("and", "the"), ("and",))
_LONGEST = 5
"""Words of a murmur at most."""
_SHORT = 1.0
"""Seconds that it lasts at most."""
_HASTE = 0.32
"""Seconds a word: nobody says three words as fast as a recogniser makes them up for one sound."""


def murmured(words: Sequence[Word]) -> bool:
    """Whether a whole segment is the sound of somebody who listens; false for no words.

    "And then?" said at an ordinary pace is a question and no murmur, and "M" or "M H" is spelt.
    """
    if not words or len(words) > _LONGEST:
        return False
    said = ["".join(filter(str.isalpha, word.text.casefold())) for word in words]
    hum = "".join(said)
    if all(said) and set(hum) <= _LETTERS and "m" in hum and (len(hum) > 2 or len(said) == 1 < len(hum)):
        return True
    lasts = words[-1].span.end - words[0].span.start
    made_up = len(said) >= 3 and any(tuple(said[: len(opening)]) == opening for opening in _OPENINGS)
    return made_up and lasts <= _SHORT and lasts <= _HASTE * len(said)
