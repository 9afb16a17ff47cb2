"""The only module that knows DBOS: durable workflows for analyses and webhook deliveries, and the hourly tidying.

A workflow's arguments are ids and numbers, never text of a call. Steps run at least once; a finished step is not
repeated after a crash. Workflow ids are derived from what they are for, so starting one twice starts it once.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, StepOptions, error

from callcov.errors import NoRoom
from callcov.store.blobs import UNSERVED
from callcov.store.db import UNANSWERED

# Jobs left under one version are not resumed by another: change it only when the order of the steps changes.
WORKFLOWS_VERSION = "1"
ANALYSES, DELIVERIES = "analyses", "deliveries"
BY_THEMSELVES = 10
"""Webhook attempts that follow one another without anybody asking, as `deliver.DELAYS` says."""
WEBHOOKS_AT_ONCE = 64
"""Attempts at a time, of all accounts: they only wait on the network, half a minute for a receiver that hangs."""
_FIRST, _AGAIN = 1, 2  # the lower is taken first
_HISTORY = timedelta(days=7)
_GOING_ON = {"PENDING", "ENQUEUED", "DELAYED"}
# A workflow that was cut off this often stops being recovered; the sweep then fails its analysis openly.
_RECOVERIES = 20
PASSING = (*UNANSWERED, *UNSERVED, NoRoom)
"""What a step raises when the database or the object store is away or full: it is tried again, see `Step`."""
# After 1, 2, 4 … 256 seconds.
_PATIENT: StepOptions = {
    "retries_allowed": True,
    "max_attempts": 10,
    "interval_seconds": 1.0,
    "backoff_rate": 2.0,
    "should_retry": lambda error: isinstance(error, PASSING),
}
_IDS = 500  # asked for at once
# How DBOS tells that a workflow was cancelled, which is what a deletion does; an error that says so follows.
_CANCELLED = ("was cancelled during execution", "is no longer owned by this execution")

T = TypeVar("T")


class Step(Protocol):
    """Runs a function as a named, durable step; its result (JSON values only) is remembered across crashes."""

    def __call__(self, name: str, function: Callable[[], T]) -> T:
        """Run `function`, or give back what it gave before the crash.

        While it raises what is `PASSING` it is tried again, for eight minutes; after that, and at any other error, the
        workflow gives up, and the tidying tells so.
        """
        ...


class Work(Protocol):
    """What the workflows do; `work.py` is the one that does it."""

    def analyse(self, step: Step, user_id: str, analysis_id: str, attempt: int) -> None:
        """Take one accepted analysis to its end."""
        ...

    def deliver(self, step: Step, user_id: str, analysis_id: str, run: int, attempt: int) -> None:
        """Make one webhook attempt."""
        ...

    def tidy(self) -> None:
        """Fail what was lost and remove what is due; called in the background, at every start and once an hour."""
        ...


class Engine:
    """Starts, delays, cancels and recovers workflows. One per process: DBOS keeps one registry."""

    def __init__(self, database: sa.Engine, executor_id: str = "callcov-0") -> None:
        """`database` is the engine's own connection pool to the file or server that holds the application's tables."""
        self._database = database
        said = logging.getLogger("dbos")
        # With none of its own, or with the one of an earlier DBOS, it would write to standard error in its own way.
        said.handlers, said.propagate = [logging.NullHandler()], True
        said.addFilter(_is_news)
        DBOS(
            config={
                "name": "callcov",
                "system_database_engine": database,
                "application_version": WORKFLOWS_VERSION,
                "executor_id": executor_id,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "enable_otlp": False,
                "notification_listener_polling_interval_sec": 1.0,
            }
        )
        self._starter: Starter | None = None

    def launch(self, work: Work, concurrency: int) -> None:
        """Create the engine's tables, recover what was cut off, and work, on `concurrency` analyses at once."""

        @DBOS.workflow(name="analyse", max_recovery_attempts=_RECOVERIES)
        def analyse(user_id: str, analysis_id: str, attempt: int) -> None:  # pyright: ignore[reportUnusedFunction] DBOS calls it by name
            work.analyse(_step, user_id, analysis_id, attempt)

        @DBOS.workflow(name="deliver", max_recovery_attempts=_RECOVERIES)
        def deliver(user_id: str, analysis_id: str, run: int, attempt: int) -> None:  # pyright: ignore[reportUnusedFunction] the same
            work.deliver(_step, user_id, analysis_id, run, attempt)

        @DBOS.workflow(name="tidy")
        def tidy(scheduled: datetime, context: Any) -> None:  # noqa: ANN401 DBOS's own signature of a scheduled workflow
            del scheduled, context
            work.tidy()
            self._launched().prune(datetime.now(UTC) - _HISTORY)

        # Before anything is recovered: a tidying that goes on asks it.
        self._starter = Starter(self._database)
        DBOS.launch()
        # Queue limits live in the database and bind every process, so they are set here and nowhere else.
        DBOS.register_queue(
            ANALYSES, worker_concurrency=concurrency, polling_interval_sec=0.2, on_conflict="always_update"
        )
        DBOS.register_queue(
            DELIVERIES, worker_concurrency=WEBHOOKS_AT_ONCE, polling_interval_sec=0.5, on_conflict="always_update"
        )
        DBOS.apply_schedules(
            [{"schedule_name": "tidy", "workflow_fn": tidy, "schedule": "17 * * * *", "context": None}]
        )
        # In the background: looking through the stored objects of ten million calls takes minutes. One that was cut off
        # goes on already.
        if not DBOS.list_workflows(name="tidy", status=[*_GOING_ON], load_input=False, load_output=False):
            DBOS.start_workflow(tidy, datetime.now(UTC), None)

    def start(self, connection: sa.Connection, user_id: str, analysis_id: str, attempt: int) -> None:
        """Enqueue the analysis within the caller's transaction; it begins once that has been committed."""
        self._launched().start(connection, user_id, analysis_id, attempt)

    def deliver(
        self, connection: sa.Connection, user_id: str, analysis_id: str, run: int, attempt: int, delay: float
    ) -> None:
        """Enqueue webhook attempt number `attempt` (from 1), `delay` seconds from now, within the transaction.

        First attempts, and those that somebody asks for, are taken before those that follow by themselves.
        """
        self._launched().deliver(connection, user_id, analysis_id, run, attempt, delay)

    def cancel(self, analysis_id: str, attempt: int) -> None:
        """Stop an analysis before its next step; nothing happens if it has ended or was never started."""
        self._launched().cancel(analysis_id, attempt)

    def forget(self, analysis_id: str, runs: int, deliveries: int) -> None:
        """Drop the webhooks that wait for an analysis and what is kept of its ended work; what runs is left alone.

        `runs` is how often it was begun, `deliveries` the highest number of a webhook attempt that was made.
        """
        self._launched().forget(analysis_id, runs, deliveries)

    def ended(self, analysis_id: str, attempt: int) -> bool:
        """Whether the workflow will do nothing more: finished, cancelled, given up, or unknown."""
        return self._launched().ended(analysis_id, attempt)

    def close(self) -> None:
        """Stop taking work. Running steps are left as a crash leaves them: the next start recovers them."""
        if self._starter is not None:
            self._starter.close()
        DBOS.destroy(destroy_registry=True)

    def _launched(self) -> "Starter":
        if self._starter is None:
            raise RuntimeError("The engine must be launched before work is enqueued.")
        return self._starter


class Starter:
    """Enqueues, cancels and asks through the database alone, for a process that does no durable work itself.

    And for the tidying, which is a workflow: what it asked of `DBOS` itself would be noted as a step of it, with an
    answer that cannot be written down, and after a crash be taken for the answer to another question.
    """

    def __init__(self, database: sa.Engine) -> None:
        """The engine's tables must be there: some process must have launched the engine on that database."""
        self._client = DBOSClient(system_database_engine=database, serializer=DBOSPortableJSONSerializer())

    def start(self, connection: sa.Connection, user_id: str, analysis_id: str, attempt: int) -> None:
        """As `Engine.start`."""
        options: EnqueueOptions = {
            "workflow_name": "analyse",
            "queue_name": ANALYSES,
            "workflow_id": _analysis(analysis_id, attempt),
            "app_version": WORKFLOWS_VERSION,
        }
        self.enqueue(connection, options, user_id, analysis_id, attempt)

    def deliver(
        self, connection: sa.Connection, user_id: str, analysis_id: str, run: int, attempt: int, delay: float
    ) -> None:
        """As `Engine.deliver`."""
        options: EnqueueOptions = {
            "workflow_name": "deliver",
            "queue_name": DELIVERIES,
            "workflow_id": _delivery(analysis_id, run, attempt),
            "app_version": WORKFLOWS_VERSION,
            "delay_seconds": delay,
            "priority": _AGAIN if 1 < attempt <= BY_THEMSELVES else _FIRST,
        }
        self.enqueue(connection, options, user_id, analysis_id, run, attempt)

    def cancel(self, analysis_id: str, attempt: int) -> None:
        """As `Engine.cancel`."""
        self._client.cancel_workflow(_analysis(analysis_id, attempt))

    def forget(self, analysis_id: str, runs: int, deliveries: int) -> None:
        """As `Engine.forget`."""
        # By their ids, which are looked up: for a prefix the database would go through the work of a whole week.
        ids = [_analysis(analysis_id, run) for run in range(1, runs + 1)]
        ids += [
            _delivery(analysis_id, run, attempt)
            for run in range(1, runs + 1)
            for attempt in range(1, max(deliveries, BY_THEMSELVES) + 2)  # one more may have been asked for
        ]
        for first in range(0, len(ids), _IDS):
            known = self._client.list_workflows(
                workflow_ids=ids[first : first + _IDS],
                status=["ENQUEUED", "DELAYED", "SUCCESS", "ERROR"],
                load_input=False,
                load_output=False,
            )
            if known:
                self._client.delete_workflows([workflow.workflow_id for workflow in known])

    def ended(self, analysis_id: str, attempt: int) -> bool:
        """As `Engine.ended`."""
        of_it = [_analysis(analysis_id, attempt)]
        return not self._client.list_workflows(
            workflow_ids=of_it, status=[*_GOING_ON], load_input=False, load_output=False
        )

    def prune(self, before: datetime) -> None:
        """Delete what is kept of ended workflows created before that time; DBOS never does it by itself."""
        while old := self._client.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            end_time=before.isoformat(),
            limit=_IDS,
            load_input=False,
            load_output=False,
        ):
            self._client.delete_workflows([workflow.workflow_id for workflow in old])

    def enqueue(self, connection: sa.Connection, options: EnqueueOptions, *arguments: str | float) -> None:
        """Enqueue a workflow within the caller's transaction."""
        self._client.enqueue_in_transaction(connection, options, *arguments)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


def _is_news(record: logging.LogRecord) -> bool:
    raised = record.exc_info[1] if record.exc_info else None
    told = any(words in record.getMessage() for words in _CANCELLED)
    return not told and not isinstance(raised, error.DBOSAwaitedWorkflowCancelledError)


def _analysis(analysis_id: str, attempt: int) -> str:
    return f"analyse.{analysis_id}.{attempt}"


def _delivery(analysis_id: str, run: int, attempt: int) -> str:
    return f"deliver.{analysis_id}.{run}.{attempt}"


def _step(name: str, function: Callable[[], T]) -> T:
    return DBOS.run_step({**_PATIENT, "name": name}, function)
