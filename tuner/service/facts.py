"""What lists, fronts and selections ask of a trial, worked out once when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuner.estimate import Breakdown, DeviceCost
from tuner.messages.trials import TrialOnDevice, TrialRow
from tuner.record import Appraisal, Trial
from tuner.report import words
from tuner.search.objectives import Goals, device_point
from tuner.study.observation import observation


@dataclass(frozen=True, slots=True)
class Facts:
    """One trial, ready to be listed."""

    trial: Trial
    row: TrialRow
    """Without its places on fronts, which depend on the other trials."""
    causes: dict[str, str]
    """By device: the resource it exceeds most; "" where it fits. Empty if it cannot be built."""
    points: dict[str, tuple[float, ...] | None]
    """By device: (error, resource, …) as the hypervolume counts them; `None` if it was not trained or does not fit."""
    searched: str
    """All its words in lower case."""


def facts_of(trial: Trial, goals: Goals) -> Facts:
    """Work out the facts of a trial."""
    seen = observation(trial)
    row = _row(trial)
    settings = " ".join(f"{name}={value}" for name, value in trial.parameters.items())
    return Facts(
        trial=trial,
        row=row,
        causes={} if trial.appraisal is None else _causes(trial.appraisal),
        points={device: device_point(seen, device, goals) for device in goals.devices},
        searched=f"{row.words} {settings} {row.stage} {row.reason} {row.candidate_id}".lower(),
    )


def _row(trial: Trial) -> TrialRow:
    training, candidate = trial.training, trial.candidate
    return TrialRow(
        number=trial.number,
        state=trial.state,
        candidate_id=candidate.id,
        words=words.candidate(candidate),
        preprocessing=" + ".join(block.settings.type for block in candidate.preprocessing),
        architecture=candidate.architecture.type,
        compression=candidate.compression.type,
        quality=trial.score,
        spread=trial.spread,
        quality_float=None if training is None else training.float32.quality,
        quality_test=None if trial.test is None else trial.test.quality,
        figures={} if training is None else {one.key: one.value for one in training.converted.figures()[1:]},
        model_bytes=None if training is None else training.artifact.bytes,
        epochs=None if training is None else len(training.curve),
        best_epoch=None if training is None else training.best_epoch + 1,
        seconds=None if training is None else sum(training.seconds.values()),
        macs=trial.features.get("macs"),
        network_parameters=trial.features.get("parameters"),
        stage=trial.stage,
        reason=trial.reason,
        devices={} if trial.appraisal is None else _on_devices(trial.appraisal),
        parameters=dict(trial.parameters),
    )


def _on_devices(appraisal: Appraisal) -> dict[str, TrialOnDevice]:
    pairs = zip(appraisal.costs, appraisal.verdicts, strict=True)
    return {cost.device: _on_device(cost, fits=verdict.fits) for cost, verdict in pairs}


def _on_device(cost: DeviceCost, *, fits: bool) -> TrialOnDevice:
    latency = cost.latency.total
    return TrialOnDevice(
        fits=fits,
        on_front=False,
        ram_bytes=cost.ram.total.value,
        flash_bytes=cost.flash.total.value,
        latency_ms=latency.value,
        latency_low_ms=latency.low,
        latency_high_ms=latency.high,
        energy_mj=None if cost.energy is None else cost.energy.value,
    )


def _parts(breakdown: Breakdown) -> dict[str, float]:
    return {part.name: part.estimate.value for part in breakdown.parts}


def _causes(appraisal: Appraisal) -> dict[str, str]:
    return {
        verdict.device: ""
        if verdict.fits
        else max(verdict.excess, key=lambda name: verdict.excess[name], default="operators")
        for verdict in appraisal.verdicts
    }


def shown(facts: Facts, fronts: Sequence[str], *, parts: bool = False) -> TrialRow:
    """Return the trial's row with its places on fronts and, if asked for, what each of its parts needs.

    Args:
        facts: of the trial.
        fronts: the devices on whose fronts it is.
        parts: whether to tell needs by part.
    """
    row, appraisal = facts.row, facts.trial.appraisal
    changes: dict[str, dict[str, object]] = {name: {"on_front": True} for name in fronts}
    if parts and appraisal is not None:
        for cost in appraisal.costs:
            needs = {"ram": _parts(cost.ram), "flash": _parts(cost.flash), "latency": _parts(cost.latency)}
            changes.setdefault(cost.device, {})["parts"] = needs
    if not changes:
        return row
    devices = {name: place.model_copy(update=changes.get(name, {})) for name, place in row.devices.items()}
    return row.model_copy(update={"devices": devices})
