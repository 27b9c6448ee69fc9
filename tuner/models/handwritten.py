"""Networks written down layer by layer."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from tuner.errors import BuildError
from tuner.models import network as layers
from tuner.models.compose import as_image, as_series
from tuner.models.family import Family
from tuner.models.network import INPUT, Activation, Layer, Network, Node, Output, Padding
from tuner.models.shapes import output_shapes


class Written(BaseModel):
    """A layer as it is written; its fields are those of the layer in `tuner.models.network`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    use: bool = Field(default=True, description="False leaves the layer out, so a space may ask whether to have it")
    name: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$", description="By which other layers read this one")
    source: str = Field(default="", alias="from", description="Name of the layer it reads; the one before if left out")

    @abstractmethod
    def layer(self) -> Layer:
        """Return the layer."""

    def before(self) -> Layer | None:
        """Return a layer that goes before it, of those that are written as one."""
        return None


class _Dense(Written):
    type: Literal["dense"]
    units: int = Field(ge=1, le=4096)
    activation: Activation = "linear"

    def layer(self) -> Layer:
        return layers.Dense(self.units, self.activation)


class _Conv1D(Written):
    type: Literal["conv1d"]
    filters: int = Field(ge=1, le=1024)
    kernel: int = Field(ge=1, le=256)
    stride: int = Field(default=1, ge=1, le=64)
    padding: Padding = "same"
    activation: Activation = "linear"
    dilation: int = Field(default=1, ge=1, le=256)

    def layer(self) -> Layer:
        return layers.Conv1D(self.filters, self.kernel, self.stride, self.padding, self.activation, self.dilation)


class _DepthwiseConv1D(Written):
    type: Literal["depthwise_conv1d"]
    kernel: int = Field(ge=1, le=256)
    stride: int = Field(default=1, ge=1, le=64)
    padding: Padding = "same"
    activation: Activation = "linear"

    def layer(self) -> Layer:
        return layers.DepthwiseConv1D(self.kernel, self.stride, self.padding, self.activation)


class _Conv2D(Written):
    type: Literal["conv2d"]
    filters: int = Field(ge=1, le=1024)
    kernel: int = Field(ge=1, le=64, description="Height of the kernel")
    kernel_width: int = Field(default=0, ge=0, le=64, description="As the height if left out")
    stride: int = Field(default=1, ge=1, le=16)
    padding: Padding = "same"
    activation: Activation = "linear"

    def layer(self) -> Layer:
        kernel, stride = (self.kernel, self.kernel_width or self.kernel), (self.stride, self.stride)
        return layers.Conv2D(self.filters, kernel, stride, self.padding, self.activation)


class _DepthwiseConv2D(Written):
    type: Literal["depthwise_conv2d"]
    kernel: int = Field(ge=1, le=64)
    stride: int = Field(default=1, ge=1, le=16)
    padding: Padding = "same"
    activation: Activation = "linear"

    def layer(self) -> Layer:
        return layers.DepthwiseConv2D(
            (self.kernel, self.kernel), (self.stride, self.stride), self.padding, self.activation
        )


class _Separable(Written):
    """A depthwise convolution with a pointwise one after it."""

    type: Literal["separable_conv1d", "separable_conv2d"]
    filters: int = Field(ge=1, le=1024)
    kernel: int = Field(ge=1, le=256, description="Of the depthwise convolution")
    stride: int = Field(default=1, ge=1, le=16, description="Of the depthwise convolution")
    padding: Padding = "same"
    activation: Activation = "linear"

    def before(self) -> Layer:
        if self.type == "separable_conv1d":
            return layers.DepthwiseConv1D(self.kernel, self.stride, self.padding)
        return layers.DepthwiseConv2D((self.kernel, self.kernel), (self.stride, self.stride), self.padding)

    def layer(self) -> Layer:
        if self.type == "separable_conv1d":
            return layers.Conv1D(self.filters, 1, activation=self.activation)
        return layers.Conv2D(self.filters, (1, 1), activation=self.activation)


class _Pool(Written):
    type: Literal["max_pool1d", "average_pool1d", "max_pool2d", "average_pool2d"]
    size: int = Field(ge=2, le=64)
    stride: int = Field(default=0, ge=0, le=64, description="As the size if left out")
    padding: Padding = "valid"

    def layer(self) -> Layer:
        kind: Literal["max", "average"] = "max" if self.type.startswith("max") else "average"
        stride = self.stride or self.size
        if self.type.endswith("1d"):
            return layers.Pool1D(kind, self.size, stride, self.padding)
        return layers.Pool2D(kind, (self.size, self.size), (stride, stride), self.padding)


class _Lstm(Written):
    type: Literal["lstm"]
    units: int = Field(ge=1, le=1024)
    sequence: bool = Field(default=False, description="Give the units at every step instead of the last alone")

    def layer(self) -> Layer:
        return layers.LSTM(self.units, self.sequence)


class _Plain(Written):
    type: Literal["global_average_pool", "batch_norm", "flatten"]

    def layer(self) -> Layer:
        match self.type:
            case "global_average_pool":
                return layers.GlobalAveragePool()
            case "batch_norm":
                return layers.BatchNorm()
            case "flatten":
                return layers.Flatten()


class _Activation(Written):
    type: Literal["activation"]
    activation: Activation

    def layer(self) -> Layer:
        return layers.Activate(self.activation)


class _Dropout(Written):
    type: Literal["dropout"]
    rate: float = Field(ge=0, lt=1)

    def layer(self) -> Layer:
        return layers.Dropout(self.rate)


class _Reshape(Written):
    type: Literal["reshape"]
    height: int = Field(default=0, ge=0, description="Left out for length × channels")
    length: int = Field(ge=1, description="Length, or the width of an image")
    channels: int = Field(ge=1)

    def layer(self) -> Layer:
        return layers.Reshape(((self.height,) if self.height else ()) + (self.length, self.channels))


class _Merge(Written):
    type: Literal["add", "concatenate"]
    other: str = Field(alias="with", description="Name of the layer that is added or put beside")
    activation: Activation = "linear"

    def layer(self) -> Layer:
        if self.type == "add":
            return layers.Add(self.activation)
        if self.activation != "linear":
            raise BuildError("a concatenation has no activation of its own", hint="put an activation layer after it")
        return layers.Concatenate()


WrittenLayer = Annotated[
    _Dense
    | _Conv1D
    | _DepthwiseConv1D
    | _Conv2D
    | _DepthwiseConv2D
    | _Separable
    | _Pool
    | _Lstm
    | _Plain
    | _Activation
    | _Dropout
    | _Reshape
    | _Merge,
    Field(discriminator="type"),
]


class HandwrittenFamily(Family):
    """Layers in the order written; the task's output, a dense layer, is put after the last."""

    type: ClassVar[str] = "layers"

    read_as: Literal["features", "vector", "series", "image"] = Field(
        default="features", description="How the first layer sees the features: as they come, or in another arrangement"
    )
    layers: tuple[WrittenLayer, ...] = Field(min_length=1, max_length=200, description="The layers, each with a type")

    def network(self, input_shape: tuple[int, ...], output: Output) -> Network:
        """Return the network."""
        nodes = list(self._nodes())
        network = Network(self._arranged(input_shape), tuple(nodes))
        last = nodes[-1].name if nodes else INPUT
        if len(output_shapes(network)[last]) > 1:
            nodes.append(Node("flatten_output", layers.Flatten(), (last,)))
            last = "flatten_output"
        nodes.append(Node("output", output.layer(), (last,)))
        return Network(network.input_shape, tuple(nodes))

    def _nodes(self) -> Iterator[Node]:
        names = {INPUT}
        previous = INPUT
        for number, written in enumerate(self.layers):
            if not written.use:
                continue
            name = written.name or f"{written.type}_{number}"
            if name in names:
                raise BuildError(f"two layers are called '{name}'")
            source, before = written.source or previous, written.before()
            if before is not None:
                yield Node(f"{name}_depthwise", before, (source,))
                source = f"{name}_depthwise"
            yield Node(name, written.layer(), (source, written.other) if isinstance(written, _Merge) else (source,))
            names.add(name)
            previous = name

    def _arranged(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        match self.read_as:
            case "vector":
                return (math.prod(shape),)
            case "series":
                return as_series(self.type, shape)
            case "image":
                return as_image(self.type, shape)
            case _:
                return shape
