"""A policy's own sentences, found by meaning: the nearest wording of a clause, guarded against its denial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from callcov.language.clauses import Clause, clauses
from callcov.language.encoder import Encoder
from callcov.language.heads import Floats, Heads
from callcov.language.reading import Reading
from callcov.model import Act, Segment, Span, Word

_ALIKE = 0.66  # cosine at which two sentences mean the same; paraphrases lie above, other things said of it below
_DENIALS = frozenset("not never no nothing nobody none without neither stop stopped".split())
_CONSENTS = frozenset("ok happy fine mind consent agree permission right".split())


def matches(
    reading: Reading,
    known: Heads,
    encoder: Encoder,
    wordings: Mapping[str, Sequence[str]],
) -> Iterator[tuple[int, Act]]:
    """Each clause that means one of the wordings, as an act named by the wording's key; the nearest wording of a key.

    A clause that denies what the wording says, or the other way round, is no match; nor is a question, unless the
    wording asks too or the question asks for consent; nor a statement nearer to a sentence known to do nothing.
    """
    rows = [(name, wording) for name, examples in wordings.items() for wording in examples]
    if not rows or not reading.clauses:
        return
    similar = reading.vectors @ encoder.encode([wording for _, wording in rows]).T
    written = [_as_clause(wording) for _, wording in rows]
    harmless = _nearest_harmless(reading, known)
    for place, clause in enumerate(reading.clauses):
        best: dict[str, tuple[float, str]] = {}
        least = _ALIKE if clause.question else max(_ALIKE, float(harmless[place]))
        for at in np.flatnonzero(similar[place] >= least):
            name, wording = rows[at]
            alike = float(similar[place, at])
            if alike > best.get(name, (0.0, ""))[0] and _same_stance(clause, written[at]):
                best[name] = (alike, wording)
        for name, (alike, wording) in best.items():
            yield clause.segment, Act(name, clause.first, clause.last, round(min(alike, 1.0), 3), wording)


def _nearest_harmless(reading: Reading, known: Heads) -> Floats:
    """Per clause, the similarity of the nearest example that does no act."""
    harmless = ~known.mine.any(axis=1)
    return reading.similar[:, harmless].max(axis=1)


def _same_stance(clause: Clause, wording: Clause) -> bool:
    """Whether both state or both deny, and the clause does not merely ask."""
    words = {token.text for token in clause.tokens}
    if bool(words & _DENIALS) != any(token.text in _DENIALS for token in wording.tokens):
        return False
    return not clause.question or wording.question or bool(words & _CONSENTS)


def _as_clause(wording: str) -> Clause:
    """A wording read like something said; its sentences count as one."""
    words = tuple(Word(text, Span(0.0, 0.0)) for text in wording.split())
    parts = clauses(0, Segment("A", words))
    tokens = tuple(token for part in parts for token in part.tokens)
    return Clause(0, 0, len(words), wording, tokens, any(part.question for part in parts))
