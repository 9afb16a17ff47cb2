"""Cut what somebody said into clauses small enough to mean one thing, without losing where the words were. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from callcov.model import Segment, Word
from callcov.text.normalise import Token, tokens

_LONG = 14  # words; a longer sentence says several things, and its vector blurs them
_SHORTEST = 4  # words; less than this rarely means anything alone
_HARD = 24  # words; a recogniser that writes no punctuation must still be cut somewhere
_WHOLE = 10  # words; evidence longer than this is no longer a finger pointing
_WHOLE_FORWARDS = 6  # words; a name and a company
_PAUSES = frozenset(",.;:?!\u2026")
_JOINS = frozenset("and but because although while then or which".split())
_TITLES = frozenset("mr. mrs. ms. dr. prof. st. no. vs. etc.".split())
_ENDS = re.compile(r"[.?!][\"')\u201d]*$")
_MASK = re.compile(r"^\W*\[[a-z_]+\]\W*$")
_ASKS = frozenset("is are was were am do does did can could will would should have has may might shall had".split())
_SUBJECTS = frozenset("i you he she it we they this that there the your my our anyone anybody somebody".split())


@dataclass(frozen=True, slots=True)
class Clause:
    """`segments[segment].words[first:last]`; `text` is what the encoder reads: masked words are left out.

    `tokens` are the words levelled, their `word` counted from the start of the segment. `question` is whether it asks.
    """

    segment: int
    first: int
    last: int
    text: str
    tokens: tuple[Token, ...]
    question: bool


def sentences(place: int, segment: Segment) -> tuple[Clause, ...]:
    """The sentences of a segment; together they hold each of its words once, in order."""
    edges = [0]
    for at, word in enumerate(segment.words, start=1):
        if at == len(segment.words) or (_ENDS.search(word.text) and not _is_title(word.text)):
            edges.append(at)
    return tuple(clause(place, segment.words, first, last) for first, last in _pairs(edges))


def clauses(place: int, segment: Segment) -> tuple[Clause, ...]:
    """The sentences of a segment, the long ones cut at commas and joining words; each word once, in order."""
    found: list[Clause] = []
    for sentence in sentences(place, segment):
        edges = _cuts(segment.words, sentence.first, sentence.last)
        found += [clause(place, segment.words, first, last) for first, last in _pairs(edges)]
    return tuple(found)


def phrase_around(words: Sequence[Word], first: int, last: int, *, backwards: bool) -> tuple[int, int]:
    """`words[first:last]` made whole: on to the next pause, and back to the one before if asked.

    A pause is punctuation, or a joining word such as "and". Ten words at most, six without going back; what was found
    stays inside.
    """
    while backwards and first > 0 and last - first < _WHOLE and not _pauses(words, first):
        first -= 1
    most = _WHOLE if backwards else _WHOLE_FORWARDS
    while last < len(words) and last - first < most and not _pauses(words, last):
        last += 1
    return first, last


def _pauses(words: Sequence[Word], at: int) -> bool:
    """Whether there is a pause before `words[at]`."""
    before = words[at - 1].text
    return (before[-1:] in _PAUSES and not _is_title(before)) or _joins(words, at)


def _joins(words: Sequence[Word], at: int) -> bool:
    """Whether `words[at]` joins two clauses; `so` does before a subject, not in "so sorry"."""
    word = bare(words[at].text)
    if word == "so":
        return at + 1 < len(words) and bare(words[at + 1].text).split("'", maxsplit=1)[0] in _SUBJECTS
    return word in _JOINS


def bare(text: str) -> str:
    """A word in lower case without the punctuation around it."""
    return text.lower().strip(".,;:!?\"'()\u201c\u201d\u2026")


def is_mask(text: str) -> bool:
    """Whether a word stands for a masked value, such as `[card_number]`."""
    return _MASK.match(text) is not None


def _pairs(edges: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise(edges))


def _is_title(text: str) -> bool:
    return text.lower() in _TITLES or (len(text) == 2 and text[0].isalpha() and text[0].lower() not in "ai")


def _cuts(words: Sequence[Word], first: int, last: int) -> list[int]:
    """Where a sentence is cut, its ends included; every piece keeps at least `_SHORTEST` words."""
    edges = [first]
    if last - first > _LONG:
        for at in range(first + _SHORTEST, last - _SHORTEST + 1):
            natural = words[at - 1].text.endswith((",", ";", ":")) or _joins(words, at)
            if at - edges[-1] >= _SHORTEST and (natural or at - edges[-1] >= _HARD):
                edges.append(at)
    return [*edges, last]


def clause(place: int, words: Sequence[Word], first: int, last: int) -> Clause:
    """`words[first:last]` of the segment at `place`, read as one clause."""
    mine = words[first:last]
    found = tuple(Token(token.text, token.word + first, token.end) for token in tokens(mine))
    text = " ".join(word.text for word in mine if not is_mask(word.text))
    return Clause(place, first, last, text, found, asks(found))


def asks(found: Sequence[Token]) -> bool:
    """Whether tokens ask: a question mark, or a verb before its subject, for recognisers that write no marks."""
    if any(token.end == "?" for token in found):
        return True
    for token, following in pairwise(found[:4]):
        if token.text not in _LEADING:
            return token.text in _ASKS and following.text in _SUBJECTS
    return False


_LEADING = frozenset("ok so and but well um uh oh hi sorry right now".split())
