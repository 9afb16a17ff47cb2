"""Whether a value that was said can still be read, and whether a harmless number was hidden.

Values are compared by what they tell: digits however they are written or grouped, spelled letters, and for passwords,
e-mails and addresses the words. The reading of numbers here is the benchmark's own, so that a mistake of the product's
does not excuse itself.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from markup import DECOY, Mark
from written import Call, Line

from callcov.model import Span, Transcript, Word

AROUND = 1.0  # seconds around a value's words in which recognised words may tell it
_UNITS = dict(zip("zero one two three four five six seven eight nine".split(), range(10), strict=True))
_UNITS |= {"oh": 0, "o": 0, "nought": 0}
_TEENS = {
    word: value
    for value, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10
    )
}
_TENS = {
    word: value
    for value, word in zip(
        range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True
    )
}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split(),
        1,
    )
} | {"thirtieth": 30}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_WORDY = frozenset(("password", "email", "address"))
_SAYS_LITTLE = frozenset(
    """at dot the and is it that my a an of on in no not street road lane avenue close drive way place court crescent
    gardens terrace flat house number com net org co uk gmail outlook hotmail yahoo example underscore dash hyphen sorry
    capital all one word then with letter for as like yes yeah um uh er upper lower case postcode""".split()
)
_LEAST_LETTERS = 4


def leaked(call: Call, transcript: Transcript) -> list[tuple[int, str, str]]:
    """The marked values of a call that its stored transcript still tells: turn, type and what was read."""
    shown = [word for segment in transcript.segments for word in segment.words if not _masked(word)]
    return told(call, shown)


def told(call: Call, words: Sequence[Word]) -> list[tuple[int, str, str]]:
    """The marked values that some words with times tell."""
    found: list[tuple[int, str, str]] = []
    for line, mark in values(call):
        span = line.said(mark)
        near = Span(span.start - AROUND, span.end + AROUND)
        heard = [word.text for word in words if near.overlap(_middle(word))]
        read = readable(" ".join(line.words[mark.first : mark.last]), mark.type, " ".join(heard))
        if read:
            found.append((line.number, mark.type, read))
    return found


def hidden_decoys(call: Call, transcript: Transcript) -> tuple[list[tuple[int, str]], int]:
    """The decoys of which a word was masked, and how many decoys there are."""
    masked = [word for segment in transcript.segments for word in segment.words if _masked(word)]
    decoys = [(line, mark) for line in call.lines for mark in line.marks if mark.type == DECOY]
    hidden = [
        (line.number, " ".join(line.words[mark.first : mark.last]))
        for line, mark in decoys
        if any(line.said(mark).overlap(word.span) > word.span.duration / 2 for word in masked)
    ]
    return hidden, len(decoys)


def values(call: Call) -> Iterable[tuple[Line, Mark]]:
    """Every piece of a sensitive value with the turn it is said in."""
    return ((line, mark) for line in call.lines for mark in line.marks if mark.type != DECOY)


def readable(value: str, kind: str, text: str) -> str:
    """What of a value can be read in a text; empty when nothing that counts.

    Digits count from half of them on and from three at least (of a value of four or fewer all but one); words of a
    password, e-mail or address from four letters on, where they are not everyday words of such values.
    """
    sought, there = digits(value), digits(text)
    if sought:
        least = max(3, (len(sought) + 1) // 2) if len(sought) > 4 else max(2, len(sought) - 1)
        match = SequenceMatcher(None, sought, there, autojunk=False).find_longest_match()
        if match.size >= least:
            return sought[match.a : match.a + match.size]
    words = _words(value) if kind in _WORDY else []
    shown = frozenset(_words(text))
    return " ".join(word for word in words if word in shown)


def digits(text: str) -> str:
    """The digits of a text in order, spoken or written, however they are grouped."""
    found, words = "", re.findall(r"[a-z]+|\d+", text.casefold())
    times, tens = 1, None
    for word in words:
        if tens is not None and _UNITS.get(word, 0) > 0:
            found += str(tens + _UNITS[word])
            tens = None
            continue
        if tens is not None and 0 < _ORDINALS.get(word, 99) < 10:
            found += str(tens + _ORDINALS[word])
            tens = None
            continue
        found += "" if tens is None else str(tens)
        tens = None
        if word in _TIMES:
            times = _TIMES[word]
            continue
        if word in _TENS:
            tens = _TENS[word]
        elif word in _UNITS:
            found += str(_UNITS[word]) * times
        elif word in _TEENS or word in _ORDINALS:
            found += str(_TEENS.get(word) or _ORDINALS[word])
        elif word.isdigit():
            found += word * times
        times = 1
    return found + ("" if tens is None else str(tens))


def _words(text: str) -> list[str]:
    numbers = {*_UNITS, *_TEENS, *_TENS, *_ORDINALS, *_TIMES}
    spoken = re.findall(r"[a-z]+", text.casefold())
    return [word for word in spoken if len(word) >= _LEAST_LETTERS and word not in _SAYS_LITTLE | numbers]


def _middle(word: Word) -> Span:
    middle = (word.span.start + word.span.end) / 2
    return Span(middle, middle + 1e-6)


def _masked(word: Word) -> bool:
    return "[" in word.text
