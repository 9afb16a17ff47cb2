"""A policy's own sentences, found by meaning: the nearest wording of a clause, guarded against its denial.

Only the kept vectors of a call and its words are read, so that another policy's sentences are found later as this
one's are now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from callcov.language import heads
from callcov.language.clauses import Clause, clause, clauses
from callcov.language.encoder import WIDTH, Encodes
from callcov.language.heads import Floats
from callcov.language.vectors import Vectors
from callcov.model import Act, Segment, Span, Word

_ALIKE = 0.66  # cosine at which two sentences mean the same; paraphrases lie above, other things said of it below
_DENIALS = frozenset("not never no nothing nobody none without neither stop stopped".split())
_CONSENTS = frozenset("ok happy fine mind consent agree permission right".split())
_ROWS = 1024  # clauses compared at a time: a long call and a long policy together would take gigabytes


@dataclass(frozen=True, slots=True)
class Wordings:
    """Sentences that are matched by meaning: the act each is named by, its text read as a clause, its vector [m, 384].

    A policy names its acts `disclosure:<id>` and `prohibited:<id>`; no act of our own has a colon.
    """

    names: tuple[str, ...]
    texts: tuple[Clause, ...]
    vectors: Floats


def prepared(wordings: Mapping[str, Sequence[str]], encoder: Encodes) -> Wordings:
    """The wordings of each name, encoded one by one; the encoder is not asked when there are none."""
    rows = [(name, wording) for name, examples in wordings.items() for wording in examples]
    return Wordings(
        names=tuple(name for name, _ in rows),
        texts=tuple(_as_clause(wording) for _, wording in rows),
        vectors=np.array([encoder.alone(wording) for _, wording in rows], np.float32).reshape(len(rows), WIDTH),
    )


def is_of_policy(act: Act) -> bool:
    """Whether an act was found by a policy's wording, and not by what we know ourselves."""
    return ":" in act.name


def matches(segments: Sequence[Segment], vectors: Vectors, wordings: Wordings) -> Iterator[tuple[int, Act]]:
    """Each clause that means one of the wordings, as an act named by the wording's key; the nearest wording of a key.

    A clause that denies what the wording says, or the other way round, is no match; nor is a question, unless the
    wording asks too or the question asks for consent; nor a statement nearer to a sentence known to do nothing.
    """
    if not wordings.names:
        return
    for start in range(0, len(vectors.rows), _ROWS):
        rows = vectors.rows[start : start + _ROWS].astype(np.float32)
        similar = rows @ wordings.vectors.T
        near = np.flatnonzero(similar.max(axis=1) >= _ALIKE)
        harmless = (rows[near] @ _harmless().T).max(axis=1)
        for row, bar in zip(near, harmless, strict=True):
            place, first, last = map(int, vectors.places[start + row])
            said = clause(place, segments[place].words, first, last)
            least = _ALIKE if said.question else max(_ALIKE, float(bar))
            for act in _nearest(said, similar[row], least, wordings):
                yield place, act


def _nearest(said: Clause, similar: Floats, least: float, wordings: Wordings) -> Iterator[Act]:
    """An act for each name that has a wording as near as `least` and of the same stance; `similar` is [m]."""
    best: dict[str, tuple[float, str]] = {}
    for at in np.flatnonzero(similar >= least):
        name, wording = wordings.names[at], wordings.texts[at]
        alike = float(similar[at])
        if alike > best.get(name, (0.0, ""))[0] and _same_stance(said, wording):
            best[name] = (alike, wording.text)
    for name, (alike, wording) in best.items():
        yield Act(name, said.first, said.last, round(min(alike, 1.0), 3), wording)


@cache
def _harmless() -> NDArray[np.float32]:
    """The vectors of the example sentences that do no act."""
    return heads.shipped().harmless()


def _same_stance(said: Clause, wording: Clause) -> bool:
    """Whether both state or both deny, and what is said does not merely ask."""
    words = {token.text for token in said.tokens}
    if bool(words & _DENIALS) != any(token.text in _DENIALS for token in wording.tokens):
        return False
    return not said.question or wording.question or bool(words & _CONSENTS)


def _as_clause(wording: str) -> Clause:
    """A wording read like something said; its sentences count as one."""
    words = tuple(Word(text, Span(0.0, 0.0)) for text in wording.split())
    parts = clauses(0, Segment("A", words))
    tokens = tuple(token for part in parts for token in part.tokens)
    return Clause(0, 0, len(words), wording, tokens, any(part.question for part in parts))
