"""What a search space holds for some devices, found by drawing from it without training."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tuner.anomaly import Detecting, detector
from tuner.augmentation import augmentation
from tuner.candidate import Candidate
from tuner.devices.budget import Budget, default_budget
from tuner.devices.cost import device_cost
from tuner.devices.fit import shortfalls
from tuner.devices.profile import DeviceProfile
from tuner.dsp import chain
from tuner.dsp.standardize import Standardizer
from tuner.errors import BuildError
from tuner.estimate import DeviceCost, Method
from tuner.models import FAMILIES, build
from tuner.models.lowering import lower
from tuner.search.problem import Suggest
from tuner.search_space.python import PythonSpace
from tuner.search_space.schema import DataSpec
from tuner.search_space.space import SearchSpace
from tuner.signal import Signal
from tuner.tasks import task_named


@dataclass(frozen=True, slots=True)
class Example:
    """One candidate and what it needs on each device."""

    candidate: Candidate
    costs: tuple[DeviceCost, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What became of the candidates that were drawn."""

    drawn: int
    broken: Mapping[str, int]
    """Candidates that describe no network, by reason."""
    fitting: Mapping[str, int]
    """Candidates that fit a device, by its name."""
    example: Example | None
    """The first that could be built."""

    @property
    def built(self) -> int:
        """Candidates that describe a network."""
        return self.drawn - sum(self.broken.values())


def survey(
    space: SearchSpace | PythonSpace,
    suggest: Suggest,
    data: DataSpec,
    profiles: Sequence[DeviceProfile],
    *,
    count: int,
    budget: Callable[[DeviceProfile], Budget] = default_budget,
) -> Survey:
    """Draw candidates and cost each on every device.

    Args:
        space: the space.
        suggest: where choices come from; a random generator for a fair share.
        data: what the candidates would be fed.
        profiles: the devices.
        count: how many to draw.
        budget: what the model may use on a device; by default what the board has.
    """
    broken: Counter[str] = Counter()
    fitting = Counter({profile.name: 0 for profile in profiles})
    example: Example | None = None
    for _ in range(count):
        candidate = space.sample(suggest)
        try:
            costs = tuple(_costs(candidate, data, profiles))
        except BuildError as error:
            broken[error.message] += 1
            continue
        example = example or Example(candidate, costs)
        for cost, profile in zip(costs, profiles, strict=True):
            fitting[profile.name] += not cost.unsupported and not shortfalls(cost, budget(profile))
    return Survey(count, broken, fitting, example)


def _costs(candidate: Candidate, data: DataSpec, profiles: Sequence[DeviceProfile]) -> list[DeviceCost]:
    signal = _signal(candidate, data)
    features = chain.features_of(candidate.preprocessing, signal)
    augmentation(candidate.training.augmentation).check(features.shape)
    output = replace(task_named(data.task).output(data.classes), form=FAMILIES[candidate.architecture.type].form)
    graph = lower(build(candidate.architecture, features.shape, output), candidate.compression)
    block = detector(candidate.anomaly)
    blocks = (*chain.cost_of(candidate.preprocessing, signal), Standardizer.cost(features))
    return [
        device_cost(
            graph,
            profile,
            blocks=blocks,
            anomaly=block.cost(features.count) if isinstance(block, Detecting) else None,
            input_bytes=signal.bytes,
            feature_bytes=4 * features.count,
            method=Method.PREDICTED,
        )
        for profile in profiles
    ]


def _signal(candidate: Candidate, data: DataSpec) -> Signal:
    axes = tuple(f"axis {axis}" for axis in range(data.axes))
    if data.image is not None:
        return Signal(math.prod(data.image), axes, data.frequency_hz, data.sample_bytes, data.image)
    frequency = candidate.window.frequency_hz or data.frequency_hz
    return Signal(round(candidate.window.size_ms * frequency / 1000), axes, frequency, data.sample_bytes)
