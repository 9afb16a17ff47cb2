"""The worker: durable workflows that take an accepted analysis through the pipeline and its webhook to the customer.

Every stage begins by asking the store whether the analysis still wants it, and every end is one transaction. What
raises below is turned into a sentence here, once: an analysis ends completed or failed, never silently.
"""

import random
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from ipaddress import IPv4Network, IPv6Network

import orjson
import structlog

from callcov import deliver, pipeline
from callcov.checks import shown_flags
from callcov.children import Children
from callcov.document import figures_of, rendered, results_of
from callcov.engine import PASSING, Engine, Step
from callcov.errors import CallcovError
from callcov.store import (
    analyses,
    audit,
    deliveries,
    documents,
    figures,
    idempotency,
    policies,
    retention,
    upkeep,
    webhooks,
)
from callcov.store.analyses import COMPLETED, PROCESSING, Analysis
from callcov.store.audit import Entry
from callcov.store.blobs import Blobs
from callcov.store.db import Database
from callcov.store.deliveries import Delivery
from callcov.store.erasure import erase_each, finish_erasures
from callcov.store.times import iso, milliseconds

INTERNAL = "The analysis stopped because of an error inside CallCov; retry it, and report it if it stops again."
LOST = (
    "The analysis was cut off too often, or the database or the object store was away or full for too long; "
    "the recording is kept, retry it."
)
_AT_ONCE = 200
_GONE = "The analysis was deleted."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Worker:
    """What the workflows need. `public_url` has no slash at its end; `allow` are networks that webhooks may reach."""

    database: Database
    blobs: Blobs
    engine: Engine
    children: Children
    models: Mapping[str, str]
    public_url: str
    allow: tuple[IPv4Network | IPv6Network, ...]

    def analyse(self, step: Step, user_id: str, analysis_id: str, attempt: int) -> None:
        """Take one attempt at an analysis to its end; the work files go whatever the end is.

        The policy is the account's at the beginning: what is masked, understood and judged must be one policy's.
        """
        began: int = step("begin", lambda: milliseconds(_now()))
        version: int = step("policy", partial(self._policy_version, user_id))
        for name, stage in pipeline.STAGES:
            problem = step(name, partial(self._stage, name, stage, user_id, analysis_id, attempt, version))
            if problem:
                break
        else:
            problem = step("judging", partial(self._finish, user_id, analysis_id, attempt, version, began))
        if problem:
            step("fail", partial(self._fail, user_id, analysis_id, attempt, began, problem))
        step("clean", partial(self._clean, user_id, analysis_id, attempt, version))

    def cancel(self, analysis_id: str, attempt: int) -> None:
        """Stop an attempt at once: no further step, its children killed, its work files gone."""
        self.engine.cancel(analysis_id, attempt)
        self.children.cancel(analysis_id)
        self.blobs.delete_prefix(pipeline.folder(analysis_id))

    def stop_deleted(self) -> None:
        """Stop at once what is at work on an analysis that another process deleted: it cannot reach our children."""
        if at_work := self.children.scopes():
            with self.database.read() as connection:
                gone = upkeep.gone(connection, at_work)
            for analysis_id in gone:
                self.children.cancel(analysis_id)
                self.blobs.delete_prefix(pipeline.folder(analysis_id))

    def forget(self, analysis_id: str, runs: int, deliveries: int) -> None:
        """Drop what waits or is remembered for an analysis that is gone."""
        self.engine.forget(analysis_id, runs, deliveries)

    def deliver(self, step: Step, user_id: str, analysis_id: str, run: int, attempt: int) -> None:
        """Make webhook attempt number `attempt` for what attempt `run` at the analysis came to.

        When that cannot be noted for the moment, it is noted later: no attempt would follow, and it is not sent again.
        """
        sent = cache(partial(self._send, user_id, analysis_id, run, attempt))
        step("deliver", lambda: self._note(user_id, run, sent()))

    def tidy(self) -> None:
        """Delete what was kept long enough; fail analyses whose workflow gave up; remove what killed processes left."""
        finish_erasures(self.database)
        self._expire()
        with self.database.read() as connection:
            waiting = upkeep.unfinished(connection)
        for row in waiting:
            if self.engine.ended(row.id, row.attempt):
                self._fail(row.user_id, row.id, row.attempt, milliseconds(_now()), LOST)
        yesterday = _now() - timedelta(days=1)
        self.blobs.sweep(yesterday)
        self._sweep_unnamed(yesterday)
        self._sweep_work(yesterday)
        self.count_older()

    def _expire(self) -> None:
        """Delete what was kept long enough, as its account itself would, and empty the database's log.

        And forget which submissions need no longer be known again.
        """
        with self.database.write() as connection:
            idempotency.forget(connection, _now())
        while True:
            with self.database.read() as connection:
                due = retention.due(connection, _now(), 100)
            entry = Entry(audit.SERVER, "analysis.expire", "analysis", "", _now())
            for row, refused in erase_each(self.database, self.blobs, self, due, entry):
                if refused is None:  # else deleted or held in this instant
                    log.info("expired", analysis=row.id)
            if not due:
                break
        self.database.scrub()

    def _sweep_work(self, before: datetime) -> None:
        """Remove work files of analyses that nothing works on: whoever deleted them was killed half way."""
        for keys in self.blobs.older("work/", before):
            with self.database.read() as connection:
                waiting = {row.id for row in upkeep.unfinished(connection)}
            for key in keys:
                if key.split("/")[1] not in waiting:
                    self.blobs.delete(key)

    def count_older(self) -> None:
        """Count what was completed before there were figures, for insights."""
        while True:
            with self.database.read() as connection:
                found = figures.missing(connection, _AT_ONCE)
                limits = {
                    (one.user_id, one.policy_version): policies.version(
                        connection, one.user_id, int(one.policy_version)
                    ).thresholds.effort_flag
                    for one in found
                }
            if not found:
                return
            counted: dict[str, dict[str, figures.Figures]] = {}
            for one in found:
                results = orjson.loads(one.results or results_of(one.full or ""))
                flags = shown_flags(results, limits[one.user_id, one.policy_version])
                counted.setdefault(one.user_id, {})[one.analysis_id] = figures_of(results, flags)
            with self.database.write() as connection:
                for user_id, theirs in counted.items():
                    analyses.count_older(connection, user_id, theirs)

    def _sweep_unnamed(self, before: datetime) -> None:
        """Remove objects that no analysis names: whoever wrote or deleted them was killed before it was done."""
        for folder in ("recordings/", "masked/", "vectors/"):
            for keys in self.blobs.older(folder, before):
                # Read after the objects were listed: an analysis that is just being finished is still unfinished then.
                with self.database.read() as connection:
                    named = upkeep.named(connection, keys)
                    waiting = upkeep.unfinished(connection)
                coming = {key for row in waiting for key in pipeline.left(row.blob_key)}
                for key in set(keys) - named - coming:
                    self.blobs.delete(key)

    def _stage(
        self, name: str, stage: pipeline.Stage, user_id: str, analysis_id: str, attempt: int, version: int
    ) -> str | None:
        row = self._wanted(user_id, analysis_id, attempt)
        if row is None:
            return _GONE
        with self.database.write() as connection:
            analyses.set_stage(connection, user_id, analysis_id, attempt, name)
        said = log.bind(analysis=analysis_id, attempt=attempt, stage=name)
        said.info("stage begins")
        return self._told(said, lambda: stage(self._job(row, version), self.children, _progress(said)))

    def _finish(self, user_id: str, analysis_id: str, attempt: int, version: int, began: int) -> str | None:
        row = self._wanted(user_id, analysis_id, attempt)
        if row is None:
            return None  # deleted, or this step had finished before a crash and only its record was lost
        with self.database.write() as connection:
            analyses.set_stage(connection, user_id, analysis_id, attempt, "judging")
        said = log.bind(analysis=analysis_id, attempt=attempt, stage="judging")
        return self._told(said, partial(self._judge, row, version, began, said))

    def _judge(self, row: Analysis, version: int, began: int, said: structlog.BoundLogger) -> None:
        job, now = self._job(row, version), _now()
        finished = pipeline.judge(
            job,
            self.children,
            row,
            self.models,
            completed_at=iso(now),
            processing_time_ms=max(0, milliseconds(now) - began),
        )
        self.blobs.move(job.masked, job.served)
        self.blobs.move(job.work("vectors"), job.vectors)
        with self.database.write() as connection:
            done = analyses.finish(connection, row.user_id, row.id, row.attempt, finished)
            if done and row.webhook_url:
                self.engine.deliver(connection, row.user_id, row.id, row.attempt, 1, 0.0)
        if not done:
            self._discard(row)
        said.info("completed", milliseconds=finished.processing_time_ms)

    def _clean(self, user_id: str, analysis_id: str, attempt: int, version: int) -> None:
        """Remove the attempt's work files, and the unmasked recording of what it completed unless the policy keeps it.

        A step of its own: it comes also when the server was killed just after the completion.
        """
        self.blobs.delete_prefix(pipeline.folder(analysis_id, attempt))
        with self.database.read() as connection:
            row = analyses.assigned(connection, user_id, analysis_id)
            ended = row is not None and row.attempt == attempt and row.status == COMPLETED
            if row is None or not ended or policies.version(connection, user_id, version).keep_original:
                return
        self.blobs.delete(row.blob_key)

    def _fail(self, user_id: str, analysis_id: str, attempt: int, began: int, sentence: str) -> None:
        now = _now()
        with self.database.write() as connection:
            failed = analyses.fail(
                connection, user_id, analysis_id, attempt, sentence, iso(now), max(0, milliseconds(now) - began)
            )
            row = analyses.assigned(connection, user_id, analysis_id)
            if failed and row and row.webhook_url:
                self.engine.deliver(connection, user_id, analysis_id, attempt, 1, 0.0)
        if failed and row:
            self._discard(row)  # it may have failed in the instant after they were put there
            log.warning("failed", analysis=analysis_id, attempt=attempt, reason=sentence)

    def _send(self, user_id: str, analysis_id: str, run: int, attempt: int) -> tuple[Delivery, float | None] | None:
        """What the attempt came to, and the seconds to the next; None when there is nothing to tell any more."""
        with self.database.read() as connection:
            row = analyses.assigned(connection, user_id, analysis_id)
            if row is None or row.attempt != run or row.status == PROCESSING or row.webhook_url is None:
                return None  # deleted or retried meanwhile: what was to be told is no longer so
            document = documents.full(connection, user_id, row.livemode, analysis_id)
            signing = webhooks.secrets_of(connection, user_id, _now()).signing
        body = documents.filled(document, self.public_url) if document else rendered(row, self.public_url)
        now = _now()
        outcome = deliver.attempt(row.webhook_url, body, f"msg_{analysis_id}.{run}", signing, self.allow, now)
        delay = deliver.next_delay(attempt, random.random()) if outcome.kind == "retry" else None  # noqa: S311 spreads load only
        delivery = Delivery(
            id=f"{analysis_id}.{run}.{attempt}",
            analysis_id=analysis_id,
            attempt=attempt,
            started_at=iso(now),
            duration_ms=outcome.duration_ms,
            status_code=outcome.status_code,
            outcome="given_up" if outcome.kind == "retry" and delay is None else outcome.kind,
            error=outcome.error,
            next_at=None if delay is None else iso(_now() + timedelta(seconds=delay)),
        )
        log.info("webhook", analysis=analysis_id, attempt=attempt, outcome=delivery.outcome, error=outcome.error)
        return delivery, delay

    def _note(self, user_id: str, run: int, sent: tuple[Delivery, float | None] | None) -> None:
        if sent is None:
            return
        delivery, delay = sent
        with self.database.write() as connection:
            if analyses.assigned(connection, user_id, delivery.analysis_id) is None:
                return
            deliveries.add(connection, user_id, delivery)
            if delay is not None:
                self.engine.deliver(connection, user_id, delivery.analysis_id, run, delivery.attempt + 1, delay)

    def _discard(self, row: Analysis) -> None:
        """Remove what an attempt leaves when it completes, because it did not."""
        for key in pipeline.left(row.blob_key):
            self.blobs.delete(key)

    def _wanted(self, user_id: str, analysis_id: str, attempt: int) -> Analysis | None:
        with self.database.read() as connection:
            row = analyses.assigned(connection, user_id, analysis_id)
        return row if row and row.attempt == attempt and row.status == PROCESSING else None

    def _policy_version(self, user_id: str) -> int:
        with self.database.read() as connection:
            return policies.current(connection, user_id).version

    def _job(self, row: Analysis, version: int) -> pipeline.Job:
        with self.database.read() as connection:
            policy = policies.version(connection, row.user_id, version)
        return pipeline.Job(
            name=row.id,
            recording=row.blob_key,
            seconds=row.duration_ms / 1000,
            language=row.language,
            agent_channel=row.agent_channel,
            direction=row.call_direction,
            policy=policy,
            owner=row.user_id,
            attempt=row.attempt,
        )

    def _told(self, said: structlog.BoundLogger, work: Callable[[], None]) -> str | None:
        try:
            return told(said, work)
        except CancelledError:
            return _GONE


def told(said: structlog.BoundLogger, work: Callable[[], None]) -> str | None:
    """None when the work was done, else the sentence that says why not.

    Raises what may work in a minute, see `PASSING`, and CancelledError.
    """
    try:
        work()
    except (CancelledError, *PASSING):
        raise
    except CallcovError as error:
        return str(error)
    except Exception:  # noqa: BLE001 the worker's loop: whatever happened, the analysis ends and the log says where
        said.exception("stage broke")
        return INTERNAL
    return None


def _progress(said: structlog.BoundLogger) -> Callable[[float], None]:
    return lambda share: said.info("progress", percent=round(100 * share))


def _now() -> datetime:
    return datetime.now(UTC)
