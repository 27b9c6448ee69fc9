"""A search whose answer is known: costs and errors from formulas instead of training.

For tests and benchmarks of samplers. It has what makes the real search hard: a conditional space, budgets that
most candidates miss, devices of different size, and noise between neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from tuner.candidate import Block, Candidate, Settings, Training, Window
from tuner.search.problem import Cost, Observation, Problem, Suggest
from tuner.search.suggest import FixedSuggest

BUDGETS: Mapping[str, Mapping[str, float]] = {
    "small": {"ram": 8e3, "flash": 40e3, "latency": 5.0},
    "medium": {"ram": 32e3, "flash": 160e3, "latency": 20.0},
    "large": {"ram": 160e3, "flash": 600e3, "latency": 100.0},
}
"""Bytes and milliseconds by device."""

_CLOCK = {"small": 0.2, "medium": 1.0, "large": 5.0}
_LOWEST_ERROR = 0.03


class SyntheticSpace:
    """Dense and convolutional networks on three kinds of preprocessing."""

    def sample(self, suggest: Suggest) -> Candidate:
        """Draw a candidate."""
        window = suggest.integer("window_ms", 500, 3000, step=250)
        block = str(suggest.choice("block", ["raw", "flatten", "spectral"]))
        preprocessing = Settings(block)
        if block == "spectral":
            length = int(suggest.choice("fft_length", [16, 32, 64, 128, 256]))
            preprocessing = Settings.of(block, fft_length=length, log=suggest.choice("log", [False, True]))
        return Candidate(
            window=Window(size_ms=window, stride_ms=window / 2),
            preprocessing=(Block(preprocessing),),
            architecture=self._architecture(suggest),
            training=Training(
                optimizer=Settings.of("adam", learning_rate=suggest.real("learning_rate", 1e-4, 1e-1, log=True)),
                batch_size=int(suggest.choice("batch_size", [16, 32, 64])),
                epochs=30,
                patience=5,
            ),
            compression=Settings(str(suggest.choice("compression", ["float32", "int8"]))),
        )

    def _architecture(self, suggest: Suggest) -> Settings:
        family = str(suggest.choice("family", ["dense", "conv1d"]))
        depth = suggest.integer(f"{family}_depth", 1, 4)
        sizes = {f"width_{i}": suggest.integer(f"{family}_width_{i}", 4, 256, log=True) for i in range(depth)}
        if family == "conv1d":
            sizes["kernel"] = suggest.integer("kernel", 3, 9, step=2)
        return Settings.of(family, depth=depth, dropout=suggest.real("dropout", 0.0, 0.5, step=0.1), **sizes)


def cost(candidate: Candidate) -> Cost:
    """Cost a candidate on every device of `BUDGETS`."""
    macs, parameters, buffers, preprocessing_ms = _size(candidate)
    item = 1 if candidate.compression.type == "int8" else 4
    need = {"ram": 2e3 + item * buffers, "flash": 20e3 + item * parameters}
    usage = {}
    for device, budgets in BUDGETS.items():
        latency = (preprocessing_ms + macs * item / 2e5) / _CLOCK[device]
        for resource, amount in (need | {"latency": latency}).items():
            usage[f"{device}/{resource}"] = amount / budgets[resource]
    return Cost(
        constraints={name: share - 1 for name, share in usage.items()},
        usage=usage,
        features={"macs": macs, "parameters": parameters, "depth": float(candidate.architecture["depth"])},
    )


def error(candidate: Candidate, *, noise: float = 0.01) -> float:
    """Return the error that training the candidate would give; equal for equal candidates.

    Lowest for a spectrum of 64 points with logarithm over 2 s, before a convolution with kernel 5 and about 10^5
    multiplications trained at a rate of 0.003.
    """
    macs, _, _, _ = _size(candidate)
    settings = candidate.preprocessing[0].settings
    family = candidate.architecture.type
    capacity = math.log10(macs) - 5.0
    block = {"raw": 0.10 if family == "conv1d" else 0.25, "flatten": 0.12, "spectral": 0.0}[settings.type]
    if settings.type == "spectral":
        block += 0.02 * abs(math.log2(float(settings["fft_length"])) - 6) + (0.0 if settings["log"] else 0.04)
    terms = (
        block,
        0.08 * max(0.0, -capacity) ** 1.5 + 0.03 * max(0.0, capacity) ** 2,
        0.05 * (candidate.window.size_ms / 1000 - 2.0) ** 2,
        0.06 * (math.log10(float(candidate.training.optimizer["learning_rate"])) + 2.5) ** 2,
        0.02 * abs(float(candidate.architecture["dropout"]) - 0.2),
        0.0 if family == "dense" else 0.004 * abs(float(candidate.architecture["kernel"]) - 5),
        0.03 if family == "dense" else 0.0,
        0.01 if candidate.compression.type == "int8" else 0.0,
        noise * (int(candidate.id, 16) / 16**12 - 0.5),
    )
    return 1 - math.exp(-max(0.0, sum(terms))) * (1 - _LOWEST_ERROR)


def problem(*, seed: int = 0, devices: tuple[str, ...] = ("small", "medium", "large")) -> Problem:
    """Return the search for the devices named."""
    return Problem(space=SyntheticSpace(), cost=cost, devices=devices, resources=("ram", "flash", "latency"), seed=seed)


def observe(problem_: Problem, parameters: Mapping[str, object], number: int) -> Observation:
    """Run a trial: reject it if it fits no device, else "train" it."""
    recorded = {name: value for name, value in parameters.items() if isinstance(value, str | int | float)}
    candidate = problem_.space.sample(FixedSuggest(recorded))
    known = problem_.cost(candidate)
    if known is None:
        return Observation(number, recorded, "failed", None, None)
    if all(
        max(known.constraints[f"{device}/{resource}"] for resource in problem_.resources) > 0
        for device in problem_.devices
    ):
        return Observation(number, recorded, "rejected", known, None)
    return Observation(number, recorded, "complete", known, error(candidate))


def _size(candidate: Candidate) -> tuple[float, float, float, float]:
    """Return MACs, parameters, values in the two largest buffers, and preprocessing time on the medium device."""
    samples = candidate.window.size_ms / 20
    settings = candidate.preprocessing[0].settings
    architecture = candidate.architecture
    length = {"raw": samples, "flatten": 7.0, "spectral": float(settings.get("fft_length", 0)) / 2}[settings.type]
    milliseconds = {"raw": 0.05, "flatten": 0.5, "spectral": 0.01 * float(settings.get("fft_length", 0))}
    widths = [float(architecture[f"width_{i}"]) for i in range(int(architecture["depth"]))]
    if architecture.type == "dense":
        sizes = [length * 6, *widths, 7.0]
        macs = sum(a * b for a, b in pairwise(sizes))
        return macs, macs, max(a + b for a, b in pairwise(sizes)), milliseconds[settings.type]
    macs = parameters = 0.0
    channels, buffers = 6.0, 0.0
    for width in widths:
        weights = channels * width * float(architecture["kernel"])
        parameters += weights
        macs += weights * length
        buffers = max(buffers, length * (channels + width))
        channels, length = width, max(1.0, length / 2)
    return macs + channels * 7, parameters + channels * 7, buffers, milliseconds[settings.type]
