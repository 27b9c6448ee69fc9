"""A network as a graph of standard layers, before any framework."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tuner.detection.anchors import AnchorBoxes
from tuner.detection.centroids import CentroidGrid
from tuner.errors import BuildError

Activation = Literal["linear", "relu", "relu6", "leaky_relu", "sigmoid", "tanh", "hard_swish", "softmax"]
Padding = Literal["same", "valid"]


@dataclass(frozen=True, slots=True)
class Dense:
    """Fully connected on the last dimension."""

    units: int
    activation: Activation = "linear"


@dataclass(frozen=True, slots=True)
class Conv1D:
    """1-D convolution over length × channels; built and run as a 2-D one with height 1."""

    filters: int
    kernel: int
    stride: int = 1
    padding: Padding = "same"
    activation: Activation = "linear"
    dilation: int = 1


@dataclass(frozen=True, slots=True)
class Conv2D:
    """2-D convolution over height × width × channels."""

    filters: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: Padding = "same"
    activation: Activation = "linear"


@dataclass(frozen=True, slots=True)
class DepthwiseConv1D:
    """1-D depthwise convolution; built and run as a 2-D one with height 1."""

    kernel: int
    stride: int = 1
    padding: Padding = "same"
    activation: Activation = "linear"


@dataclass(frozen=True, slots=True)
class DepthwiseConv2D:
    """2-D depthwise convolution."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: Padding = "same"
    activation: Activation = "linear"


@dataclass(frozen=True, slots=True)
class Pool1D:
    """1-D pooling; built and run as a 2-D one with height 1."""

    kind: Literal["max", "average"]
    size: int
    stride: int
    padding: Padding = "valid"


@dataclass(frozen=True, slots=True)
class Pool2D:
    """2-D pooling."""

    kind: Literal["max", "average"]
    size: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding = "valid"


@dataclass(frozen=True, slots=True)
class GlobalAveragePool:
    """The mean over all dimensions but the last."""


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """Batch normalization with momentum 0.9; folded into the layer before it when converted."""


@dataclass(frozen=True, slots=True)
class Activate:
    """An activation on its own."""

    activation: Activation


@dataclass(frozen=True, slots=True)
class Dropout:
    """Dropout in training; nothing on the device."""

    rate: float


@dataclass(frozen=True, slots=True)
class Flatten:
    """All dimensions into one."""


@dataclass(frozen=True, slots=True)
class Reshape:
    """Another shape of as many elements."""

    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Add:
    """The sum of two or more inputs of one shape (a residual connection)."""

    activation: Activation = "linear"


@dataclass(frozen=True, slots=True)
class Concatenate:
    """Inputs side by side on the last dimension."""


@dataclass(frozen=True, slots=True)
class LSTM:
    """Long short-term memory over length × channels (Hochreiter & Schmidhuber 1997), cells limited to ±10.

    It begins each window without memory.
    """

    units: int
    sequence: bool = False
    """Give the units at every step instead of those after the last."""


Layer = (
    Dense
    | Conv1D
    | Conv2D
    | DepthwiseConv1D
    | DepthwiseConv2D
    | Pool1D
    | Pool2D
    | GlobalAveragePool
    | BatchNorm
    | Activate
    | Dropout
    | Flatten
    | Reshape
    | Add
    | Concatenate
    | LSTM
)


Form = Literal["values", "centroids", "boxes"]
"""What the values of an output are: plain ones, classes in the cells of a grid, or classes and places of boxes."""

Answer = CentroidGrid | AnchorBoxes
"""How to read an output that says where something is."""


AS_MANY_AS_FEATURES = 0
"""Units of an output that is to give the network's input back."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a task wants a network to end in: so many values, and what turns the last sums into them."""

    units: int
    activation: Activation
    form: Form = "values"

    def layer(self) -> Dense:
        """Return it as a dense layer.

        Raises:
            BuildError: the task wants more than values, or the features back.
        """
        if self.units == AS_MANY_AS_FEATURES:
            raise BuildError(
                "the task 'anomaly' wants an architecture that answers with its input",
                hint="use autoencoder, or none with an anomaly block",
            )
        if self.form != "values":
            raise BuildError(
                "the network says what an image shows, not where", hint=f"for {self.form}, use the family '{self.form}'"
            )
        return Dense(self.units, self.activation)

    def of_form(self, form: Form) -> None:
        """See to it that the task wants that form.

        Raises:
            BuildError: it does not.
        """
        if self.form != form:
            raise BuildError(f"the network gives {form}, the task wants {self.form}")


INPUT = "input"
"""The name by which nodes refer to the network's input."""


@dataclass(frozen=True, slots=True)
class Node:
    """A layer and the nodes it reads, by name."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Layers in an order in which each comes after its inputs; the last one is the output."""

    input_shape: tuple[int, ...]
    """Without the batch: (features,), (length, channels) or (height, width, channels). It may arrange the features
    in another way than they come, e.g. a spectrogram as an image of one channel: their order stays."""
    nodes: tuple[Node, ...]
    answer: Answer | None = None
    """How its output is read, if it says where something is."""


def sequence(input_shape: tuple[int, ...], layers: Iterable[Layer]) -> Network:
    """Return the network in which each layer reads the one before it."""
    nodes: list[Node] = []
    previous = INPUT
    for index, layer in enumerate(layers):
        name = f"{type(layer).__name__.lower()}_{index}"
        nodes.append(Node(name, layer, (previous,)))
        previous = name
    return Network(input_shape, tuple(nodes))
