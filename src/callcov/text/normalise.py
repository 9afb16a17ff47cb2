"""Words to plain tokens that compare equal however a recogniser wrote them.

Case, accents of typography (NFKC), punctuation and contractions are levelled: `I'm` is `i am`, `can't` is `can not`,
`$50` is `50 dollar`, `B12` is `b 12`, `dana@example.com` is `dana at example dot com`. Every token remembers the word
it came from, so that a match on tokens can point at words. Everything is linear in the number of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from callcov.model import Word
from callcov.text.numbers import groups

FILLERS = frozenset("um umm uh uhh uhm er erm err eh ah hmm hm mm mmm mhm".split())
"""Sounds of hesitation that never change what is said."""

_CONTRACTED = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not", "ain't": "is not",
    "let's": "let us", "gonna": "going to", "wanna": "want to", "gotta": "got to", "gimme": "give me",
    "lemme": "let me", "y'all": "you all", "dunno": "do not know", "o'clock": "oclock", "ma'am": "madam",
    "okay": "ok", "alright": "all right", "email": "email", "e-mail": "email", "e-mails": "emails",
    "i'm": "i am", "mm-hm": "mhm", "mm-hmm": "mhm", "uh-huh": "mhm", "mhmm": "mhm", "a.m": "am", "p.m": "pm",
    "wi-fi": "wifi",
}  # fmt: skip
_ENDINGS = (("n't", "not"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would"), ("'m", "am"))
_IS = frozenset("it that what who where there here how he she name this which when number address call".split())
_SYMBOLS = {"$": "dollar", "£": "pound", "€": "euro", "%": "percent", "@": "at", "&": "and", "+": "plus"}
_UNITS = {"dollars": "dollar", "pounds": "pound", "euros": "euro"}
_APOSTROPHES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\uff07": "'", "`": "'"})
_MASK = re.compile(r"^\[[a-z_]+\]$")
_ENDS = re.compile(r"[.?!,;:\u2026\u061f\u3002]+[\"'\u201d)\]]*$")
_TITLES = frozenset("mr. mrs. ms. dr. prof.".split())
"""Their full stop ends no sentence."""
_REMEMBERED = 20_000
_known: dict[str, tuple[tuple[str, ...], str]] = {}
_PART = re.compile(
    r"[$£€](?P<money>\d[\d,]*(?:\.\d+)?)"  # the unit is spoken after the amount
    r"|(?P<ordinal>\d+(?:st|nd|rd|th)\b)"
    r"|(?P<decimal>\d+\.\d{1,2}(?![\d.]))"
    r"|(?P<thousands>\d{1,3}(?:,\d{3})+(?!\d))"
    r"|(?P<digits>\d+)"
    r"|(?P<letters>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<symbol>[%@&+$£€])"
    r"|(?P<dot>(?<=[^\W_])\.(?=[^\W_]))"
    r"|(?P<underscore>_)"
)


class Token(NamedTuple):
    """A normalised piece of `words[word]`; `end` is the punctuation that closes the word: "", ",", "." or "?"."""

    text: str
    word: int
    end: str = ""


def tokens(words: Sequence[Word]) -> tuple[Token, ...]:
    """The tokens of a run of words, in order. A masked word stays one token, `[card_number]`. Empty for no words."""
    return _tokens([word.text for word in words])


def texts(phrase: str) -> tuple[str, ...]:
    """The tokens of a written phrase as text, for example of a policy's wording; numbers as single digits."""
    return tuple(token.text for token in plain(_tokens(phrase.split())))


def plain(found: Sequence[Token]) -> tuple[Token, ...]:
    """The tokens without fillers, every number as single digits: `thirty seven`, `37` and `3 7` read alike."""
    kept = [token for token in found if token.text not in FILLERS]
    numbers = {group.first: group for group in groups([token.text for token in kept])}
    if not numbers:
        return tuple(kept)
    level: list[Token] = []
    place = 0
    while place < len(kept):
        group = numbers.get(place)
        if group is None:
            level.append(kept[place])
            place += 1
            continue
        last = group.last - 1
        ending = len(group.digits) - 1
        for at, digit in enumerate(group.digits):
            level.append(
                Token(digit, kept[last].word, kept[last].end) if at == ending else Token(digit, kept[place].word)
            )
        place = group.last
    return tuple(level)


def _tokens(said: Sequence[str]) -> tuple[Token, ...]:
    """The tokens of some words; only the last one of a word carries its closing punctuation."""
    found: list[Token] = []
    for place, word in enumerate(said):
        parts, end = _known.get(word) or _reading(word)
        if len(parts) == 1:
            found.append(Token(parts[0], place, end))
        else:
            found += (Token(part, place) for part in parts[:-1])
            found += (Token(part, place, end) for part in parts[-1:])
    return tuple(found)


def _reading(word: str) -> tuple[tuple[str, ...], str]:
    """`_read`, remembered for words of letters and their punctuation; what may hold a number or an address is not."""
    pieces = _read(word)
    if len(word) < 24 and (word.isalpha() or word[:-1].isalpha() or word.replace("'", "").isalpha()):
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[word] = pieces
    return pieces


def _read(text: str) -> tuple[tuple[str, ...], str]:
    """The normalised pieces of one word and its closing punctuation."""
    shown = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold().strip()
    if _MASK.match(shown):
        return (shown,), ""
    closing = None if shown in _TITLES else _ENDS.search(shown)
    return tuple(_parts(shown.strip("\"'.,;:!?()[]\u201c\u201d\u2026"))), _closing(closing.group()) if closing else ""


def _closing(marks: str) -> str:
    """The strongest of some closing marks: a question, the end of a sentence, or a pause within it."""
    if "?" in marks or "\u061f" in marks:
        return "?"
    return "." if any(mark in marks for mark in ".!\u3002") and "..." not in marks else ","


def _parts(shown: str) -> list[str]:
    """The normalised pieces of one word without its outer punctuation."""
    if shown in _CONTRACTED:
        return _CONTRACTED[shown].split()
    found: list[str] = []
    for match in _PART.finditer(shown):
        kind, piece = match.lastgroup, match.group()
        if kind == "money":
            amount = match.group("money").replace(",", "")
            found += [*amount.replace(".", " point ").split(), _SYMBOLS[piece[0]]]
        elif kind == "decimal":
            found += piece.replace(".", " point ").split()
        elif kind == "letters":
            found += _expanded(piece)
        else:
            found.append(_named(kind, piece))
    return found


def _named(kind: str | None, piece: str) -> str:
    """The spoken name of a symbol; digits without their thousands marks; anything else as it is."""
    if kind == "dot":
        return "dot"
    if kind == "underscore":
        return "underscore"
    return _SYMBOLS.get(piece, piece.replace(",", ""))


def _expanded(piece: str) -> list[str]:
    """A piece of letters with its contraction written out; a possessive loses its ending."""
    if piece in _CONTRACTED:
        return _CONTRACTED[piece].split()
    for ending, word in _ENDINGS:
        if piece.endswith(ending) and len(piece) > len(ending):
            return [piece.removesuffix(ending), word]
    if piece.endswith("'s"):
        stem = piece.removesuffix("'s")
        return [stem, "is"] if stem in _IS else [stem]
    return [_UNITS.get(piece, piece.replace("'", ""))]
