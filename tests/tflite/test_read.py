"""Reading `.tflite` files: what is there is found, what is not a model is refused with a hint."""

import time

import pytest

from tuner.errors import ModelError
from tuner.tflite.read import read_graph


def _model(shared, name: str) -> bytes:
    return (shared / "measurements" / "firmware" / "models" / f"{name}.tflite").read_bytes()


def test_tensors_operators_and_options_are_read(shared):
    model = _model(shared, "kws")

    graph = read_graph(model)

    assert graph.model_bytes == len(model)
    assert len(graph.operators) == 12
    assert graph.kinds() == ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MEAN", "SOFTMAX")
    first = graph.operators[0]
    assert (first.option("stride_h"), first.option("stride_w")) == (2, 2)
    assert first.options["padding"] == "SAME"
    assert first.options["fused_activation_function"] == "RELU"
    assert graph.tensors[graph.inputs[0]].shape == (1, 49, 10, 1)
    weights = graph.tensors[first.inputs[1]]
    assert (weights.shape, weights.dtype, weights.constant, weights.scales) == ((64, 10, 4, 1), "int8", True, 64)


def test_options_at_the_default_of_the_schema_are_left_out(shared):
    convolution = read_graph(_model(shared, "kws")).operators[0]

    assert "dilation_h_factor" not in convolution.options
    assert convolution.option("dilation_h_factor", 1) == 1


def test_operators_that_a_file_lists_without_using_them_are_told_apart(shared):
    folder = shared / "measurements" / "models" / "mltk"

    graph = read_graph((folder / "image_classification.tflite").read_bytes())

    assert graph.listed_kinds == ("DEQUANTIZE", "QUANTIZE")
    assert not set(graph.listed_kinds) & set(graph.kinds())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04 a zip archive of Keras", "it looks like a Keras model"),
        (b"hello, world", "it begins with b'hello, w'"),
    ],
)
def test_what_is_no_model_is_refused(content, found):
    with pytest.raises(ModelError, match="not a") as caught:
        read_graph(content)

    assert found in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("share", [0.002, 0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_refused(shared, share):
    model = _model(shared, "kws")

    with pytest.raises(ModelError) as caught:
        read_graph(model[: int(len(model) * share)])

    assert "cut short" in caught.value.hint or "converter" in caught.value.hint


def test_scrambled_bytes_never_surface_as_anything_but_a_model_error(shared):
    model = bytearray(_model(shared, "mlp"))
    refused = 0
    for position in range(8, len(model), 7):
        broken = bytearray(model)
        broken[position] ^= 0xFF
        try:
            read_graph(bytes(broken))
        except ModelError:
            refused += 1

    assert refused > 0


def test_reading_does_not_touch_the_weights(shared):
    folder = shared / "measurements" / "models"
    largest = max(folder.glob("*/*.tflite"), key=lambda path: path.stat().st_size)
    model = largest.read_bytes()

    start = time.perf_counter()
    read_graph(model)

    assert time.perf_counter() - start < 1.0, f"{largest.name}, {len(model)} bytes"
