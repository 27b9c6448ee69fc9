"""The limits of the next session: what was asked for now, else the last session's, else the study file's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tuner.study.history import Creation, History, Session, Target
from tuner.study.stopping import Rule


@dataclass(frozen=True, slots=True)
class Asked:
    """What a session is asked for; `None` leaves it as it was."""

    trials: int | None = None
    """Candidates to train in all."""
    time_s: float | None = None
    """Working time in all, over all sessions."""
    compute_s: float | None = None
    """Working time of all workers together, over all sessions."""
    target_accuracy: float | None = None
    """Ends the search once every device has a model of this accuracy on the validation split."""
    patience: int | None = None
    """Trained candidates in a row without a gain in hypervolume that end the search."""
    workers: int | None = None
    """Ray workers; 0 works in the driver's process."""


def next_session(history: History, asked: Asked) -> Session:
    """Return the limits of a study's next session.

    A target or a patience that ended the last session does not end one that is asked for more trials.
    """
    base = history.sessions[-1] if history.sessions else first_session(history.creation)
    if asked.trials is not None and history.stop is not None:
        if history.stop.rule == Rule.TARGET:
            base = replace(base, target=None)
        if history.stop.rule == Rule.PATIENCE:
            base = replace(base, patience=None)
    return Session(
        trials=base.trials if asked.trials is None else asked.trials,
        time_s=base.time_s if asked.time_s is None else asked.time_s,
        workers=base.workers if asked.workers is None else asked.workers,
        compute_s=base.compute_s if asked.compute_s is None else asked.compute_s,
        target=base.target if asked.target_accuracy is None else Target(accuracy=asked.target_accuracy),
        patience=base.patience if asked.patience is None else asked.patience,
    )


def first_session(creation: Creation) -> Session:
    """Return the limits that the study file states."""
    spec = creation.study
    limits = spec.limits
    target = None
    if limits.target is not None:
        names = {
            written: budget.device for written, budget in zip(spec.devices, creation.budgets, strict=True)
        }  # a profile's path stands for the device it describes
        devices = tuple(names[device] for device in limits.target.devices)
        target = Target(limits.target.accuracy, limits.target.hypervolume, devices)
    return Session(limits.trials, limits.time, spec.workers, limits.compute, target, limits.patience)
