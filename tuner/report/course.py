"""How a study got better, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuner.record import StudySummary, Trial
from tuner.report.table import resources_of
from tuner.search.objectives import device_hypervolumes
from tuner.study.observation import chance_error, observation


@dataclass(frozen=True, slots=True)
class _Goals:
    devices: tuple[str, ...]
    resources: tuple[str, ...]
    worst_error: float


def covered(summary: StudySummary, trials: Sequence[Trial], device: str) -> list[float]:
    """Return the hypervolume of a device's front after each trial, from 0 to 1; see `tuner.search.objectives`."""
    devices = tuple(budget.device for budget in summary.budgets)
    goals = _Goals(devices, resources_of(summary), chance_error(summary.task, summary.dataset))
    return device_hypervolumes([observation(trial) for trial in trials], device, goals)
