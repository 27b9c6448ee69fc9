"""All of a compression in one training, down to the bytes."""

import numpy as np
import pytest

from tests.training.networks import CONV2D, NETWORKS, examples, training
from tuner.candidate import Settings
from tuner.compression import compression
from tuner.devices.arena import ArenaTarget, plan_arena
from tuner.models.lowering import lower
from tuner.tflite.read import read_graph
from tuner.tflm import Tflm
from tuner.training.compression import Course, train_compressed
from tuner.training.convert import convert
from tuner.training.predict import predict_converted, predict_float


@pytest.mark.parametrize(
    "settings",
    [
        Settings.of("int8", width=0.5, sparsity=0.5, clusters=8, epochs=2),
        Settings.of("int8-qat", width=0.5, sparsity=0.5, clusters=8, epochs=2),
        Settings.of("int16x8", sparsity=0.5, epochs=2, calibration=7),
        Settings.of("float32", width=0.3, clusters=4, epochs=2),
    ],
    ids=lambda settings: settings.type,
)
def test_the_model_is_the_graph_that_was_predicted(settings):
    data, validation = examples(CONV2D, 80), examples(CONV2D, 40, seed=1)

    trained = train_compressed(CONV2D, compression(settings), Course(training(2), data, validation, seed=0))

    model = convert(trained, settings, data.features)
    assert read_graph(model) == lower(CONV2D, settings)
    assert len(trained.history) == 2
    assert np.isfinite(predict_converted(model, data.features)).all()


@pytest.mark.parametrize("name", ["mlp", "conv1d", "conv2d"])
def test_sixteen_bits_are_closer_to_floating_point_than_eight(name):
    network, data = NETWORKS[name], examples(NETWORKS[name], 80)
    trained = train_compressed(
        network, compression(Settings("float32")), Course(training(2), data, examples(network, 30, seed=1), seed=0)
    )
    exact = predict_float(trained, data.features)

    error = {
        form: np.abs(predict_converted(convert(trained, Settings(form), data.features), data.features) - exact).mean()
        for form in ("int8", "int16x8")
    }

    assert error["int16x8"] < 0.5 * error["int8"]


@pytest.mark.parametrize("name", ["mlp", "conv1d", "conv2d"])
def test_tensorflow_lite_micro_runs_sixteen_bits_in_the_arena_that_was_planned(name):
    network, data = NETWORKS[name], examples(NETWORKS[name], 20)
    trained = train_compressed(network, compression(Settings("float32")), Course(training(1), data, data, seed=0))
    model = convert(trained, Settings("int16x8"), data.features)

    with Tflm() as tflm:
        head = tflm.arena(model).head
        answers = tflm.predict(model, data.features.reshape(-1, *read_graph(model).tensors[0].shape[1:]))

    np.testing.assert_allclose(answers, predict_converted(model, data.features), atol=2e-3)
    assert head == plan_arena(read_graph(model), ArenaTarget(cmsis_nn=False)).head
