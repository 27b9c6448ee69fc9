import numpy as np
import pytest

from tests.training.networks import NETWORKS, examples
from tuner.models.network import (
    Add,
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Flatten,
    Network,
    Node,
)
from tuner.models.thinning import channels_of, thinned
from tuner.training import Trained
from tuner.training.predict import predict_float
from tuner.training.thinning import thin
from tuner.training.weights import initial_weights, random_weights

RESIDUAL = Network(
    (6, 6, 2),
    (
        Node("stem", Conv2D(6, (3, 3)), ("input",)),
        Node("body", DepthwiseConv2D((3, 3)), ("stem",)),
        Node("project", Conv2D(6, (1, 1)), ("body",)),
        Node("sum", Add("relu"), ("project", "stem")),
        Node("side", Conv2D(4, (1, 1)), ("sum",)),
        Node("both", Concatenate(), ("side", "sum")),
        Node("flat", Flatten(), ("both",)),
        Node("out", Dense(3, "softmax"), ("flat",)),
    ),
)
THINNABLE = {name: network for name, network in NETWORKS.items() if name != "branched"} | {"residual": RESIDUAL}


def _answers(network: Network, weights, features) -> np.ndarray:
    return predict_float(Trained(network, weights, (), 0, 0.0), features)


@pytest.mark.parametrize("name", THINNABLE)
def test_removing_channels_that_nobody_listens_to_changes_nothing(name):
    network = THINNABLE[name]
    weights = random_weights(network, 0)
    channels = channels_of(network)
    for node in network.nodes:  # silence the second half of the channels, which makes them the weakest too
        layout = channels.layout[node.name]
        if len(layout) == 1 and layout[0] not in channels.fixed:
            silent = channels.kept(layout[0], 0.5)
            roles = ("gamma", "beta") if isinstance(node.layer, BatchNorm) else ("kernel", "bias")
            roles = ("bias",) if isinstance(node.layer, DepthwiseConv1D | DepthwiseConv2D) else roles
            for role in roles:
                if f"{node.name}/{role}" in weights:
                    weights[f"{node.name}/{role}"][..., silent:] = 0
    features = examples(network, 20).features

    smaller, left = thin(network, weights, 0.5)

    np.testing.assert_allclose(_answers(smaller, left, features), _answers(network, weights, features), atol=1e-6)


@pytest.mark.parametrize("name", THINNABLE)
def test_the_weights_that_are_left_are_those_of_the_thinned_network(name):
    network = THINNABLE[name]

    smaller, left = thin(network, random_weights(network, 0), 0.4)

    assert smaller == thinned(network, 0.4)
    assert {key: values.shape for key, values in left.items()} == {
        key: values.shape for key, values in initial_weights(smaller, 0).items()
    }


def test_the_strongest_channels_stay_in_their_order():
    network = NETWORKS["mlp"]
    weights = random_weights(network, 0)
    weights["dense_0/kernel"][:, [7, 2, 9]] *= 100

    _, left = thin(network, weights, 0.25)

    np.testing.assert_array_equal(left["dense_0/kernel"], weights["dense_0/kernel"][:, [2, 7, 9]])
