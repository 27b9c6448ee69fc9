"""What runs trials: a pool of workers that takes tasks and gives back outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tuner.errors import StageError, WorkerError

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Result = TypeVar("Result")
Task_contra = TypeVar("Task_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Job(Protocol[Task_contra, Shared, Result_co]):
    """What workers do: prepare what several tasks share, then work on each task with it.

    An implementation is small and pickles: it is sent to other processes.
    """

    def key(self, task: Task_contra) -> str:
        """Name the shared part of a task; tasks of equal key are prepared once."""
        ...

    def prepare(self, task: Task_contra) -> Shared:
        """Make the shared part."""
        ...

    def work(self, task: Task_contra, shared: Shared) -> Result_co:
        """Do the task.

        Raises:
            StageError: the task failed, and why.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may use."""

    seconds: float
    """Wall time; a task that has not come back by then is ended."""
    memory_bytes: int
    """Resident memory of its worker."""
    attempts: int = 2
    """How often a task is tried if its worker is lost through no fault of the task."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Task, Result]):
    """A task that ended: with a result, or with the error that ended it."""

    task: Task
    result: Result | None
    error: StageError | None
    attempts: int
    """How often it was started."""
    seconds: float = 0.0
    """How long it kept a worker busy, all attempts together."""


class Executor(Protocol[Task, Result]):
    """A pool of workers. Used from one thread; `close` it, or use it as a context manager."""

    @property
    def room(self) -> int:
        """Tasks that could start at once if they were submitted now."""
        ...

    @property
    def busy(self) -> int:
        """Tasks submitted that have not come back."""
        ...

    @property
    def lookahead(self) -> int:
        """Tasks worth having ready for the next free worker; 0 if nothing can be done while tasks run."""
        ...

    def submit(self, task: Task) -> None:
        """Hand a task over.

        Raises:
            ValueError: there is no room.
        """
        ...

    def wait(self, timeout_s: float) -> list[Outcome[Task, Result]]:
        """Return the tasks that ended, as soon as one has, at the latest after `timeout_s`."""
        ...

    def close(self) -> None:
        """Give the workers up; tasks that still run are ended and never come back."""
        ...


def as_stage_error(error: Exception) -> StageError:
    """Return what a task raised as the error that ends its trial, whatever it was: the study goes on."""
    if isinstance(error, StageError):
        return error
    first_line = (str(error).strip().splitlines() or [""])[0]
    return WorkerError(f"{type(error).__name__}: {first_line}")
