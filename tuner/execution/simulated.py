"""Workers on a clock of their own: hours of parallel work in no time, for tests and benchmarks of the engine."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Generic

from tuner.execution.executor import Job, Limits, Outcome, Result, Shared, Task
from tuner.execution.inline import InlineExecutor


class SimulatedExecutor(Generic[Task, Shared, Result]):
    """Tasks are done when they are submitted and come back when the simulated clock says so.

    Args:
        job: what to do.
        limits: of one task; not kept.
        workers: how many tasks run at once.
        seconds: how long a task takes on the simulated clock.
        lookahead: tasks kept ready for the next free worker.
    """

    def __init__(
        self,
        job: Job[Task, Shared, Result],
        limits: Limits,
        *,
        workers: int,
        seconds: Callable[[Task], float],
        lookahead: int = 0,
    ) -> None:
        self.clock_s = 0.0
        """Seconds that passed on the simulated clock."""
        self.worked_s = 0.0
        """Seconds that the workers were busy, all together."""
        self._inline = InlineExecutor(job, limits)
        self._workers = workers
        self._seconds = seconds
        self._lookahead = lookahead
        self._running: list[tuple[float, int, Outcome[Task, Result]]] = []
        self._order = count()

    @property
    def room(self) -> int:
        """Workers without a task."""
        return self._workers - len(self._running)

    @property
    def busy(self) -> int:
        """Workers with a task."""
        return len(self._running)

    @property
    def lookahead(self) -> int:
        """As it was made."""
        return self._lookahead

    def submit(self, task: Task) -> None:
        """Do the task, and give it back when its time has passed."""
        if self.room <= 0:
            raise ValueError("every worker has a task")
        self._inline.submit(task)
        (outcome,) = self._inline.wait(0.0)
        seconds = self._seconds(task)
        self.worked_s += seconds
        done = replace(outcome, seconds=seconds)
        heapq.heappush(self._running, (self.clock_s + seconds, next(self._order), done))

    def wait(self, timeout_s: float) -> list[Outcome[Task, Result]]:  # noqa: ARG002 - no time passes here
        """Move the clock on to where the next task is done, and return it."""
        if not self._running:
            return []
        self.clock_s, _, outcome = heapq.heappop(self._running)
        return [outcome]

    def close(self) -> None:
        """Forget what runs."""
        self._running.clear()
        self._inline.close()
