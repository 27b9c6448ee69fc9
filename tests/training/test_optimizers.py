import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.training.optimizers import Step, build_optimizer, learning_rates
from tuner.training.runtime import quiet, tf

RATE = 0.05

KERAS = {
    Settings.of("adam"): lambda keras: keras.Adam(RATE),
    Settings.of("adam", beta_1=0.8, epsilon=1e-3): lambda keras: keras.Adam(RATE, beta_1=0.8, epsilon=1e-3),
    Settings.of("adamw", weight_decay=0.1): lambda keras: keras.AdamW(RATE, weight_decay=0.1),
    Settings.of("sgd"): lambda keras: keras.SGD(RATE),
    Settings.of("sgd", momentum=0.9): lambda keras: keras.SGD(RATE, momentum=0.9),
    Settings.of("sgd", momentum=0.9, nesterov=True): lambda keras: keras.SGD(RATE, momentum=0.9, nesterov=True),
    Settings.of("rmsprop", momentum=0.5): lambda keras: keras.RMSprop(RATE, momentum=0.5),
    Settings.of("adagrad"): lambda keras: keras.Adagrad(RATE),
    Settings.of("gradient_descent"): lambda keras: keras.SGD(RATE),
}


@pytest.mark.parametrize("settings", KERAS, ids=str)
def test_every_optimizer_steps_as_keras_does(settings):
    generator = np.random.default_rng(0)
    start = generator.normal(size=9).astype(np.float32)
    gradients = generator.normal(size=(5, 9)).astype(np.float32)
    with quiet():
        reference, expected = KERAS[settings](tf.keras.optimizers), tf.Variable(start)
        for gradient in gradients:
            reference.apply_gradients([(tf.constant(gradient), expected)])
    optimizer, weights = build_optimizer(settings, [(9,)]), tf.Variable(start)
    slots = tuple(tf.Variable(first) for first in optimizer.slots)

    for count, gradient in enumerate(gradients, start=1):
        loss, rate, total = (tf.constant(value) for value in (0.5, RATE, 5.0))
        optimizer.apply(Step(weights, slots, tf.constant(gradient), loss, rate, tf.constant(float(count)), total))

    np.testing.assert_allclose(weights.numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)


def _rates(**parameters):
    return learning_rates(Settings.of("adam", learning_rate=0.1, **parameters), epochs=10, steps=4)


def test_a_constant_rate_is_given_to_every_step():
    assert np.array_equal(_rates(), np.full((10, 4), 0.1, np.float32))


def test_a_cosine_falls_from_the_rate_to_nearly_nothing():
    rates = _rates(schedule="cosine").ravel()

    assert rates[0] == pytest.approx(0.1)
    assert (np.diff(rates) < 0).all()
    assert 0 < rates[-1] < 0.001


def test_an_exponential_decays_by_its_factor_each_epoch():
    rates = _rates(schedule="exponential", decay=0.5)

    np.testing.assert_allclose(rates[1:] / rates[:-1], 0.5, rtol=1e-6)


def test_one_cycle_is_highest_after_three_tenths():
    rates = _rates(schedule="one_cycle").ravel()

    assert rates.argmax() == 12
    assert rates.max() == pytest.approx(0.1)
    assert rates[0] == pytest.approx(0.004)
    assert rates[-1] < 0.001


@pytest.mark.parametrize("schedule", ["constant", "cosine", "exponential", "one_cycle"])
def test_a_warm_up_rises_to_the_schedules_start(schedule):
    rates = _rates(schedule=schedule, warmup_epochs=2.0).ravel()

    np.testing.assert_allclose(rates[:8], 0.1 * np.arange(1, 9) / 8, rtol=1e-5)
    assert (rates > 0).all()
    assert rates.max() <= 0.1 + 1e-6
