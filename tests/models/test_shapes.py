import pytest

from tuner.errors import BuildError
from tuner.models.network import (
    Add,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePool,
    Network,
    Node,
    Pool1D,
    Reshape,
    sequence,
)
from tuner.models.shapes import output_shapes


def test_same_padding_rounds_up_and_valid_padding_counts_whole_windows() -> None:
    same = output_shapes(sequence((49, 10, 1), [Conv2D(64, (10, 4), (2, 2))]))
    valid = output_shapes(sequence((49, 10, 1), [Conv2D(64, (10, 4), (2, 2), "valid")]))

    assert same["conv2d_0"] == (25, 5, 64)
    assert valid["conv2d_0"] == (20, 4, 64)


def test_dilation_widens_the_window() -> None:
    shapes = output_shapes(sequence((20, 3), [Conv1D(8, 3, padding="valid", dilation=4)]))

    assert shapes["conv1d_0"] == (12, 8)


def test_depthwise_convolution_keeps_channels_and_global_pooling_keeps_nothing_else() -> None:
    shapes = output_shapes(sequence((8, 6, 5), [DepthwiseConv2D((3, 3), (2, 2)), GlobalAveragePool()]))

    assert shapes["depthwiseconv2d_0"] == (4, 3, 5)
    assert shapes["globalaveragepool_1"] == (5,)


def test_joined_layers_add_up_their_channels() -> None:
    nodes = (
        Node("a", Conv1D(8, 3), ("input",)),
        Node("b", Conv1D(4, 5), ("input",)),
        Node("join", Concatenate(), ("a", "b")),
    )

    assert output_shapes(Network((20, 3), nodes))["join"] == (20, 12)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (sequence((20, 3), [Dense(4)]), "a dense layer needs a flat vector, got 20 × 3"),
        (sequence((20,), [Conv1D(4, 3)]), "a 1-D convolution needs length × channels, got 20"),
        (sequence((20, 3), [Conv2D(4, (3, 3))]), "a 2-D convolution needs height × width × channels, got 20 × 3"),
        (sequence((20,), [GlobalAveragePool()]), "global pooling needs length × channels, got 20"),
        (sequence((5, 3), [Pool1D("max", 8, 8)]), "slides a window of 8 over 5 values"),
        (sequence((5, 3), [Reshape((4, 4))]), "5 × 3 has not as many values as 4 × 4"),
        (Network((5, 3), (Node("a", Add(), ("input",)),)), "reads 1 layer, expected two or more"),
        (Network((5, 3), (Node("a", Dense(3), ("b",)),)), "reads 'b', which is no layer before it"),
        (
            Network((5,), (Node("a", Dense(3), ("input",)), Node("b", Dense(3), ("input",)))),
            "layer 'a' leads nowhere: no layer reads it",
        ),
        (Network((5, 3), (Node("a", Conv1D(3, 3), ("input", "input")),)), "reads 2 layers, expected one"),
    ],
)
def test_a_layer_that_does_not_fit_is_named_with_the_reason(network: Network, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        output_shapes(network)


def test_layers_of_different_shapes_cannot_be_added() -> None:
    nodes = (Node("a", Conv1D(8, 3), ("input",)), Node("sum", Add(), ("a", "input")))

    with pytest.raises(BuildError, match="adds layers of different shapes: 20 × 8, 20 × 3"):
        output_shapes(Network((20, 3), nodes))
