from typing import Any

import pytest

from tuner.candidate import Scalar, Settings
from tuner.errors import BuildError, ConfigError
from tuner.models import build
from tuner.models.network import Conv1D, Conv2D, Dense, DepthwiseConv1D, Network, Node, Reshape


def _built(layers: list[dict[str, Scalar]], shape: tuple[int, ...], **parameters: Any) -> Network:
    written = {f"layers.{number}.{key}": value for number, layer in enumerate(layers) for key, value in layer.items()}
    return build(Settings("layers", tuple((written | parameters).items())), shape, 4)


def test_layers_follow_each_other_and_end_in_the_classes() -> None:
    network = _built([{"type": "dense", "units": 8, "activation": "relu"}], (20,))

    assert [node.layer for node in network.nodes] == [Dense(8, "relu"), Dense(4, "softmax")]


def test_what_is_not_flat_is_flattened_before_the_output() -> None:
    network = _built([{"type": "conv1d", "filters": 8, "kernel": 3}], (20, 3))

    assert [node.name for node in network.nodes] == ["conv1d_0", "flatten_output", "output"]


def test_a_layer_that_is_not_used_is_left_out() -> None:
    network = _built([{"type": "dense", "units": 8}, {"type": "dropout", "rate": 0.5, "use": False}], (20,))

    assert [node.name for node in network.nodes] == ["dense_0", "output"]


def test_layers_read_others_by_name() -> None:
    network = _built(
        [
            {"type": "conv1d", "filters": 8, "kernel": 3, "name": "stem"},
            {"type": "conv1d", "filters": 8, "kernel": 3},
            {"type": "add", "with": "stem", "activation": "relu"},
            {"type": "conv1d", "filters": 2, "kernel": 1, "from": "stem", "name": "side"},
            {"type": "concatenate", "from": "add_2", "with": "side"},
        ],
        (20, 3),
    )

    inputs = {node.name: node.inputs for node in network.nodes}
    assert inputs["add_2"] == ("conv1d_1", "stem")
    assert inputs["side"] == ("stem",)
    assert inputs["concatenate_4"] == ("add_2", "side")


def test_features_can_be_read_in_another_arrangement() -> None:
    assert _built([{"type": "conv2d", "filters": 8, "kernel": 3}], (25, 10), read_as="image").input_shape == (25, 10, 1)
    assert _built([{"type": "dense", "units": 8}], (25, 10), read_as="vector").input_shape == (250,)


def test_a_kernel_may_be_wider_than_high() -> None:
    network = _built([{"type": "conv2d", "filters": 8, "kernel": 10, "kernel_width": 4}], (25, 10, 1))

    assert network.nodes[0].layer == Conv2D(8, (10, 4))


def test_a_separable_convolution_is_two_layers() -> None:
    layer = {"type": "separable_conv1d", "filters": 8, "kernel": 5, "stride": 2, "activation": "relu", "name": "a"}

    network = _built([layer], (20, 3))

    assert network.nodes[0] == Node("a_depthwise", DepthwiseConv1D(5, 2), ("input",))
    assert network.nodes[1] == Node("a", Conv1D(8, 1, activation="relu"), ("a_depthwise",))


def test_a_reshape_makes_a_series_or_an_image() -> None:
    series = _built([{"type": "reshape", "length": 10, "channels": 2}], (20,))
    image = _built([{"type": "reshape", "height": 5, "length": 2, "channels": 2}], (20,))

    assert (series.nodes[0].layer, image.nodes[0].layer) == (Reshape((10, 2)), Reshape((5, 2, 2)))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"type": "convd"}, r"(?s)there is no 'convd'.*did you mean 'conv2d'"),
        ({"type": "dense", "unit": 8}, r"(?s)missing key 'layers.0.dense.units'.*did you mean 'units'"),
        ({"type": "dropout", "rate": 2}, "rate: input should be less than 1, found 2"),
    ],
)
def test_a_layer_that_is_written_wrong_is_named(layer: dict[str, Scalar], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _built([layer], (20, 3))


def test_two_layers_of_one_name_are_refused() -> None:
    with pytest.raises(BuildError, match="two layers are called 'a'"):
        _built([{"type": "dense", "units": 8, "name": "a"}] * 2, (20,))


def test_a_concatenation_has_no_activation() -> None:
    with pytest.raises(BuildError, match="a concatenation has no activation of its own"):
        _built([{"type": "concatenate", "with": "input", "activation": "relu"}], (20, 3))
