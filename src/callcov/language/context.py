"""A clause together with what was said before it, as the tokens that the reader reads. Pure.

`[CLS] what the other side said before [SEP] what the same side just said [SEP] the clause [SEP]`. Of what was said
before the last words are kept: an answer answers the end of a question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_OTHER = 24  # tokens of the other side's last turn
_BEFORE = 12  # tokens of the same side's clause before
_CLAUSE = 48  # tokens of the clause itself; the rest of a longer one is not read
_START, _END = 101, 102  # [CLS] and [SEP] of the BERT vocabulary


@dataclass(frozen=True, slots=True)
class Sentence:
    """A clause to be read: its text, the other side's turn before it, and what its own side said just before."""

    text: str
    other: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A clause in its context as numbers of tokens; its own are `ids[first:last]`, at least one."""

    ids: list[int]
    first: int
    last: int


class Encoding(Protocol):
    """What a tokenizer makes of a text."""

    @property
    def ids(self) -> list[int]:
        """The numbers of its tokens."""
        ...


class Tokenizes(Protocol):
    """The part of a `tokenizers.Tokenizer` that is used here."""

    def encode(self, sequence: str, *, add_special_tokens: bool = True) -> Encoding:
        """The tokens of a text."""
        ...


def tokens(tokenizer: Tokenizes, sentence: Sentence) -> Tokens:
    """The tokens of a clause in its context; whatever is said before may be empty."""

    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids if text else []

    def end(text: str, most: int) -> list[int]:
        # Cut before, for the tokenizer keeps the beginning of a long text; each word is a token at least.
        return ids(" ".join(text.split()[-most:]))[-most:]

    lead = [_START, *end(sentence.other, _OTHER), _END, *end(sentence.before, _BEFORE), _END]
    own = ids(sentence.text)[:_CLAUSE] or [_END]
    return Tokens([*lead, *own, _END], len(lead), len(lead) + len(own))
