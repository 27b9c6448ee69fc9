"""The resource graph: what a converted model is made of, as far as memory and time are concerned.

The same graph is computed from a candidate before training (`tuner.models.lowering`) and read back from
the bytes of a `.tflite` file (`tuner.devices.tflite`); a test holds the two together. Estimators know
nothing but this graph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

OptionValue = int | float | str | bool | tuple[int, ...]

ITEM_BYTES: Mapping[str, int] = MappingProxyType(
    {
        "int4": 1,
        "int8": 1,
        "uint8": 1,
        "bool": 1,
        "int16": 2,
        "float16": 2,
        "int32": 4,
        "uint32": 4,
        "float32": 4,
        "int64": 8,
    }
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the graph."""

    shape: tuple[int, ...]
    dtype: str
    """"int8", "int16", "int32", "float32", … as NumPy names them."""
    constant: bool = False
    """Its data stands in the model file (weights, biases, shapes) and takes no room in the arena."""
    scales: int = 0
    """Number of quantization scales: 0 not quantized, 1 per tensor, n per channel."""
    variable: bool = False
    """It keeps its value from one inference to the next (the state of an LSTM or SVDF)."""

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of the data, unpadded."""
        return self.elements * ITEM_BYTES[self.dtype]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator; tensors are given by index, an absent optional input by -1."""

    kind: str
    """The builtin operator's name in the TensorFlow Lite schema, e.g. "CONV_2D"; "CUSTOM:name" for custom ones."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    """The builtin options under the schema's names in snake case: "stride_h", "stride_w", "padding" ("SAME" or
    "VALID"), "fused_activation_function" ("NONE", "RELU", "RELU6", …), "filter_height", "keep_dims", …"""
    version: int = 1
    intermediates: tuple[int, ...] = ()
    """Tensors that hold no data but the scales of what an LSTM computes inside."""

    def __hash__(self) -> int:
        return hash((self.kind, self.inputs, self.outputs, tuple(sorted(self.options.items())), self.version))

    def option(self, name: str, default: int = 0) -> int:
        """Return an integer option, or the schema's default where the file leaves it out."""
        value = self.options.get(name, default)
        if not isinstance(value, int):
            raise TypeError(f"{self.kind}: option '{name}' is {value!r}, expected an integer")
        return value


@dataclass(frozen=True, slots=True)
class Graph:
    """A model: tensors, operators in the order of execution, and the file's size."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    model_bytes: int
    """Size of the `.tflite` file."""
    listed_kinds: tuple[str, ...] = ()
    """Operators that the file lists without using them, sorted; firmware made from the file contains them too."""

    def kinds(self) -> tuple[str, ...]:
        """Return the operators the model needs, each once, sorted."""
        return tuple(sorted({operator.kind for operator in self.operators}))
