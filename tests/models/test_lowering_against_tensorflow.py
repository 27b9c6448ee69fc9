"""The predicted graph is the converted one: operators, tensors, options and bytes.

`benchmarks/lowering.py` does the same for as many candidates as one likes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.errors import BuildError
from tuner.models import FAMILIES, build
from tuner.models.lowering import lower
from tuner.models.network import (
    AS_MANY_AS_FEATURES,
    Activate,
    Activation,
    Add,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePool,
    Network,
    Node,
    Output,
    Pool1D,
    Pool2D,
    Reshape,
    sequence,
)
from tuner.tflite.read import read_graph

INT8 = Settings("int8")
FLOAT32 = Settings("float32")
INT16 = Settings("int16x8")
FORMS = (FLOAT32, INT8, INT16, Settings.of("int8-qat", width=0.5), Settings.of("int16x8", width=0.7))
"""Forms of a model; what else a compression does leaves the graph as it is."""

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "dense": {
        "layers": range(5),
        "neurons": (2, 5, 20, 64),
        "shrink": (0.5, 1.0),
        "dropout": (0.0, 0.2),
        "input_shape": ((20,), (33,), (50, 6), (8, 8, 3)),
    },
    "conv1d": {
        "depth": range(1, 5),
        "filters": (2, 3, 8, 12, 16),
        "growth": (1.0, 1.5, 2.0),
        "kernel": (1, 2, 3, 5, 9),
        "pool": ("max", "average", "stride", "none"),
        "pool_size": (2, 3),
        "batch_norm": (False, True),
        "dropout": (0.0, 0.2),
        "head": ("flatten", "global"),
        "input_shape": ((50, 6), (100, 3), (16, 1), (125, 6)),
    },
    "tcn": {
        "blocks": range(1, 5),
        "filters": (2, 3, 6, 16),
        "kernel": (2, 3, 5),
        "dropout": (0.0, 0.2),
        "input_shape": ((50, 6), (100, 3), (16, 1)),
    },
    "lstm": {
        "layers": range(1, 4),
        "units": (2, 5, 16),
        "filters": (0, 4),
        "kernel": (3, 5),
        "stride": (1, 2, 3),
        "dropout": (0.0, 0.2),
        "input_shape": ((50, 6), (16, 3), (9, 1)),
    },
    "autoencoder": {
        "layers": range(3),
        "neurons": (4, 20),
        "bottleneck": (2, 6),
        "input_shape": ((20,), (16, 3)),
    },
    "conv2d": {
        "depth": range(1, 4),
        "filters": (2, 4, 9),
        "growth": (1.0, 2.0),
        "kernel": (1, 3, 5),
        "pool": ("max", "average", "stride"),
        "batch_norm": (False, True),
        "dropout": (0.0, 0.2),
        "neurons": (0, 12),
        "head": ("flatten", "global"),
        "input_shape": ((20, 24, 3), (16, 16, 1), (25, 10), (8, 8, 2)),
    },
    "ds_cnn": {
        "filters": (4, 8, 24),
        "blocks": range(1, 5),
        "first_height": (3, 10),
        "first_width": (3, 4),
        "first_stride": (1, 2),
        "dropout": (0.0, 0.2),
        "input_shape": ((49, 10), (25, 20), (32, 32, 3)),
    },
    "resnet": {
        "filters": (2, 4, 8),
        "stages": range(1, 5),
        "blocks": range(1, 3),
        "dropout": (0.0, 0.2),
        "input_shape": ((16, 16, 3), (24, 20, 1), (25, 10)),
    },
    "mobilenet_v1": {
        "width": (0.1, 0.25, 0.3),
        "blocks": range(1, 14),
        "dropout": (0.0, 0.2),
        "input_shape": ((32, 32, 3), (48, 40, 1)),
    },
    "mobilenet_v2": {
        "width": (0.1, 0.35),
        "stages": range(1, 8),
        "last": (0, 64),
        "dropout": (0.0, 0.2),
        "input_shape": ((32, 32, 3), (48, 40, 1)),
    },
    "mcunet": {
        "stem": (4, 8),
        "first": (4, 8),
        "stages.0.width": (8, 12),
        "stages.0.kernel": (3, 5, 7),
        "stages.0.blocks": (1, 2),
        "stages.1.width": (8, 12),
        "stages.1.expansion": (1.0, 3.0, 4.5),
        "stages.1.stride": (1, 2),
        "stages.1.blocks": (1, 2),
        "input_shape": ((32, 32, 3), (48, 40, 1)),
    },
    "transfer": {
        "backbone": ("mobilenet_v1", "mobilenet_v2"),
        "width": (0.1, 0.35),
        "cut": range(1, 18),
        "head": (0, 12),
        "dropout": (0.0, 0.2),
        "input_shape": ((32, 32, 3), (48, 40, 1)),
    },
    "centroids": {
        "backbone": ("mobilenet_v1", "mobilenet_v2"),
        "width": (0.1, 0.35),
        "cut": range(1, 15),
        "head": (0, 16),
        "dropout": (0.0, 0.2),
        "input_shape": ((32, 32, 3), (48, 40, 1)),
    },
    "boxes": {
        "backbone": ("mobilenet_v1", "mobilenet_v2"),
        "width": (0.1, 0.35),
        "cut": range(1, 8),
        "scales": range(1, 4),
        "filters": (8, 12),
        "ratios": range(1, 4),
        "input_shape": ((32, 32, 3), (48, 40, 1)),
    },
    "layers": {
        "read_as": ("series",),
        "layers.0.type": ("conv1d",),
        "layers.0.filters": (2, 6),
        "layers.0.kernel": (3, 4),
        "layers.0.padding": ("same", "valid"),
        "layers.0.dilation": (1, 3),
        "layers.0.name": ("stem",),
        "layers.1.type": ("depthwise_conv1d",),
        "layers.1.kernel": (3, 5),
        "layers.1.stride": (1, 2),
        "layers.1.activation": ("relu", "relu6", "tanh", "leaky_relu", "linear"),
        "layers.2.type": ("max_pool1d", "average_pool1d"),
        "layers.2.size": (2, 3),
        "layers.2.padding": ("same", "valid"),
        "layers.2.use": (True, False),
        "layers.3.type": ("activation",),
        "layers.3.activation": ("relu", "sigmoid", "hard_swish"),
        "layers.4.type": ("add",),
        "layers.4.with": ("stem", "depthwise_conv1d_1"),
        "layers.5.type": ("flatten", "global_average_pool"),
        "input_shape": ((50, 6), (40, 3)),
    },
}
"""What random candidates of each family are made of."""


def forms_of(family: str) -> tuple[Settings, ...]:
    """Return the forms that a family can have: an LSTM is rounded after training, and to 8 bits alone."""
    return tuple(form for form in FORMS if family != "lstm" or form.type in ("float32", "int8"))


def random_networks(family: str, seed: int, compression: Settings) -> Iterator[Network]:
    """Yield networks of a family that can be compressed so, without end."""
    generator = np.random.default_rng((seed, *family.encode()))
    while True:
        drawn = {name: values[int(generator.integers(len(values)))] for name, values in PARAMETERS[family].items()}
        shape = drawn.pop("input_shape")
        try:
            classes, form = int(generator.choice([2, 3, 7])), FAMILIES[family].form
            output = Output(classes, "softmax", form)
            if family == "autoencoder":
                output = Output(AS_MANY_AS_FEATURES, "linear")
            network = build(Settings(family, tuple(drawn.items())), shape, output)
            lower(network, compression)
        except BuildError:
            continue
        yield network


def assert_predicted(network: Network, compression: Settings) -> None:
    """Fail unless conversion gives the graph that was predicted."""
    from tuner.training.convert import convert_untrained

    predicted = lower(network, compression)

    converted = read_graph(convert_untrained(network, compression, seed=1))

    assert predicted.operators == converted.operators
    assert predicted.tensors == converted.tensors
    assert predicted == converted


def _named(compression: Settings) -> str:
    return " ".join([compression.type, *(f"{name}={value}" for name, value in compression.items())])


def test_every_family_is_compared() -> None:
    assert set(PARAMETERS) == set(FAMILIES) - {"none"}


@pytest.mark.parametrize(
    ("family", "compression"),
    [(family, compression) for family in PARAMETERS for compression in forms_of(family)],
    ids=lambda drawn: drawn if isinstance(drawn, str) else _named(drawn),
)
def test_random_candidates_convert_to_the_predicted_graph(family: str, compression: Settings) -> None:
    networks = random_networks(family, 0, compression)

    for _ in range(3):
        assert_predicted(next(networks), compression)


_STANDING: tuple[Activation, ...] = ("leaky_relu", "sigmoid", "tanh", "hard_swish")


@pytest.mark.parametrize("compression", [FLOAT32, INT8], ids=lambda settings: settings.type)
def test_activations_convert_to_the_predicted_operators(compression: Settings) -> None:
    layers = [layer for activation in _STANDING for layer in (Conv1D(4, 3), Activate(activation))]

    assert_predicted(sequence((20, 3), [*layers, Pool1D("max", 2, 2), Activate("relu"), Flatten()]), compression)


@pytest.mark.parametrize("compression", [FLOAT32, INT8], ids=lambda settings: settings.type)
def test_branches_convert_to_the_predicted_order(compression: Settings) -> None:
    nodes = (
        Node("stem", Conv2D(8, (3, 3), (2, 2), activation="relu"), ("input",)),
        Node("body", DepthwiseConv2D((3, 3), activation="relu6"), ("stem",)),
        Node("sum", Add("relu"), ("body", "stem")),
        Node("left", Conv2D(4, (1, 1)), ("sum",)),
        Node("right", Pool2D("average", (3, 3), (1, 1), "same"), ("sum",)),
        Node("join", Concatenate(), ("left", "right")),
        Node("relu", Activate("relu"), ("join",)),
        Node("reshape", Reshape((16, 48)), ("relu",)),
        Node("conv", Conv1D(8, 3, padding="valid", dilation=2), ("reshape",)),
        Node("mean", GlobalAveragePool(), ("conv",)),
        Node("classes", Dense(3, "softmax"), ("mean",)),
    )

    assert_predicted(Network((16, 16, 1), nodes), compression)
