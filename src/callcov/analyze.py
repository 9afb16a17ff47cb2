"""Analyses without a server: files in, analysis objects out, by the same stages as on a server."""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from callcov import pipeline, probe
from callcov.checks.policy import Direction, Policy
from callcov.children import Children, Task
from callcov.config import Config
from callcov.document import analysis_object
from callcov.errors import BadRecording, NoRoom
from callcov.serve import crew
from callcov.store.analyses import FAILED, PROCESSING, STAGES, Analysis
from callcov.store.blobs import UNSERVED, Blobs, open_blobs
from callcov.store.folder import blobs_url
from callcov.store.ids import Tick, uuid7
from callcov.store.times import iso, milliseconds
from callcov.work import INTERNAL, told

Progress = Callable[[Path, str, float], None]
Done = Callable[[int, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the calls, the same for every file; `agent_channel` is 0 or 1, None is unknown."""

    policy: Policy
    agent_id: str = "agent"
    contact_id: str = "contact"
    agent_channel: int | None = None
    direction: Direction | None = None
    language: str | None = None


def analyze(
    config: Config, files: Sequence[Path], about: About, progress: Progress, done: Done = lambda _place, _analysis: None
) -> list[dict[str, Any]]:
    """One analysis object a file, in their order; a file that cannot be analysed gives one with status `failed`.

    `audio.url` is the file's own address. `progress(file, stage, share)` is called as the work goes on, share is 0..1,
    and `done(place, analysis)` once for each file when it has ended; both from several threads. Raises OSError for a
    file that is not there at the beginning, and what `crew` raises for the models.
    """
    with tempfile.TemporaryDirectory(prefix="callcov-", ignore_cleanup_errors=True) as folder:
        address = blobs_url(Path(folder))
        blobs, children = open_blobs(address), crew(config, address)

        rows = [_accepted(about, file) for file in files]

        def one(place: int, file: Path, row: Analysis) -> dict[str, Any]:
            found: dict[str, Any] = {}
            problem = _told(file, lambda: found.update(_analysed(config, blobs, children, row, file, about, progress)))
            if problem:
                ended = row._replace(status=FAILED, error_message=problem, completed_at=iso(datetime.now(UTC)))
                found = analysis_object(ended, "")
            _remove(blobs, row)
            found["audio"]["url"] = file.absolute().as_uri()
            done(place, found)
            return found

        threads = ThreadPoolExecutor(config.workers)
        try:
            return list(threads.map(one, range(len(files)), files, rows))
        finally:
            # After Ctrl-C or an error nothing more begins, and what is running is not waited for.
            threads.shutdown(wait=False, cancel_futures=True)
            for row in rows:
                children.cancel(row.id)
            threads.shutdown()
            children.close()


def _told(file: Path, work: Callable[[], None]) -> str | None:
    """As the server's; what may work in a minute is told too, for nobody tries it again here."""
    said = structlog.get_logger().bind(file=str(file))
    try:
        return told(said, work)
    except NoRoom as error:
        return str(error)
    except UNSERVED:
        said.exception("the folder for temporary files cannot be used")
        return INTERNAL


def _store(blobs: Blobs, key: str, file: Path) -> None:
    try:
        content = file.open("rb")
    except OSError as error:
        raise BadRecording(f"The file cannot be read: {error.strerror}.") from error
    with content:
        blobs.write(key, content)


def _analysed(
    config: Config, blobs: Blobs, children: Children, row: Analysis, file: Path, about: About, progress: Progress
) -> dict[str, Any]:
    _store(blobs, row.blob_key, file)
    began = datetime.now(UTC)
    (found,) = children.run(row.id, [Task(probe.look, (row.blob_key,))])
    row = row._replace(
        format=found.format,
        duration_ms=round(found.duration * 1000),
        channels=found.channels,
        sample_rate=found.sample_rate,
    )
    job = pipeline.Job(
        name=row.id,
        recording=row.blob_key,
        seconds=found.duration,
        language=about.language,
        agent_channel=about.agent_channel,
        direction=about.direction,
        policy=about.policy,
        sound=False,
    )
    for name, stage in pipeline.STAGES:
        progress(file, name, 0.0)
        stage(job, children, lambda share, name=name: progress(file, name, share))
    progress(file, "judging", 0.0)
    now = datetime.now(UTC)
    finished = pipeline.judge(
        job,
        children,
        row,
        pipeline.model_names(config.model),
        completed_at=iso(now),
        processing_time_ms=milliseconds(now) - milliseconds(began),
    )
    progress(file, "done", 1.0)
    return orjson.loads(finished.full)


def _accepted(about: About, file: Path) -> Analysis:
    now = milliseconds(datetime.now(UTC))
    analysis_id = uuid7(Tick(now, 0))
    return Analysis(
        id=analysis_id,
        user_id="",
        livemode=False,
        created=now // 1000,
        revision=0,
        status=PROCESSING,
        stage=STAGES[0],
        attempt=1,
        agent_id=about.agent_id,
        contact_id=about.contact_id,
        blob_key=f"recordings/{analysis_id}",
        masked_key=None,
        vectors_key=None,
        sha256="",
        size_bytes=file.stat().st_size,
        format=file.suffix.removeprefix("."),
        duration_ms=0,
        channels=0,
        sample_rate=0,
        call_direction=about.direction,
        call_timestamp=None,
        metadata=None,
        language=about.language,
        agent_channel=about.agent_channel,
        webhook_url=None,
        completed_at=None,
        processing_time_ms=None,
        policy_version=None,
        checks_version=None,
        error_message=None,
    )


def _remove(blobs: Blobs, row: Analysis) -> None:
    blobs.delete(row.blob_key)
    blobs.delete_prefix(pipeline.folder(row.id))
