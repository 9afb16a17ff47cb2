"""The stages of an analysis in order: recording → words → speakers → acts → results.

A stage is a function of a Job and a Crew. What it finds is a work file under a fixed key, so a stage that is run again
skips what is there, and only the child processes ever hold a model or unmasked words. The functions whose names begin
with `do_` run in a child that `equip` has prepared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from callcov import document, probe
from callcov.checks.policy import Policy
from callcov.children import Task
from callcov.errors import BadRecording
from callcov.judging import judged
from callcov.language import tagger
from callcov.language.chat import Writer
from callcov.language.encoder import Encoder
from callcov.language.understand import understand, understood
from callcov.language.vectors import pack
from callcov.language.wordings import prepared
from callcov.model import Span, Transcript, Turn
from callcov.models import locate
from callcov.speech import align, decode, diarize, mask, overlap, roles
from callcov.speech.survey import Survey, survey
from callcov.speech.transcribe import Heard
from callcov.speech.whisper import Whisper
from callcov.store.analyses import Analysis, Finished
from callcov.store.blobs import Blobs, open_blobs
from callcov.store.sealed import Vault
from callcov.text import sensitive

MODELS = ("minilm", "campplus", "segmentation")
"""Models beside the recogniser that every analysis needs."""

_SURVEY, _HEARD, _TRANSCRIPT = TypeAdapter(Survey), TypeAdapter(Heard), TypeAdapter(Transcript)
_TURNS = TypeAdapter(tuple[Turn, ...])
_SPANS = TypeAdapter(tuple[Span, ...])
_LEAST_SOUND = 1.0
# A task that takes this many times its sound's length hangs: the slowest models known here take three times.
_TIMES_SOUND = 20
_LEAST_SECONDS = 300.0

Progress = Callable[[float], None]


class Crew(Protocol):
    """Whoever runs tasks in prepared children; `children.Children` does."""

    def run(self, scope: str, tasks: Sequence[Task], done: Callable[[int, Any], None] = ...) -> list[Any]:
        """The results of all tasks in order; `done(place, result)` as each one ends."""
        ...


def left(recording: str) -> tuple[str, str]:
    """The keys of what an analysis of a recording leaves, masked sound and vectors; as hard to guess as its own key."""
    name = recording.rpartition("/")[2]
    return f"masked/{name}.flac", f"vectors/{name}"


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to be analysed and what is known of it.

    `name` is the scope of its tasks, and with `attempt` the folder of its work files; `recording` the key of the
    object, `seconds` how long it is. `sound` says whether a masked recording is wanted, `owner` the account for which
    work files are sealed where they are.
    """

    name: str
    recording: str
    seconds: float
    policy: Policy
    language: str | None = None
    agent_channel: int | None = None
    direction: str | None = None
    sound: bool = True
    owner: str = ""
    attempt: int = 1

    @property
    def limit(self) -> float:
        """Seconds that a task on the whole recording may take."""
        return _limit(self.seconds)

    def work(self, name: str) -> str:
        """The key of a work file."""
        return folder(self.name, self.attempt) + name

    @property
    def masked(self) -> str:
        """Where the masked sound is written."""
        return self.work("masked.flac")

    @property
    def served(self) -> str:
        """Where the masked sound stays."""
        return left(self.recording)[0]

    @property
    def vectors(self) -> str:
        """Where the vectors of the clauses stay."""
        return left(self.recording)[1]


Stage = Callable[[Job, Crew, Progress], None]


class Tools:
    """What a child works with; each model is loaded when it is first needed, and stays."""

    def __init__(
        self, blobs: str, models: Path, recogniser: str, chat: Writer | None, vault: Vault | None = None
    ) -> None:
        self.blobs: Blobs = open_blobs(blobs, vault)
        self.chat = chat
        self._models = models
        self._recogniser = recogniser

    @cached_property
    def recogniser(self) -> Whisper:
        """The speech recogniser."""
        return Whisper(self._recogniser)

    @cached_property
    def encoder(self) -> Encoder:
        """The sentence encoder."""
        return Encoder(locate.locate(self._models, "minilm"))

    @cached_property
    def embedder(self) -> diarize.Embedder:
        """The speaker encoder."""
        return diarize.Embedder(locate.locate(self._models, "campplus"))

    @cached_property
    def segmenter(self) -> overlap.Segmenter:
        """What hears two speak at once."""
        return overlap.Segmenter(locate.locate(self._models, "segmentation"))


_equipped: list[Tools] = []


def equip(blobs: str, models: Path, recogniser: str, chat: Writer | None = None, vault: Vault | None = None) -> None:
    """Prepare this process to run the `do_` functions on the objects under that address; `chat` words summaries."""
    _equipped[:] = [Tools(blobs, models, recogniser, chat, vault)]
    probe.equip(blobs, vault)


def folder(name: str, attempt: int | None = None) -> str:
    """The prefix of a job's work files, those of one attempt or of all.

    Each attempt has its own: what cleans up behind one may come late, when the next is at work.
    """
    return f"work/{name}/" if attempt is None else f"work/{name}/{attempt}/"


def model_names(recogniser: str) -> dict[str, str]:
    """The models of an analysis by capability, as `metadata.models` names them."""
    shown = f"whisper-{recogniser}" if recogniser in {"base", "tiny.en"} else Path(recogniser).name
    return {"recognition": shown, "speakers": "campplus", "language": "minilm"}


def transcribe(job: Job, crew: Crew, progress: Progress) -> None:
    """Recording → words of every block, and for one shared channel the voices; blocks side by side.

    Raises BadRecording when less than a second of a damaged recording could be decoded.
    """
    (seen,) = crew.run(job.name, [Task(do_survey, (job,), job.limit)])
    blocks = [block.span.duration for block in seen.blocks]
    tasks = [Task(do_words, (job, place), _limit(length)) for place, length in enumerate(blocks)]
    if not seen.apart and blocks:
        # First, because they are one task each for the whole length while the blocks can share what is left.
        tasks[:0] = [Task(do, (job,), job.limit) for do in (do_voices, do_overlaps)]
        blocks[:0] = [0.0, 0.0]
    heard: dict[int, float] = {}

    def done(place: int, _result: object) -> None:
        heard[place] = blocks[place]
        progress(sum(heard.values()) / sum(blocks))

    languages = crew.run(job.name, tasks, done)[len(tasks) - len(seen.blocks) :]  # what the blocks' tasks gave
    spoken = _spoken(languages)
    strays = [place for place, (language, _) in enumerate(languages) if language != spoken]
    # A block of few words may be taken for another language than the call's: it is heard again in the call's.
    crew.run(job.name, [Task(do_words, (job, place, spoken), job.limit) for place in strays])


def speakers(job: Job, crew: Crew, _progress: Progress) -> None:
    """Words and voices → the masked transcript."""
    crew.run(job.name, [Task(do_speakers, (job,), job.limit)])


def understanding(job: Job, crew: Crew, _progress: Progress) -> None:
    """Masked transcript → acts and sentiment on every segment, and the agent found; beside it the masked sound."""
    tasks = [Task(do_understand, (job,), job.limit)]
    if job.sound:
        tasks.append(Task(do_mask, (job,), job.limit))
    crew.run(job.name, tasks)


STAGES: tuple[tuple[str, Stage], ...] = (
    ("transcribing", transcribe),
    ("speakers", speakers),
    ("understanding", understanding),
)


def judge(
    job: Job, crew: Crew, row: Analysis, models: Mapping[str, str], completed_at: str, processing_time_ms: int
) -> Finished:
    """Annotated transcript → results, as the documents that are stored; `row` is the analysis as accepted."""
    arguments = (job, row, dict(models), completed_at, processing_time_ms)
    (finished,) = crew.run(job.name, [Task(do_judge, arguments, job.limit)])
    return finished


def annotated(transcript: Transcript, policy: Policy, encoder: Encoder) -> Transcript:
    """A masked transcript with acts and sentiment, those of the policy's own wordings included."""
    return understand(transcript, encoder, policy.wordings())


def do_load() -> None:
    """Load the models now, so that the first call does not wait for them."""
    (tools,) = _equipped
    _ = tools.recogniser, tools.encoder, tools.embedder, tools.segmenter


def do_survey(job: Job) -> Survey:
    """One pass over the recording: length, speech, channels, blocks. Raises BadRecording."""
    (tools,) = _equipped
    if tools.blobs.exists(job.work("survey.json")):
        return _SURVEY.validate_json(tools.blobs.read(job.work("survey.json")))
    seen = survey(tools.blobs.reader(job.recording))
    if seen.damaged and seen.audible < _LEAST_SOUND:
        raise BadRecording(
            f"The recording is damaged: only {seen.audible:.1f} s of sound could be decoded, at least 1 s is needed."
        )
    tools.blobs.of(job.owner).write(job.work("survey.json"), _SURVEY.dump_json(seen))
    return seen


def do_words(job: Job, place: int, language: str | None = None) -> tuple[str, int]:
    """The words of one block, in that language if it is given; says the language and how many words there are."""
    (tools,) = _equipped
    key = job.work(f"words-{place}.json")
    if tools.blobs.exists(key):
        heard = _HEARD.validate_json(tools.blobs.read(key))
        if language in {None, heard.language}:
            return heard.language, len(heard.words)
    seen = do_survey(job)
    block = seen.blocks[place]
    samples = decode.load_block(tools.blobs.reader(job.recording), block.channel, block.span)
    speech = seen.speech[seen.heard.index(block.channel)]
    heard = tools.recogniser.transcribe(samples, block.span.start, speech, language or job.language)
    tools.blobs.of(job.owner).write(key, _HEARD.dump_json(heard))
    return heard.language, len(heard.words)


def do_voices(job: Job) -> None:
    """Whose voice is heard when, in a recording whose speakers share a channel."""
    (tools,) = _equipped
    if tools.blobs.exists(job.work("turns.json")):
        return
    seen = do_survey(job)
    turns = diarize.turns_of(tools.blobs.reader(job.recording), seen.heard[0], seen.speech[0], tools.embedder)
    tools.blobs.of(job.owner).write(job.work("turns.json"), _TURNS.dump_json(turns))


def do_overlaps(job: Job) -> tuple[Span, ...]:
    """When two speak at once, in a recording whose speakers share a channel."""
    (tools,) = _equipped
    key = job.work("overlaps.json")
    if tools.blobs.exists(key):
        return _SPANS.validate_json(tools.blobs.read(key))
    seen = do_survey(job)
    found = overlap.overlaps(tools.blobs.reader(job.recording), seen.heard[0], seen.speech[0], tools.segmenter)
    tools.blobs.of(job.owner).write(key, _SPANS.dump_json(found))
    return found


def do_speakers(job: Job) -> None:
    """Words and voices → segments; sensitive values masked before anything else reads them."""
    (tools,) = _equipped
    seen = do_survey(job)
    heard = [
        _HEARD.validate_json(tools.blobs.read(job.work(f"words-{place}.json"))) for place in range(len(seen.blocks))
    ]
    aligned = _aligned(job, tools, seen, heard)
    found = sensitive.find(aligned.segments, tagger.likely(tools.encoder, aligned.segments))
    transcript = Transcript(
        segments=sensitive.mask(aligned.segments, found, job.policy.mask),
        turns=aligned.turns,
        sensitive=found,
        duration=seen.duration,
        language=_spoken([(one.language, len(one.words)) for one in heard]) or job.language or "en",
        channels_apart=seen.apart,
    )
    tools.blobs.of(job.owner).write(job.work("transcript.json"), _TRANSCRIPT.dump_json(transcript))


def do_understand(job: Job) -> None:
    """Acts and sentiment on the masked transcript, and who of its speakers is the agent."""
    (tools,) = _equipped
    transcript = _TRANSCRIPT.validate_json(tools.blobs.read(job.work("transcript.json")))
    found = understood(transcript, tools.encoder, prepared(job.policy.wordings(), tools.encoder))
    named = _agent(job, do_survey(job), transcript)
    agent = named or roles.agent_of(transcript, found.likeness, job.direction)
    tools.blobs.of(job.owner).write(job.work("vectors"), pack(found.vectors))
    told = found.transcript.with_agent(agent)
    tools.blobs.of(job.owner).write(job.work("annotated.json"), _TRANSCRIPT.dump_json(told))


def do_mask(job: Job) -> None:
    """The recording with the masked values silenced, as FLAC."""
    (tools,) = _equipped
    transcript = _TRANSCRIPT.validate_json(tools.blobs.read(job.work("transcript.json")))
    with tempfile.TemporaryFile() as sound:
        silenced = mask.silences(transcript, job.policy.mask)
        mask.write_masked(tools.blobs.reader(job.recording), silenced, sound)
        sound.seek(0)
        tools.blobs.of(job.owner).write(job.masked, sound)


def do_judge(
    job: Job, row: Analysis, models: Mapping[str, str], completed_at: str, processing_time_ms: int
) -> Finished:
    """Results and documents from the annotated transcript; what the chat endpoint words is the summary's text alone."""
    (tools,) = _equipped
    transcript = _TRANSCRIPT.validate_json(tools.blobs.read(job.work("annotated.json")))
    found = judged(transcript, job.policy, job.direction)
    if tools.chat and (worded := document.worded(found, transcript, tools.chat.write)):
        found, models = worded, {**models, document.SUMMARY: tools.chat.model}
    return document.finished(
        row,
        transcript,
        found,
        models,
        completed_at,
        processing_time_ms,
        job.served if job.sound else None,
        job.vectors,
    )


def _aligned(job: Job, tools: Tools, seen: Survey, heard: Sequence[Heard]) -> align.Aligned:
    if seen.apart:
        words = {
            channel: [
                word
                for block, one in zip(seen.blocks, heard, strict=True)
                if block.channel == channel
                for word in one.words
            ]
            for channel in seen.heard
            if channel is not None
        }
        return align.channels_apart(words, {channel: seen.speech[place] for place, channel in enumerate(words)})
    said = [word for one in heard for word in one.words]
    if not seen.blocks:
        return align.one_channel(said, (), seen.heard[0])
    turns = _TURNS.validate_json(tools.blobs.read(job.work("turns.json")))
    return align.one_channel(said, turns, seen.heard[0], do_overlaps(job))


def _agent(job: Job, seen: Survey, transcript: Transcript) -> str | None:
    """The speaker on the channel that the client named; None when it named none, or the speakers share a channel."""
    speakers = {segment.speaker for segment in transcript.segments}
    if job.agent_channel is None or seen.channels != 2 or (len(speakers) > 1 and not transcript.channels_apart):
        return None
    named = {segment.speaker for segment in transcript.segments if segment.channel == job.agent_channel}
    return next(iter(named), "B" if speakers == {"A"} else None)


def _spoken(languages: Sequence[tuple[str, int]]) -> str | None:
    """The language of most words; None when there are none."""
    counted: dict[str, int] = {}
    for language, words in languages:
        counted[language] = counted.get(language, 0) + words
    return max(counted, key=lambda language: (counted[language], language), default=None)


def _limit(seconds: float) -> float:
    return max(_LEAST_SECONDS, _TIMES_SOUND * seconds)
