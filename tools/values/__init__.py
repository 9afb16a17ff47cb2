"""What the tagger is trained on: marked exchanges, with other digits, names and spellings at every pass."""

from __future__ import annotations

import random
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).parent
BENCH = HERE.parents[1] / "bench/verdicts"
TURNS = 9  # of a call that make an exchange
sys.path[:0] = [str(BENCH)]

import markup
from talk.mishear import Ears

from callcov.language import heads

_MARKS = ",.?!;:"
_PLAIN, _WRITTEN, _SPOKEN, _RENAMED = 0.35, 0.4, 0.58, 0.6  # shares of the ways of writing, and of names changed
_MISHEARD = 0.33  # share of exchanges whose words are heard as a recogniser might
_UNITS = tuple("zero one two three four five six seven eight nine".split())
_TEENS = tuple("eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split())
_TENS = tuple("twenty thirty forty fifty sixty seventy eighty ninety".split())
_MONTHS = tuple("january february march april may june july august september october november december".split())
_KEPT = frozenset(
    """street road lane avenue close drive place court crescent gardens terrace flat house apartment unit number north
    south east west gmail hotmail outlook yahoo icloud example capital lower upper case letter double triple treble
    hundred thousand dash hyphen underscore point slash hash percent dollar exclamation mark sorry wait that it
    is and the from oh nought""".split()
)
_SAID = {word: str(value) for value, word in enumerate(_UNITS)} | {"oh": "0", "nought": "0"}


@dataclass(frozen=True)
class Turn:
    """What one side says: its words, and the type of each (None: no sensitive value)."""

    who: str
    words: tuple[str, ...]
    types: tuple[str | None, ...]


Exchange = tuple[Turn, ...]


def _is_name(word: str, kind: str | None) -> bool:
    """Whether a word of a value is a name that could be another one."""
    names = kind in ("address", "email", "password") and re.fullmatch(r"[A-Z][a-z]{3,}[,.?!]?", word)
    return bool(names) and word.strip(_MARKS).casefold() not in _KEPT


def documents() -> list[Path]:
    """The files of exchanges, and the development calls of the benchmark, whose values are marked alike."""
    return [*sorted(HERE.glob("*.yaml")), *sorted((BENCH / "dev").glob("*.yaml"))]


def heard_documents() -> list[Path]:
    """The files of exchanges in a recogniser's words (`hear.py`)."""
    return sorted((HERE / "heard").glob("*.yaml"))


def fingerprint() -> str:
    """SHA-256 over the exchanges."""
    return heads.fingerprint([*documents(), *heard_documents()])


def load(path: Path) -> list[Exchange]:
    """The exchanges of a file; those of a call are its turns, some at a time."""
    document = yaml.safe_load(path.read_text("utf-8"))
    if isinstance(document, list):
        return [exchange(one["turns"]) for one in document]
    turns = [turn[:2] for turn in document["turns"]]
    return [exchange(turns[at : at + TURNS]) for at in range(0, len(turns), TURNS - 2)]


def exchange(turns: list[list[str]]) -> Exchange:
    """Turns as `[who, marked text]`."""
    found = []
    for who, text in turns:
        said = markup.marked(str(text))
        types = (None if kind == markup.DECOY else kind for _, kind in said)
        found.append(Turn(str(who), tuple(word for word, _ in said), tuple(types)))
    return tuple(found)


def _unmarked(word: str) -> str:
    """The word as a recogniser writes it that writes neither capitals nor punctuation."""
    return re.sub(r"(?<!\d)[,;:!?.]+|[,;:!?.]+$", "", word).casefold() or word


class _Other:
    """Other digits, teens, tens, months and names for one exchange, the same throughout."""

    def __init__(self, chance: random.Random, names: list[str]) -> None:
        self._chance, self._names = chance, names
        self._digits = chance.sample("0123456789", 10)
        others = {kind: chance.sample(kind, len(kind)) for kind in (_TEENS, _TENS, _MONTHS)}
        self._counted = dict(zip(_UNITS, (_UNITS[int(digit)] for digit in self._digits), strict=True))
        self._counted |= {one: new for kind in (_TEENS, _TENS) for one, new in zip(kind, others[kind], strict=True)}
        self._dated = {one: new for kind in (_TENS, _MONTHS) for one, new in zip(kind, others[kind], strict=True)}
        self._called: dict[str, str] = {}

    def word(self, word: str, kind: str | None) -> str:
        """What stands for a word of a value of that type; harmless words and written dates stay."""
        core = word.strip(_MARKS).casefold()
        if kind is None or "/" in word:
            return word
        new = (self._dated if kind == "date_of_birth" else self._counted).get(core)
        if new is None and any(map(str.isdecimal, core)):
            if kind == "date_of_birth":
                return word
            return "".join(self._digits[int(one)] if one.isdecimal() else one for one in word)
        if new is None and _is_name(word, kind):
            fresh = self._names and self._chance.random() < _RENAMED
            new = self._called.setdefault(core, self._chance.choice(self._names) if fresh else core.capitalize())
        if new is None:
            return word
        return (new.capitalize() if word[:1].isupper() else new) + word[len(word.rstrip(_MARKS)) :]


class Varied:
    """Exchanges said with other digits and names, and written in other ways."""

    def __init__(self, exchanges: list[Exchange], seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - training, not secrets
        said = (
            (word, kind) for one in exchanges for turn in one for word, kind in zip(turn.words, turn.types, strict=True)
        )
        self.names = sorted({word.strip(_MARKS) for word, kind in said if _is_name(word, kind)})
        self._ears = Ears((word for one in exchanges for turn in one for word in turn.words), seed)

    def heard(self, one: Exchange) -> Exchange:
        """An exchange in a recogniser's words with other digits and names, written as they are."""
        other, plain = _Other(self.random, self.names), self.random.random() < _PLAIN
        turns = []
        for turn in one:
            words = [other.word(word, kind) for word, kind in zip(turn.words, turn.types, strict=True)]
            turns.append(Turn(turn.who, tuple(map(_unmarked, words) if plain else words), turn.types))
        return tuple(turns)

    def __call__(self, one: Exchange) -> Exchange:
        """The exchange, varied; its read-backs stay read-backs, unless they are misheard."""
        other = _Other(self.random, self.names)
        plain, way = self.random.random() < _PLAIN, self.random.random()
        misheard = self.random.random() < _MISHEARD
        turns = []
        for turn in one:
            words = [other.word(word, kind) for word, kind in zip(turn.words, turn.types, strict=True)]
            types = list(turn.types)
            if way < _WRITTEN:
                words, types = self._written(words, types)
            elif way < _SPOKEN:
                words, types = self._spoken(words, types)
            if misheard:
                heard = [(self._ears.heard(word), kind) for word, kind in zip(words, types, strict=True)]
                words, types = [word for word, _ in heard if word], [kind for word, kind in heard if word]
            if plain:
                words = [_unmarked(word) for word in words]
            turns.append(Turn(turn.who, tuple(words), tuple(types)))
        return tuple(turns)

    def _written(self, words: list[str], types: list[str | None]) -> tuple[list[str], list[str | None]]:
        """Runs of spoken digits as a recogniser writes them: 4539, 45-39, 4 5 3 9."""
        said: list[str] = []
        kinds: list[str | None] = []
        at = 0
        while at < len(words):
            run, end = "", at
            while end < len(words) and types[end] == types[at] and words[end].strip(",.").casefold() in _SAID:
                run += _SAID[words[end].strip(",.").casefold()]
                end += 1
            if len(run) < 2:
                said.append(words[at])
                kinds.append(types[at])
                at += 1
                continue
            stop = words[end - 1][len(words[end - 1].rstrip(",.?")) :]
            joint = self.random.choice(("", "", " ", " ", "-", ", "))
            groups = []
            while run:
                size = self.random.choice((1, 2, 2, 3, 4, 4, 6, 16))
                groups.append(run[:size])
                run = run[size:]
            text = joint.join(groups) + stop
            pieces = text.split()
            said += pieces
            kinds += [types[at]] * len(pieces)
            at = end
        return said, kinds

    def _spoken(self, words: list[str], types: list[str | None]) -> tuple[list[str], list[str | None]]:
        """Written digits of values as words."""
        said: list[str] = []
        kinds: list[str | None] = []
        for word, kind in zip(words, types, strict=True):
            core = word.strip(",.?")
            if kind and re.fullmatch(r"\d[\d-]*", core):
                pieces = [
                    ("oh" if digit == "0" and self.random.random() < 0.5 else _UNITS[int(digit)])
                    for digit in core
                    if digit.isdecimal()
                ]
                pieces[-1] += word[len(word.rstrip(",.?")) :]
            else:
                pieces = [word]
            said += pieces
            kinds += [kind] * len(pieces)
        return said, kinds
