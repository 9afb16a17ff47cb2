"""Real documents: what the product keeps of a call, made by its own functions from calls that people wrote.

The words are those of the development calls of `bench/verdicts`, marked values masked; a call here is a run of their
turns, as long as its document is to be. What is understood of a clause (acts, sentiment) is left out, so fewer places
are found than in a real call; verdicts, times and the words themselves are all there.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from shape import COMPLETED, STATUSES, Row

from callcov import document, judging
from callcov.checks.policy import DEFAULT
from callcov.document import Judged
from callcov.model import Role, Segment, Span, Transcript, Turn, Word
from callcov.store.analyses import Analysis, Finished

CALLS = Path(__file__).parents[1] / "verdicts" / "dev"
DISTINCT = 250
SMALLEST, LARGEST = 5_000, 27_000
"""Bytes of a whole document; the mean is about 10,000."""
_MARK = re.compile(r"<([a-z_]+) ([^<>]+)>")
_WORDS = (20, 320)
_PACE = 0.4  # seconds a word
MODELS = {"transcription": "whisper-base", "speakers": "channels", "understanding": "reader-1"}
ENDED_AT = "2024-01-01T00:00:00.000Z"
SPENT_MS = 9_000
SAMPLE = Row("01900000-0000-7000-8000-000000000000", 0, 0, 1, STATUSES[COMPLETED], "agent_00001", "customer_0000001", 0)


@dataclass(frozen=True)
class Paper:
    """A transcript with its results; `sample` is what is kept of it for the analysis `SAMPLE`."""

    transcript: Transcript
    judged: Judged
    sample: Finished

    def of(self, row: Analysis, ended_at: str = ENDED_AT) -> Finished:
        """What is kept when that analysis ends so."""
        return _finished(row, self.transcript, self.judged, ended_at)

    def texts(self, row: Row) -> tuple[str, str, str]:
        """The light and the whole document of that row, and the transcript: the sample's with its own ids and time."""
        light, full = (_renamed(text, row) for text in (self.sample.light, self.sample.full))
        return light, full, self.sample.transcript


def _finished(row: Analysis, transcript: Transcript, judged: Judged, ended_at: str) -> Finished:
    return document.finished(row, transcript, judged, MODELS, ended_at, SPENT_MS, None, None)


def _renamed(text: str, row: Row) -> str:
    text = text.replace(SAMPLE.id, row.id).replace(f'"{SAMPLE.agent}"', f'"{row.agent}"')
    text = text.replace(f'"{SAMPLE.contact}"', f'"{row.contact}"')
    return text.replace(f'"created":{SAMPLE.created}', f'"created":{row.created}', 1)


def made(count: int = DISTINCT, seed: int = 3) -> tuple[Paper, ...]:
    """That many different ones."""
    drawn = random.Random(seed)  # noqa: S311 - the same calls every time
    calls = [yaml.safe_load(path.read_text())["turns"] for path in sorted(CALLS.glob("*.yaml"))]
    papers: list[Paper] = []
    while len(papers) < count:
        words = min(max(drawn.lognormvariate(4.3, 0.6), _WORDS[0]), _WORDS[1])
        transcript = _transcript(drawn, calls, round(words))
        judged = judging.judged(transcript, DEFAULT, "inbound")
        sample = _finished(row_of(SAMPLE, "nobody"), transcript, judged, ENDED_AT)
        if SMALLEST <= len(sample.full) <= LARGEST:
            papers.append(Paper(transcript, judged, sample))
    return tuple(papers)


def _transcript(drawn: random.Random, calls: list[list[list]], least: int) -> Transcript:
    turns = [turn for call in drawn.sample(calls, 12) for turn in call]
    segments: list[Segment] = []
    speakers: dict[str, str] = {}
    at = count = 0
    for side, text, gap in turns:
        texts = _MARK.sub(lambda mark: mark[2] if mark[1] == "decoy" else f"[{mark[1]}]", text).split()
        begin = max(0.0, at + float(gap or 0))
        speaker = speakers.setdefault(side, "AB"[len(speakers) % 2])
        words = [_word(drawn, word, begin + place * _PACE) for place, word in enumerate(texts)]
        segments.append(Segment(speaker, tuple(words), channel="AC".index(side)))
        at, count = begin + len(texts) * _PACE, count + len(texts)
        if count >= least:
            break
    segments.sort(key=lambda segment: segment.span.start)
    return Transcript(
        segments=tuple(segments),
        turns=tuple(Turn(segment.speaker, segment.span) for segment in segments),
        roles={speaker: Role.AGENT if side == "A" else Role.CUSTOMER for side, speaker in speakers.items()},
        duration=at,
        channels_apart=True,
    )


def _word(drawn: random.Random, text: str, begin: float) -> Word:
    return Word(text, Span(round(begin, 3), round(begin + _PACE, 3)), round(drawn.uniform(0.4, 1), 3))


def row_of(row: Row, user_id: str) -> Analysis:
    """The analysis as the database keeps it (see `load`)."""
    version = "1" if row.status == "completed" else None
    return Analysis(
        id=row.id,
        user_id=user_id,
        livemode=True,
        created=row.created,
        revision=row.revision,
        status=row.status,
        stage="done",
        attempt=1,
        agent_id=row.agent,
        contact_id=row.contact,
        blob_key=f"recordings/{row.id}",
        masked_key=None,
        vectors_key=None,
        sha256="0" * 64,
        size_bytes=960_044,
        format="wav",
        duration_ms=60_000,
        channels=2,
        sample_rate=8_000,
        call_direction="inbound",
        call_timestamp=None,
        metadata=None,
        language="en",
        agent_channel=0,
        webhook_url=None,
        completed_at=ENDED_AT,
        processing_time_ms=SPENT_MS,
        policy_version=version,
        checks_version=version,
        error_message="There is no speech in the recording." if row.status == "failed" else None,
    )
