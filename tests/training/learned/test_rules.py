"""Laws of the update rules, with random weights where the published ones are not part of the package."""

import math

import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.errors import ConfigError
from tuner.training.learned.controlled import (
    PARAMETERS,
    PEAK,
    Controlled,
    Tensors,
    first_parameters,
    shipped_parameters,
)
from tuner.training.learned.factored import Factored
from tuner.training.learned.known import LEARNED, learned_rule
from tuner.training.learned.published import SOURCES
from tuner.training.learned.update import Now
from tuner.training.runtime import tf

SHAPES = [(3, 3, 2, 4), (4,), (4,), (6, 5), (5,), (2, 7, 3), ()]
SIZE = sum(math.prod(shape) for shape in SHAPES)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of random weights for each optimizer that was published."""
    generator = np.random.default_rng(0)
    paths = {}
    for name, source in SOURCES.items():
        paths[name] = tmp_path_factory.mktemp("weights") / f"{name}.npz"
        np.savez(paths[name], **{key: 0.1 * generator.normal(size=shape) for key, shape in source.shapes().items()})
    return paths


def _settings(name, files):
    return Settings.of(name, weights=str(files[name])) if name in files else Settings.of(name)


def _train(rule, steps, start, seed=0, total=None):
    generator = np.random.default_rng(seed)
    weights, slots = tf.constant(start), tuple(tf.constant(first) for first in rule.first())
    for number in range(1, steps + 1):
        gradient = tf.constant(generator.normal(size=len(start)).astype(np.float32))
        figures = (generator.uniform(0.5, 1.0), number, steps if total is None else total)
        weights, slots = rule.moved(
            Now(weights, gradient, *(tf.constant(value, tf.float32) for value in figures)), slots
        )
    return weights.numpy(), slots


@pytest.mark.parametrize("name", LEARNED)
def test_every_rule_moves_tensors_of_any_rank_and_keeps_what_it_remembers_in_shape(name, files):
    rule = learned_rule(_settings(name, files), SHAPES)
    start = np.random.default_rng(1).normal(size=SIZE).astype(np.float32)

    weights, slots = _train(rule, 3, start)

    assert np.isfinite(weights).all()
    assert (weights != start).mean() > 0.9
    assert [slot.shape for slot in slots] == [first.shape for first in rule.first()]


@pytest.mark.parametrize("name", SOURCES)
def test_the_order_of_the_tensors_does_not_matter_to_the_published_rules(name, files):
    forward = learned_rule(_settings(name, files), [(3, 4), (4,), (4, 2)])
    backward = learned_rule(_settings(name, files), [(4, 2), (4,), (3, 4)])
    generator = np.random.default_rng(2)
    parts = [generator.normal(size=size).astype(np.float32) for size in (12, 4, 8)]
    gradients = [generator.normal(size=size).astype(np.float32) for size in (12, 4, 8)]

    def step(rule, order):
        weights, gradient = (np.concatenate([group[place] for place in order]) for group in (parts, gradients))
        slots = tuple(tf.constant(first) for first in rule.first())
        figures = (tf.constant(value) for value in (0.7, 1.0, 50.0))
        return rule.moved(Now(tf.constant(weights), tf.constant(gradient), *figures), slots)[0].numpy()

    one, other = step(forward, (0, 1, 2)), step(backward, (2, 1, 0))

    np.testing.assert_allclose(one, np.concatenate([other[12:], other[8:12], other[:8]]), rtol=1e-4, atol=1e-6)


def test_before_meta_training_the_rule_is_adam_under_a_cosine():
    rule = Controlled(first_parameters(np.random.default_rng(0)), Tensors.of(SHAPES))
    start = np.random.default_rng(1).normal(size=SIZE).astype(np.float32)
    mean, square, expected = np.zeros(SIZE), np.zeros(SIZE), start.astype(np.float64)
    generator = np.random.default_rng(0)
    for number in range(1, 6):
        gradient = generator.normal(size=SIZE).astype(np.float32)
        generator.uniform(0.5, 1.0)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        rate = PEAK * 0.5 * (1 + math.cos(math.pi * (number - 1) / 5))
        expected -= rate * mean / (1 - 0.9**number) / np.sqrt(square / (1 - 0.999**number))

    weights, _ = _train(rule, 5, start)

    np.testing.assert_allclose(weights, expected, rtol=1e-4, atol=1e-6)


def test_the_scale_of_the_gradients_does_not_matter_to_the_shipped_rule():
    rule = learned_rule(Settings.of("learned"), SHAPES)
    start = np.random.default_rng(1).normal(size=SIZE).astype(np.float32)
    gradient = np.random.default_rng(2).normal(size=SIZE).astype(np.float32)

    def step(scale):
        slots = tuple(tf.constant(first) for first in rule.first())
        figures = (tf.constant(value) for value in (0.7, 1.0, 50.0))
        return rule.moved(Now(tf.constant(start), tf.constant(scale * gradient), *figures), slots)[0].numpy()

    np.testing.assert_allclose(step(1.0), step(100.0), rtol=1e-4, atol=1e-6)


def test_networks_of_any_size_are_trained_alike(monkeypatch):
    """Small ones by two matrix products, large ones tensor by tensor."""
    start = np.random.default_rng(1).normal(size=SIZE).astype(np.float32)
    small, _ = _train(learned_rule(Settings.of("learned"), SHAPES), 5, start)

    monkeypatch.setattr("tuner.training.learned.controlled._MEMBERS", 0)
    large, _ = _train(learned_rule(Settings.of("learned"), SHAPES), 5, start)

    np.testing.assert_allclose(small, large, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e6])
def test_gradients_that_vanish_or_explode_leave_weights_finite(name, scale, files):
    """As those of a dead layer, or of a training that has learned its examples by heart."""
    rule = learned_rule(_settings(name, files), SHAPES)
    start = np.random.default_rng(1).normal(size=SIZE).astype(np.float32)
    weights, slots = tf.constant(start), tuple(tf.constant(first) for first in rule.first())
    gradient = tf.constant((scale * start).astype(np.float32))

    for number in (1, 2, 3):
        figures = (tf.constant(value, tf.float32) for value in (scale, number, 50))
        weights, slots = rule.moved(Now(weights, gradient, *figures), slots)

    assert np.isfinite(weights).all()


def test_the_shipped_weights_are_those_of_this_controller_and_small():
    parameters = shipped_parameters()

    assert parameters.shape == (PARAMETERS,)
    assert parameters.dtype == np.float32
    assert np.isfinite(parameters).all()
    assert parameters.nbytes < 200_000


def test_factored_moments_are_means_over_the_two_largest_dimensions():
    square = np.random.default_rng(0).uniform(size=(3, 4, 2, 8))
    factored = Factored.of([(5,), square.shape])
    gradient = tf.constant(np.sqrt(np.concatenate([np.ones(5), square.ravel()])).astype(np.float32))
    empty = [tf.zeros((1, len(part.sizes))) for part in (factored.rows, factored.columns)]

    rows, columns = factored.moved(gradient, *empty, tf.constant([0.0]))

    np.testing.assert_allclose(rows[0, 5:], square.mean(axis=3).ravel(), rtol=1e-5)
    np.testing.assert_allclose(columns[0, 5:], square.mean(axis=1).ravel(), rtol=1e-5)


def test_a_learned_optimizer_takes_no_learning_rate():
    from tuner.training.optimizers import learning_rates

    with pytest.raises(ConfigError, match="'learned' has no parameter 'learning_rate'"):
        learning_rates(Settings.of("learned", learning_rate=0.1), 1, 1)
