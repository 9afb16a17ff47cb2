"""Put acts and sentiment on every segment: what the reader finds, and phrases that the reader does not rule out.

Measured in docs/heads.md and docs/course.md. Acts say nothing of roles, so changing roles needs no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from callcov.language import earnest, heads, phrases, reader
from callcov.language.clauses import phrase_around, sentences
from callcov.language.encoder import WIDTH, Encodes
from callcov.language.reader import Floats, Heads
from callcov.language.reading import Reading, read, telling
from callcov.language.vectors import Vectors, kept, rounded
from callcov.language.wordings import Wordings, is_of_policy, matches, prepared
from callcov.model import Act, Segment, Transcript

LANGUAGE = "en"
_VETO = 0.05  # a phrase is not believed where the reader finds its act less likely than this
_ACCUSATION = "proh_"  # how the acts are named that harm the name of whoever does them
_ACCUSING = 0.2  # for one of those a phrase alone is no proof: the same words may be harmless
# Probability that a clause does any of those acts at which it counts. Chosen on the dev calls, as written and from
# sound: what the reader learned from accuses far more often than calls do, so it expects too much of it.
_STRONG = 0.75
_WEAK = 0.35  # the same for a speaker who does so elsewhere in the call: nobody threatens in a single sentence
_LEFT = 2 / 3  # of either probability this share must be left when a clause counts by how surely it was heard
_COURSE = frozenset(("reason", "next_step", "settled", "unsettled", "upset"))
_FROM_THE_WORD = frozenset(("identity", "greeting"))  # checks ask when these words began
_NEGATIVE = frozenset(
    "complaint repeat_information sarcasm proh_threat proh_insult proh_profanity proh_pressure".split()
)
_ILL_MEANT = ("complaint", "sarcasm")
_LEAN = 0.06  # what the reader calls negative a little too often is put right for every clause
_NEGATIVE_AT_MOST = -0.4
_POSITIVE_AT_LEAST = 0.4
_FEW = 6  # segments; in a shorter call an end may come at any time
_OPENING_SECONDS = 45.0  # of a speaker's first words; a greeting later is none


@dataclass(frozen=True, slots=True)
class Understood:
    """A transcript with acts and sentiment, and the vectors that they were found by.

    `likeness` has for each segment the log-odds that an agent and not a customer says it, the mean of its clauses by
    their words; 0.0 where nothing but "okay" is said, and for every segment of a language that is not understood.
    """

    transcript: Transcript
    vectors: Vectors
    likeness: tuple[float, ...]


def understand(transcript: Transcript, encoder: Encodes, wordings: Mapping[str, Sequence[str]]) -> Transcript:
    """The transcript with `acts` and `sentiment` on every segment; what was there before is replaced.

    `wordings` maps names to example sentences that are matched by meaning; a hit becomes an act of exactly that name.
    An act points at the words that do it. Sentiment is -1..1, 0.0 for a segment that says nothing but "okay".
    A transcript that is not in English is returned unchanged; one without segments too.
    """
    return understood(transcript, encoder, prepared(wordings, encoder)).transcript


def understood(transcript: Transcript, encoder: Encodes, wordings: Wordings) -> Understood:
    """What `understand` gives, with the vectors of the clauses, so that `rematched` finds other wordings later."""
    if not _understands(transcript):
        silent = (0.0,) * len(transcript.segments)
        return Understood(transcript, kept((), np.zeros((0, WIDTH), np.float32)), silent)
    known = reader.shipped()
    reading = read(transcript.segments, encoder, known)
    vectors = reading.kept()
    meant = earnest.floors(transcript.segments, reading, _complaining(reading, known))
    found = chain(
        _by_phrase(transcript.segments, reading, known),
        _learned(transcript.segments, reading, known, meant),
        matches(transcript.segments, vectors, wordings),
    )
    by_segment: list[list[Act]] = [[] for _ in transcript.segments]
    for place, act in found:
        by_segment[place].append(act)
    count = len(transcript.segments)
    feelings = _by_segment(count, reading, _felt(reading, meant))
    likeness = tuple(float(odds) for odds in _by_segment(count, reading, reading.judged.agent))
    gates = _gates(transcript)
    segments = [
        _annotated(segment, by_segment[place], float(feelings[place]), gates[place])
        for place, segment in enumerate(transcript.segments)
    ]
    return Understood(replace(transcript, segments=tuple(segments)), vectors, likeness)


def rematched(transcript: Transcript, vectors: Vectors, wordings: Wordings) -> Transcript:
    """An understood transcript with the acts of those wordings in the place of another policy's; no model is asked.

    With the vectors and the wordings it was understood by, the transcript comes back as it is, the same object.
    """
    if not _understands(transcript):
        return transcript
    found: dict[int, list[Act]] = {}
    for place, act in matches(transcript.segments, vectors, wordings):
        found.setdefault(place, []).append(act)
    changed = {
        place: acts
        for place, segment in enumerate(transcript.segments)
        if (acts := _with(segment.acts, found.get(place, ()))) != segment.acts
    }
    if not changed:
        return transcript
    segments = (
        replace(segment, acts=changed[place]) if place in changed else segment
        for place, segment in enumerate(transcript.segments)
    )
    return replace(transcript, segments=tuple(segments))


def clause_vectors(transcript: Transcript, encoder: Encodes) -> Vectors:
    """The vectors of a transcript that was understood before they were kept; none as in `understood`."""
    if not _understands(transcript):
        return kept((), np.zeros((0, WIDTH), np.float32))
    cut = telling(transcript.segments)
    return kept(cut, rounded(encoder.encode([clause.text for clause in cut])))


def _by_phrase(segments: Sequence[Segment], reading: Reading, known: Heads) -> list[tuple[int, Act]]:
    """Acts by phrase, without those the reader finds far too unlikely."""
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
    """Whether the reader finds the act far too unlikely in the clauses under the hit."""
    rows = reading.over(place, hit.first, hit.last)
    if hit.act.startswith(_ACCUSATION):
        return bool(rows) and float(_any_accusation(reading, known)[rows].max()) < _ACCUSING
    return bool(rows) and float(reading.judged.acts[rows, known.names.index(hit.act)].max()) < _VETO


def _any_accusation(reading: Reading, known: Heads) -> Floats:
    """How likely it is that a clause does any of the accusing acts, [n]."""
    columns = [at for at, name in enumerate(known.names) if name.startswith(_ACCUSATION)]
    return (1 - np.prod(1 - reading.judged.acts[:, columns], axis=1)).astype(np.float32)


def _learned(
    segments: Sequence[Segment], reading: Reading, known: Heads, meant: Mapping[int, float]
) -> list[tuple[int, Act]]:
    """Acts that the reader finds and no phrase takes back, each over its clause, with the example most like it.

    A clause that is `meant` as it is said neither mocks nor complains.
    """
    found: list[tuple[int, Act]] = []
    rules = {rule.act: rule for rule in phrases.shipped()}
    examples = heads.shipped()
    for row, at in chain(_likely(reading, known), _accusing(segments, reading, known)):
        clause, name = reading.clauses[row], known.names[at]
        if row in meant and name in earnest.DOUBTED:
            continue
        if name in rules and phrases.refused(rules[name], clause, segments[clause.segment].words):
            continue
        confidence = round(float(reading.judged.acts[row, at]), 3)
        like = None if name in _COURSE else examples.like(reading.vectors[row], name)
        found.append((clause.segment, Act(name, clause.first, clause.last, confidence, like)))
    return found


def _likely(reading: Reading, known: Heads) -> Iterator[tuple[int, int]]:
    """The clauses that do an act, accusations apart, as rows and acts."""
    for at, name in enumerate(known.names):
        if not name.startswith(_ACCUSATION):
            yield from ((row, at) for row in known.accepted(reading.judged, name))


def _accusing(segments: Sequence[Segment], reading: Reading, known: Heads) -> Iterator[tuple[int, int]]:
    """The clauses that do one of the accusing acts, and the likeliest of them, as rows and acts.

    How likely any of them is, is judged together, and by how its speaker talks elsewhere in the call. What the
    recogniser was unsure of accuses nobody: misheard words read like strange ones.
    """
    columns = [at for at, name in enumerate(known.names) if name.startswith(_ACCUSATION)]
    chances = reading.judged.acts[:, columns]
    every = _any_accusation(reading, known)
    every = np.minimum(every, every * _heard(segments, reading) / np.float32(_LEFT))
    rude = {
        segments[clause.segment].speaker
        for clause, any_of in zip(reading.clauses, every, strict=True)
        if any_of >= _STRONG
    }
    for row, clause in enumerate(reading.clauses):
        if every[row] >= (_WEAK if segments[clause.segment].speaker in rude else _STRONG):
            yield row, columns[int(chances[row].argmax())]


def _complaining(reading: Reading, known: Heads) -> frozenset[int]:
    """The rows of the clauses that complain or mock, by the reader."""
    return frozenset(row for name in _ILL_MEANT for row in known.accepted(reading.judged, name))


def _felt(reading: Reading, meant: Mapping[int, float]) -> Floats:
    """How each clause feels, [n]; one that is meant as it is said is not taken for irony."""
    felt = reading.judged.feeling + np.float32(_LEAN)
    for row, least in meant.items():
        felt[row] = max(felt[row], np.float32(least))
    return felt


def _heard(segments: Sequence[Segment], reading: Reading) -> Floats:
    """How sure the recogniser was of each clause, the mean of its words, [n]; 1 for words that were written."""
    words = (segments[clause.segment].words[clause.first : clause.last] for clause in reading.clauses)
    return np.array([sum(word.confidence for word in said) / len(said) for said in words], np.float32)


def _by_segment(count: int, reading: Reading, values: Floats) -> Floats:
    """Each segment's mean of a value that its clauses have, weighed by their words, [count]; 0 for one without any."""
    sums, words = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for clause, value in zip(reading.clauses, values, strict=True):
        sums[clause.segment] += value * np.float32(clause.last - clause.first)
        words[clause.segment] += clause.last - clause.first
    return (sums / np.maximum(words, np.float32(1))).astype(np.float32)


def _gates(transcript: Transcript) -> list[frozenset[str]]:
    """Per segment, the acts its place rules out: a greeting opens a speaker's part, a closing ends a call.

    What is settled or open in the first half of the segments says nothing of the end.
    """
    first_words: dict[str, float] = {}
    gates: list[frozenset[str]] = []
    middle = max(segment.span.end for segment in transcript.segments) / 2
    long = len(transcript.segments) > _FEW
    half = len(transcript.segments) / 2
    for place, segment in enumerate(transcript.segments, start=1):
        start = segment.span.start
        late = start - first_words.setdefault(segment.speaker, start) > _OPENING_SECONDS
        early = long and start < middle
        first = place <= half
        out = (("greeting", late), ("closing", early), ("settled", first), ("unsettled", first))
        gates.append(frozenset(name for name, is_out in out if is_out))
    return gates


def _annotated(segment: Segment, acts: Sequence[Act], felt: float, ruled_out: frozenset[str]) -> Segment:
    """The segment with its acts in order and its sentiment moved to where its acts say it must be."""
    mine = _apart([act for act in acts if act.name not in ruled_out])
    return replace(segment, acts=mine, sentiment=round(_moved(felt, mine), 3) + 0.0)  # no minus zero


def _moved(felt: float, acts: Sequence[Act]) -> float:
    """Sentiment as the acts have it: trouble is negative, thanks are positive, empathy with trouble is not negative."""
    names = {act.name for act in acts}
    if names & _NEGATIVE:
        return min(felt, _NEGATIVE_AT_MOST)
    if "thanks" in names:
        return max(felt, _POSITIVE_AT_LEAST)
    return max(felt, 0.0) if "empathy" in names else felt


def _understands(transcript: Transcript) -> bool:
    """Whether there is anything to understand, in the one language that is."""
    return transcript.language == LANGUAGE and bool(transcript.segments)


def _with(acts: Sequence[Act], found: Sequence[Act]) -> tuple[Act, ...]:
    """Acts without those of a policy and with others in their place, in order."""
    if not found and not any(map(is_of_policy, acts)):
        return tuple(acts)
    return _in_order([*(act for act in acts if not is_of_policy(act)), *found])


def _apart(acts: Sequence[Act]) -> tuple[Act, ...]:
    """Acts in order of their words; of two of one name that share words the phrase, which is narrower, is kept."""
    apart: list[Act] = []
    for act in sorted(acts, key=lambda act: (act.like is not None, act.first, act.last)):
        if not any(act.name == one.name and act.first < one.last and one.first < act.last for one in apart):
            apart.append(act)
    return _in_order(apart)


def _in_order(acts: Iterable[Act]) -> tuple[Act, ...]:
    """Acts as a segment holds them: by their words, then by name."""
    return tuple(sorted(acts, key=lambda act: (act.first, act.last, act.name)))
