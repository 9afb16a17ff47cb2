"""Written calls and their sound through the product's own stages: what the checks got, and what was heard on the way.

Recognising is the slow part and changes only with the sound and the speech room; its work files are kept in
`.cache/verdicts` under a name made of both, everything behind it is done anew each time.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import readable
import written
from pydantic import TypeAdapter
from written import SOUND, Call

from callcov import config, pipeline
from callcov.checks.policy import ready_made
from callcov.children import Task
from callcov.language import tagger
from callcov.language.encoder import Encoder
from callcov.model import Transcript, Word
from callcov.models import locate
from callcov.speech.decode import LONGEST
from callcov.speech.survey import Block
from callcov.speech.transcribe import Heard
from callcov.text import sensitive

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "verdicts"
WAYS = ("written", "stereo", "mono")
BEHIND = ("align", "roles", "mask", "overlap")  # what the speech room does beside recognising, done anew each time
STEP = 0.05  # seconds between the moments at which who speaks is compared

_TRANSCRIPT, _HEARD = TypeAdapter(Transcript), TypeAdapter(Heard)


@dataclass(frozen=True, slots=True)
class Listened:
    """One call in one way: the transcript as the checks get it, what was recognised, and what still tells a value.

    `words` are the unmasked words by side, only for sound. `audible` are values heard in the served sound when it is
    recognised again: None when that was not tried.
    """

    name: str
    way: str
    transcript: Transcript
    words: dict[str, tuple[str, ...]]
    audible: tuple[tuple[int, str, str], ...] | None = None


def listen(calls: Sequence[Call], way: str, *, audible: bool = False) -> list[Listened]:
    """The calls in one of WAYS, in their order; sound on every core."""
    if way == "written":
        encoder = Encoder(locate.locate(config.read(os.environ).models, "minilm"))
        return [Listened(call.name, way, _understood(call, encoder), {}) for call in calls]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), initializer=equip) as pool:
        return list(pool.map(_sound, calls, [way] * len(calls), [audible] * len(calls)))


def by_channel(name: str, sound: bytes) -> tuple[list[Word], list[Word]]:
    """The words of a stereo recording, unmasked, by channel. Raises ValueError when both are taken for one."""
    job = _job(name, sound)
    pipeline.transcribe(job, _Here(), lambda _share: None)
    found: tuple[list[Word], list[Word]] = ([], [])
    for block, words in _recognised(job):
        if block.channel is None:
            raise ValueError(f"{name}: the two channels were taken for one.")
        found[block.channel].extend(words)
    return found


def role_seconds(call: Call, transcript: Transcript) -> tuple[int, int]:
    """Moments at which one side speaks and a voice is heard, and at how many of them the right side is heard alone."""
    right = heard = 0
    moment = 0.0
    while moment < call.end:
        speaking = {line.who for line in call.lines if line.span.start <= moment < line.span.end}
        found = {
            "A" if transcript.role(turn.speaker) == "agent" else "C"
            for turn in transcript.turns
            if turn.span.start <= moment < turn.span.end
        }
        if len(speaking) == 1 and found:
            heard += 1
            right += found == speaking
        moment += STEP
    return right, heard


class _Here:
    """Runs tasks in this process, one after the other."""

    def run(self, _scope: str, tasks: Sequence[Task], done: Callable[[int, Any], None] = lambda *_: None) -> list[Any]:
        results: list[Any] = []
        for place, task in enumerate(tasks):
            results.append(task.function(*task.arguments))
            done(place, results[-1])
        return results


def _understood(call: Call, encoder: Encoder) -> Transcript:
    policy = ready_made(call.policy)
    heard = written.transcript(call)
    found = sensitive.find(heard.segments, tagger.likely(encoder, heard.segments))
    masked = replace(heard, segments=sensitive.mask(heard.segments, found, policy.mask), sensitive=found)
    return pipeline.annotated(masked, policy, encoder)


def equip() -> None:
    """Prepare this process to recognise."""
    settings = config.read(os.environ)
    CACHE.mkdir(parents=True, exist_ok=True)
    recogniser = locate.whisper(settings.models, settings.model)
    pipeline.equip(CACHE.resolve().as_uri(), settings.models, str(recogniser))


def _sound(call: Call, way: str, audible: bool) -> Listened:  # noqa: FBT001 - mapped over calls
    job = _job(call.name, (SOUND / f"{call.name}.{way}.mp3").read_bytes(), call.policy, call.direction)
    (tools,) = pipeline._equipped  # noqa: SLF001 - the same tools as the stages'
    for name in ("overlaps.json", "transcript.json", "annotated.json", "vectors", "masked.flac"):
        tools.blobs.delete(job.work(name))
    for _, stage in pipeline.STAGES:
        stage(job, _Here(), lambda _share: None)
    transcript = _TRANSCRIPT.validate_json(tools.blobs.read(job.work("annotated.json")))
    heard = _again(call, tools.blobs.read(job.masked)) if audible and any(readable.values(call)) else ()
    return Listened(call.name, way, transcript, _by_side(job, transcript), heard if audible else None)


def _job(name: str, sound: bytes, policy: str = "default", direction: str | None = None) -> pipeline.Job:
    """The job of some sound, under a name that changes with the sound and with the speech room."""
    digest = hashlib.sha256(sound)
    for path in sorted((ROOT / "src" / "callcov" / "speech").glob("*.py")):
        if path.stem not in BEHIND:
            digest.update(path.read_bytes())
    name = f"{name}-{digest.hexdigest()[:16]}"
    (tools,) = pipeline._equipped  # noqa: SLF001 - the same
    tools.blobs.write(f"recordings/{name}", sound)
    return pipeline.Job(name, f"recordings/{name}", LONGEST, ready_made(policy), direction=direction)


def _again(call: Call, served: bytes) -> tuple[tuple[int, str, str], ...]:
    """The values of a call that are told by its served sound when it is recognised again, nothing masked."""
    job = _job(call.name, served)
    pipeline.transcribe(job, _Here(), lambda _share: None)
    return tuple(readable.told(call, [word for _, words in _recognised(job) for word in words]))


def _recognised(job: pipeline.Job) -> Iterator[tuple[Block, tuple[Word, ...]]]:
    """The blocks of a transcribed job with their words."""
    (tools,) = pipeline._equipped  # noqa: SLF001 - the same
    for place, block in enumerate(pipeline.do_survey(job).blocks):
        yield block, _HEARD.validate_json(tools.blobs.read(job.work(f"words-{place}.json"))).words


def _by_side(job: pipeline.Job, transcript: Transcript) -> dict[str, tuple[str, ...]]:
    """The recognised words, unmasked, under the side that the transcript gives them to."""
    words = [word for _, part in _recognised(job) for word in part]
    plain = {(round(word.span.start, 3), round(word.span.end, 3)): word.text for word in words}
    sides: dict[str, list[str]] = {"A": [], "C": []}
    for segment in transcript.segments:
        who = "A" if transcript.role(segment.speaker) == "agent" else "C"
        sides[who] += [plain.get((round(w.span.start, 3), round(w.span.end, 3)), w.text) for w in segment.words]
    return {who: tuple(words) for who, words in sides.items()}
