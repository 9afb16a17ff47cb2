"""Child processes that can be killed: everything slow, large or untrusted runs in one, never in the server.

A thin layer over pebble's ProcessPool, which gives killing and time limits; ours are the low priority (the API must
answer while every core transcribes), the memory limit, a second try for work whose process died, cancelling by name,
and the end of every child when the server is gone.
"""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, TimeoutError, wait  # noqa: A004 it is the built-in one
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from pebble import ProcessExpired, ProcessPool

from callcov.errors import WorkerDied

_NICE = 10
_PARENT_CHECK_SECONDS = 1.0
_TRIES = 2
_KILL_SECONDS = 5.0
_WARMING = "warm"


@dataclass(frozen=True, slots=True)
class Task:
    """A module-level function to be called in a child, with arguments that can be pickled, within `timeout` seconds."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    timeout: float | None = None


@dataclass
class Children:
    """Up to `count` child processes, each prepared once by `prepare(*arguments)`.

    `memory` limits the address space of a child in bytes, `None` leaves it open.
    """

    count: int
    prepare: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    memory: int | None = None
    _pool: ProcessPool | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _running: dict[str, set[Future[Any]]] = field(default_factory=dict[str, "set[Future[Any]]"], init=False)
    _stopping: bool = field(default=False, init=False)

    def run(
        self, scope: str, tasks: Sequence[Task], done: Callable[[int, Any], None] = lambda _place, _result: None
    ) -> list[Any]:
        """The results of all tasks in their order; `done(place, result)` is called as each one ends.

        The first failure cancels the rest and is raised. A task whose process dies is tried once more, then
        WorkerDied; a task over its time limit is WorkerDied too; CancelledError after `cancel(scope)`.
        """
        results: list[Any] = [None] * len(tasks)
        waiting: dict[Future[Any], tuple[int, int]] = {
            self._submit(scope, task): (place, 1) for place, task in enumerate(tasks)
        }
        try:
            while waiting:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    place, tries = waiting.pop(future)
                    if _died(future) and tries < _TRIES and not self._stopping:
                        waiting[self._submit(scope, tasks[place])] = (place, tries + 1)
                        continue
                    results[place] = self._result(future)
                    done(place, results[place])
        finally:
            for future in waiting:
                future.cancel()
            with self._lock:
                self._running.pop(scope, None)
        return results

    def warm(self, function: Callable[[], object]) -> None:
        """Start the children now and have each call that function; nobody waits for it, and a failure shows later."""
        for _ in range(self.count):
            self._submit(_WARMING, Task(function))

    def scopes(self) -> tuple[str, ...]:
        """The names under which `run` is at work."""
        with self._lock:
            return tuple(scope for scope in self._running if scope != _WARMING)

    def cancel(self, scope: str) -> None:
        """End everything that runs under that name by killing its children; fresh ones take their place.

        On return those that had begun are dead and write nothing more, unless that took over five seconds.
        """
        with self._lock:
            futures = self._running.pop(scope, set[Future[Any]]())
        at_work = [future for future in futures if future.running()]
        for future in futures:
            future.cancel()
        wait(at_work, timeout=_KILL_SECONDS)  # pebble tells of a cancelled task once its process has ended

    def close(self) -> None:
        """End all children, killing those that work. Threads that wait in `run` are not told: the process ends too."""
        with self._lock:
            self._stopping = True
            if self._pool is None:
                return
            if any(not future.done() for futures in self._running.values() for future in futures):
                self._pool.stop()
            else:
                self._pool.close()
            try:
                self._pool.join(timeout=5)
            except TimeoutError:  # a busy machine: kill what is left; it would end with this process anyway
                self._pool.stop()
                with suppress(TimeoutError):
                    self._pool.join(timeout=5)

    def _submit(self, scope: str, task: Task) -> Future[Any]:
        with self._lock:
            if self._pool is None or not self._pool.active:
                self._pool = self._new_pool()
            future: Future[Any] = self._pool.schedule(task.function, args=task.arguments, timeout=task.timeout)
            self._running.setdefault(scope, set()).add(future)
        return future

    def _new_pool(self) -> ProcessPool:
        # An idle child that is killed from outside breaks pebble's pool; a new pool is then the way on.
        return ProcessPool(
            max_workers=self.count,
            initializer=_begin,
            initargs=(os.getpid(), self.memory, self.prepare, self.arguments),
            context=get_context("spawn"),
        )

    def _result(self, future: Future[Any]) -> object:
        try:
            return future.result()
        except (ProcessExpired, BrokenProcessPool, TimeoutError, CancelledError) as error:
            if self._stopping:
                threading.Event().wait()  # the process is about to end: what is unfinished must not be recorded
            if isinstance(error, CancelledError):
                raise
            reason = "took far too long" if isinstance(error, TimeoutError) else "was ended, perhaps for want of memory"
            raise WorkerDied(f"The process that worked on this recording {reason}; try it again.") from error


def _died(future: Future[Any]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), ProcessExpired | BrokenProcessPool)


def _begin(parent: int, memory: int | None, prepare: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; only the parent decides
    os.nice(_NICE)
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    prepare(*arguments)


def end_with(parent: int) -> None:
    """End this process when it is no longer the child of that one; blocks until then."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)
