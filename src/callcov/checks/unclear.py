"""Where somebody gives a name that was not understood: the words around it are clear, and what stands in its place not.

Names are what a recogniser mishears most, and it writes everyday words for them: "theatres here", "my name's more
when". It seldom is sure of those. So where only a name can stand, what it was unsure of counts as one. Words that were
written, and words it was sure of, are left to `naming`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callcov.text.names import ORGANISATIONS
from callcov.text.normalise import Token
from callcov.text.phrases import FUNCTION_WORDS, Matcher

_INTRODUCTIONS = Matcher(
    (
        (kind, wording)
        for kind, wordings in {
            "named": "my name is, my names",
            "this": "this is",
            "through": "you are through to, you are through the, you are speaking with, you are speaking to, "
            "you are talking to",
            "it": "it is, i am",
        }.items()
        for wording in wordings.split(", ")
    ),
    exact=True,
)
_SIGNATURES = Matcher(
    (
        (kind, wording)
        for kind, wordings in {"speaking": "speaking, on the line", "here": "here"}.items()
        for wording in wordings.split(", ")
    ),
    exact=True,
)
_CLOSING = Matcher((("after", wording) for wording in ("from", "over at", "here from", "by the way")), exact=True)
"""What may follow a name after "it's" and "I'm", where much else is said too."""
_NOT_NAMING = frozenset("who whom am are is was were if not i you we they got nobody stay remain back else".split())
"""Words before "speaking" and "on the line" with which nobody is named."""
_DESKS = ORGANISATIONS | frozenset(
    "warehouse manager supervisor nurse room depot dispatch counter housekeeping maintenance kitchen assistant "
    "operator secretary receptionist caretaker porter driver".split()
)
"""Words before "speaking" that name a company, a desk or a post and nobody, if the recogniser was sure of them."""
_LEADS = frozenset("and so hello hi oh well morning afternoon evening".split())
_NO_NAME = frozenset("not on in of going spelt spelled important irrelevant wrong right down under nobody".split())
"""Words behind "my name is" that give none."""
_UNSURE = 0.5
"""Confidence below which a word may be any other one."""
_DOUBTFUL = 0.77
"""The same where a name is as good as certain to stand."""
_LONGEST = 3
"""Words that a misheard name may have become."""


def unclear(heard: Sequence[Token], sure: Sequence[float], *, opens: bool, asked: bool) -> Iterator[tuple[int, int]]:
    """The ranges of tokens in which a name is given that was not understood.

    Args:
        heard: the plain tokens of a passage.
        sure: how sure the recogniser was of each, 0..1.
        opens: whether it is the first that the side says; later, most wordings are left alone.
        asked: whether the other side has just asked for the name.
    """
    yield from _introduced(heard, sure, opens=opens)
    if opens:
        yield from _signed(heard, sure)
    if asked and heard and sure[0] < _UNSURE and heard[0].text not in FUNCTION_WORDS:
        yield 0, 1


def _introduced(heard: Sequence[Token], sure: Sequence[float], *, opens: bool) -> Iterator[tuple[int, int]]:
    """What stands behind "my name is", "this is", "you're speaking to"; and between "it's" and "from"."""
    for match in _INTRODUCTIONS.find(heard):
        at = match.last
        if at >= len(heard) or heard[at - 1].end or (match.first and not _begins(heard, match.first)):
            continue
        last = next((end for end in range(at + 1, min(len(heard), at + _LONGEST) + 1) if heard[end - 1].end), None)
        doubt = min(sure[at : at + 2])
        if match.name == "named":
            fits = heard[at].text not in _NO_NAME and doubt < _DOUBTFUL
        elif match.name == "it":
            near = _CLOSING.find(heard[at : at + _LONGEST + 3])
            last = next((at + one.first for one in near if one.first), None)
            fits = last is not None and last - at <= _LONGEST and doubt < _DOUBTFUL
            fits = fits and not any(token.end in (".", "?") for token in heard[at : (last or at) - 1])
        else:
            fits = opens and doubt < (_DOUBTFUL if last or match.name == "through" else _UNSURE)
        if fits:
            yield match.first, last or at + 1


def _begins(heard: Sequence[Token], first: int) -> bool:
    """Whether a clause begins at a place: behind a mark, or behind a small word."""
    before = heard[first - 1]
    return bool(before.end) or before.text in _LEADS


def _signed(heard: Sequence[Token], sure: Sequence[float]) -> Iterator[tuple[int, int]]:
    """The words before "speaking", "on the line" and "here", at the end of a clause, where nothing else is likely."""
    for match in _SIGNATURES.find(heard):
        last = match.last
        followed = match.name == "here" and last < len(heard) and heard[last].text == "from"
        if not (heard[last - 1].end in (".", ",") or last == len(heard) or followed):
            continue
        first = match.first
        while first and not heard[first - 1].end and match.first - first < _LONGEST + 1:
            first -= 1
        said = range(first, match.first)
        clear = {heard[at].text for at in said if sure[at] >= _UNSURE + 0.05}
        desk = bool(said) and heard[said[-1]].text in _DESKS & clear
        if not said or desk or not _NOT_NAMING.isdisjoint(clear):
            continue
        if match.name == "speaking" or min(sure[at] for at in said) < _DOUBTFUL:
            yield max(first, match.first - 2), last
