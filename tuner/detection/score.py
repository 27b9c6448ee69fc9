"""How good detections are: average precision of boxes, F1 of centroids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuner.detection.boxes import overlaps
from tuner.detection.objects import Detections, Objects, present

OVERLAP = 0.5
"""Intersection over union from which a box is right."""

USE = 0.5
"""Score from which a box counts for precision, recall and F1: what an application would take for an object."""

_CURVE = 40
"""Points kept of a precision-recall curve."""

Hits = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.bool_]]
"""From N found boxes and M true ones (both × 4) to N × M, whether each of the first would be right for the second."""


@dataclass(frozen=True, slots=True)
class ObjectScore:
    """How well objects of one class were found."""

    label: str
    precision: float
    recall: float
    f1: float
    """The three at the threshold of use."""
    average_precision: float
    """Area under the precision-recall curve, precision made non-increasing (PASCAL VOC since 2010)."""
    support: int
    """Number of true objects."""
    curve: tuple[tuple[float, float], ...]
    """Recall and precision, by falling score."""


def object_scores(
    found: Sequence[Detections], truth: Objects, labels: tuple[str, ...], *, hits: Hits, threshold: float
) -> tuple[ObjectScore, ...]:
    """Score detections by class.

    Each detection, best first over all images, takes the best object that is right for it and still free; what finds
    none is wrong.

    Args:
        found: the detections of each image.
        truth: the objects of each image.
        labels: names of the classes.
        hits: which detections are right for which objects.
        threshold: score from which precision, recall and F1 count a detection.
    """
    return tuple(
        _class_score(label, _judged(found, truth, kind, hits), _support(truth, kind), threshold)
        for kind, label in enumerate(labels)
    )


def box_hits(found: NDArray[np.float32], true: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which boxes overlap which enough."""
    hits: NDArray[np.bool_] = overlaps(found, true) >= OVERLAP
    return hits


def centre_hits(found: NDArray[np.float32], true: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which found boxes have their centre in which true ones, those widened to the size of the found one.

    A centroid stands for a cell, so it cannot be placed better than that.
    """
    centre, size = (found[:, :2] + found[:, 2:]) / 2, found[:, 2:] - found[:, :2]
    middle, extent = (true[:, :2] + true[:, 2:]) / 2, true[:, 2:] - true[:, :2]
    reach = np.maximum(size[:, None], extent[None]) / 2
    hits: NDArray[np.bool_] = (np.abs(centre[:, None] - middle[None]) <= reach).all(axis=-1)
    return hits


@dataclass(frozen=True, slots=True)
class _Judged:
    scores: NDArray[np.float32]
    """Of all detections of a class, falling."""
    right: NDArray[np.bool_]


def _judged(found: Sequence[Detections], truth: Objects, kind: int, hits: Hits) -> _Judged:
    scores, right = [], []
    for detections, image in zip(found, truth, strict=True):
        chosen = detections[detections[:, 0] == kind]
        objects = present(image)
        objects = objects[objects[:, 0] == kind]
        possible = hits(chosen[:, 2:], objects[:, 1:])
        nearness = np.where(possible, 1 + overlaps(chosen[:, 2:], objects[:, 1:]), 0.0)
        for row in nearness:  # best first
            best = int(row.argmax()) if len(row) else 0
            is_right = bool(len(row)) and row[best] > 0
            if is_right:
                nearness[:, best] = 0
            right.append(is_right)
        scores.append(chosen[:, 1])
    together = np.concatenate(scores) if scores else np.zeros(0, np.float32)
    order = np.argsort(-together, kind="stable")
    return _Judged(together[order], np.array(right, bool)[order])


def _support(truth: Objects, kind: int) -> int:
    return int((truth[..., 0] == kind).sum())


def _class_score(label: str, judged: _Judged, support: int, threshold: float) -> ObjectScore:
    right = np.cumsum(judged.right)
    precision = right / np.arange(1, len(right) + 1)
    recall = right / max(support, 1)
    used = int((judged.scores >= threshold).sum())
    hits = int(right[used - 1]) if used else 0
    return ObjectScore(
        label=label,
        precision=hits / used if used else 0.0,
        recall=hits / support if support else 0.0,
        f1=2 * hits / (used + support) if used + support else 0.0,
        average_precision=_average_precision(precision, recall),
        support=support,
        curve=_thinned(recall, precision),
    )


def _average_precision(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> float:
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * best_from_here).sum())


def _thinned(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    if not len(recall):
        return ()
    rows = np.unique(np.linspace(0, len(recall) - 1, _CURVE).round().astype(int))
    return tuple((float(recall[row]), float(precision[row])) for row in rows)
