"""Putting networks together that are more than a sequence, and the pieces that several families share."""

from __future__ import annotations

from tuner.errors import BuildError
from tuner.models.network import (
    INPUT,
    Activate,
    Activation,
    Add,
    Answer,
    BatchNorm,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePool,
    Layer,
    Network,
    Node,
    Output,
)


class Composer:
    """Collects layers; each gets a name, by which others read it."""

    def __init__(self, input_shape: tuple[int, ...]) -> None:
        self._input_shape = input_shape
        self._nodes: list[Node] = []

    def add(self, layer: Layer, *inputs: str) -> str:
        """Append a layer and return its name; without inputs it reads the layer before."""
        previous = self._nodes[-1].name if self._nodes else INPUT
        name = f"{type(layer).__name__.lower()}_{len(self._nodes)}"
        self._nodes.append(Node(name, layer, inputs or (previous,)))
        return name

    def normalized(self, layer: Layer, activation: Activation, *inputs: str) -> str:
        """Append a convolution, batch normalization and an activation; return the name of the last."""
        self.add(layer, *inputs)
        name = self.add(BatchNorm())
        return name if activation == "linear" else self.add(Activate(activation))

    def network(self, answer: Answer | None = None) -> Network:
        """Return the network; the last layer is its output."""
        return Network(self._input_shape, tuple(self._nodes), answer)

    def answered(self, output: Output, dropout: float) -> Network:
        """Append the mean over all positions and the output, and return the network."""
        self.add(GlobalAveragePool())
        if dropout:
            self.add(Dropout(dropout))
        self.add(output.layer())
        return self.network()


def as_image(family: str, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return height × width × channels; a spectrogram or raw window, time × channels, is an image of one channel.

    Raises:
        BuildError: the features are flat.
    """
    if len(shape) == 2:
        return (*shape, 1)
    if len(shape) == 3:
        return shape
    raise BuildError(
        f"{family} needs an image or a spectrogram, got features of {len(shape)} dimension{'s'[: len(shape) - 1]}",
        hint="flat features suit 'dense'",
    )


def as_series(family: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return time × channels.

    Raises:
        BuildError: the features have not two dimensions.
    """
    if len(shape) == 2:
        return shape
    raise BuildError(
        f"{family} needs features of two dimensions (time × channels), got {len(shape)}",
        hint="use it on raw windows or spectrograms; flat features suit 'dense'",
    )


def separable(composer: Composer, filters: int, stride: int, activation: Activation) -> str:
    """Append a depthwise 3 × 3 and a pointwise convolution, both normalized."""
    composer.normalized(DepthwiseConv2D((3, 3), (stride, stride)), activation)
    return composer.normalized(Conv2D(filters, (1, 1)), activation)


def inverted_residual(
    composer: Composer, source: str, channels: int, filters: int, *, expansion: float, kernel: int, stride: int
) -> str:
    """Append a block of MobileNetV2 (Sandler et al. 2018): expand, filter each channel, project.

    Args:
        composer: where to.
        source: the layer it reads.
        channels: what that layer has.
        filters: what the block gives.
        expansion: channels in between as a multiple of `channels`.
        kernel: of the depthwise convolution.
        stride: of the depthwise convolution; with 1 and as many filters as channels, the input is added.
    """
    hidden = max(1, round(channels * expansion))
    within = source
    if hidden != channels:
        within = composer.normalized(Conv2D(hidden, (1, 1)), "relu6", source)
    composer.normalized(DepthwiseConv2D((kernel, kernel), (stride, stride)), "relu6", within)
    projected = composer.normalized(Conv2D(filters, (1, 1)), "linear")
    if stride == 1 and filters == channels:
        return composer.add(Add(), projected, source)
    return projected


def divisible(filters: float, divisor: int = 8) -> int:
    """Round to a multiple of eight, never by more than a tenth down, as the MobileNet papers do."""
    rounded = max(divisor, int(filters + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * filters else rounded
