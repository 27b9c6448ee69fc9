"""What an untrained candidate promises the fronts of all devices."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tuner.search.accuracy_model import AccuracyModel, Features, features
from tuner.search.acquisition import Limits
from tuner.search.design import Design, Designs
from tuner.search.objectives import fits
from tuner.search.problem import Observation

Floats = NDArray[np.float64]
Trial = tuple[Observation, Design]


class Describer:
    """Describes each design once."""

    def __init__(self, designs: Designs) -> None:
        self._designs = designs
        self._features: WeakKeyDictionary[Design, Features] = WeakKeyDictionary()

    def __call__(self, chosen: Sequence[Design]) -> list[Features]:
        """Return the features of each design."""
        for design in chosen:
            if design not in self._features:
                self._features[design] = features(design, self._designs.cost(design), self._designs.problem)
        return [self._features[design] for design in chosen]


class Promise:
    """Expected hypervolume improvement, the mean over the devices.

    Args:
        designs: the problem's.
        describe: the features of designs.
        trials: the history; the complete ones teach, failed ones count as the worst error, and pending ones as
            done with the error that the others let expect.
        around: feasible designs; none promises anything below the least they need of each resource.
        trees: size of the ensemble.
        limits: number of limits on the resources, a power of two.
        seed: of the ensemble and of the limits.
    """

    def __init__(
        self,
        designs: Designs,
        describe: Describer,
        trials: Sequence[Trial],
        around: Sequence[Design],
        *,
        trees: int,
        limits: int,
        seed: int,
    ) -> None:
        self._designs = designs
        self._describe = describe
        complete = [design for trial, design in trials if trial.error is not None]
        failed = [design for trial, design in trials if trial.state == "failed"]
        pending = [design for trial, design in trials if trial.state == "pending"]
        worst = designs.problem.worst_error
        errors = np.array([trial.error / worst for trial, _ in trials if trial.error is not None] + [1.0] * len(failed))
        described = describe([*complete, *failed])
        self._model = AccuracyModel(described, errors, trees=trees, seed=seed)
        if pending:
            expected, _ = self._model.predict(describe(pending))
            errors = np.concatenate([errors, expected])
            self._model = AccuracyModel([*described, *describe(pending)], errors, trees=trees, seed=seed)
        done = [*complete, *failed, *pending]
        self._limits: dict[str, Limits] = {}
        for device in designs.problem.devices:
            usage = self._usage(around, device)
            low = usage.min(axis=0) if len(usage) else np.ones(usage.shape[1])
            there = self._fitting(done, device)
            self._limits[device] = Limits.sample(low, count=limits, seed=seed).after(
                self._usage(done, device), errors[there]
            )

    def of(self, chosen: Sequence[Design]) -> Floats:
        """Return what each design promises."""
        promised = np.zeros(len(chosen))
        if not len(chosen):
            return promised
        mean, deviation = self._model.predict(self._describe(chosen))
        for device, limits in self._limits.items():
            there = self._fitting(chosen, device)
            promised[there] += limits.expected_improvement(
                self._usage(chosen, device), mean[there], deviation[there]
            ) / len(self._limits)
        return promised

    def _fitting(self, chosen: Sequence[Design], device: str) -> NDArray[np.intp]:
        """Return the places of the designs that fit the device."""
        costs = [self._designs.cost(design) for design in chosen]
        return np.array([i for i, cost in enumerate(costs) if cost is not None and fits(cost, device)], dtype=np.intp)

    def _usage(self, chosen: Sequence[Design], device: str) -> Floats:
        """Return N × R: the needs of the designs that fit the device, as shares of its budget."""
        resources = self._designs.problem.resources
        costs = [self._designs.cost(chosen[place]) for place in self._fitting(chosen, device)]
        needs = [[cost.usage[f"{device}/{name}"] for name in resources] for cost in costs if cost is not None]
        return np.array(needs, dtype=np.float64).reshape(len(needs), len(resources))
