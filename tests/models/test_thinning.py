import pytest

from tests.training.networks import BRANCHED, CONV1D, CONV2D, MLP
from tuner.errors import BuildError
from tuner.models.network import (
    Add,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePool,
    Network,
    Node,
    Reshape,
    sequence,
)
from tuner.models.shapes import output_shapes
from tuner.models.thinning import channels_of, thinned


def test_hidden_layers_keep_their_share_and_the_output_all():
    assert [node.layer.units for node in thinned(MLP, 0.5).nodes if isinstance(node.layer, Dense)] == [6, 3, 3]


def test_what_passes_channels_on_has_fewer_too():
    shapes = output_shapes(thinned(CONV2D, 0.25))

    assert [shape[-1] for shape in shapes.values()][:-1] == [1, *[2] * 9]


def test_channels_joined_by_a_sum_go_together():
    nodes = (
        Node("stem", Conv2D(8, (3, 3)), ("input",)),
        Node("body", DepthwiseConv2D((3, 3)), ("stem",)),
        Node("project", Conv2D(8, (1, 1)), ("body",)),
        Node("sum", Add(), ("project", "stem")),
        Node("mean", GlobalAveragePool(), ("sum",)),
        Node("classes", Dense(3, "softmax"), ("mean",)),
    )
    network = Network((8, 8, 1), nodes)

    channels = channels_of(network)

    assert channels.layout["stem"] == channels.layout["project"] == channels.layout["sum"]
    assert output_shapes(thinned(network, 0.5))["sum"] == (8, 8, 4)


def test_what_is_joined_side_by_side_keeps_its_parts_apart():
    channels = channels_of(
        Network(
            (4, 4, 1),
            (
                Node("left", Conv2D(4, (1, 1)), ("input",)),
                Node("right", Conv2D(2, (1, 1)), ("input",)),
                Node("both", Concatenate(), ("left", "right")),
                Node("flat", Flatten(), ("both",)),
                Node("out", Dense(2, "softmax"), ("flat",)),
            ),
        )
    )

    left, right = channels.layout["left"][0], channels.layout["right"][0]
    assert channels.layout["flat"] == (left, right) * 16


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (sequence((8,), [Dense(3, "softmax")]), "no layer is hidden"),
        (sequence((8,), [Dense(4), Reshape((2, 2)), Flatten(), Dense(3, "softmax")]), "'dense_0'"),
        (BRANCHED, "the channels of 'left', 'right' go into a reshape"),
    ],
)
def test_a_network_without_channels_to_remove_is_refused_by_name(network: Network, reason: str):
    with pytest.raises(BuildError, match=r"width 0\.5 has nothing to remove") as refusal:
        thinned(network, 0.5)

    assert reason in str(refusal.value)


def test_the_whole_width_leaves_the_network_as_it_is():
    assert thinned(CONV1D, 1.0) is CONV1D
