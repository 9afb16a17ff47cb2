"""Numbers as people say them, to digits: "double four", "oh", "thirty seven", "nineteen eighty two", "the fourth".

How a number is grouped means nothing (recognisers regroup freely), so a group is only the smallest piece that has to
be read as one: `thirty seven` is one group `37`, `four five` are two. Tokens are those of `normalise`.
Linear in the number of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_UNITS = {
    word: str(value) for value, word in enumerate("zero one two three four five six seven eight nine".split())
} | {"nought": "0", "naught": "0", "niner": "9"}
_TEENS = {
    word: str(value)
    for value, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), start=10
    )
}
_TENS = {
    word: str(value)
    for value, word in zip(
        range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True
    )
} | {"fourty": "40"}
_ORDINAL_UNITS = {
    word: value
    for value, word in enumerate("first second third fourth fifth sixth seventh eighth ninth".split(), start=1)
}
_ORDINAL_TEENS = {
    word: value
    for value, word in enumerate(
        "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split(),
        start=10,
    )
}
_ORDINAL_TENS = {"twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50}
_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_SOUNDS = {"to": "2", "too": "2", "for": "4", "fore": "4", "won": "1", "ate": "8", "tree": "3", "sex": "6"}
_OH = frozenset(("oh", "o"))
_SCALES = frozenset(("hundred", "thousand", "million"))
_WORDS = _OH.union(_SCALES, _UNITS, _TEENS, _TENS, _ORDINAL_UNITS, _ORDINAL_TEENS, _ORDINAL_TENS, _TIMES, _SOUNDS)
"""Every word that a number can begin with."""


_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Group:
    """`tokens[first:last]` read as one number; `digits` is never empty.

    `quantity` marks a number with hundred, thousand or million in it, `ordinal` a fourth or a 4th, `sound` a word
    that only sounds like a digit ("too" between "zero" and "three").
    """

    digits: str
    first: int
    last: int
    quantity: bool = False
    ordinal: bool = False
    sound: bool = False


def groups(tokens: Sequence[str]) -> tuple[Group, ...]:
    """Every number in the tokens, in order; they never overlap. "oh" counts beside a number only."""
    found: list[Group] = []
    place = 0
    while place < len(tokens):
        counts = tokens[place] in _WORDS or tokens[place][:1].isdigit()
        group = _at(tokens, place, found) if counts else None
        if group is None:
            place += 1
        else:
            found.append(group)
            place = group.last
    return tuple(found)


def is_number(token: str) -> bool:
    """Whether the token is a number by itself."""
    return (token.isascii() and token.isdigit()) or token in _UNITS or token in _TEENS or token in _TENS


def _at(tokens: Sequence[str], place: int, found: Sequence[Group]) -> Group | None:
    """The number that begins at a place, if one does."""
    token = tokens[place]
    if token in _TIMES:
        return _repeated(tokens, place)
    if token in _OH:
        return Group("0", place, place + 1) if _beside(tokens, place, found) else None
    if token in _SOUNDS:
        return _sounding(tokens, place, found)
    if token in _SCALES:
        return _one_of(tokens, place, found)
    return _ordinal(tokens, place) or _cardinal(tokens, place)


def _one_of(tokens: Sequence[str], place: int, found: Sequence[Group]) -> Group:
    """`a hundred and forty`, `hundred and forty`: one of the scale, with what follows."""
    article = place > 0 and tokens[place - 1] == "a" and not (found and found[-1].last == place)
    group = _scaled(tokens, place, "1", place)
    return Group(group.digits, place - article, group.last, quantity=True)


def _repeated(tokens: Sequence[str], place: int) -> Group | None:
    """`double four`, `triple oh`, `double 4`."""
    digit = _digit(tokens[place + 1]) if place + 1 < len(tokens) else None
    return Group(digit * _TIMES[tokens[place]], place, place + 2) if digit else None


def _digit(token: str) -> str | None:
    """The one digit a token says, if it says one."""
    if token in _OH:
        return "0"
    return _UNITS.get(token, token if len(token) == 1 and token.isascii() and token.isdigit() else None)


def _beside(tokens: Sequence[str], place: int, found: Sequence[Group]) -> bool:
    """Whether a number ends just before the place or begins just after it (past further zeros)."""
    if found and found[-1].last == place:
        return True
    after = place + 1
    while after < min(len(tokens), place + 4) and tokens[after] in _OH:
        after += 1
    return after < len(tokens) and (is_number(tokens[after]) or tokens[after] in _TIMES)


def _sounding(tokens: Sequence[str], place: int, found: Sequence[Group]) -> Group | None:
    """A word that sounds like a digit, with single digits on both sides and two of them on one."""
    before = bool(found) and found[-1].last == place and len(found[-1].digits) == 1
    after = place + 1 < len(tokens) and _digit(tokens[place + 1]) is not None
    two_before = before and len(found) > 1 and found[-2].last == found[-1].first and len(found[-2].digits) == 1
    two_after = after and place + 2 < len(tokens) and _digit(tokens[place + 2]) is not None
    if before and after and (two_before or two_after):
        return Group(_SOUNDS[tokens[place]], place, place + 1, sound=True)
    return None


def _ordinal(tokens: Sequence[str], place: int) -> Group | None:
    """`fourth`, `twenty first`, `4th`; "second" alone is left to who knows what it is the second of."""
    token = tokens[place]
    if len(token) > 2 and token[:-2].isascii() and token[:-2].isdigit() and token[-2:] in ("st", "nd", "rd", "th"):
        return Group(token[:-2], place, place + 1, ordinal=True)
    value = _ORDINAL_UNITS.get(token) or _ORDINAL_TEENS.get(token) or _ORDINAL_TENS.get(token)
    if value is not None:
        return Group(str(value), place, place + 1, ordinal=True)
    after = tokens[place + 1] if place + 1 < len(tokens) else ""
    if token in _TENS and after in _ORDINAL_UNITS:
        return Group(str(int(_TENS[token]) + _ORDINAL_UNITS[after]), place, place + 2, ordinal=True)
    return None


def _cardinal(tokens: Sequence[str], place: int) -> Group | None:
    """Digits as written, or a spoken number up to the millions."""
    token = tokens[place]
    written = token.isascii() and token.isdigit()
    if written:
        digits, at = token, place + 1
    else:
        small = _below_hundred(tokens, place)
        if small is None:
            return None
        digits, at = small
    return _scaled(tokens, place, digits, at)


def _below_hundred(tokens: Sequence[str], place: int) -> tuple[str, int] | None:
    """A spoken number below a hundred and where it ends."""
    if place >= len(tokens):
        return None
    token = tokens[place]
    if token in _TENS:
        unit = _UNITS.get(tokens[place + 1], "0") if place + 1 < len(tokens) else "0"
        return (_TENS[token], place + 1) if unit == "0" else (_TENS[token][0] + unit, place + 2)
    digits = _UNITS.get(token) or _TEENS.get(token)
    return (digits, place + 1) if digits else None


def _scaled(tokens: Sequence[str], first: int, digits: str, at: int) -> Group:
    """A number with the hundreds, thousands and millions that follow it added up; written zeros in front are kept."""
    start = at
    total, part = 0, int(digits) if len(digits) <= 9 else 0
    while len(digits) <= 9 and at < min(len(tokens), start + 12) and tokens[at] in _SCALES:
        if tokens[at] == "hundred":
            part *= 100
        else:
            total += part * (1_000 if tokens[at] == "thousand" else 1_000_000)
            part = 0
        at += 1
        rest = _remainder(tokens, at)
        if rest:
            part += int(rest[0])
            at = rest[1]
    if at == start:
        return Group(digits, first, at)
    return Group(str(total + part), first, at, quantity=True)


def _remainder(tokens: Sequence[str], at: int) -> tuple[str, int] | None:
    """What is added after hundred or thousand: `and five`, `twenty`, `five` unless more single digits follow it."""
    joined = at < len(tokens) and tokens[at] == "and"
    small = _below_hundred(tokens, at + joined)
    if small is None:
        return None
    alone = len(small[0]) == 1 and small[1] < len(tokens) and _digit(tokens[small[1]]) is not None
    return None if alone and not joined else small


def words_said(text: str) -> int:
    """How many words were said for a word as it is written: `45` two, `2019` three, `07700900` eight, `£3` two.

    One for a word without digits. Of up to four digits it is taken for a number, longer ones are said digit by digit.
    """
    if not any(map(str.isdecimal, text)):
        return 1
    runs = _DIGITS.findall(text)
    return max(1, sum(map(_words_of, runs)) + sum(sign in text for sign in "$£€%"))


def _words_of(digits: str) -> int:
    if len(digits) == 2:
        return 1 if int(digits) <= 20 or digits[1] == "0" else 2
    return {1: 1, 3: 3, 4: 3}.get(len(digits), len(digits))
