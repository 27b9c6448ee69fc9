import numpy as np
import pytest

from tests.training.networks import RECURRENT, examples, training
from tuner.candidate import Settings
from tuner.devices.arena import ArenaTarget, plan_arena
from tuner.models.network import LSTM, Dense, sequence
from tuner.tflite.read import read_graph
from tuner.tflm import Tflm
from tuner.training import Trained
from tuner.training.convert import convert
from tuner.training.fit import fit
from tuner.training.predict import predict_converted, predict_float
from tuner.training.runtime import tf
from tuner.training.weights import random_weights


def test_it_computes_what_keras_does():
    import tf_keras

    network = sequence((9, 2), [LSTM(5), Dense(3)])
    weights = random_weights(network, 0)
    layer = tf_keras.layers.LSTM(5, unit_forget_bias=False)
    layer.build((None, 9, 2))
    forget = np.repeat([0, 1, 0, 0], 5)
    layer.set_weights([weights["lstm_0/kernel"], weights["lstm_0/recurrent"], weights["lstm_0/bias"] + forget])
    features = np.random.default_rng(0).normal(size=(6, 9, 2)).astype(np.float32)

    expected = layer(tf.constant(features)).numpy() @ weights["dense_1/kernel"] + weights["dense_1/bias"]

    np.testing.assert_allclose(predict_float(Trained(network, weights, (), 0, 0.0), features), expected, atol=1e-5)


def test_it_learns_in_what_order_things_happen():
    generator = np.random.default_rng(0)
    features = 0.1 * generator.normal(size=(300, 12, 1)).astype(np.float32)
    truth = generator.integers(0, 2, 300)
    for row, rising in enumerate(truth):
        features[row, [2, 8], 0] += (1, -1) if rising else (-1, 1)
    from tuner.training import Examples

    train, validation = Examples(features[:200], truth[:200]), Examples(features[200:], truth[200:])

    trained = fit(sequence((12, 1), [LSTM(6), Dense(2, "softmax")]), training(12), train, validation, seed=0)

    assert (predict_float(trained, validation.features).argmax(axis=1) == validation.truth).mean() > 0.95


@pytest.mark.parametrize("form", ["float32", "int8"])
def test_the_converted_model_forgets_one_window_before_the_next(form):
    features = examples(RECURRENT, 30).features
    trained = Trained(RECURRENT, random_weights(RECURRENT, 0), (), 0, 0.0)
    model = convert(trained, Settings(form), features)

    answers, backwards = predict_converted(model, features), predict_converted(model, features[::-1])
    with Tflm() as tflm:
        micro = tflm.predict(model, features)
        head = tflm.arena(model).head

    np.testing.assert_array_equal(answers, backwards[::-1])
    np.testing.assert_allclose(answers, predict_float(trained, features), atol=1e-5 if form == "float32" else 0.02)
    np.testing.assert_allclose(micro, answers, atol=1e-5 if form == "float32" else 2 / 256)
    assert head == plan_arena(read_graph(model), ArenaTarget(cmsis_nn=False)).head
