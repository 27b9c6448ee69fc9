from dataclasses import replace

import numpy as np
import pytest

from tests.training.networks import CONV2D, NETWORKS, examples, training
from tuner.candidate import Settings
from tuner.models.network import BatchNorm, Conv2D, Dense, Flatten, Network, Pool2D, sequence
from tuner.tflite.read import read_graph
from tuner.training import Trained
from tuner.training.convert import convert
from tuner.training.fit import fit
from tuner.training.folding import fold
from tuner.training.layers import forward, tensor_shape
from tuner.training.predict import predict_converted, predict_float
from tuner.training.quantize_aware import quantize_aware
from tuner.training.runtime import tf
from tuner.training.simulation import activation_ranges, quantized_pass
from tuner.training.weights import random_weights

INT8 = Settings("int8")


def _made(network, seed=0) -> Trained:
    return Trained(network, random_weights(network, seed), history=(), best_epoch=0, seconds=0.0)


def _without_softmax(network: Network) -> Network:
    *nodes, last = network.nodes
    return replace(network, nodes=(*nodes, replace(last, layer=replace(last.layer, activation="linear"))))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_folded_network_computes_the_same(name):
    features = examples(NETWORKS[name], 30).features
    made = _made(NETWORKS[name])

    network, weights = fold(made.network, made.weights)

    folded = Trained(network, weights, history=(), best_epoch=0, seconds=0.0)
    np.testing.assert_allclose(predict_float(folded, features), predict_float(made, features), atol=1e-6)
    assert not any(isinstance(node.layer, BatchNorm) for node in network.nodes)


def test_a_normalization_with_no_layer_to_go_into_stays():
    network = sequence((6, 6, 1), [Pool2D("max", (2, 2), (2, 2)), BatchNorm(), Flatten(), Dense(2, "softmax")])

    folded, weights = fold(network, random_weights(network, 0))

    assert folded == network
    assert "batchnorm_1/gamma" in weights


def test_a_convolution_to_one_channel_is_not_taken_for_a_depthwise_one():
    network = sequence((6, 6, 3), [Conv2D(1, (3, 3)), BatchNorm(), Flatten(), Dense(2, "softmax")])
    features = np.random.default_rng(0).normal(size=(5, 6, 6, 3)).astype(np.float32)

    folded, weights = fold(network, random_weights(network, 0))

    after = predict_float(Trained(folded, weights, (), 0, 0.0), features)
    np.testing.assert_allclose(after, predict_float(_made(network), features), atol=1e-6)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "recurrent"])
def test_the_simulation_is_closer_to_the_int8_model_than_the_float_network_is(name):
    network = _without_softmax(NETWORKS[name])  # whose grid of 1/256 would hide the rounding before it
    features = examples(network, 100).features
    folded, weights = fold(network, random_weights(network, 0))
    ranges = activation_ranges(folded, weights, features)

    rows = tf.constant(features.reshape(-1, *tensor_shape(network.input_shape)))
    constants = {key: tf.constant(values) for key, values in weights.items()}
    simulated = forward(folded, rows, quantized_pass(folded, constants, ranges)).numpy()

    converted = predict_converted(convert(_made(network), INT8, features), features)
    exact = predict_float(_made(network), features)
    assert np.abs(simulated - converted).mean() < 0.85 * np.abs(exact - converted).mean()


def test_the_model_is_the_same_graph_with_other_weights():
    data, validation = examples(CONV2D), examples(CONV2D, 60, seed=1)
    trained = fit(CONV2D, training(3), data, validation, seed=0)

    aware = quantize_aware(trained, training(3), data, validation, seed=0)

    before, after = convert(trained, INT8, data.features), convert(aware, Settings("int8-qat"), data.features)
    assert read_graph(after) == read_graph(before)
    assert after != before
    assert aware.history == trained.history


def test_weights_that_rounding_does_not_harm_come_back():
    data, validation = examples(CONV2D), examples(CONV2D, 60, seed=1)
    trained = fit(CONV2D, training(3), data, validation, seed=0)
    still = training(3, Settings.of("sgd", learning_rate=1e-12))

    aware = quantize_aware(trained, still, data, validation, seed=0)

    expected = fold(CONV2D, trained.weights)[1]
    assert aware.weights.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(aware.weights[name], values, atol=1e-6)


def test_it_is_decided_by_its_seed_to_the_bit():
    data, validation = examples(CONV2D), examples(CONV2D, 60, seed=1)
    trained = fit(CONV2D, training(3), data, validation, seed=0)

    one, other = (quantize_aware(trained, training(3), data, validation, seed=7) for _ in range(2))

    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
