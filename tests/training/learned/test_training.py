import numpy as np
import pytest

from tests.training.networks import CONV1D, MLP, examples, training
from tuner.candidate import Settings
from tuner.compression import compression
from tuner.errors import TrainingError
from tuner.training import Examples
from tuner.training.compression import Course, train_compressed
from tuner.training.fit import fit
from tuner.training.learned.keras import LearnedOptimizer
from tuner.training.learned.published import SOURCES
from tuner.training.runtime import quiet, tf

LEARNED = Settings.of("learned")


def _published(name, shared, folder):
    return Settings.of(name, weights=str(shared / "learned_optimizers" / folder / "theta.state"))


def test_the_shipped_optimizer_learns_and_a_seed_decides_its_weights():
    data, validation = examples(CONV1D), examples(CONV1D, 60, seed=1)

    first = fit(CONV1D, training(6, LEARNED), data, validation, seed=0)
    again = fit(CONV1D, training(6, LEARNED), data, validation, seed=0)

    assert first.history[first.best_epoch - 1].val_measure > 0.8
    assert all(np.array_equal(first.weights[name], again.weights[name]) for name in first.weights)


@pytest.mark.parametrize(("name", "folder"), [("celo", "celo"), ("celo-adam", "celo_adam")])
def test_published_optimizers_learn(shared, name, folder):
    data, validation = examples(MLP), examples(MLP, 60, seed=1)

    trained = fit(MLP, training(30, _published(name, shared, folder)), data, validation, seed=0)

    assert trained.history[trained.best_epoch - 1].val_measure > 0.65


@pytest.mark.parametrize(
    ("epochs", "batch", "message"),
    [
        (1, 16, "'learned' is for 20 to 10,000 steps, this training has 10"),
        (2000, 16, "this training has 20,000"),
        (8, 4, "for 8 to 1,024 examples in a batch, this training has 4"),
    ],
)
def test_a_training_beyond_the_limits_is_refused_before_its_first_step(epochs, batch, message):
    with pytest.raises(TrainingError, match=message) as refusal:
        fit(MLP, training(epochs, LEARNED, batch_size=batch), examples(MLP), examples(MLP, 60), seed=0)

    assert "adam" in refusal.value.hint


def test_a_training_that_diverges_ends_with_that_reason(tmp_path):
    generator = np.random.default_rng(0)
    path = tmp_path / "wild.npz"
    wild = {key: generator.normal(size=shape) for key, shape in SOURCES["celo-adam"].shapes().items()}
    np.savez(path, **(wild | {"rnn_params|step_size|b": np.array([60.0])}))

    with pytest.raises(TrainingError, match="training diverged") as refusal:
        fit(MLP, training(8, Settings.of("celo-adam", weights=str(path))), examples(MLP), examples(MLP, 60), seed=0)

    assert refusal.value.hint.startswith("another optimizer")


def test_a_compression_goes_on_from_it_with_adam():
    data, validation = examples(MLP, 80), examples(MLP, 60, seed=1)
    form = compression(Settings.of("int8-qat", sparsity=0.5, epochs=2))

    trained = train_compressed(MLP, form, Course(training(8, LEARNED), data, validation, seed=0))

    kernel = trained.weights["dense_0/kernel"]
    assert (kernel == 0).mean() == pytest.approx(0.5, abs=0.02)


def _digits() -> tuple[Examples, Examples]:
    from sklearn.datasets import load_digits

    data = load_digits()
    x = (data.data / 8 - 1).astype(np.float32)
    return Examples(x[:600], data.target[:600]), Examples(x[600:900], data.target[600:900])


def _keras_model():
    tf.keras.utils.set_random_seed(0)
    layers = tf.keras.layers
    return tf.keras.Sequential([layers.Dense(24, activation="relu", input_shape=(64,)), layers.Dense(10)])


def test_a_keras_model_trains_with_it_and_goes_on_when_loaded(tmp_path):
    train, validation = _digits()
    with quiet():
        model = _keras_model()
        loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(LearnedOptimizer(total_steps=8 * 19), loss=loss, metrics=["accuracy"])

        history = model.fit(train.features, train.truth, 32, 8, verbose=0)
        _, accuracy = model.evaluate(validation.features, validation.truth, verbose=0)

    assert history.history["loss"][-1] < 0.2 * history.history["loss"][0]
    assert accuracy > 0.85
    again = LearnedOptimizer.from_config(model.optimizer.get_config())
    assert again.get_config() == model.optimizer.get_config()
    assert again.get_config()["total_steps"] == 8 * 19


def test_keras_steps_are_those_of_the_compiled_epoch():
    """The same rule, so the same weights from the same gradients."""
    from tuner.training.learned.known import learned_rule
    from tuner.training.learned.update import Now

    start = [np.random.default_rng(0).normal(size=shape).astype(np.float32) for shape in ((3, 2), (2,))]
    variables = [tf.Variable(value) for value in start]
    optimizer = LearnedOptimizer(total_steps=20)
    rule = learned_rule(LEARNED, [(3, 2), (2,)])
    weights = tf.concat([tf.reshape(value, (-1,)) for value in start], 0)
    slots = tuple(tf.constant(first) for first in rule.first())

    for number in range(1, 4):
        with tf.GradientTape() as tape:
            loss = tf.add_n([tf.reduce_sum(variable**2) for variable in variables])
        optimizer.minimize(loss, variables, tape)
        now = Now(weights, 2 * weights, tf.reduce_sum(weights**2), tf.constant(float(number)), tf.constant(20.0))
        weights, slots = rule.moved(now, slots)

    np.testing.assert_allclose(np.concatenate([v.numpy().ravel() for v in variables]), weights, rtol=1e-5, atol=1e-6)


def test_keras_gradients_without_a_loss_are_refused():
    variable = tf.Variable([1.0, 2.0])

    with pytest.raises(ValueError, match="call minimize"):
        LearnedOptimizer(total_steps=20).apply_gradients([(tf.constant([1.0, 1.0]), variable)])
