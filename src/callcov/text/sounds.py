"""Whether a recogniser could have written one word for another: one letter off, or the same sound.

Short words must be exact, because nearly every short word is one letter from another real one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

REMEMBERED = 20_000
"""Heard words that are remembered with their answer, so that memory stays bounded in a process that runs for months."""
_FUZZY_FROM = 6
"""Letters from which one wrong letter is forgiven."""
_ALIKE_FROM = 4
"""Letters from which a word that sounds the same is forgiven."""
_SAME_SOUND = (
    ("tch", "x"), ("sch", "x"), ("ch", "x"), ("sh", "x"), ("tion", "xn"), ("sion", "xn"), ("tial", "xl"),
    ("cial", "xl"), ("ph", "f"), ("ght", "t"), ("wh", "w"), ("kn", "n"), ("wr", "r"), ("mb", "m"), ("ck", "k"),
    ("qu", "kw"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("dge", "j"), ("ge", "je"), ("x", "x"),
)  # fmt: skip
_LETTER = str.maketrans({"c": "k", "q": "k", "z": "s", "d": "t", "b": "p", "v": "f", "g": "k", "h": None, "y": "a"})
_VOWELS = frozenset("aeiou")


class Vocabulary:
    """A fixed set of words that answers which of them a heard word may stand for; remembers what it was asked."""

    def __init__(self, words: Collection[str]) -> None:
        """Index the words; time and memory are linear in their letters squared."""
        self._words = frozenset(words)
        self._close: dict[str, list[str]] = {}
        self._sound: dict[str, list[str]] = {}
        for word in sorted(self._words):
            if _plain(word) and len(word) >= _FUZZY_FROM:
                for shape in _shapes(word):
                    self._close.setdefault(shape, []).append(word)
            if _plain(word) and len(word) >= _ALIKE_FROM:
                self._sound.setdefault(key(word), []).append(word)
        self._known: dict[str, tuple[str, ...]] = {}

    def meant_by(self, heard: str) -> tuple[str, ...]:
        """The words of the vocabulary that a recogniser may have written as `heard`; the exact one first."""
        known = self._known.get(heard)
        if known is None:
            known = tuple(self._search(heard))
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[heard] = known
        return known

    def _search(self, heard: str) -> Iterator[str]:
        """Exact, then one letter off, then the same sound; never twice."""
        seen: set[str] = set()
        if heard in self._words:
            seen.add(heard)
            yield heard
        if not _plain(heard) or len(heard) < _ALIKE_FROM:
            return
        near = [word for shape in _shapes(heard) for word in self._close.get(shape, ())] if len(heard) < 40 else []
        for word in [*near, *self._sound.get(key(heard), ())]:
            if word not in seen and alike(heard, word):
                seen.add(word)
                yield word


def alike(heard: str, word: str) -> bool:
    """Whether `heard` is a plausible recogniser's writing of `word` (both normalised)."""
    if heard == word:
        return True
    shorter = min(len(heard), len(word))
    if not (_plain(heard) and _plain(word)) or shorter < _ALIKE_FROM or max(len(heard), len(word)) >= 40:
        return False
    away = distance(heard, word, 2)
    if away == 1 and shorter >= _FUZZY_FROM - 1 and len(word) >= _FUZZY_FROM:
        return True
    return away <= (1 if shorter == _ALIKE_FROM else 2) and key(heard) == key(word)


def key(word: str) -> str:
    """The sound of a word: voiced and unvoiced consonants alike, vowels as one letter, doubles once."""
    for spelled, sound in _SAME_SOUND:
        word = word.replace(spelled, sound)
    flat = "".join("a" if letter in _VOWELS else letter for letter in word.translate(_LETTER))
    return "".join(letter for place, letter in enumerate(flat) if place == 0 or letter != flat[place - 1]).rstrip("a")


def distance(one: str, other: str, most: int) -> int:
    """Letters to insert, drop or change to turn one word into the other; `most + 1` if it is more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        diagonal, row[0] = row[0], place
        for at, against in enumerate(other, start=1):
            change = diagonal + (letter != against)
            diagonal = row[at]
            row[at] = min(change, row[at] + 1, row[at - 1] + 1)
    return min(row[-1], most + 1)


def _plain(word: str) -> bool:
    """Only words of letters are ever misheard as another; numbers and marks are exact."""
    return word.isalpha()


def _shapes(word: str) -> list[str]:
    """The word, and the word with each one letter left out: two words one letter apart share a shape."""
    return [word, *(word[:place] + word[place + 1 :] for place in range(len(word)))]
