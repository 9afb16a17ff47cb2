"""Analyses without a server: files in, analysis objects out, by the same stages as on a server."""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from callcov import pipeline, probe
from callcov.checks.policy import Direction, Policy
from callcov.children import Children, Task
from callcov.config import Config
from callcov.document import analysis_object
from callcov.errors import BadRecording, WorkerDied
from callcov.serve import crew
from callcov.store.analyses import FAILED, PROCESSING, STAGES, Analysis
from callcov.store.blobs import Blobs, open_blobs
from callcov.store.folder import blobs_url
from callcov.store.ids import Tick, uuid7
from callcov.store.times import iso, milliseconds

Progress = Callable[[Path, str, float], None]


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the calls, the same for every file; `agent_channel` is 0 or 1, None is unknown."""

    policy: Policy
    agent_id: str = "agent"
    contact_id: str = "contact"
    agent_channel: int | None = None
    direction: Direction | None = None
    language: str | None = None


def analyze(config: Config, files: Sequence[Path], about: About, progress: Progress) -> list[dict[str, Any]]:
    """One analysis object a file, in their order; a file that cannot be analysed gives one with status `failed`.

    `audio.url` is the file's own address. `progress(file, stage, share)` is called as the work goes on, from several
    threads; share is 0..1. Raises OSError for a file that cannot be read, and what `crew` raises for the models.
    """
    with tempfile.TemporaryDirectory(prefix="callcov-", ignore_cleanup_errors=True) as folder:
        address = blobs_url(Path(folder))
        blobs, children = open_blobs(address), crew(config, address)

        rows = [_accepted(about, file) for file in files]

        def one(file: Path, row: Analysis) -> dict[str, Any]:
            with file.open("rb") as content:
                blobs.write(row.blob_key, content)
            try:
                analysis = _analysed(config, children, row, about, partial(progress, file))
            except (BadRecording, WorkerDied) as error:
                ended = row._replace(status=FAILED, error_message=str(error), completed_at=iso(datetime.now(UTC)))
                analysis = analysis_object(ended, "")
            _remove(blobs, row)
            analysis["audio"]["url"] = file.absolute().as_uri()
            return analysis

        threads = ThreadPoolExecutor(config.workers)
        try:
            return list(threads.map(one, files, rows))
        finally:
            # After Ctrl-C or an error nothing more begins, and what is running is not waited for.
            threads.shutdown(wait=False, cancel_futures=True)
            for row in rows:
                children.cancel(row.id)
            threads.shutdown()
            children.close()


def _analysed(
    config: Config, children: Children, row: Analysis, about: About, progress: Callable[[str, float], None]
) -> dict[str, Any]:
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
        progress(name, 0.0)
        stage(job, children, lambda share, name=name: progress(name, share))
    progress("judging", 0.0)
    now = datetime.now(UTC)
    finished = pipeline.judge(
        job,
        children,
        row,
        pipeline.model_names(config.model),
        completed_at=iso(now),
        processing_time_ms=milliseconds(now) - milliseconds(began),
    )
    progress("done", 1.0)
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
