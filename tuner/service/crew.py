"""Which studies run, which wait, and the processes that work on them.

Workers are processes of their own session, so that they outlive the server. What was asked for lies in a file; a
server that starts again reads it, finds the workers that still live and starts those that were lost anew.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import psutil
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tuner.errors import StoreError
from tuner.files import write_atomically
from tuner.messages.studies import RunLimits, StudyState
from tuner.service.refusals import ConflictError
from tuner.service.worker_file import LOG, Worker, last_beat, read_worker
from tuner.store.location import being_written, is_study
from tuner.study.history import History

_LOG = logging.getLogger("tuner.service")
_TICK_S = 0.5
_MOST_LOSSES = 3
"""Workers lost one after the other without a step forward, after which a study counts as failed."""


class HistoryOf(Protocol):
    """Returns the history of a study."""

    def __call__(self, name: str, *, fresh: bool) -> History:
        """Return it as it stands now, or if that need not be as it stood a moment ago."""
        ...


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Job(_Kept):
    """A study that is to be worked on."""

    study: str
    limits: RunLimits
    pid: int | None = None
    """Of its worker; `None` while it waits."""
    born: float = 0.0
    """When that process started, by the system's clock."""
    stopping: Literal["", "pause", "cancel"] = ""
    signalled: bool = False
    """It was told to stop; a second signal would break off what the first began."""
    losses: int = 0
    size: int = 0
    """Events of the study when its worker was started."""

    @property
    def alive(self) -> bool:
        """Whether its worker is there."""
        return self.pid is not None and Worker(pid=self.pid, born=self.born, started_at=0).alive


class Mark(_Kept):
    """A study that is not to be worked on, for a reason that its record does not tell."""

    state: Literal["paused", "cancelled", "failed"]
    reason: str
    size: int
    """Events of the study then; when there are more, somebody went on with it elsewhere."""
    limits: RunLimits = RunLimits()
    """What was asked for when it was stopped, to go on with."""


class Plan(_Kept):
    """All that the crew keeps in its file."""

    jobs: tuple[Job, ...] = ()
    """Those that run first, then those that wait, in order."""
    marks: dict[str, Mark] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a study stands."""

    state: StudyState
    reason: str = ""
    queue_position: int | None = None


class Crew:
    """Starts, watches and stops workers.

    Args:
        studies: the folder in which studies lie.
        file: where the plan is kept.
        at_once: how many may run at the same time.
        history_of: returns the history of a study.
    """

    def __init__(self, studies: Path, file: Path, *, at_once: int, history_of: HistoryOf) -> None:
        self._studies = studies
        self._file = file
        self._at_once = at_once
        self._history_of = history_of
        self._lock = threading.RLock()
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._trouble, self._begun = "", False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="crew", daemon=True)
        self._plan = _read(file)

    def begin(self) -> None:
        """Take up what was asked for, now and before the server was stopped."""
        self._begun = True
        self._thread.start()

    def end(self) -> None:
        """Stop watching; workers go on."""
        self._ending.set()
        self._thread.join()

    @property
    def trouble(self) -> str:
        """What is wrong with the watch over the workers, as a sentence; empty if nothing is."""
        return self._trouble if self._thread.is_alive() or not self._begun else "nobody watches over the workers"

    @property
    def running(self) -> int:
        """Studies that are worked on."""
        return sum(job.pid is not None for job in self._plan.jobs)

    @property
    def queued(self) -> int:
        """Studies that wait."""
        return sum(job.pid is None for job in self._plan.jobs)

    def standing(self, name: str) -> Standing:
        """Return where a study stands."""
        plan = self._plan
        job = next((job for job in plan.jobs if job.study == name), None)
        if job is not None and job.pid is None:
            waiting = [other.study for other in plan.jobs if other.pid is None]
            return Standing(StudyState.QUEUED, "waits for its turn", waiting.index(name) + 1)
        if job is not None:
            return Standing(StudyState.RUNNING, "is being stopped" if job.stopping else "")
        history = self._history_of(name, fresh=False)
        if history.sessions and history.stop is None and being_written(self._studies / name):
            return Standing(StudyState.RUNNING, "a process works on it that this server did not start")
        mark = plan.marks.get(name)
        if mark is not None and mark.size == history.size:
            return Standing(StudyState(mark.state), mark.reason)
        return _told(history)

    def submit(self, name: str, limits: RunLimits) -> None:
        """Put a study at the end of the queue.

        Raises:
            ConflictError: it is in the queue or runs.
        """
        with self._lock:
            self._check_idle(name)
            mark = self._plan.marks.get(name)
            asked = limits if mark is None else _over(mark.limits, limits)
            marks = {other: mark for other, mark in self._plan.marks.items() if other != name}
            self._keep(Plan(jobs=(*self._plan.jobs, Job(study=name, limits=asked)), marks=marks))

    def stop(self, name: str, how: Literal["pause", "cancel"]) -> None:
        """Take a study out of the queue, or have its worker stop as Ctrl-C does.

        Raises:
            ConflictError: there is nothing to stop.
        """
        with self._lock:
            job = next((job for job in self._plan.jobs if job.study == name), None)
            if job is not None and job.pid is not None:
                self._interrupt(self._replace(job, stopping=how))
            elif job is not None:
                self._drop(job, self._mark(how, job))
            else:
                self._stop_idle(name, how)

    def forget(self, name: str) -> None:
        """Know nothing of a study any more, for it is deleted.

        Raises:
            ConflictError: it runs.
        """
        with self._lock:
            if self.standing(name).state is StudyState.RUNNING:
                raise ConflictError(f"study '{name}' is running", hint="pause or cancel it first")
            jobs = tuple(job for job in self._plan.jobs if job.study != name)
            self._keep(Plan(jobs=jobs, marks={other: m for other, m in self._plan.marks.items() if other != name}))

    def heartbeat(self, name: str) -> float | None:
        """Return when the study's worker last gave a sign of life, in seconds since 1970."""
        return last_beat(self._studies / name)

    def _check_idle(self, name: str) -> None:
        state = self.standing(name).state
        if state in {StudyState.QUEUED, StudyState.RUNNING}:
            raise ConflictError(f"study '{name}' is {state} already")

    def _stop_idle(self, name: str, how: Literal["pause", "cancel"]) -> None:
        standing = self.standing(name)
        if standing.state is StudyState.RUNNING:
            raise ConflictError(
                f"study '{name}' is run by a process that this server did not start", hint="stop it there with Ctrl-C"
            )
        if how == "pause" or standing.state in {StudyState.FINISHED, StudyState.CANCELLED}:
            raise ConflictError(f"study '{name}' is {standing.state}; there is nothing to {how}")
        mark = self._mark(how, Job(study=name, limits=RunLimits()))
        self._keep(Plan(jobs=self._plan.jobs, marks={**self._plan.marks, name: mark}))

    def _watch(self) -> None:
        while not self._ending.is_set():
            try:
                with self._lock:
                    self._tick()
                self._trouble = ""
            except Exception as error:
                _LOG.exception("the watch over the workers failed; it goes on")
                self._trouble = f"the watch over the workers failed: {error}"
            self._ending.wait(_TICK_S)

    def _tick(self) -> None:
        for job in self._plan.jobs:
            if job.pid is not None and not self._is_alive(job):
                self._settle(job)
        running = [job for job in self._plan.jobs if job.pid is not None]
        for job in running:
            if job.stopping:
                self._interrupt(job)
        waiting = [job for job in self._plan.jobs if job.pid is None]
        for job in waiting[: max(0, self._at_once - len(running))]:
            self._start(job)

    def _is_alive(self, job: Job) -> bool:
        child = self._children.get(job.pid or 0)
        if child is not None:
            return child.poll() is None
        return job.alive

    def _start(self, job: Job) -> None:
        folder = self._studies / job.study
        if not is_study(folder):
            self._drop(job, None)
            return
        # A server that was killed between starting a worker and writing that down finds it by the worker's own word.
        left = read_worker(folder)
        if left is not None and left.alive:
            self._replace(job, pid=left.pid, born=left.born)
            return
        command = [
            sys.executable,
            "-P",
            "-m",
            "tuner.service.worker",
            str(folder.absolute()),
            job.limits.model_dump_json(),
        ]
        with (folder / LOG).open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._children[child.pid] = child
        born = psutil.Process(child.pid).create_time()
        size = self._history_of(job.study, fresh=True).size
        losses = 0 if size > job.size else job.losses
        self._replace(job, pid=child.pid, born=born, size=size, losses=losses)

    def _interrupt(self, job: Job) -> None:
        """Signal the worker once it listens; before that, the signal might be lost."""
        assert job.pid is not None
        worker = read_worker(self._studies / job.study)
        listens = worker is not None and (worker.pid, worker.born) == (job.pid, job.born)
        if job.signalled or not listens:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(job.pid, signal.SIGINT)
        self._replace(job, signalled=True)

    def _settle(self, job: Job) -> None:
        """Find out how a worker ended, and what that means for its study."""
        self._children.pop(job.pid or 0, None)
        worker = read_worker(self._studies / job.study)
        own = worker if worker is not None and (worker.pid, worker.born) == (job.pid, job.born) else None
        if own is not None and own.ended == "failed":
            hint = f" Hint: {own.hint}" if own.hint else ""
            self._drop(job, self._failed(job, f"{own.error}.{hint}"))
        elif own is not None and own.ended == "finished":
            self._drop(job, None)
        elif job.stopping or (own is not None and own.ended == "interrupted"):
            self._drop(job, self._mark(job.stopping or "pause", job))
        elif job.losses + 1 >= _MOST_LOSSES:
            reason = f"its worker was lost {_MOST_LOSSES} times without a step forward; the log may say why"
            self._drop(job, self._failed(job, reason))
        else:
            self._replace(job, pid=None, losses=job.losses + 1)

    def _replace(self, old: Job, **changes: Any) -> Job:
        new = old.model_copy(update=changes)
        self._keep(Plan(jobs=tuple(new if job is old else job for job in self._plan.jobs), marks=self._plan.marks))
        return new

    def _drop(self, job: Job, mark: Mark | None) -> None:
        marks = {name: other for name, other in self._plan.marks.items() if name != job.study}
        if mark is not None:
            marks[job.study] = mark
        self._keep(Plan(jobs=tuple(other for other in self._plan.jobs if other is not job), marks=marks))

    def _mark(self, how: Literal["pause", "cancel"], job: Job) -> Mark:
        size = self._history_of(job.study, fresh=True).size
        if how == "pause":
            return Mark(state="paused", reason="it was paused", size=size, limits=job.limits)
        return Mark(state="cancelled", reason="it was cancelled", size=size, limits=job.limits)

    def _failed(self, job: Job, reason: str) -> Mark:
        return Mark(state="failed", reason=reason, size=self._history_of(job.study, fresh=True).size, limits=job.limits)

    def _keep(self, plan: Plan) -> None:
        write_atomically(self._file, plan.model_dump_json(indent=1))
        self._plan = plan


def _read(file: Path) -> Plan:
    try:
        return Plan.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Plan()
    except ValidationError as error:
        raise StoreError(
            f"{file}: is not the queue of a server: {error.errors()[0]['msg']}",
            hint="move it away to begin with an empty queue; no study is lost",
        ) from error


def _told(history: History) -> Standing:
    """Return what a study's record alone says."""
    if not history.sessions:
        return Standing(StudyState.CREATED)
    if history.stop is None:
        return Standing(StudyState.PAUSED, "the process that worked on it was lost; nothing recorded is")
    return Standing(StudyState.FINISHED if history.stop.finished else StudyState.PAUSED, history.stop.reason)


def _over(before: RunLimits, now: RunLimits) -> RunLimits:
    return before.model_copy(update=now.model_dump(exclude_none=True))
