"""The score of a model that says of each label whether it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tuner.metrics.score import Figure

_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label; a figure whose denominator is zero is 0, as in scikit-learn."""

    label: str
    precision: float
    recall: float
    f1: float
    average_precision: float
    """Area under the curve of precision over recall, whatever the threshold; 0 if no example has the label."""
    support: int
    """Number of examples with the label."""


@dataclass(frozen=True, slots=True)
class MultiLabelScore:
    """How well predictions agree with sets of labels; a label counts as predicted from a probability of 0.5 on."""

    labels: tuple[LabelScore, ...]
    exact: float
    """Share of the examples of which every label is right."""
    kind: Literal["multi-label"] = "multi-label"

    @property
    def quality(self) -> float:
        """The mean of the labels' F1."""
        return float(np.mean([score.f1 for score in self.labels]))

    @property
    def mean_average_precision(self) -> float:
        """The mean of the labels' average precision."""
        return float(np.mean([score.average_precision for score in self.labels]))

    def figures(self) -> tuple[Figure, ...]:
        """Return macro F1, mean average precision and the share of exact answers."""
        return (
            Figure("macro_f1", "macro F1", self.quality),
            Figure("map", "mAP", self.mean_average_precision),
            Figure("exact", "exact", self.exact),
        )


def multi_label_score(
    probabilities: NDArray[np.float32], truth: NDArray[Any], labels: tuple[str, ...]
) -> MultiLabelScore:
    """Score predictions.

    Args:
        probabilities: N × labels.
        truth: N × labels, 1 where a label is there.
        labels: their names, in order.

    Raises:
        ValueError: there are no examples.
    """
    if not len(truth):
        raise ValueError("no examples to score")
    there, said = truth > 0, probabilities >= _THRESHOLD
    scores = []
    for index, label in enumerate(labels):
        hits = int((there[:, index] & said[:, index]).sum())
        support, named = int(there[:, index].sum()), int(said[:, index].sum())
        scores.append(
            LabelScore(
                label,
                precision=hits / named if named else 0.0,
                recall=hits / support if support else 0.0,
                f1=2 * hits / (named + support) if named + support else 0.0,
                average_precision=_average_precision(probabilities[:, index], there[:, index]),
                support=support,
            )
        )
    return MultiLabelScore(tuple(scores), float((there == said).all(axis=1).mean()))


def _average_precision(probabilities: NDArray[np.float32], there: NDArray[np.bool_]) -> float:
    """Return Σ (recall gained) × precision over all thresholds; equal probabilities stand or fall together."""
    total = int(there.sum())
    if not total:
        return 0.0
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(there[order])
    last_of_equals = np.append(np.diff(probabilities[order]) != 0, True)
    named = np.arange(1, len(there) + 1)[last_of_equals]
    found = hits[last_of_equals]
    gained = np.diff(found, prepend=0) / total
    return float((gained * found / named).sum())
