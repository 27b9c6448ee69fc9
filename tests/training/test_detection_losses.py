"""Losses of detection, against their definitions in NumPy."""

import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.training.losses import build_objective
from tuner.training.runtime import tf


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_cells_with_an_object_count_as_often_as_asked_for() -> None:
    generator = np.random.default_rng(0)
    logits, truth = generator.normal(size=(3, 4, 5, 3)).astype(np.float32), generator.integers(0, 3, (3, 4, 5))

    losses = build_objective(Settings.of("weighted_cross_entropy", object_weight=7.0), "softmax").loss(logits, truth)

    chosen = np.take_along_axis(softmax(logits), truth[..., None], axis=-1)[..., 0]
    expected = np.where(truth > 0, 7, 1) * -np.log(chosen)
    np.testing.assert_allclose(losses, expected.mean(axis=(1, 2)), rtol=1e-5)


def test_multibox_is_focal_in_the_classes_and_smooth_in_the_offsets_of_objects() -> None:
    generator = np.random.default_rng(1)
    answers = generator.normal(size=(2, 6 * (2 + 4))).astype(np.float32)
    truth = np.zeros((2, 6, 5), np.float32)
    truth[0, :, 0] = 0, 1, 2, -1, 0, 2
    truth[0, :, 1:] = generator.normal(size=(6, 4)) * 2

    losses = build_objective(Settings.of("multibox", gamma=2.0, alpha=0.3, box_weight=0.5), "linear").loss(
        answers, truth
    )

    rows = answers.reshape(2, 6, 6)
    for image in range(2):
        total, objects = 0.0, 0
        for answer, wanted in zip(rows[image], truth[image], strict=True):
            if wanted[0] < 0:
                continue
            for kind in range(2):
                p = 1 / (1 + np.exp(-answer[kind]))
                is_it = wanted[0] == kind + 1
                p_right, balance = (p, 0.3) if is_it else (1 - p, 0.7)
                total += balance * (1 - p_right) ** 2 * -np.log(p_right)
            if wanted[0] > 0:
                objects += 1
                error = np.abs(answer[2:] - wanted[1:])
                total += 0.5 * np.where(error < 1, 0.5 * error**2, error - 0.5).sum()
        assert float(losses[image]) == pytest.approx(total / max(objects, 1), rel=1e-5)


def test_the_measure_is_the_f1_of_what_holds_objects() -> None:
    measure = build_objective(Settings("weighted_cross_entropy"), "softmax").measure
    truth = np.array([[[1, 0], [2, 0]], [[0, 0], [0, 0]]])
    logits = np.eye(3, dtype=np.float32)[np.array([[[1, 1], [1, 0]], [[0, 0], [0, 0]]])]

    np.testing.assert_allclose(measure(tf.constant(logits), tf.constant(truth)), [2 / 5, 1.0])
