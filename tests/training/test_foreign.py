"""Models from elsewhere become `.tflite`: Keras 2 and 3 files, SavedModels; what does not is named."""

import pytest

from tuner.errors import ModelError
from tuner.tflite.read import read_graph
from tuner.training.foreign import convert_foreign


def _network(keras):
    layers = [keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(3)]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


def _kinds(path) -> tuple[str, ...]:
    graph = read_graph(convert_foreign(path))
    assert graph.tensors[graph.inputs[0]].shape == (1, 8, 8, 1)
    return graph.kinds()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_keras_2_file_converts(tmp_path, name):
    import tf_keras

    _network(tf_keras).save(tmp_path / name)

    assert _kinds(tmp_path / name) == ("CONV_2D", "FULLY_CONNECTED", "RESHAPE")


@pytest.mark.filterwarnings("ignore")
def test_a_keras_3_file_converts(tmp_path):
    import keras

    _network(keras).save(tmp_path / "model.keras")

    assert _kinds(tmp_path / "model.keras") == ("CONV_2D", "FULLY_CONNECTED", "RESHAPE")


@pytest.mark.filterwarnings("ignore")
def test_a_saved_model_converts(tmp_path):
    import tf_keras

    _network(tf_keras).export(tmp_path / "model")

    assert _kinds(tmp_path / "model") == ("CONV_2D", "FULLY_CONNECTED", "RESHAPE")


def test_a_folder_that_is_no_saved_model_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"lacks saved_model\.pb") as caught:
        convert_foreign(tmp_path)

    assert caught.value.hint


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_keras_cannot_load_is_named(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"no archive")

    with pytest.raises(ModelError, match=r"model\.keras does not convert") as caught:
        convert_foreign(tmp_path / "model.keras")

    assert caught.value.hint
