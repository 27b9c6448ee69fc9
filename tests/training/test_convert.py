import numpy as np
import pytest

from tests.training.networks import CONV1D, MLP, NETWORKS, examples, training
from tuner.candidate import Settings
from tuner.errors import ConfigError, ConversionError
from tuner.models.network import Dense, sequence
from tuner.tflite.read import read_graph
from tuner.tflm import Tflm
from tuner.training import Trained
from tuner.training.convert import convert, convert_untrained
from tuner.training.fit import fit
from tuner.training.predict import predict_converted, predict_float

COMPRESSIONS = (Settings("float32"), Settings("int8"))


@pytest.fixture(scope="module")
def trained() -> dict[str, Trained]:
    return {
        name: fit(network, training(4), examples(network), examples(network, 60, seed=1), seed=0)
        for name, network in NETWORKS.items()
    }


@pytest.fixture(scope="module")
def tflm():
    with Tflm() as interpreter:
        yield interpreter


@pytest.mark.parametrize("name", NETWORKS)
def test_a_float_model_predicts_what_the_network_does(trained, tflm, name):
    network = NETWORKS[name]
    features = examples(network, 40, seed=2).features

    model = convert(trained[name], Settings("float32"), features)

    expected = predict_float(trained[name], features)
    np.testing.assert_allclose(predict_converted(model, features), expected, atol=1e-5)
    np.testing.assert_allclose(tflm.predict(model, features), expected, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_int8_model_decides_as_the_device_does(trained, tflm, name):
    network = NETWORKS[name]
    features = examples(network, 200, seed=2).features

    model = convert(trained[name], Settings("int8"), features)

    predicted, device = predict_converted(model, features), tflm.predict(model, features)
    assert np.abs(predicted - device).max() <= (8 if name == "recurrent" else 4) / 256
    assert (predicted.argmax(axis=1) == device.argmax(axis=1)).mean() >= 0.98
    assert (predict_float(trained[name], features).argmax(axis=1) == device.argmax(axis=1)).mean() >= 0.9


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=lambda settings: settings.type)
@pytest.mark.parametrize("name", NETWORKS)
def test_an_untrained_model_needs_what_the_trained_one_does(trained, tflm, name, compression):
    model = convert(trained[name], compression, examples(NETWORKS[name]).features)

    untrained = convert_untrained(NETWORKS[name], compression, seed=5)

    assert len(untrained) == len(model)
    assert tflm.arena(untrained) == tflm.arena(model)
    assert read_graph(untrained) == read_graph(model)


def test_an_int8_model_takes_and_gives_int8_for_one_example(trained):
    graph = read_graph(convert(trained["conv1d"], Settings("int8"), examples(CONV1D).features))

    (source,), (target,) = graph.inputs, graph.outputs
    assert (graph.tensors[source].shape, graph.tensors[source].dtype) == ((1, 1, 20, 3), "int8")
    assert (graph.tensors[target].shape, graph.tensors[target].dtype) == ((1, 3), "int8")
    assert graph.kinds() == (
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "MAX_POOL_2D",
        "RESHAPE",
        "SOFTMAX",
    )


def test_converting_twice_gives_the_same_bytes(trained):
    calibration = examples(MLP).features

    models = {convert(trained["mlp"], Settings("int8"), calibration) for _ in range(2)}

    assert len(models) == 1


def test_an_unknown_compression_is_refused_with_a_hint(trained):
    with pytest.raises(ConfigError, match="Hint: did you mean 'int8'"):
        convert(trained["mlp"], Settings("int7"), examples(MLP).features)


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        (np.zeros((0, 8)), "at least one example"),
        (np.full((5, 8), np.inf), "not finite"),
        (np.zeros((5, 7)), r"are \(7,\) each, the network's input is \(8,\)"),
    ],
)
def test_a_calibration_that_is_no_use_fails_the_stage(trained, calibration, message):
    with pytest.raises(ConversionError, match=message):
        convert(trained["mlp"], Settings("int8"), calibration.astype(np.float32))


def test_one_layer_is_enough():
    model = convert_untrained(sequence((4,), [Dense(2, "softmax")]), Settings("int8"), seed=0)

    assert read_graph(model).kinds() == ("FULLY_CONNECTED", "SOFTMAX")
