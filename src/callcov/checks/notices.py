"""What a mandatory notice says in anybody's words, for the notices that nearly every policy has.

A notice is known by its wordings: that the call is recorded, that a debt is collected, that what is said is used for
it, what to do in an emergency, and that card details are not said on a recorded line. Each is looked for sentence by
sentence as things that must be said together; word order is free. Whatever else a policy requires is left to its
wordings and to the understand stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from callcov.checks.naming import answers_yes
from callcov.checks.passages import Passage
from callcov.checks.recording import CALL, LISTENING, MEANT, PAST, RECORDING, asks_of_call, recorded, turned
from callcov.text.guards import asked, denied
from callcov.text.normalise import Token, texts
from callcov.text.phrases import DENIALS

_PAUSES = frozenset(
    "pause paused pausing pauses stop stopped stopping suspend suspended switch switched turn turned".split()
)
_COLLECT = frozenset("collect collecting collection collector recover recovering".split())
_DEBT = frozenset("debt debts owe owed owing balance money arrears outstanding".split())
_TRYING = frozenset("attempt attempting attempts trying try purpose calling call contacting here ringing job".split())
_TOLD = frozenset("information info anything whatever everything what details".split())
_USED = frozenset("use used uses using".split())
_PURPOSE = frozenset("purpose purposes collect collecting recover collection debt".split())
_URGENT = frozenset("emergency emergencies threatening".split())
_DIALLING = frozenset("call dial ring phone dialling calling ringing".split())
_RESCUE = frozenset("ambulance paramedics services casualty".split())
_SUPPOSING = frozenset("if in for should case any having when an".split())
_ENTERING = frozenset("type typing enter entering key keying punch tap tapping put putting input pop fill".split())
_KEYS = frozenset("keypad keys handset buttons keyboard".split())
_ELSEWHERE = frozenset("link page screen website yourself form portal".split())
_OF_CARD = frozenset("card payment pay paying debit visa mastercard".split())
_ALOUD = frozenset("voice aloud loud read".split())
_OFFERING = frozenset("ask asking request copy copies hear".split())
"""With what a wording offers recordings: "you can ask for a copy of the recording of your call"."""
_OWN_YES = (
    "we are",
    "we do",
    "it is",
    "they are",
    "i am",
    "you are",
    "always",
    "every call",
    "afraid so",
    "that is right",
)
_STILL, _AT_ONCE = 14, 4
"""Tokens behind a question at most for it to be answered, and for a yes alone to answer it."""
_MOST = 40
"""Tokens of a sentence at most, for recognisers that write no full stops."""

Finder = Callable[[Sequence[Token], int, int], bool]


@lru_cache(maxsize=1_000)
def finder(wordings: tuple[str, ...]) -> Finder | None:
    """How to find the notice that some wordings are examples of; None for one that is not known here.

    One of the wordings at least gives it: "your medical records are kept confidential" is not that calls are recorded.
    """
    words = {word for wording in wordings for word in texts(wording)}
    known: tuple[tuple[object, Finder], ...] = (
        (words & _KEYS or (words & RECORDING and words & _PAUSES), _paused),
        (words & RECORDING, recorded),
        (words & _URGENT and words & _DIALLING, _urgent),
        (words & _TOLD and words & _USED, _put_to_use),
        (words & _COLLECT and words & _DEBT, _collected),
    )
    find = next((find for is_known, find in known if is_known), None)
    if find is None:
        return None
    written = [[Token(text, at) for at, text in enumerate(texts(wording))] for wording in wordings]
    given = any(find(one, 0, len(one)) or (find is recorded and _records_calls(one)) for one in written)
    return find if given else None


def _records_calls(wording: Sequence[Token]) -> bool:
    """Whether a wording is of calls that are recorded, however it says so: "recordings of this call are kept"."""
    words = {token.text for token in wording}
    return not words.isdisjoint(RECORDING) and not words.isdisjoint(CALL) and words.isdisjoint(DENIALS | _OFFERING)


def told(passage: Passage, find: Finder) -> Iterator[tuple[int, int]]:
    """The sentences of a passage, as ranges of tokens, that say a notice.

    Where one goes on over the other side's "mm-hm", its part in one segment counts if it says the notice by itself: a
    recogniser that sets no full stops joins there what are two sentences.
    """
    telling = _TELLING[find]
    if any(token.text in telling for token in passage.tokens):
        for first, last in _sentences(passage.tokens):
            parts = [*passage.parts(first, last)]
            alone = [part for part in parts if len(parts) > 1 and find(passage.tokens, *part)]
            yield from alone
            if not alone and find(passage.tokens, first, last):
                yield _narrowed(passage, find, parts)


def _narrowed(passage: Passage, find: Finder, parts: list[tuple[int, int]]) -> tuple[int, int]:
    """The run of a sentence's parts that still says a notice without what stands before it."""
    first = next(at for at in range(len(parts) - 1, -1, -1) if find(passage.tokens, parts[at][0], parts[-1][1]))
    return parts[first][0], parts[-1][1]


@lru_cache(maxsize=1_000)
def of_call(wordings: tuple[str, ...]) -> bool:
    """Whether a notice with these wordings says that the call is recorded."""
    return finder(wordings) is recorded


def wondered(question: Passage) -> int | None:
    """How many tokens are said behind the question or the guess that the call is recorded; None without one.

    A yes alone answers none that denies it ("please do not record this call"): as if much were said behind it.
    """
    for first, last in [*_sentences(question.tokens)][-2:]:
        said = [token.text for token in question.tokens[first:last]]
        behind = len(question.tokens) - last
        if behind <= _STILL and asks_of_call(said):
            return behind if DENIALS.isdisjoint(said) else max(behind, _AT_ONCE + 1)
    return None


def confirmed(behind: int, answer: Passage) -> bool:
    """Whether the other side then says that it is: "it is, yes". With much said `behind`, a yes alone is too little."""
    return _says_so(answer.tokens, outright=behind > _AT_ONCE)


def _says_so(heard: Sequence[Token], *, outright: bool) -> bool:
    """Whether an answer confirms, and does not take it back; `outright` a yes alone is too little."""
    clause = next((at for at, token in enumerate(heard[:12], start=1) if token.end in (".", "?")), 12)
    said = [token.text for token in heard[:clause]]
    if {"not", "no", "never", "nothing"} & set(said):
        return False
    opening = " ".join(said[1:4] if said[:1] in (["yes"], ["yeah"]) else said[:3])
    own = any(f"{opening} ".startswith(f"{words} ") for words in _OWN_YES)
    return own or (not outright and answers_yes(heard, plainly=True))


def _collected(heard: Sequence[Token], first: int, last: int) -> bool:
    """That this is an attempt to collect a debt."""
    said = {token.text for token in heard[first:last]}
    if not (said & _COLLECT and said & _DEBT and said & _TRYING):
        return False
    return any(not turned(heard, at) for at in range(first, last) if heard[at].text in _COLLECT)


def _put_to_use(heard: Sequence[Token], first: int, last: int) -> bool:
    """That what is learned is used to collect it."""
    said = [token.text for token in heard[first:last]]
    for at, word in enumerate(said):
        if word in _USED and set(said[:at]) & _TOLD and not turned(heard, first + at):
            after = said[at + 1 : at + 8]
            aim = after[:1] in (["for"], ["to"], ["toward"], ["towards"], ["in"]) and bool(
                set(after) & _PURPOSE or after[1:2] in (["that"], ["this"]) or after[1:3] == ["do", "that"]
            )
            if aim:
                return True
    return False


def _urgent(heard: Sequence[Token], first: int, last: int) -> bool:
    """That in an emergency the emergency number is to be called."""
    said = [token.text for token in heard[first:last]]
    before = [token.text for token in heard[max(0, first - 20) : first]]
    together = [token.text for token in heard[max(0, first - 20) : last]]
    down = any(
        together[at : at + 2] == ["hang", "up"] or together[at + 2 : at + 4] == ["phone", "down"]
        for at in range(len(together))
    )
    number = any(said[at : at + 3] in (["9", "9", "9"], ["9", "1", "1"], ["1", "1", "2"]) for at in range(len(said)))
    if not (_URGENT & {*said, *before} or down or number):
        return False
    emergency = any(
        said[at] == "emergency" and said[at + 1] in ("number", "services", "room") for at in range(len(said) - 1)
    )
    dials = [at for at, word in enumerate(said) if word in _DIALLING or word == "go"]
    helps = number or emergency or bool(_RESCUE & set(said))
    supposed = bool(_SUPPOSING & {*said, *before})
    return helps and supposed and any(not denied(heard, first + at, reach=3) for at in dials)


def _paused(heard: Sequence[Token], first: int, last: int) -> bool:
    """That the recording is paused for the card, or that the card is typed in and not said."""
    said = {token.text for token in heard[first:last]}
    for at in range(first, last):
        word = heard[at].text
        if word in _PAUSES and said & RECORDING and not denied(heard, at):
            return not asked(heard, at, at + 1)
        by_keys = word in ("use", "using", "goes") and said & _KEYS
        if word not in _ENTERING and not by_keys:
            continue
        about = {token.text for token in heard[max(0, first - 40) : last + 20]}
        place = said & _KEYS or (said & _ELSEWHERE and about & {"numbers", "number", "digits", "details", "card"})
        if (
            place
            and about & (_OF_CARD | _ALOUD)
            and not denied(heard, at)
            and heard[at - 1].text not in {"to", "did", *PAST}
        ):
            return True
    return False


_TELLING: dict[Finder, frozenset[str]] = {
    recorded: RECORDING | LISTENING | MEANT.keys(),
    _paused: _PAUSES | _ENTERING | {"use", "using", "goes"},
    _urgent: _DIALLING | {"go"},
    _put_to_use: _USED,
    _collected: _COLLECT,
}
"""Words of which one at least must be said."""


def _sentences(heard: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The ranges of sentences, the long ones cut."""
    first = 0
    for last, token in enumerate(heard, start=1):
        if token.end in (".", "?") or last - first >= _MOST or last == len(heard):
            yield first, last
            first = last
