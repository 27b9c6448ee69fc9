"""Average precision is held against an implementation written the slow way, after the definition."""

import numpy as np
import pytest

from tuner.detection.objects import padded
from tuner.detection.score import box_hits, centre_hits, object_scores


def slow_overlap(a: np.ndarray, b: np.ndarray) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def slow_average_precision(found: list[np.ndarray], truth: list[np.ndarray], kind: int) -> float:
    """PASCAL VOC 2010, by its text: walk down the ranking, then integrate the upper envelope over every recall."""
    ranked = sorted(
        ((row[1], image, row[2:]) for image, rows in enumerate(found) for row in rows if row[0] == kind),
        key=lambda entry: -entry[0],
    )
    objects = {i: [row[1:] for row in rows if row[0] == kind] for i, rows in enumerate(truth)}
    taken: set[tuple[int, int]] = set()
    total = sum(map(len, objects.values()))
    points, right = [], 0
    for rank, (_, image, box) in enumerate(ranked, start=1):
        free = [
            (slow_overlap(box, true), index)
            for index, true in enumerate(objects[image])
            if (image, index) not in taken and slow_overlap(box, true) >= 0.5
        ]
        if free:
            taken.add((image, max(free)[1]))
            right += 1
        points.append((right / total, right / rank))
    area, before = 0.0, 0.0
    for recall in sorted({recall for recall, _ in points}):
        area += (recall - before) * max(precision for r, precision in points if r >= recall)
        before = recall
    return area


def random_scene(generator: np.random.Generator) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Objects of some images, and detections of which many are near one, some twice, some of nothing."""
    truth, found = [], []
    for _ in range(6):
        corners = generator.uniform(0, 0.7, (generator.integers(0, 6), 2))
        boxes = np.concatenate([corners, corners + generator.uniform(0.1, 0.3, corners.shape)], axis=1)
        kinds = generator.integers(0, 2, (len(boxes), 1))
        truth.append(np.concatenate([kinds, boxes], axis=1).astype(np.float32))
        near = np.repeat(truth[-1], 2, axis=0)[generator.random(2 * len(boxes)) < 0.7]
        near[:, 1:] += generator.normal(0, 0.03, (len(near), 4))
        scores = generator.random((len(near), 1))
        rows = np.concatenate([near[:, :1], scores, near[:, 1:]], axis=1).astype(np.float32)
        found.append(rows[np.argsort(-rows[:, 1])])
    return found, truth


@pytest.mark.parametrize("seed", range(20))
def test_average_precision_is_that_of_the_definition(seed: int) -> None:
    found, truth = random_scene(np.random.default_rng(seed))

    scores = object_scores(found, padded(truth), ("a", "b"), hits=box_hits, threshold=0.5)

    for kind, score in enumerate(scores):
        assert score.average_precision == pytest.approx(slow_average_precision(found, truth, kind), abs=1e-9)


def test_an_object_found_twice_is_found_once_and_a_mistake() -> None:
    truth = padded([np.array([[0, 0.1, 0.1, 0.3, 0.3]], np.float32)])
    twice = np.array([[0, 0.9, 0.1, 0.1, 0.3, 0.3], [0, 0.8, 0.11, 0.1, 0.31, 0.3]], np.float32)

    (score,) = object_scores([twice], truth, ("a",), hits=box_hits, threshold=0.5)

    assert (score.precision, score.recall, score.support) == (0.5, 1.0, 1)
    assert score.average_precision == 1.0


def test_a_detection_below_the_threshold_of_use_counts_for_the_curve_alone() -> None:
    truth = padded([np.array([[0, 0.1, 0.1, 0.3, 0.3]], np.float32)])
    unsure = np.array([[0, 0.2, 0.1, 0.1, 0.3, 0.3]], np.float32)

    (score,) = object_scores([unsure], truth, ("a",), hits=box_hits, threshold=0.5)

    assert (score.f1, score.average_precision) == (0.0, 1.0)


def test_a_centroid_is_right_within_the_object_or_within_a_cell_of_a_smaller_one() -> None:
    cell = np.array([[0.45, 0.45, 0.55, 0.55]], np.float32)
    objects = np.array(
        [[0.4, 0.4, 0.7, 0.7], [0.53, 0.53, 0.55, 0.55], [0.6, 0.6, 0.61, 0.61], [0.55, 0.4, 0.9, 0.9]], np.float32
    )

    assert centre_hits(cell, objects).tolist() == [[True, True, False, False]]


def test_a_class_that_neither_is_nor_is_found_scores_nothing() -> None:
    (score,) = object_scores(
        [np.zeros((0, 6), np.float32)], padded([np.zeros((0, 5), np.float32)]), ("a",), hits=box_hits, threshold=0.5
    )

    assert (score.f1, score.average_precision, score.curve) == (0.0, 0.0, ())
