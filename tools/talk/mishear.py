"""Talk as a recogniser may write it: words for words that sound like them, small words lost, sentences run together.

The reader reads recognised words, and learns from written ones: misheard copies of the training calls teach it what
survives. The shares are those of Whisper base on the rendered dev calls of the verdict benchmark, figures apart:
about one word in fourteen is another, one in seventy is lost, one sentence end in seven.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from callcov.text import sounds

CHANGED, LOST, RUN_ON = 0.07, 0.015, 0.15
LEAST = 3  # times that a word must be said to be heard in place of another
_WORD = re.compile(r"([^A-Za-z\[]*)([A-Za-z]+(?:'[A-Za-z]+)?)(.*)", re.DOTALL)
# What is said so weakly that it is lost or taken for another of the same kind, and contractions of which half is lost.
_WEAK = "a the to of in and it is i on for at you that we was are an or be as so".split()


class Ears:
    """Mishears words as other words of the same talk; the same `seed` mishears alike."""

    def __init__(self, said: Iterable[str], seed: int) -> None:
        """`said` are all words of the talk; how often each is said is how often it is heard."""
        counted = Counter(part[2].lower() for word in said if (part := _WORD.fullmatch(word)))
        self._counts = {word: count for word, count in counted.items() if count >= LEAST and word.isalpha()}
        self._near: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._counts):
            for shape in _shapes(sounds.key(word)):
                self._near[shape].append(word)
        self._known: dict[str, list[str]] = {}
        self._random = random.Random(seed)  # noqa: S311 - training data, not a secret

    def heard(self, word: str) -> str:
        """The word as it may be written; empty when it is lost. Values in brackets and figures stay."""
        parts = _WORD.fullmatch(word)
        if parts is None or "[" in word:
            return word
        before, core, after = parts.groups()
        draw = self._random.random()
        if draw < LOST and core.lower() in _WEAK:
            return ""
        if draw < CHANGED:
            core = self._instead(core)
        if after and after[0] in ".?!," and self._random.random() < RUN_ON:
            after = ""
        return before + core + after

    def _instead(self, word: str) -> str:
        low = word.lower()
        if "'" in low:
            return word.split("'", maxsplit=1)[0]
        near = [*_WEAK] if low in _WEAK else self._alike(low)
        near = [one for one in near if one != low]
        if not near:
            return word
        (chosen,) = self._random.choices(near, [self._counts.get(one, 1) for one in near])
        return chosen.capitalize() if word[0].isupper() else chosen

    def _alike(self, word: str) -> list[str]:
        if word not in self._known:
            found = {one for shape in _shapes(sounds.key(word)) for one in self._near.get(shape, ())}
            self._known[word] = sorted(one for one in found if sounds.distance(one, word, 3) <= 3)
        return self._known[word]


def _shapes(key: str) -> set[str]:
    """The sound with at most one letter left out: sounds one letter apart share a shape."""
    return {key, *(key[:place] + key[place + 1 :] for place in range(len(key)) if len(key) > 2)}
