"""Put acts and sentiment on every segment: phrases, heads and nearest examples together.

A phrase counts unless its act's head is far below its threshold; a head counts only when the nearest examples agree
(the chain measured in docs/heads.md). Acts say nothing of roles, so changing roles needs no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from callcov.language import heads, phrases
from callcov.language.clauses import is_mask, phrase_around, sentences
from callcov.language.encoder import WIDTH, Encoder
from callcov.language.features import features
from callcov.language.heads import Floats, Heads
from callcov.language.reading import Reading, is_backchannel, read
from callcov.language.wordings import matches
from callcov.model import Act, Segment, Transcript

LANGUAGE = "en"
_VETO = 0.35  # a phrase is not believed when the head is this far below its threshold (understanding.md, section 3)
_AGENT_LIKE = 1.0  # log-odds; a clause so like an agent's is judged by no head that only knows customers
_ACCUSATIONS = frozenset(("proh_threat", "proh_insult", "proh_guarantee", "proh_pressure"))
_ACCUSING = 0.1  # of what harms an agent's name a phrase alone is no proof: the same words may be harmless
_FROM_THE_WORD = frozenset(("identity", "greeting"))  # checks ask when these words began
_NEGATIVE = frozenset(
    "complaint repeat repeat_information unresolved proh_threat proh_insult proh_profanity proh_pressure".split()
)
_NEGATIVE_AT_MOST = -0.4
_POSITIVE_AT_LEAST = 0.4
_UNFELT = -0.2
_FEW = 6  # segments; in a shorter call an end may come at any time
_OPENING_SECONDS = 45.0  # of a speaker's first words; a greeting later is none


def understand(transcript: Transcript, encoder: Encoder, wordings: Mapping[str, Sequence[str]]) -> Transcript:
    """The transcript with `acts` and `sentiment` on every segment; what was there before is replaced.

    `wordings` maps names to example sentences that are matched by meaning; a hit becomes an act of exactly that name.
    An act points at the words that do it. Sentiment is -1..1, 0.0 for a segment that says nothing but "okay".
    A transcript that is not in English is returned unchanged; one without segments too.
    """
    if transcript.language != LANGUAGE or not transcript.segments:
        return transcript
    known = heads.shipped()
    reading = read(transcript.segments, encoder, known)
    found = chain(
        _by_phrase(transcript.segments, reading, known),
        _learned(transcript.segments, reading, known),
        matches(reading, known, encoder, wordings),
    )
    by_segment: list[list[Act]] = [[] for _ in transcript.segments]
    for place, act in found:
        by_segment[place].append(act)
    feelings = _feelings(len(transcript.segments), reading, known)
    gates = _gates(transcript)
    segments = [
        _annotated(segment, by_segment[place], float(feelings[place]), gates[place])
        for place, segment in enumerate(transcript.segments)
    ]
    return replace(transcript, segments=tuple(segments))


def agent_likeness(texts: Sequence[str], encoder: Encoder) -> list[float]:
    """Log-odds per text that an agent and not a customer said it, above 0 for an agent.

    An acknowledgement such as "okay" says nothing: 0.0. The sides are counted as equally likely
    beforehand. Empty for no texts.
    """
    cleaned = [" ".join(word for word in text.split() if not is_mask(word)) for text in texts]
    telling = [place for place, text in enumerate(cleaned) if not is_backchannel(text)]
    said = [cleaned[place] for place in telling]
    odds = heads.shipped().likeness(features(said, encoder.encode(said)))
    likeness = [0.0] * len(texts)
    for place, value in zip(telling, odds, strict=True):
        likeness[place] = round(float(value), 3)
    return likeness


def _by_phrase(segments: Sequence[Segment], reading: Reading, known: Heads) -> list[tuple[int, Act]]:
    """Acts by phrase, without those a head thinks impossible."""
    found: list[tuple[int, Act]] = []
    for place, segment in enumerate(segments):
        for sentence in sentences(place, segment):
            for hit in phrases.hits(sentence, segment.words, phrases.shipped()):
                if not _vetoed(hit, place, reading, known):
                    backwards = hit.act not in _FROM_THE_WORD
                    first, last = phrase_around(segment.words, hit.first, hit.last, backwards=backwards)
                    found.append((place, Act(hit.act, max(first, sentence.first), min(last, sentence.last))))
    return found


def _vetoed(hit: phrases.Hit, place: int, reading: Reading, known: Heads) -> bool:
    """Whether the head of the act finds the clauses under the hit far too unlikely."""
    act = known.acts.index(hit.act)
    rows = reading.over(place, hit.first, hit.last)
    least = _ACCUSING if hit.act in _ACCUSATIONS else float(known.thresholds[act]) - _VETO
    return bool(rows) and float(reading.probabilities[rows, act].max()) < least


def _learned(segments: Sequence[Segment], reading: Reading, known: Heads) -> list[tuple[int, Act]]:
    """Acts by head where the nearest examples agree and no phrase takes them back, each over its clause."""
    found: list[tuple[int, Act]] = []
    rules = {rule.act: rule for rule in phrases.shipped()}
    for act, name in enumerate(known.acts):
        done = known.accepts(reading.probabilities[:, act], reading.similar, act)
        if known.customers[act]:
            done &= reading.likeness <= _AGENT_LIKE
        for row in (int(at) for at in np.flatnonzero(done)):
            clause = reading.clauses[row]
            if name in rules and phrases.refused(rules[name], clause, segments[clause.segment].words):
                continue
            confidence = round(float(reading.probabilities[row, act]), 3)
            like = known.like(reading.similar[row], act)
            found.append((clause.segment, Act(name, clause.first, clause.last, confidence, like)))
    return found


def _feelings(count: int, reading: Reading, known: Heads) -> Floats:
    """Sentiment of each segment from the mean vector of its clauses, weighed by their words; 0 for one without any."""
    sums = np.zeros((count, WIDTH), np.float32)
    texts: list[list[str]] = [[] for _ in range(count)]
    for clause, vector in zip(reading.clauses, reading.vectors, strict=True):
        sums[clause.segment] += vector * np.float32(clause.last - clause.first)
        texts[clause.segment].append(clause.text)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    vectors = sums / np.maximum(lengths, np.float32(1e-9))
    felt = known.feeling(features([" ".join(parts) for parts in texts], vectors))
    return np.where(lengths[:, 0] > 0, felt, np.float32(0.0))


def _gates(transcript: Transcript) -> list[frozenset[str]]:
    """Per segment, the acts its place rules out: a greeting opens a speaker's part, a closing ends a call."""
    first_words: dict[str, float] = {}
    gates: list[frozenset[str]] = []
    middle = max(segment.span.end for segment in transcript.segments) / 2
    long = len(transcript.segments) > _FEW
    for segment in transcript.segments:
        start = segment.span.start
        late = start - first_words.setdefault(segment.speaker, start) > _OPENING_SECONDS
        early = long and start < middle
        gates.append(frozenset(name for name, out in (("greeting", late), ("closing", early)) if out))
    return gates


def _annotated(segment: Segment, acts: Sequence[Act], felt: float, ruled_out: frozenset[str]) -> Segment:
    """The segment with its acts in order and its sentiment moved to where its acts say it must be."""
    kept = _apart([act for act in acts if act.name not in ruled_out])
    return replace(segment, acts=kept, sentiment=round(_moved(felt, kept), 3) + 0.0)  # no minus zero


def _moved(felt: float, acts: Sequence[Act]) -> float:
    """Sentiment as the acts have it: trouble is negative, thanks are positive, empathy with trouble is not negative.

    A learned act that the sentiment head does not feel at all is not believed here.
    """
    if any(act.name in _NEGATIVE and (act.like is None or felt < _UNFELT) for act in acts):
        return min(felt, _NEGATIVE_AT_MOST)
    names = {act.name for act in acts}
    if "thanks" in names:
        return max(felt, _POSITIVE_AT_LEAST)
    return max(felt, 0.0) if "empathy" in names else felt


def _apart(acts: Sequence[Act]) -> tuple[Act, ...]:
    """Acts in order of their words; of two of one name that share words the phrase, which is narrower, is kept."""
    kept: list[Act] = []
    for act in sorted(acts, key=lambda act: (act.like is not None, act.first, act.last)):
        if not any(act.name == one.name and act.first < one.last and one.first < act.last for one in kept):
            kept.append(act)
    return tuple(sorted(kept, key=lambda act: (act.first, act.last, act.name)))
