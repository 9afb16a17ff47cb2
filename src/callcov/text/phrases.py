"""Finding wordings in what was said, however it was recognised, in linear time.

All wordings of a matcher are laid side by side in one long row of bits, one bit a token (the Shift-And automaton of
Baeza-Yates and Gonnet, with errors as Wu and Manber added them: "Fast text searching allowing errors", CACM 1992).
A step over one heard token moves all wordings at once, so the time is linear in the tokens heard whatever they are.
There are no patterns, only words: nothing in a policy can make it slow.

What is forgiven: fillers; a word one letter off or of the same sound (`sounds`); one word heard as two; function
words dropped, changed or put in, more of them the longer the wording. A content word must be heard, unless there are
six of them or more. A "not" or a digit too many or too few is never forgiven. Whether the words are denied from
outside, asked or quoted is another question: `guards`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from callcov.text.normalise import Token, texts
from callcov.text.sounds import REMEMBERED, Vocabulary

FUNCTION_WORDS = frozenset(
    "a an the this that these those is am are was were be been being to of for in on at by with from as and or so we "
    "i you he she it they us me my your our their his her its will would shall should may might can could do does did "
    "have has had just also please then there here well now very really all any".split()
)
"""Words that carry little: a wording is heard without them, but never by them alone."""
DENIALS = frozenset("not never no nothing nobody none neither nor without hardly".split())
"""Words that turn a sentence round; they are never forgiven, neither missing nor added."""
_MOST_ERRORS = 3
_text = itemgetter(0)  # of a token
_Read = tuple[int, int] | tuple[()]


@dataclass(frozen=True, slots=True)
class Match:
    """The wording `name` was heard in `tokens[first:last]`, with that many words other than written."""

    name: str
    first: int
    last: int
    errors: int = 0

    @property
    def length(self) -> int:
        """Tokens covered."""
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class _Wording:
    """One wording in the row of bits: its tokens, where they begin, and how many errors it may have."""

    name: str
    words: tuple[str, ...]
    start: int
    errors: int


class Matcher:
    """Wordings compiled once, found in any number of token sequences. An empty matcher finds nothing.

    `wordings` are (name, sentence) pairs; several may share a name, and a sentence without a word is left out.
    `exact` forgives no missing, changed or added words, only the recogniser's spelling; `spelled` forgives no spelling
    either of a content word that is a wording's only one: "crying" is not heard in "trying".
    """

    def __init__(self, wordings: Iterable[tuple[str, str]], *, exact: bool = False, spelled: bool = False) -> None:
        """Lay the wordings out; linear in their words."""
        self._spelled = spelled
        self._levels = range(1)
        self._at: dict[int, _Wording] = {}
        self._row: dict[str, int] = {}
        self._starts = self._loose = self._only = 0
        self._ends = [0] * (_MOST_ERRORS + 1)
        width = 0
        for name, sentence in wordings:
            words = texts(sentence)
            if words:
                self._add(_Wording(name, words, width, 0 if exact else _allowed(words)))
                width += len(words)
        self._vocabulary = Vocabulary(self._row)
        self._masks: dict[str, int] = {}
        self._pairs: dict[tuple[str, str], _Read] = {}

    def find(self, tokens: Sequence[Token]) -> tuple[Match, ...]:
        """Every wording heard in the tokens (made by `normalise.plain`), in order of start.

        One name is not found twice over the same words: the match with the fewest errors stays, then the longer one.
        """
        heard = list(map(_text, tokens))
        read = self._all_read(heard)
        if not any(read):  # nothing is heard of any wording, which is most of the time
            return ()
        until: dict[int, tuple[int, int]] = {}
        found: list[Match] = []
        ended = self._ended(heard, read) if len(self._levels) > 1 else self._ended_exactly(read)
        for last, wording, errors in ended:
            blocked, fewest = until.get(wording.start, (0, 0))
            match = self._anchored(heard, wording, last, errors) if last >= blocked or errors < fewest else None
            if match:
                until[wording.start] = (last + len(wording.words) - wording.errors, errors)
                found.append(match)
        return _apart(found) if len(found) > 1 else tuple(found)

    def _add(self, wording: _Wording) -> None:
        """Give a wording its bits."""
        content = sum(word not in FUNCTION_WORDS for word in wording.words)
        solid = content < 6
        for place, word in enumerate(wording.words, start=wording.start):
            self._row[word] = self._row.get(word, 0) | 1 << place
            if self._spelled and content == 1 and word not in FUNCTION_WORDS:
                self._only |= 1 << place
            if not _fixed(word) and (not solid or word in FUNCTION_WORDS):
                self._loose |= 1 << place
        self._starts |= 1 << wording.start
        end = wording.start + len(wording.words) - 1
        for errors in range(wording.errors + 1):
            self._ends[errors] |= 1 << end
        self._levels = range(max(len(self._levels), wording.errors + 1))
        self._at[end] = wording

    def _mask(self, word: str) -> int:
        """The bits of the wordings' tokens that a heard word may stand for."""
        mask = self._masks.get(word)
        if mask is None:
            mask = 0
            for meant in self._vocabulary.meant_by(word):
                mask |= self._row[meant] if meant == word else self._row[meant] & ~self._only
            if len(self._masks) >= REMEMBERED:
                self._masks.clear()
            self._masks[word] = mask
        return mask

    def _all_read(self, heard: Sequence[str]) -> list[_Read]:
        """What each heard word may stand for, as `_read` says."""
        pairs = list(zip(("", *heard), heard, strict=False))
        found = list(map(self._pairs.get, pairs))
        return [self._read(*pairs[at]) if one is None else one for at, one in enumerate(found)]

    def _read(self, before: str, word: str) -> _Read:
        """The bits a heard word may stand for, alone and joined with the one before it, such as "record it".

        Joined, neither is one by itself. Empty when it stands for nothing either way.
        """
        mask = self._mask(word)
        joined = 0
        if before and len(before) + len(word) < 24 and before.isalpha() and word.isalpha():
            joined = self._mask(before + word) & ~self._mask(before) & ~mask
        if len(self._pairs) >= REMEMBERED:
            self._pairs.clear()
        self._pairs[before, word] = found = (mask, joined) if mask or joined else ()
        return found

    def _ended(self, heard: Sequence[str], read: Sequence[_Read]) -> Iterator[tuple[int, _Wording, int]]:
        """Where wordings end (exclusive) and with how many errors; each only at its fewest."""
        starts, ends = self._starts, self._ends
        states = earlier = [0 for _ in self._levels]
        for last, (word, stands) in enumerate(zip(heard, read, strict=True), start=1):
            if not (stands or any(states)):
                earlier = states
                continue
            mask, joined = stands or (0, 0)
            before, states, ended = states, list[int](), 0
            kept, inside = (0, 0) if _fixed(word) else (-1, ~starts & self._loose)
            for level in self._levels:
                state = ((before[level] << 1) | starts) & mask
                if joined:
                    state |= ((earlier[level] << 1) | starts) & joined
                if level:
                    fewer = before[level - 1]
                    state |= ((fewer | states[level - 1]) << 1 & inside) | fewer & kept
                states.append(state)
                ended |= state & ends[level]
            earlier = before
            if ended:
                yield from self._completed(last, states)

    def _ended_exactly(self, read: Sequence[_Read]) -> Iterator[tuple[int, _Wording, int]]:
        """The same where no error is forgiven, which is most of the time and several times as fast."""
        starts, ends = self._starts, self._ends[0]
        state = earlier = 0
        for last, stands in enumerate(read, start=1):
            if not stands:
                state, earlier = 0, state
                continue
            mask, joined = stands
            before = state
            state = ((state << 1) | starts) & mask
            if joined:
                state |= ((earlier << 1) | starts) & joined
            earlier = before
            if state & ends:
                yield from self._completed(last, (state,))

    def _completed(self, last: int, states: Sequence[int]) -> Iterator[tuple[int, _Wording, int]]:
        """The wordings whose last bit is set, lowest error first."""
        seen = 0
        for errors, state in enumerate(states):
            ended = state & self._ends[errors] & ~seen
            seen |= ended
            while ended:
                bit = ended & -ended
                yield last, self._at[bit.bit_length() - 1], errors
                ended ^= bit

    def _anchored(self, heard: Sequence[str], wording: _Wording, last: int, errors: int) -> Match | None:
        """A match with its start: the latest place from which the wording's content words are heard in order.

        Matches that end on a word that is none of the wording's are dropped: the same one was found a word earlier.
        """
        at = last - 1
        rest = list(wording.words)
        first = last
        lowest = max(0, last - len(rest) - errors - sum(len(word) > 5 for word in rest))
        while at >= lowest and rest:
            hit = next(
                (back for back in range(1, min(len(rest), errors + 1) + 1) if self._says(heard, at, rest[-back])), 0
            )
            if hit:
                del rest[len(rest) - hit :]
                at -= wording.words[len(rest)] not in self._vocabulary.meant_by(heard[at])
                first = at
            elif first == last:
                return None
            at -= 1
        return Match(wording.name, first, last, errors) if first < last else None

    def _says(self, heard: Sequence[str], at: int, word: str) -> bool:
        """Whether a token, alone or joined with the one before it, may stand for a word."""
        meant = self._vocabulary.meant_by
        return word in meant(heard[at]) or (at > 0 and len(heard[at]) < 24 and word in meant(heard[at - 1] + heard[at]))


def _fixed(word: str) -> bool:
    """Whether a word may never be missing, changed or added: a denial turns the sentence round, a digit the amount."""
    return word in DENIALS or word.isdigit()


def _allowed(words: Sequence[str]) -> int:
    """Errors a wording may have: none below four words, then one for every four, at most three."""
    return min(_MOST_ERRORS, len(words) // 4)


def _apart(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Matches in order of start, without a worse one of the same name over the same words."""
    kept: dict[str, list[Match]] = {}
    for match in sorted(matches, key=lambda one: (one.first, one.last)):
        same = kept.setdefault(match.name, [])
        if same and same[-1].last > match.first:
            same[-1] = min(same[-1], match, key=lambda one: (one.errors, -one.length, one.first))
        else:
            same.append(match)
    return tuple(sorted((one for same in kept.values() for one in same), key=lambda one: (one.first, one.last)))
