"""What a candidate says of windows: the outputs of its network, or for the task `anomaly` how strange they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from tuner.anomaly import scores
from tuner.dsp.block import Float32
from tuner.record import AnomalyBlock
from tuner.tasks import Task
from tuner.tasks.anomaly import Anomaly, reconstruction_errors

Predict = Callable[[Float32], Float32]
"""From standardised features to a network's outputs."""


def answers(task: Task, predict: Predict, block: AnomalyBlock | None, features: Float32) -> NDArray[Any]:
    """Return what the task's score is made of, a row per window.

    Args:
        task: what is asked.
        predict: the candidate's network; not asked where a block answers for it.
        block: the candidate's anomaly block, if it has one.
        features: N × …, standardised.
    """
    if not isinstance(task, Anomaly):
        return predict(features)
    if block is not None:
        return scores.of(block, features)
    return reconstruction_errors(predict(features), features)
