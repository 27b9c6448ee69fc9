"""From a network to the operators that its converted model consists of, without TensorFlow.

What the TensorFlow Lite converter does to a network of standard layers is known: batch normalization goes into the
weights of the layer before it, ReLU into the operator before it, dropout goes away, and every other layer becomes
one or two operators. Then `tuner.tflite.write.repack` brings them into canonical order. Doing the same here gives the
graph of the finished model before anything is trained. A test converts random networks of every family with
TensorFlow and compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tuner.candidate import Settings
from tuner.compression import Int8Aware
from tuner.compression import compression as read_compression
from tuner.errors import BuildError
from tuner.graph import Graph, Operator, OptionValue, Tensor
from tuner.models.network import (
    INPUT,
    LSTM,
    Activate,
    Activation,
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
)
from tuner.models.shapes import Shape, output_shapes
from tuner.models.thinning import thinned
from tuner.tflite.order import canonical
from tuner.tflite.write import packed_size


def lower(network: Network, compression: Settings) -> Graph:
    """Return the graph of the model that conversion and `repack` will give.

    Raises:
        BuildError: a layer does not fit, or the converter would not turn it into operators of its own.
        ConfigError: the compression is not known.
    """
    form = read_compression(compression)
    if isinstance(form, Int8Aware):
        _check_simulated(network)
    if not network.nodes:
        return Graph((), (), (), (), model_bytes=0)
    lowering = _Lowering(thinned(network, form.width), activations=form.activations)
    for node in lowering.network.nodes:
        lowering.add(node)
    return lowering.graph()


def _check_simulated(network: Network) -> None:
    """Refuse layers whose rounding training does not know how to simulate."""
    for node in network.nodes:
        if isinstance(node.layer, LSTM):
            raise BuildError(
                f"layer '{node.name}': quantization-aware training (int8-qat) does not know what an LSTM rounds inside",
                hint="use int8",
            )


Options = dict[str, OptionValue]
Convolution = Conv1D | Conv2D | DepthwiseConv1D | DepthwiseConv2D

_FUSED: Mapping[Activation, str] = MappingProxyType({"relu": "RELU", "relu6": "RELU6"})
"""Activations that most operators apply themselves."""

_STANDING: Mapping[Activation, tuple[str, Options]] = MappingProxyType(
    {
        "relu": ("RELU", {}),
        "relu6": ("RELU6", {}),
        "leaky_relu": ("LEAKY_RELU", {"alpha": 0.20000000298023224}),
        "sigmoid": ("LOGISTIC", {}),
        "tanh": ("TANH", {}),
        "hard_swish": ("HARD_SWISH", {}),
        "softmax": ("SOFTMAX", {"beta": 1.0}),
    }
)
"""Activations as operators of their own; the slope of the leaky ReLU is 0.2 in single precision."""

_BOUNDED: tuple[Activation, ...] = ("sigmoid", "tanh", "softmax")
"""Activations whose int8 output has a fixed scale, so that others would have to be converted to it."""

_FUSING = frozenset({"ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D"})
_FOLDING = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})

_INT8_VERSIONS = MappingProxyType(
    {
        "CONV_2D": 3,
        "DEPTHWISE_CONV_2D": 3,
        "FULLY_CONNECTED": 4,
        "HARD_SWISH": 1,
        "LEAKY_RELU": 1,
        "RESHAPE": 1,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": 1,
    }
)
"""Version of an operator on int8; 2 where not listed. On float32 all are 1."""

_VERSIONS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {"int8": _INT8_VERSIONS, "int16": {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "RESHAPE": 1}}
)

_BIASES = MappingProxyType({"float32": "float32", "int8": "int32", "int16": "int64"})
"""Type of biases by that of activations."""

_INT64 = 4
"""Number of the type in the schema."""
_SIXTEEN_BIT_OPTIONS: Mapping[str, Options] = MappingProxyType(
    {
        "CONV_2D": {"quantized_bias_type": _INT64},
        "FULLY_CONNECTED": {"quantized_bias_type": _INT64},
        "ADD": {"pot_scale_int16": False},
    }
)
"""What the converter writes down beside, with activations of 16 bits."""


@dataclass(slots=True)
class _Lowering:
    network: Network
    activations: str
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)
    """The tensor that holds a node's output; a node that vanishes shares that of the node before."""
    open: dict[int, int] = field(default_factory=dict)
    """The operator that writes a tensor, as long as something may still go into it."""
    applied: dict[int, Activation] = field(default_factory=dict)
    """The activation that a tensor is the result of."""
    dense_pairs: list[tuple[int, int]] = field(default_factory=list)
    """Operators of dense layers of which the second alone reads the first, which has no activation."""
    normalized: set[int] = field(default_factory=set)
    """Operators that a batch normalization was folded into."""
    reshapes: dict[int, int] = field(default_factory=dict)
    """What a tensor was reshaped from."""
    integers: dict[tuple[int, ...], int] = field(default_factory=dict)
    """Constant shapes and axes; the converter keeps each once."""
    shapes: Mapping[str, Shape] = field(init=False)
    readers: Mapping[str, int] = field(init=False)

    @property
    def quantized(self) -> bool:
        return self.activations != "float32"

    @property
    def sixteen(self) -> bool:
        """Activations in 16 bits."""
        return self.activations == "int16"

    def __post_init__(self) -> None:
        self.shapes = output_shapes(self.network)
        names = [name for node in self.network.nodes for name in node.inputs]
        self.readers = {name: names.count(name) for name in names}
        self.values[INPUT] = self._value(self.network.input_shape)

    def add(self, node: Node) -> None:
        """Append the operators of a node."""
        inputs = [self.values[name] for name in node.inputs]
        self._check_place(node, inputs)
        tensor = self._lowered(node, inputs)
        self.values[node.name] = tensor
        if self.readers.get(node.name, 0) != 1:
            self.open.pop(tensor, None)

    def graph(self) -> Graph:
        self._hand_on_biases()
        output = self.values[self.network.nodes[-1].name]
        graph = canonical(Graph(tuple(self.tensors), tuple(self.operators), (0,), (output,), model_bytes=0))
        return replace(graph, model_bytes=packed_size(graph))

    def _lowered(self, node: Node, inputs: Sequence[int]) -> int:
        """Return the tensor that holds the node's output."""
        layer, source, shape = node.layer, inputs[0], self.shapes[node.name]
        match layer:
            case Dropout() | Activate("linear"):
                return source
            case BatchNorm():
                return self._folded(node, source)
            case Activate():
                return self._activated(source, layer.activation, shape)
            case Add():
                return self._activated(self._sum(inputs, shape), layer.activation, shape)
            case Concatenate():
                return self._append("CONCATENATION", inputs, shape, {"axis": -1} | _NOT_FUSED)
            case GlobalAveragePool():
                return self._append("MEAN", (source, self._integers(1, 2)), shape, {})
            case Flatten() | Reshape():
                return self._reshaped(source, shape)
            case Pool1D() | Pool2D():
                kind = "MAX_POOL_2D" if layer.kind == "max" else "AVERAGE_POOL_2D"
                output = self._append(kind, (source,), shape, _pool_options(layer))
                if source in self.applied and self.applied[source] in _BOUNDED:
                    self.applied[output] = self.applied[source]
                return output
            case LSTM():
                return self._recurrent(source, layer, shape)
            case Dense():
                return self._activated(self._dense(source, layer.units), layer.activation, shape)
            case Conv1D() | Conv2D() | DepthwiseConv1D() | DepthwiseConv2D():
                return self._activated(self._convolution(source, layer, shape), layer.activation, shape)

    def _dense(self, source: int, units: int) -> int:
        before = self.reshapes.get(source, source)
        if self.tensors[before].shape[-1] == self.tensors[source].shape[-1]:
            source = before  # only dimensions of one were dropped, which the operator ignores anyway
        writer = self.open.get(source)
        operator = None if writer is None else self.operators[writer]
        if operator is not None and operator.kind == "FULLY_CONNECTED" and not _has_activation(operator):
            self.dense_pairs.append((self.open[source], len(self.operators)))
        weights = (units, self.tensors[source].shape[-1])
        return self._append("FULLY_CONNECTED", (source, *self._weights(weights, units)), (units,), _NOT_FUSED)

    def _hand_on_biases(self) -> None:
        """Take the bias from a linear dense layer where the converter adds it to that of the dense layer after it.

        It does so from the last pair to the first, if both still have one, and only where no activation was fused
        into the second before batch normalization was folded.
        """
        for first, second in reversed(self.dense_pairs):
            follower = self.operators[second]
            plain = not _has_activation(follower) or second in self.normalized
            if plain and follower.inputs[2] != -1:
                operator = self.operators[first]
                self.operators[first] = replace(operator, inputs=(*operator.inputs[:2], -1))

    def _convolution(self, source: int, layer: Convolution, shape: Shape) -> int:
        kernel, channels = _plane(layer.kernel), self.tensors[source].shape[-1]
        options = _convolution_options(layer)
        if isinstance(layer, Conv1D | Conv2D):
            weights = self._weights((layer.filters, *kernel, channels), layer.filters)
            return self._append("CONV_2D", (source, *weights), shape, options)
        weights = self._weights((1, *kernel, channels), channels)
        return self._append("DEPTHWISE_CONV_2D", (source, *weights), shape, options | {"depth_multiplier": 1})

    def _recurrent(self, source: int, layer: LSTM, shape: Shape) -> int:
        """Append the operator that walks through time; on length × channels it wants three dimensions."""
        length, channels = self.tensors[source].shape[-2:]
        series = self._reshaped_to(source, (1, length, channels))
        output = self._append("UNIDIRECTIONAL_SEQUENCE_LSTM", (), (length, layer.units), dict(_LSTM_OPTIONS))
        self.tensors[output] = replace(self.tensors[output], shape=(1, length, layer.units))
        scales = int(self.quantized)
        kernel, bias = "int8" if self.quantized else "float32", _BIASES[self.activations]
        gates = [
            *(Tensor((layer.units, depth), kernel, constant=True, scales=scales) for depth in _each(channels)),
            *(Tensor((layer.units, depth), kernel, constant=True, scales=scales) for depth in _each(layer.units)),
            *(Tensor((layer.units,), bias, constant=True, scales=scales) for _ in range(4)),
        ]
        states = [
            Tensor((1, layer.units), self.activations, scales=scales, variable=True),
            Tensor((1, layer.units), "int16" if self.quantized else "float32", scales=scales, variable=True),
        ]
        first = len(self.tensors)
        self.tensors += [*gates, *states]
        weights, biases, memory = range(first, first + 8), range(first + 8, first + 12), range(first + 12, first + 14)
        inputs = (series, *weights, -1, -1, -1, *biases, -1, -1, *memory, -1, -1, -1, -1)
        intermediates = self._inner_scales() if self.quantized else ()
        self.operators[-1] = replace(self.operators[-1], inputs=inputs, intermediates=intermediates)
        if layer.sequence:
            return self._reshaped(output, shape)
        return self._append(
            "STRIDED_SLICE",
            (output, self._integers(0, -1, 0), self._integers(0, 0, 0), self._integers(1, 1, 1)),
            shape,
            dict(_LAST_STEP),
        )

    def _inner_scales(self) -> tuple[int, ...]:
        """Append what stands for the scales inside an LSTM: four that are not used, and that of the hidden state."""
        first = len(self.tensors)
        self.tensors += [*[Tensor((0,), "float32")] * 4, Tensor((0,), self.activations, scales=1)]
        return tuple(range(first, first + 5))

    def _weights(self, shape: Shape, channels: int) -> tuple[int, int]:
        scales = channels if self.quantized else 0
        kernel = Tensor(shape, "int8" if self.quantized else "float32", constant=True, scales=scales)
        bias = Tensor((channels,), _BIASES[self.activations], constant=True, scales=scales)
        self.tensors += (kernel, bias)
        return len(self.tensors) - 2, len(self.tensors) - 1

    def _folded(self, node: Node, source: int) -> int:
        writer = self.open.get(source)
        operator = None if writer is None else self.operators[writer]
        if operator is None or operator.kind not in _FOLDING or _has_activation(operator):
            raise BuildError(
                f"layer '{node.name}': batch normalization must directly follow a convolution or dense layer without "
                "activation that nothing else reads",
                hint="put the activation after the normalization",
            )
        self.normalized.add(self.open[source])
        return source

    def _activated(self, source: int, activation: Activation, shape: Shape) -> int:
        again = activation in _FUSED and self.applied.get(source) == activation  # changes nothing, so it goes
        if activation == "linear" or again:
            return source
        output = self._fused(source, activation)
        if output is None:
            kind, options = _STANDING[activation]
            output = self._append(kind, (source,), shape, options)
        self.applied[output] = activation
        return output

    def _fused(self, source: int, activation: Activation) -> int | None:
        """Let the operator that writes the tensor apply the activation, if it can."""
        writer = self.open.get(source)
        if writer is None or activation not in _FUSED:
            return None
        operator = self.operators[writer]
        if operator.kind not in _FUSING or _has_activation(operator):
            return None
        fused: Options = {"fused_activation_function": _FUSED[activation]}
        self.operators[writer] = replace(operator, options=dict(operator.options) | fused)
        return source

    def _sum(self, inputs: Sequence[int], shape: Shape) -> int:
        total = inputs[0]
        for other in inputs[1:]:
            total = self._append("ADD", (total, other), shape, _NOT_FUSED)
        return total

    def _reshaped(self, source: int, shape: Shape) -> int:
        return self._reshaped_to(source, _dimensions(shape))

    def _reshaped_to(self, source: int, dimensions: Shape) -> int:
        source = self.reshapes.get(source, source)  # of two in a row the first changes nothing
        if self.tensors[source].shape == dimensions:
            return source
        output = self._append("RESHAPE", (source, self._integers(*dimensions)), dimensions[1:], {})
        self.tensors[output] = replace(self.tensors[output], shape=dimensions)
        self.reshapes[output] = source
        return output

    def _check_place(self, node: Node, inputs: Sequence[int]) -> None:
        """Refuse what the converter turns into operators in ways of its own."""
        if self.sixteen:
            self._check_sixteen_bits(node)
        if not isinstance(node.layer, Activate | Add | Concatenate) or node.layer == Activate("linear"):
            return
        if any(tensor in self.reshapes for tensor in inputs) and not isinstance(node.layer, Concatenate):
            raise BuildError(
                f"layer '{node.name}': an activation or sum must not directly follow a reshape or flatten",
                hint="put it before the reshape, where it computes the same",
            )
        fusible = isinstance(node.layer, Activate) and node.layer.activation in _FUSED
        if fusible and self.applied.get(inputs[0]) == "hard_swish":
            raise BuildError(f"layer '{node.name}': a ReLU must not directly follow hard_swish")
        if node.layer == Activate("hard_swish") and self.readers[node.inputs[0]] > 1:
            raise BuildError(f"layer '{node.name}': hard_swish must be the only reader of '{node.inputs[0]}'")
        if isinstance(node.layer, Concatenate) and any(self.applied.get(tensor) in _BOUNDED for tensor in inputs):
            raise BuildError(
                f"layer '{node.name}': sigmoid and tanh have a scale of their own and cannot be concatenated",
                hint="put the activation after the concatenation",
            )

    def _check_sixteen_bits(self, node: Node) -> None:
        """Refuse what the converter cannot turn into 16 bits, or only in ways that depend on the weights."""
        if getattr(node.layer, "activation", "linear") == "hard_swish":
            raise BuildError(
                f"layer '{node.name}': hard_swish does not exist in 16 bits (int16x8)",
                hint="use int8, or another activation",
            )
        if isinstance(node.layer, LSTM):
            raise BuildError(f"layer '{node.name}': an LSTM does not exist in 16 bits (int16x8)", hint="use int8")
        if isinstance(node.layer, Concatenate):
            raise BuildError(
                f"layer '{node.name}': in 16 bits (int16x8) the converter rescales what is concatenated as its values "
                "ask for, so its operators are not known before training",
                hint="use int8, or add instead of concatenating",
            )

    def _integers(self, *values: int) -> int:
        if values not in self.integers:
            self.tensors.append(Tensor((len(values),), "int32", constant=True))
            self.integers[values] = len(self.tensors) - 1
        return self.integers[values]

    def _append(self, kind: str, inputs: Sequence[int], shape: Shape, options: Options) -> int:
        """Append an operator and return its output."""
        version = _VERSIONS[self.activations].get(kind, 2) if self.quantized else 1
        if self.sixteen:
            options = options | _SIXTEEN_BIT_OPTIONS.get(kind, {})
        output = self._value(shape)
        self.operators.append(Operator(kind, tuple(inputs), (output,), options, version))
        self.open[output] = len(self.operators) - 1
        return output

    def _value(self, shape: Shape) -> int:
        self.tensors.append(Tensor(_dimensions(shape), self.activations, scales=int(self.quantized)))
        return len(self.tensors) - 1


def _each(depth: int) -> tuple[int, ...]:
    """The depth of each of four gates: input, forget, cell, output."""
    return (depth,) * 4


_LSTM_OPTIONS: Mapping[str, OptionValue] = MappingProxyType({"fused_activation_function": "TANH", "cell_clip": 10.0})
_LAST_STEP: Mapping[str, OptionValue] = MappingProxyType({"begin_mask": 5, "end_mask": 5, "shrink_axis_mask": 2})
"""Of batch × time × units the last time, all else whole."""

_NOT_FUSED: Options = {"fused_activation_function": "NONE"}


def _has_activation(operator: Operator) -> bool:
    return operator.options["fused_activation_function"] != "NONE"


def _dimensions(shape: Shape) -> Shape:
    """Shape of the tensor: a batch of one, and a height of one for length × channels."""
    return (1, 1, *shape) if len(shape) == 2 else (1, *shape)


def _plane(size: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width of what a 1-D layer gives as a length."""
    return (1, size) if isinstance(size, int) else size


def _convolution_options(layer: Convolution) -> Options:
    height, width = _plane(layer.stride)
    if isinstance(layer, DepthwiseConv1D):
        height = width  # TensorFlow's depthwise convolution has one stride; over a height of 1 any will do
    options: Options = {"stride_h": height, "stride_w": width, "padding": layer.padding.upper()}
    if isinstance(layer, Conv1D) and layer.dilation != 1:
        options["dilation_w_factor"] = layer.dilation
    return options | _NOT_FUSED


def _pool_options(layer: Pool1D | Pool2D) -> Options:
    stride, size = _plane(layer.stride), _plane(layer.size)
    options: Options = {"stride_h": stride[0], "stride_w": stride[1], "padding": layer.padding.upper()}
    return options | {"filter_height": size[0], "filter_width": size[1]} | _NOT_FUSED
