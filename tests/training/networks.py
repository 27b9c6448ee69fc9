"""Small networks and data sets that the tests of training share."""

import numpy as np

from tuner.candidate import Settings, Training
from tuner.models.network import (
    LSTM,
    Activate,
    Add,
    BatchNorm,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Network,
    Node,
    Pool1D,
    Pool2D,
    Reshape,
    sequence,
)
from tuner.training import Examples

CLASSES = 3

MLP = sequence((8,), [Dense(12, "relu"), Dropout(0.1), Dense(6, "relu6"), Dense(CLASSES, "softmax")])

CONV1D = sequence(
    (20, 3),
    [
        Conv1D(8, 5, activation="relu"),
        Pool1D("max", 2, 2),
        DepthwiseConv1D(3, 2),
        BatchNorm(),
        Activate("relu"),
        Conv1D(6, 3, dilation=2),
        Flatten(),
        Dense(CLASSES, "softmax"),
    ],
)

CONV2D = sequence(
    (12, 10, 1),
    [
        Conv2D(8, (3, 3), (2, 2)),
        BatchNorm(),
        Activate("relu6"),
        DepthwiseConv2D((3, 3)),
        BatchNorm(),
        Activate("relu"),
        Pool2D("average", (2, 2), (2, 2)),
        Conv2D(8, (1, 1), activation="relu"),
        GlobalAveragePool(),
        Dense(CLASSES, "softmax"),
    ],
)

BRANCHED = Network(
    (6, 6, 2),
    (
        Node("left", Conv2D(4, (3, 3), activation="relu"), ("input",)),
        Node("right", Conv2D(4, (1, 1)), ("input",)),
        Node("sum", Add("relu"), ("left", "right")),
        Node("both", Concatenate(), ("sum", "left")),
        Node("mean", GlobalAveragePool(), ("both",)),
        Node("back", Reshape((4, 2)), ("mean",)),
        Node("flat", Flatten(), ("back",)),
        Node("out", Dense(CLASSES, "softmax"), ("flat",)),
    ),
)

RECURRENT = sequence(
    (20, 3),
    [LSTM(8, sequence=True), LSTM(6, sequence=True), Flatten(), Dense(8, "relu"), Dense(CLASSES, "softmax")],
)

NETWORKS = {"mlp": MLP, "conv1d": CONV1D, "conv2d": CONV2D, "branched": BRANCHED, "recurrent": RECURRENT}


def examples(network: Network, count: int = 150, seed: int = 0, noise: float = 1.0) -> Examples:
    """Classes are clouds of normal noise around fixed centres."""
    centres = np.random.default_rng(99).normal(size=(CLASSES, *network.input_shape))
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, CLASSES, count)
    features = centres[truth] + noise * generator.normal(size=(count, *network.input_shape))
    return Examples(features.astype(np.float32), truth)


def training(epochs: int = 8, optimizer: Settings | None = None, **changes) -> Training:
    return Training(
        **{
            "optimizer": Settings.of("adam", learning_rate=0.01) if optimizer is None else optimizer,
            "batch_size": 16,
            "epochs": epochs,
            "patience": epochs,
        }
        | changes
    )
