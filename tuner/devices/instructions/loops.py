"""How often the loops of a kernel run: what an operator's executed instructions are a sum over.

Every kernel of TensorFlow Lite Micro and CMSIS-NN is a nest of loops whose bounds follow from shapes. A `Loops`
names the kernel that runs and counts each of its loops; the instructions of one turn of each loop are fitted on
counted instructions of real firmware (`coefficients.json`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from tuner.errors import ModelError
from tuner.graph import Graph, Operator, OptionValue, Tensor


class Path(StrEnum):
    """Which implementation of the kernels a stack runs."""

    DSP = "dsp"
    """CMSIS-NN with the DSP extension: two 16-bit products an instruction (M4, M7, M33)."""
    MVE = "mve"
    """CMSIS-NN with Helium vectors (M55, M85)."""
    PLAIN = "plain"
    """CMSIS-NN in plain C (M0, M0+, M3)."""
    REFERENCE = "reference"
    """The runtime's reference kernels, on any core."""


@dataclass(frozen=True, slots=True)
class Loops:
    """The kernel that runs an operator and how often each of its loops turns."""

    kernel: str
    counts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Call:
    """One operator with its tensors at hand."""

    kind: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    operator: Operator

    @classmethod
    def of(cls, operator: Operator, graph: Graph) -> Call:
        """Look up the operator's tensors."""
        tensors = graph.tensors
        return cls(
            operator.kind,
            tuple(tensors[index] if index >= 0 else None for index in operator.inputs),
            tuple(tensors[index] for index in operator.outputs),
            operator,
        )

    def input(self, position: int) -> Tensor:
        """Return an input that the operator cannot do without.

        Raises:
            ModelError: the model leaves it out.
        """
        tensor = self.inputs[position] if position < len(self.inputs) else None
        if tensor is None:
            raise ModelError(f"{self.kind} lacks its input {position}", hint="convert the model again")
        return tensor

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]

    @property
    def has_float(self) -> bool:
        """It computes in floating point."""
        return self.output.dtype == "float32" or self.input(0).dtype == "float32"

    def option(self, name: str, default: int = 0) -> int:
        """Return an integer option."""
        return self.operator.option(name, default)

    def raw_option(self, name: str) -> OptionValue | None:
        """Return an option of any type; `None` if the file leaves it out."""
        return self.operator.options.get(name)


@dataclass(frozen=True, slots=True)
class Window:
    """A kernel sliding along one axis: of `kernel` taps, `dilation` apart, from `-pad` on, `stride` at a time."""

    size: int
    outputs: int
    kernel: int
    stride: int
    pad: int
    dilation: int = 1

    @property
    def valid(self) -> int:
        """Taps that meet the input, over all positions; the others meet padding."""
        return _valid_taps(self)

    @property
    def taps(self) -> int:
        """Taps over all positions."""
        return self.outputs * self.kernel

    def inside(self, position: int) -> bool:
        """Say whether no tap of the position meets padding."""
        start = position * self.stride - self.pad
        return start >= 0 and start + (self.kernel - 1) * self.dilation < self.size


@dataclass(frozen=True, slots=True)
class Plane:
    """A kernel sliding over height and width."""

    rows: Window
    columns: Window

    @property
    def positions(self) -> int:
        """Output pixels."""
        return self.rows.outputs * self.columns.outputs

    @property
    def kernel(self) -> int:
        """Taps of the kernel."""
        return self.rows.kernel * self.columns.kernel

    @property
    def valid(self) -> int:
        """Taps that meet the input, over all output pixels."""
        return self.rows.valid * self.columns.valid

    @property
    def padded(self) -> bool:
        """There is padding on the top or the left, as CMSIS-NN looks at it."""
        return self.rows.pad > 0 or self.columns.pad > 0


def plane(call: Call, kernel_height: int, kernel_width: int) -> Plane:
    """Return how the operator's kernel slides over its input (N × height × width × channels)."""
    source, target = call.input(0).shape, call.output.shape
    same = call.raw_option("padding") == "SAME"
    stride_h, stride_w = call.option("stride_h", 1), call.option("stride_w", 1)
    dilation_h, dilation_w = call.option("dilation_h_factor", 1), call.option("dilation_w_factor", 1)
    return Plane(
        _window(source[1], target[1], kernel_height, stride=stride_h, dilation=dilation_h, same=same),
        _window(source[2], target[2], kernel_width, stride=stride_w, dilation=dilation_w, same=same),
    )


def _window(size: int, outputs: int, kernel: int, *, stride: int, dilation: int, same: bool) -> Window:
    stride, dilation = max(stride, 1), max(dilation, 1)
    needed = (outputs - 1) * stride + (kernel - 1) * dilation + 1
    pad = max(needed - size, 0) // 2 if same else 0
    return Window(size, outputs, kernel, stride, pad, dilation)


@lru_cache(maxsize=4096)
def _valid_taps(window: Window) -> int:
    count = 0
    for tap in range(window.kernel):
        offset = tap * window.dilation - window.pad
        first = max(0, -(offset // window.stride))
        last = min(window.outputs - 1, (window.size - 1 - offset) // window.stride)
        count += max(0, last - first + 1)
    return count


def copy(length: int, times: float, name: str = "copy") -> dict[str, float]:
    """Count the loops of the C library's `memcpy`, called `times` for pieces of `length` bytes one behind the other.

    Where both ends are aligned it goes by blocks of sixteen bytes, words and a rest. Otherwise fewer than eight
    bytes go singly, and more do so until the destination is aligned.
    """
    period = 4 // math.gcd(4, length)
    aligned = times / period**2
    misaligned = times - aligned
    heads = [-piece * length % 4 for piece in range(period)]
    head = length if length < 8 else sum(heads) / period
    words = 0.0 if length < 8 else (length - head) / 4
    return {
        f"{name}_call": times,
        f"{name}_block": aligned * (length // 16),
        f"{name}_word": aligned * (length % 16 // 4),
        f"{name}_rest": aligned * (length % 4 > 0),
        f"{name}_misaligned": misaligned,
        f"{name}_misaligned_word": misaligned * words,
        f"{name}_misaligned_byte": misaligned * head,
    }
