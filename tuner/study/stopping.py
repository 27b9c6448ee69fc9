"""When a session ends, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tuner.record import Trial
from tuner.search.objectives import Coverage, Goals
from tuner.study.history import Session, Target
from tuner.study.observation import observation
from tuner.units import format_seconds

_LEAST_GAIN = 0.001
"""Growth of the hypervolume that counts as one, as a share of it: with four objectives, nearly every tiny network joins
a front by a hair."""


class Rule(StrEnum):
    """What ends a session."""

    TRIALS = "trials"
    SAMPLES = "samples"
    TIME = "time"
    COMPUTE = "compute"
    TARGET = "target"
    PATIENCE = "patience"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class End:
    """Why nothing more is handed out."""

    rule: Rule
    sentence: str


EXHAUSTED = End(Rule.SPACE, "every candidate of the search space has been looked at")


class StopRules:
    """Keeps count of what the rules of a session ask about.

    Args:
        session: its limits.
        goals: what the study wants.
        most_samples: candidates to look at.
        trials: those that ended in earlier sessions.
    """

    def __init__(self, session: Session, goals: Goals, *, most_samples: int, trials: Iterable[Trial] = ()) -> None:
        self._session = session
        self._devices = goals.devices
        self._most_samples = most_samples
        wants_volume = session.patience is not None or (session.target and session.target.hypervolume is not None)
        self._coverage = [Coverage(device, goals) for device in goals.devices] if wants_volume else []
        self._course: list[float] = []
        """Mean hypervolume of the fronts after each trained or failed trial."""
        self._best: dict[str, float] = {}
        self._worked_s = 0.0
        for trial in trials:
            self.tell(trial)

    def tell(self, trial: Trial) -> None:
        """Take in a trial that was trained or failed."""
        self._worked_s += trial.worker_s
        if trial.score is not None:
            for device in self._devices:
                if trial.fits(device):
                    self._best[device] = max(trial.score, self._best.get(device, 0.0))
        if self._coverage:
            seen = observation(trial)
            self._course.append(sum(coverage.add(seen) for coverage in self._coverage) / len(self._coverage))

    def end(self, *, handed_out: int, sampled: int, elapsed_s: float) -> End | None:
        """Return why nothing more is to be handed out, `None` while no rule says so.

        Args:
            handed_out: trials, those that ended included.
            sampled: candidates looked at.
            elapsed_s: working time over all sessions.
        """
        session = self._session
        if session.target is not None and self._reached(session.target):
            return End(Rule.TARGET, f"the target was reached: {session.target}")
        if session.patience is not None and self._stands_still(session.patience):
            return End(
                Rule.PATIENCE,
                f"the last {session.patience} candidates trained enlarged the hypervolume of the fronts by less than "
                f"{_LEAST_GAIN:.1%}",
            )
        if handed_out >= session.trials:
            return End(Rule.TRIALS, f"{session.trials} candidates were trained, as many as asked for")
        if sampled >= self._most_samples:
            return End(Rule.SAMPLES, f"{self._most_samples} candidates were looked at, the limit")
        if session.time_s is not None and elapsed_s >= session.time_s:
            return End(Rule.TIME, f"the time limit of {format_seconds(session.time_s)} was reached")
        if session.compute_s is not None and self._worked_s >= session.compute_s:
            return End(Rule.COMPUTE, f"the workers' time limit of {format_seconds(session.compute_s)} was reached")
        return None

    def _reached(self, target: Target) -> bool:
        devices = target.devices or self._devices
        if target.accuracy is not None and any(self._best.get(device, -1.0) < target.accuracy for device in devices):
            return False
        return target.hypervolume is None or all(
            coverage.hypervolume >= target.hypervolume
            for device, coverage in zip(self._devices, self._coverage, strict=True)
            if device in devices
        )

    def _stands_still(self, window: int) -> bool:
        if len(self._course) <= window:
            return False
        return self._course[-1] <= self._course[-1 - window] * (1 + _LEAST_GAIN)
