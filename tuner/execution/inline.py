"""Trials in this very process, one after another: for tests, debugging and machines without Ray."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Generic

from tuner.errors import StageError
from tuner.execution.executor import Job, Limits, Outcome, Result, Shared, Task, as_stage_error

_KEPT = 4


class InlineExecutor(Generic[Task, Shared, Result]):
    """One worker that works when it is waited for.

    It cannot end a task from outside: the time limit is the task's own to keep, the memory limit is not kept.
    """

    def __init__(self, job: Job[Task, Shared, Result], limits: Limits) -> None:
        self._job = job
        self._limits = limits
        self._waiting: list[Task] = []
        self._shared: OrderedDict[str, Shared] = OrderedDict()

    @property
    def room(self) -> int:
        """One, unless a task waits."""
        return 1 - len(self._waiting)

    @property
    def busy(self) -> int:
        """One while a task waits."""
        return len(self._waiting)

    @property
    def lookahead(self) -> int:
        """None: who waits for this worker does its work."""
        return 0

    def submit(self, task: Task) -> None:
        """Keep the task until it is waited for."""
        if self._waiting:
            raise ValueError("the inline executor has one worker, and it has a task")
        self._waiting.append(task)

    def wait(self, timeout_s: float) -> list[Outcome[Task, Result]]:  # noqa: ARG002 - it cannot be interrupted
        """Work on the task; the time it takes is the task's own."""
        done = []
        while self._waiting:
            task, start = self._waiting.pop(), time.monotonic()
            result: Result | None = None
            failure: StageError | None = None
            try:
                result = self._job.work(task, self._prepared(task))
            except Exception as error:
                failure = as_stage_error(error)
            done.append(Outcome(task, result, failure, 1, time.monotonic() - start))
        return done

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._shared.clear()

    def _prepared(self, task: Task) -> Shared:
        key = self._job.key(task)
        if key not in self._shared:
            self._shared[key] = self._job.prepare(task)
            while len(self._shared) > _KEPT:
                self._shared.popitem(last=False)
        self._shared.move_to_end(key)
        return self._shared[key]
