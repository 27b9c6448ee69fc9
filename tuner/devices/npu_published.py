"""Latency on accelerators without a simulator at hand: a line through what is published of whole models.

`reports/validation/fit_npu.py` fits `npu_speeds.json`. A model unlike the published ones (convolutional networks
for sound and images) can be off by more than the interval says.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from tuner.devices.macs import graph_macs
from tuner.devices.profile import Npu
from tuner.estimate import Estimate, Method, Unit
from tuner.graph import Graph

FEATURES = ("inference", "operator", "multiply_accumulate", "output_element", "weight_byte")
"""What the cycles are counted by, in the order of `features`."""


def published_latency(graph: Graph, npu: Npu, method: Method) -> Estimate:
    """Return the time of one inference in milliseconds, operators that the core must run included.

    Raises:
        KeyError: nothing is published of the accelerator.
    """
    speed = _speeds()[npu.accelerator]
    per = speed["cycles"]
    cycles = sum(per[name] * count for name, count in zip(FEATURES, features(graph), strict=True))
    source = f"fitted on published latencies: {speed['source']}"
    return Estimate.within(1e3 * cycles / npu.clock, speed["spread"], Unit.MILLISECONDS, method, source)


def features(graph: Graph) -> tuple[float, ...]:
    """Return how often a model does what `FEATURES` names."""
    outputs = sum(graph.tensors[index].elements for operator in graph.operators for index in operator.outputs)
    weights = sum(tensor.bytes for tensor in graph.tensors if tensor.constant)
    return 1.0, float(len(graph.operators)), float(graph_macs(graph)), float(outputs), float(weights)


@cache
def _speeds() -> dict[str, Any]:
    text = resources.files("tuner.devices").joinpath("npu_speeds.json").read_text(encoding="utf-8")
    speeds: dict[str, Any] = json.loads(text)
    return speeds
