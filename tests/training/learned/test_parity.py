"""Against 40 steps of the published JAX implementations, on tensors of rank 0 to 4."""

import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.training.layout import Layout
from tuner.training.learned.known import learned_rule
from tuner.training.learned.published import published_weights
from tuner.training.learned.update import Now
from tuner.training.runtime import tf

FOLDERS = {"celo": "celo", "celo-adam": "celo_adam"}


@pytest.mark.parametrize(("name", "tolerance"), [("celo", 1e-4), ("celo-adam", 1e-3)])
def test_forty_steps_are_those_of_the_published_optimizer(shared, name, tolerance):
    folder = shared / "learned_optimizers" / FOLDERS[name]
    with np.load(folder / "golden_40steps.npz") as file:
        golden = {key: file[key] for key in file.files}
    start = {key.removeprefix("p0/"): value for key, value in golden.items() if key.startswith("p0/")}
    layout = Layout.of(start)
    rule = learned_rule(Settings.of(name, weights=str(folder / "theta.state")), list(layout.shapes.values()))
    step = tf.function(lambda now, slots: rule.moved(Now(*now), slots), autograph=False)
    weights, slots = tf.constant(layout.pack(start)), tuple(tf.constant(first) for first in rule.first())

    compared = 0
    for number in range(40):
        gradient = layout.pack({key: golden[f"g/{number}/{key}"] for key in start})
        figures = (gradient, golden["loss"][number], number + 1, 40)
        weights, slots = step((weights, *(tf.constant(value, tf.float32) for value in figures)), slots)
        if f"p/{number}/bias" in golden:
            expected = layout.pack({key: golden[f"p/{number}/{key}"] for key in start})
            moved = np.abs(expected - layout.pack(start)).max()
            assert np.abs(weights.numpy() - expected).max() <= tolerance * moved
            compared += 1

    assert compared == 6
    assert {len(shape) for shape in layout.shapes.values()} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("name", FOLDERS)
def test_both_published_forms_hold_the_same_weights(shared, name):
    folder = shared / "learned_optimizers" / FOLDERS[name]

    flax = published_weights(Settings.of(name, weights=str(folder / "theta.state")))
    arrays = published_weights(Settings.of(name, weights=str(folder / "theta.npz")))

    assert flax.keys() == arrays.keys()
    assert all(np.array_equal(flax[key], arrays[key]) for key in flax)
