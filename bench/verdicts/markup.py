"""The marks in a written turn: `my card is <card_number four five three nine>` says which words are which value.

A mark is `<type words>` with a sensitive type of the contract, or `<decoy words>` for a harmless number that could be
mistaken for one. Marks do not nest; what is said is the text without the signs.
"""

import re
from dataclasses import dataclass

_MARK = re.compile(r"<([a-z_]+) ([^<>]+)>")
DECOY = "decoy"


@dataclass(frozen=True, slots=True)
class Mark:
    """The words `first` to `last` (exclusive, counted over the words of the turn) belong to a value of that type."""

    type: str
    first: int
    last: int


def said(text: str) -> str:
    """The turn as it is spoken, without marks."""
    return _MARK.sub(r"\2", text)


def read(text: str) -> tuple[tuple[str, ...], tuple[Mark, ...]]:
    """The words of a turn, split at spaces, and its marks in order.

    A word that only begins or ends in a mark (`<pin one two>,`) belongs to it. Raises ValueError for a stray sign.
    """
    plain, marks, at = "", list[Mark](), 0
    for found in _MARK.finditer(text):
        plain += text[at : found.start()]
        first = len(plain.split()) - bool(plain and not plain[-1].isspace())
        plain += found[2]
        marks.append(Mark(found[1], first, len(plain.split())))
        at = found.end()
    plain += text[at:]
    if "<" in plain or ">" in plain:
        raise ValueError(f"A mark is not <type words>: {text!r}.")
    return tuple(plain.split()), tuple(marks)


def marked(text: str) -> list[tuple[str, str | None]]:
    """The words of the turn, each with the type of the mark that it stands in. Raises as `read`."""
    words, marks = read(text)
    types: list[str | None] = [None] * len(words)
    for mark in marks:
        types[mark.first : mark.last] = [mark.type] * (mark.last - mark.first)
    return list(zip(words, types, strict=True))
