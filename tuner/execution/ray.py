"""The only home of Ray: warm worker actors, what tasks share in the object store, and limits that hold."""

from __future__ import annotations

import logging
import os
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import psutil
import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tuner.errors import StageError, StudyError, TrialTimeoutError, WorkerError
from tuner.execution.executor import Job, Limits, Outcome, Result, Shared, Task, as_stage_error

_KEPT_SHARED = 8
"""Prepared parts kept in the object store; the oldest leaves first."""
_TASKS_PER_WORKER = 200
"""After so many tasks a worker is replaced by a fresh one: TensorFlow keeps compiled kernels for every shape it has
met, about half a mebibyte a trial, and in the end an innocent trial would meet the memory limit."""
_MOST_RESTARTS = 3
"""How often Ray is started anew in one session before the study is stopped."""
_PLACED_S = 60.0
"""How long is waited at the beginning until every worker has found a core."""
_POLL_S = 0.5
"""How often limits are looked at while nothing comes back."""


@dataclass(slots=True)
class _Worker(Generic[Task]):
    actor: Any
    birth: Any
    """Tells where it runs, once a node has room for it."""
    node: str = ""
    """Empty until then; no task before."""
    pid: int = 0
    task: Task | None = None
    reference: Any = None
    started: float = 0.0
    attempts: int = 0
    spent_s: float = 0.0
    """Seconds that earlier attempts at its task took."""
    finished: int = 0
    """Tasks it has come to the end of."""
    verdict: StageError | None = None
    """Set when the worker was ended for what its task did."""

    @property
    def busy_s(self) -> float:
        """Seconds spent on its task up to now, earlier attempts included."""
        return self.spent_s + time.monotonic() - self.started

    @property
    def free(self) -> bool:
        """It runs, and has no task."""
        return bool(self.node) and self.task is None


@dataclass(slots=True)
class _Retry(Generic[Task]):
    task: Task
    attempts: int
    spent_s: float


class RayExecutor(Generic[Task, Shared, Result]):
    """Workers on Ray, here or on a cluster.

    Workers stay warm from task to task. What tasks share is prepared once by a Ray task and read by all workers
    from the object store without a copy. A worker that dies is replaced; its task is tried again unless it was
    ended for exceeding a limit.

    Args:
        job: what to do.
        limits: of one task.
        workers: how many tasks run at once.
        address: of a running Ray cluster; `None` starts one on this machine and stops it on `close`.
        tasks_per_worker: after which a worker is replaced by a fresh one.
    """

    def __init__(
        self,
        job: Job[Task, Shared, Result],
        limits: Limits,
        *,
        workers: int,
        address: str | None = None,
        tasks_per_worker: int = _TASKS_PER_WORKER,
    ) -> None:
        _start_ray(workers, address)
        self._heads = _head_processes() if address is None else []
        self._restarts = 0
        self._count = workers
        self._job = job
        self._limits = limits
        self._tasks_per_worker = tasks_per_worker
        self._shared: OrderedDict[str, Any] = OrderedDict()
        self._retries: list[_Retry[Task]] = []
        self._workers: list[_Worker[Task]] = []
        self._hire()

    @property
    def room(self) -> int:
        """Workers without a task."""
        return sum(worker.free for worker in self._workers) - len(self._retries)

    @property
    def busy(self) -> int:
        """Workers with a task, and tasks about to be tried again."""
        return sum(worker.task is not None for worker in self._workers) + len(self._retries)

    @property
    def lookahead(self) -> int:
        """One for two workers: what is chosen later is chosen knowing more."""
        return (len(self._workers) + 1) // 2

    def submit(self, task: Task) -> None:
        """Start the task on a worker that has none."""
        if self.room <= 0:
            raise ValueError("every worker has a task")
        self._assign(task, attempts=1, spent_s=0.0)

    def wait(self, timeout_s: float) -> list[Outcome[Task, Result]]:
        """Return what ended; looks after limits and lost workers meanwhile."""
        until = time.monotonic() + timeout_s
        while True:
            self._admit()
            done = self._collect(max(0.0, min(_POLL_S, until - time.monotonic())))
            if not all(_alive(process) for process in self._heads):
                self._restart()
            self._enforce_limits()
            while self._retries and any(worker.free for worker in self._workers):
                retry = self._retries.pop()
                self._assign(retry.task, attempts=retry.attempts + 1, spent_s=retry.spent_s)
            idle = not self.busy and self.room > 0
            if done or idle or time.monotonic() >= until:
                return done

    def close(self) -> None:
        """End all workers, and Ray itself if this executor started it."""
        for worker in self._workers:
            ray.kill(worker.actor)
        self._workers.clear()
        self._shared.clear()
        ray.shutdown()

    def _restart(self) -> None:
        """Start Ray anew after one of its own processes was lost; the tasks that ran are tried again.

        Raises:
            StudyError: it was lost too often.
        """
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            raise StudyError(
                f"Ray ended {self._restarts} times",
                hint="nothing is lost: `tuner resume` goes on, or with `--workers 0`",
            )
        self._retries += [
            _Retry(worker.task, worker.attempts, worker.busy_s) for worker in self._workers if worker.task is not None
        ]
        self._workers.clear()
        self._shared.clear()
        ray.shutdown()
        _start_ray(self._count, None)
        self._heads = _head_processes()
        self._hire()

    def _hire(self) -> None:
        """Begin all workers.

        Raises:
            StudyError: no node has room for one.
        """
        self._here = ray.get_runtime_context().get_node_id()
        # Where the driver is, there is the data: other nodes get the features from the object store.
        near = NodeAffinitySchedulingStrategy(self._here, soft=True)
        prepare: Any = ray.remote(num_cpus=0, max_retries=2)(_prepare)
        self._prepare = prepare.options(scheduling_strategy=near)
        self._workers = [self._spawn() for _ in range(self._count)]
        ray.wait([worker.birth for worker in self._workers], num_returns=self._count, timeout=_PLACED_S)
        self._admit()
        if not any(worker.node for worker in self._workers):
            self.close()
            raise StudyError("no node of the Ray cluster has a free core", hint="see `ray status`")

    def _spawn(self) -> _Worker[Task]:
        remote_class: Any = ray.remote(num_cpus=1, max_restarts=0)(_Actor)
        actor = remote_class.remote(self._job)
        return _Worker(actor, actor.whereabouts.remote())

    def _admit(self) -> None:
        """Take in workers that a node has found room for; on a cluster, nodes leave and join."""
        expected = {worker.birth: worker for worker in self._workers if not worker.node}
        if not expected:
            return
        born, _ = ray.wait(list(expected), num_returns=len(expected), timeout=0)
        for birth in born:
            worker = expected[birth]
            try:
                worker.node, worker.pid = ray.get(birth)
            except ray.exceptions.RayError:  # its node was lost meanwhile
                self._workers[self._workers.index(worker)] = self._spawn()

    def _assign(self, task: Task, *, attempts: int, spent_s: float) -> None:
        worker = next(worker for worker in self._workers if worker.free)
        worker.task, worker.attempts, worker.spent_s, worker.started = task, attempts, spent_s, time.monotonic()
        worker.reference = worker.actor.work.remote(task, self._prepared(task))

    def _prepared(self, task: Task) -> Any:  # a reference to a Shared
        key = self._job.key(task)
        if key not in self._shared:
            self._shared[key] = self._prepare.remote(self._job, task)
            while len(self._shared) > _KEPT_SHARED:
                self._shared.popitem(last=False)
        self._shared.move_to_end(key)
        return self._shared[key]

    def _collect(self, timeout_s: float) -> list[Outcome[Task, Result]]:
        running = {worker.reference: worker for worker in self._workers if worker.task is not None}
        if not running:
            if unborn := [worker.birth for worker in self._workers if not worker.node]:
                ray.wait(unborn, timeout=timeout_s)
            return []
        ready, _ = ray.wait(list(running), num_returns=1, timeout=timeout_s)
        return [outcome for reference in ready if (outcome := self._outcome(running[reference])) is not None]

    def _outcome(self, worker: _Worker[Task]) -> Outcome[Task, Result] | None:
        """Return how the worker's task ended and free the worker; `None` if the task will be tried again."""
        task, attempts = worker.task, worker.attempts
        assert task is not None
        result: Result | None = None
        error: StageError | None = None
        try:
            result = ray.get(worker.reference)
        except ray.exceptions.RayTaskError as failure:
            error = _cause(failure)
            self._shared.pop(self._job.key(task), None)  # a part that failed to prepare is prepared anew
        except ray.exceptions.RayError as failure:
            return self._replace(worker, failure)
        worker.task = worker.reference = None
        worker.finished += 1
        if worker.finished >= self._tasks_per_worker:
            ray.kill(worker.actor)
            self._workers[self._workers.index(worker)] = self._spawn()
        return Outcome(task, result, error, attempts, worker.busy_s)

    def _replace(self, lost: _Worker[Task], failure: ray.exceptions.RayError) -> Outcome[Task, Result] | None:
        task, attempts = lost.task, lost.attempts
        assert task is not None
        self._workers[self._workers.index(lost)] = self._spawn()
        if lost.verdict is not None:
            return Outcome(task, None, lost.verdict, attempts, lost.busy_s)
        if attempts < self._limits.attempts:
            self._retries.append(_Retry(task, attempts, lost.busy_s))
            return None
        first_line = str(failure).strip().splitlines()[0]
        error = WorkerError(f"its worker was lost {attempts} times, the last time with: {first_line}")
        return Outcome(task, None, error, attempts, lost.busy_s)

    def _enforce_limits(self) -> None:
        for worker in self._workers:
            if worker.task is None or worker.verdict is not None:
                continue
            worker.verdict = self._excess(worker)
            if worker.verdict is not None:
                ray.kill(worker.actor)

    def _excess(self, worker: _Worker[Task]) -> StageError | None:
        seconds = time.monotonic() - worker.started
        if seconds > self._limits.seconds:
            return TrialTimeoutError(f"no result after {seconds:.0f} s, the limit is {self._limits.seconds:.0f} s")
        used = _resident_bytes(worker.pid) if worker.node == self._here else 0  # Ray itself looks after other nodes
        if used > self._limits.memory_bytes:
            limit = self._limits.memory_bytes / 2**30
            return WorkerError(f"its worker used {used / 2**30:.2f} GiB of memory, the limit is {limit:.2f} GiB")
        return None


class _Actor(Generic[Task, Shared, Result]):
    """Runs in the worker process."""

    def __init__(self, job: Job[Task, Shared, Result]) -> None:
        self._job = job

    def whereabouts(self) -> tuple[str, int]:
        return ray.get_runtime_context().get_node_id(), os.getpid()

    def work(self, task: Task, shared: Shared) -> Result:
        return self._job.work(task, shared)


def _prepare(job: Job[Task, Shared, Result], task: Task) -> Shared:
    return job.prepare(task)


def _start_ray(workers: int, address: str | None) -> None:
    # Usage statistics leave the machine and the Ray dashboard has no authentication: both stay off. The libraries'
    # thread pools are held to one thread a worker, or the workers fight over the cores.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        ray.init(
            address=address,
            num_cpus=None if address else workers + 1,
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=True,
            runtime_env={"env_vars": threads} | (_our_code() if address else {}),
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"the cluster at {address}" if address else "Ray on this machine"
        raise StudyError(f"cannot reach {where}: {error}", hint="use `--workers 0` to run without Ray") from error


def _our_code() -> dict[str, Any]:
    """Return what sends this very package to every node, so that no node trains with another version of it."""
    package = Path(__file__).parents[1]
    return {"py_modules": [str(package)], "excludes": ["__pycache__"]}


def _cause(failure: ray.exceptions.RayTaskError) -> StageError:
    if isinstance(failure.cause, Exception):
        return as_stage_error(failure.cause)
    return WorkerError(str(failure).strip().splitlines()[-1])


def _head_processes() -> list[psutil.Process]:
    """Return Ray's own processes on this machine, without which no worker can be started."""
    children = psutil.Process().children()
    return [process for process in children if process.name() in {"gcs_server", "raylet"}]


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0  # it has just ended
