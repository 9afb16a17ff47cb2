"""What a trained tagger believes of each word, joined with what the rules found.

The rules know forms (check digits, postcodes, what an e-mail looks like) and follow a value over turns; the tagger
reads the talk around a word. A word is taken when the tagger is sure of it, or when a rule took it and the tagger does
not hold it for harmless. The limits were chosen on bench/verdicts/exchanges/dev.yaml and those calls of bench/verdicts
that rules are tuned with (p, q1 to q4), for a tagger before these; with these they leave none of the 158 values of the
exchanges readable and hide 26 of 317 decoys, as recognised 14 of 111 and 33 of 274.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from callcov.model import Sensitive

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]

_TAKEN = 0.5
"""Probability from which a word is sensitive without any rule."""
_SURELY = 0.7
"""The same for a word of a number that was called something harmless: "the order number is 77120"."""
_BESIDE = 0.25
"""Probability from which it is, beside such a word."""
_HARMLESS = 0.05
"""Mean probability up to which what a rule took is given back."""
_SURE = 0.8
"""Mean probability from which the tagger's type is believed rather than a rule's."""
_NEAR = 6
"""Segments at most between two pieces of one value."""


@dataclass(frozen=True, slots=True)
class Likely:
    """For each segment the probability of each of its words for each of the `types`, [words, types]."""

    types: tuple[str, ...]
    words: tuple[Floats, ...]


def joined(
    found: Sequence[Sensitive],
    certain: Collection[Sensitive],
    harmless: Collection[tuple[int, int]],
    plain: Collection[tuple[int, int]],
    likely: Likely,
) -> tuple[Sensitive, ...]:
    """The spans of the rules and those that the tagger is sure of, none twice, in order of segment and word.

    `certain` are spans that stay: told by their form and their place, or written like a price, which the tagger takes
    for one whatever is said. `harmless` are words, by segment and place, of numbers that were called something
    harmless, `plain` those of numbers that are no value whatever the tagger takes them for.
    """
    kept = _typed([one for one in found if one in certain or _believed(one, likely)], likely)
    covered = {*plain, *((one.segment, place) for one in kept for place in range(one.first, one.last))}
    added: list[Sensitive] = []
    for at, each in enumerate(likely.words):
        least = np.array([_SURELY if (at, place) in harmless else _TAKEN for place in range(len(each))])
        free = np.array([(at, place) not in covered for place in range(len(each))], bool)
        added += _sure(at, each, likely.types, free, least)
    return _numbered(kept, added)


def _believed(one: Sensitive, likely: Likely) -> bool:
    """Whether a rule's span stays."""
    return float(likely.words[one.segment][one.first : one.last].sum(axis=1).mean()) > _HARMLESS


def _typed(spans: Sequence[Sensitive], likely: Likely) -> list[Sensitive]:
    """The spans of the rules, each value with the tagger's type where that is sure of another one."""
    values: dict[int, list[Floats]] = {}
    for one in spans:
        values.setdefault(one.value, []).append(likely.words[one.segment][one.first : one.last])
    means = {value: np.concatenate(each).mean(axis=0) for value, each in values.items()}
    sure = {value: likely.types[int(each.argmax())] for value, each in means.items() if each.max() >= _SURE}
    return [replace(one, type=_meant(one.type, sure.get(one.value, one.type))) for one in spans]


def _meant(ruled: str, believed: str) -> str:
    """The type of a value: the tagger's, which was never taught that India's postcode is called a PIN code."""
    return ruled if (ruled, believed) == ("address", "pin") else believed


def _sure(segment: int, each: Floats, types: Sequence[str], free: Bools, least: Doubles) -> Iterable[Sensitive]:
    """The runs of words in a segment that the tagger is sure of and no rule took."""
    total = each.sum(axis=1)
    weak = free & (total >= np.minimum(_BESIDE / _TAKEN * least, least))
    for inside, run in groupby(range(len(total)), key=lambda place: bool(weak[place])):
        places = list(run)
        if inside and (total[places] >= least[places]).any():
            kind = types[int(each[places].sum(axis=0).argmax())]
            yield Sensitive(kind, -1, segment, places[0], places[-1] + 1)


def _numbered(kept: Sequence[Sensitive], added: Sequence[Sensitive]) -> tuple[Sensitive, ...]:
    """All spans in order; an added one belongs to the value of its type that was said not long before or just after."""
    spans = sorted((*kept, *added), key=lambda one: (one.segment, one.first))
    number = max((one.value for one in kept), default=-1) + 1
    for place, one in enumerate(spans):
        if one.value >= 0:
            continue
        before = (other for other in reversed(spans[:place]) if other.type == one.type)
        after = (other for other in spans[place + 1 :] if other.type == one.type and other.value >= 0)
        near = next((other for other in before if one.segment - other.segment <= _NEAR), None)
        near = near or next((other for other in after if other.segment - one.segment <= 1), None)
        spans[place] = replace(one, value=near.value if near else number)
        number += near is None
    return tuple(spans)
