"""The words that carry what is spoken of, so that one side can be heard to take up what the other said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from callcov.text.normalise import Token
from callcov.text.numbers import is_number
from callcov.text.phrases import FUNCTION_WORDS

_PLAIN = FUNCTION_WORDS | frozenset(
    "calling call called need want wanted like know think going get got have help thank thanks please sorry "
    "hello good morning afternoon evening today yesterday number name okay right sure yeah still been "
    "because about with what when where would could speak speaking talk back time just there your from that "
    "this them some more only into over than make made take took give gave tell told said says come came "
    "look looking really actually something anything much again other else first last next week month year "
    "days address phone email customer service moment minute much very well mean maybe thing things".split()
)
_STOPS = (".", "?")
_STEM = 5
"""Letters by which two words count as forms of one, without an s behind."""


def tells(word: str) -> bool:
    """Whether a word carries meaning of its own: long enough, no everyday word, no mask, no number."""
    return len(word) >= 4 and word.isalpha() and word not in _PLAIN and not is_number(word)


def stem(word: str) -> str:
    """The beginning of a word that its forms share."""
    return word[:_STEM].removesuffix("s")


def stems(heard: Iterable[Token]) -> frozenset[str]:
    """The stems of the telling words among some tokens; empty for none."""
    return frozenset(stem(token.text) for token in heard if tells(token.text))


def sentences(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The sentences of some tokens as ranges, in order."""
    return _parts(heard, _STOPS)


def clauses(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Their parts between any punctuation as ranges, in order."""
    return _parts(heard, (".", "?", ","))


def sentence_around(heard: Sequence[Token], first: int, last: int, reach: int) -> tuple[int, int]:
    """The range of the sentence around a place, at most `reach` tokens to either side: full stops may be left out."""
    begins, ends = first, last
    while begins > max(0, first - reach) and heard[begins - 1].end not in _STOPS:
        begins -= 1
    while ends < min(len(heard), last + reach) and heard[ends - 1].end not in _STOPS:
        ends += 1
    return begins, ends


def _parts(heard: Sequence[Token], ends: Collection[str]) -> Iterator[tuple[int, int]]:
    first = 0
    for place, token in enumerate(heard, start=1):
        if token.end in ends or place == len(heard):
            yield first, place
            first = place
