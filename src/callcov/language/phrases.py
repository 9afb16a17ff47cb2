"""Phrases that do an act whatever the model thinks: `phrases.yaml`, matched on levelled words. Pure.

A phrase is a row of items, each matched against one token (`text.normalise`: lower case, contractions written out):
`word`, `one|other` either, `word?` perhaps, `*3` up to three words of any kind, `NAME` a word written with a capital
inside a sentence, `^` and `$` the sentence's first and last place.
Gaps are short and never nested, so the time is linear in the words heard.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from callcov.language.clauses import Clause, asks
from callcov.model import Word
from callcov.text.normalise import FILLERS, Token

_NEAR = 6  # tokens; further away, in a sentence without punctuation, another thing is being said
_NAME = "\u2191"  # marks a token written with a capital where a sentence would not ask for one


@dataclass(frozen=True, slots=True)
class Hit:
    """`act` is done by `words[first:last]` of the segment that was searched."""

    act: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rule:
    """The phrases of one act; `unless` are phrases that take it back; a `statement` is not made by a question."""

    act: str
    says: re.Pattern[str]
    unless: re.Pattern[str] | None
    statement: bool
    anyway: re.Pattern[str] | None


def hits(sentence: Clause, words: Sequence[Word], rules: Iterable[Rule]) -> tuple[Hit, ...]:
    """What a sentence of the segment with those words does, by its phrases; the same act twice is two hits."""
    line, starts, kept = _line(sentence.tokens, words)
    found: list[Hit] = []
    for rule in rules:
        for match in rule.says.finditer(line):
            first = bisect_right(starts, match.start()) - 1
            last = bisect_right(starts, match.end() - 1)
            if not (_taken_back(rule, line, starts, first, last) or _only_asks(rule, line, kept, first, last)):
                found.append(Hit(rule.act, kept[first].word, kept[last - 1].word + 1))
    return tuple(found)


def refused(rule: Rule, clause: Clause, words: Sequence[Word]) -> bool:
    """Whether a rule's exceptions or its wish for a statement rule its act out for a clause, whoever found the act."""
    line, starts, kept = _line(clause.tokens, words)
    return _taken_back(rule, line, starts, 0, len(kept)) or _only_asks(rule, line, kept, 0, len(kept))


def _taken_back(rule: Rule, line: str, starts: Sequence[int], first: int, last: int) -> bool:
    """Whether an exception is heard within `_NEAR` tokens of those from `first` to `last`."""
    if rule.unless is None:
        return False
    near = max(0, first - _NEAR), min(len(starts), last + _NEAR)
    begins = starts[near[0]] if starts else 0
    ends = starts[near[1]] if near[1] < len(starts) else len(line)
    return rule.unless.search(line, begins, ends) is not None


def _only_asks(rule: Rule, line: str, kept: Sequence[Token], first: int, last: int) -> bool:
    """Whether a statement is only asked about: the part of the sentence around `kept[first:last]` is a question."""
    if not rule.statement or (rule.anyway is not None and rule.anyway.search(line)):
        return False
    while first > 0 and not kept[first - 1].end:
        first -= 1
    while last < len(kept) and not kept[last - 1].end:
        last += 1
    return asks(kept[first:last])


@cache
def shipped() -> tuple[Rule, ...]:
    """The rules in `phrases.yaml`."""
    document = cast(
        "dict[str, dict[str, Any]]",
        yaml.safe_load(files("callcov.language").joinpath("phrases.yaml").read_text("utf-8")),
    )
    return tuple(rule(act, **entry) for act, entry in document.items())


def rule(
    act: str,
    says: Sequence[str],
    unless: Sequence[str] = (),
    anyway: Sequence[str] = (),
    *,
    statement: bool = False,
) -> Rule:
    """A rule from its written phrases; `anyway` are phrases that make the statement even when they ask."""
    compiled = _compile(says)
    if compiled is None:
        raise ValueError(f"The act {act} has no phrases.")
    return Rule(act, compiled, _compile(unless), statement, _compile(anyway))


def _compile(phrases: Sequence[str]) -> re.Pattern[str] | None:
    """One pattern over a line of tokens, each followed by one space."""
    if not phrases:
        return None
    ways = ["".join(_item(item) for item in phrase.split()) for phrase in phrases]
    return re.compile("(?<= )(?:" + "|".join(ways) + ")")


def _item(item: str) -> str:
    if item.startswith("*"):
        return rf"(?:\S+ ){{0,{int(item[1:])}}}?"
    if item == "NAME":
        return rf"{_NAME}\S+ "
    if item in {"^", "$"}:
        return "(?<=^ )" if item == "^" else "(?=$)"
    optional = item.endswith("?")
    words = "|".join(re.escape(word) for word in item.rstrip("?").split("|"))
    body = rf"{_NAME}?(?:{words}) "
    return f"(?:{body})?" if optional else body


def _line(found: Sequence[Token], words: Sequence[Word]) -> tuple[str, list[int], list[Token]]:
    """The tokens as one line, a space before and after each; where each starts; the tokens without fillers."""
    kept = [token for token in found if token.text not in FILLERS]
    line, starts = " ", list[int]()
    fresh = True
    for place, token in enumerate(kept):
        starts.append(len(line))
        first_of_word = place == 0 or kept[place - 1].word != token.word
        named = first_of_word and not fresh and _is_name(words[token.word].text)
        line += (_NAME if named else "") + token.text + " "
        fresh = token.end in {".", "?"}
    return line, starts, kept


def _is_name(text: str) -> bool:
    """Whether a word inside a sentence is written like a name; `I` and its kin are not names."""
    return text[:1].isupper() and text.split("'", maxsplit=1)[0].rstrip(".,") != "I" and not text.isupper()
