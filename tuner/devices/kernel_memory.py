"""What each operator's kernel takes from the arena while the runtime prepares it: one entry per kind of operator.

Follows the parsers (`flatbuffer_conversions.cc`) and the kernels' `Init` and `Prepare` of tflite-micro 90b983c and
CMSIS-NN 4ab83cc. C structures are written as their fields: `i` is an integer, float or pointer of 4 bytes, `h` one
of 2, `b` a byte, `e` an enumeration, whose size the compiler's ABI decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from tuner.devices import scratch
from tuner.devices.instructions.loops import Call
from tuner.devices.scratch import Isa


@dataclass(frozen=True, slots=True)
class ArenaTarget:
    """What decides how much arena the runtime takes for a model."""

    cmsis_nn: bool
    """CMSIS-NN's kernels instead of the reference ones."""
    isa: Isa = Isa.PLAIN
    """Which of CMSIS-NN's kernels are compiled in; of no account to the reference kernels."""
    short_enums: bool = True
    """The compiler gives an enumeration the smallest type that holds it, as Arm's embedded ABI asks."""


class Step(NamedTuple):
    """One request of a kernel to the runtime."""

    action: str
    """"keep" bytes for good, ask for "scratch" bytes while the operator runs, or "look" at a tensor."""
    amount: int
    """Bytes, or the position of the tensor: inputs from 0 up, outputs from -1 down."""


Prepare = Callable[[Call, ArenaTarget], Iterator[Step]]


def keep(size: int) -> Step:
    """Ask for bytes that last."""
    return Step("keep", size)


def scratch_memory(size: int) -> Step:
    """Ask for bytes while the operator runs."""
    return Step("scratch", size)


def look(*positions: int) -> Iterator[Step]:
    """Copy the description of tensors into the arena for the time of the preparation."""
    return (Step("look", position) for position in positions)


OUTPUT = -1


@dataclass(frozen=True, slots=True)
class KernelMemory:
    """What a kernel takes."""

    options: str = ""
    """Fields of the structure for the operator's options."""
    data: str = ""
    """Fields of the structure that the kernel keeps."""
    cmsis_data: str = ""
    """Fields that CMSIS-NN's kernel keeps beside."""
    prepare: Prepare | None = None
    """Further requests, in order; left out: it looks at its first input and output."""

    def data_bytes(self, target: ArenaTarget) -> int:
        """Bytes that the kernel keeps from the start."""
        fields = self.data + (self.cmsis_data if target.cmsis_nn else "")
        return structure_bytes(fields, short_enums=target.short_enums)[0]


def structure_bytes(fields: str, *, short_enums: bool) -> tuple[int, int]:
    """Return size and alignment of a C structure; (0, 1) if it has no fields."""
    widths = {"i": 4, "h": 2, "b": 1, "e": 1 if short_enums else 4}
    offset, alignment = 0, 1
    for field in fields:
        width = widths[field]
        offset += -offset % width + width
        alignment = max(alignment, width)
    return offset + -offset % alignment, alignment


def _convolution(call: Call, target: ArenaTarget) -> Iterator[Step]:
    yield from look(OUTPUT, 0, 1)
    if not (target.cmsis_nn and call.has_float):
        yield from _per_channel(call.input(1).shape[0])
    yield from look(0, 1, 2, OUTPUT)
    if target.cmsis_nn and call.input(0).dtype == "int8":
        size = scratch.convolve_wrapper_s8(call, target.isa)
        if size:
            yield scratch_memory(size)


def _depthwise(call: Call, target: ArenaTarget) -> Iterator[Step]:
    yield from look(OUTPUT, 0, 1)
    if not (target.cmsis_nn and call.has_float):
        yield from _per_channel(call.input(1).shape[3])
    yield from look(0, 1, 2, OUTPUT)
    if target.cmsis_nn and call.input(0).dtype == "int8":
        size = scratch.depthwise_conv_wrapper_s8(call, target.isa)
        if size:
            yield scratch_memory(size)


def _transpose_convolution(call: Call, target: ArenaTarget) -> Iterator[Step]:
    yield from look(OUTPUT, 2, 1)
    yield from _per_channel(call.input(1).shape[0])
    if call.input(2).dtype == "int8":
        if target.cmsis_nn:
            yield from map(scratch_memory, scratch.transpose_conv_s8(call, target.isa))
        else:
            yield scratch_memory(4 * call.output.elements)
    if not call.has_float:
        yield from look(2, 1, 3, OUTPUT)


def _per_channel(channels: int) -> Iterator[Step]:
    """Multiplier and shift of each output channel."""
    yield keep(4 * channels)
    yield keep(4 * channels)


def _fully_connected(call: Call, target: ArenaTarget) -> Iterator[Step]:
    weights, output = call.input(1), call.output
    yield from look(0, 1, 2, OUTPUT)
    quantized = not call.has_float
    per_channel = quantized and weights.scales > 1
    if per_channel:
        yield from _per_channel(weights.shape[0])
    if not target.cmsis_nn or call.input(0).dtype != "int8":
        return
    if len(output.shape) > 2 and weights.shape[-1] % 4 == 0 and not per_channel:
        yield from _per_channel(output.shape[-1])
    elif target.isa is Isa.MVE:
        yield keep(scratch.fully_connected_s8(output.shape[-1], target.isa))


def _average_pool(call: Call, target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, OUTPUT)
    if target.cmsis_nn and call.input(0).dtype == "int8":
        size = scratch.avgpool_s8(call, target.isa)
        if size:
            yield scratch_memory(size)


def _reduction(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, OUTPUT, 1)
    if call.kind in ("MEAN", "SUM"):
        yield scratch_memory(4 * call.output.elements)
    yield scratch_memory(4 * len(call.input(0).shape))
    yield scratch_memory(4 * call.input(1).elements)


def _binary(_call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, 1, OUTPUT)


def _unary(_call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, OUTPUT)


def _svdf(call: Call, target: ArenaTarget) -> Iterator[Step]:
    filters, batches = call.input(1).shape[0], call.input(0).shape[0]
    yield from look(0, 1, 2, 3, 4, OUTPUT)
    yield scratch_memory(4 * batches * filters)
    if call.has_float:
        return
    yield scratch_memory(4 * batches * (filters // call.option("rank", 1)))
    if target.cmsis_nn and target.isa is Isa.MVE:
        yield keep(4 * filters)


def _lstm(call: Call, target: ArenaTarget) -> Iterator[Step]:
    """One scratch buffer per gate; CMSIS-NN merges two, and keeps sums over the weights of each gate."""
    hidden, cell = call.input(18), call.input(19)
    units = hidden.shape[-1]
    yield from look(*range(24), OUTPUT)
    integer = target.cmsis_nn and not call.has_float
    if integer:
        bias_bytes = 8 if call.input(0).dtype == "int16" else 4
        yield from (keep(bias_bytes * units) for _ in range(8))
    yield from (scratch_memory(cell.bytes) for _ in range(3 if integer else 4))


_UNKNOWN = KernelMemory()

_KERNELS: Mapping[str, KernelMemory] = MappingProxyType(
    {
        "ADD": KernelMemory("eb", 15 * "i", prepare=_binary),
        "AVERAGE_POOL_2D": KernelMemory("eiiiieiiii", 8 * "i", "i", prepare=_average_pool),
        "CONCATENATION": KernelMemory("ieb", "biihiihb"),
        "CONV_2D": KernelMemory("eiieiie", 14 * "i", "i", _convolution),
        "DEPTHWISE_CONV_2D": KernelMemory("eiiieii", 14 * "i", "i", _depthwise),
        "DEQUANTIZE": KernelMemory("", 8 * "i"),
        "FULLY_CONNECTED": KernelMemory("eebbe", 12 * "i", 6 * "i", _fully_connected),
        "LEAKY_RELU": KernelMemory("i", 6 * "i"),
        "LOGISTIC": KernelMemory("", 4 * "i"),
        "MAX_POOL_2D": KernelMemory("eiiiieiiii", 8 * "i", "i"),
        "MEAN": KernelMemory("b", 11 * "i", prepare=_reduction),
        "MUL": KernelMemory("e", 9 * "i", prepare=_binary),
        "PACK": KernelMemory("ii"),
        "PAD": KernelMemory("", 14 * "i"),
        "QUANTIZE": KernelMemory("", 8 * "i"),
        "REDUCE_MAX": KernelMemory("b", 11 * "i", prepare=_reduction),
        "RELU": KernelMemory("", 7 * "i"),
        "RESHAPE": KernelMemory(9 * "i"),
        "RESIZE_BILINEAR": KernelMemory("bb"),
        "RESIZE_NEAREST_NEIGHBOR": KernelMemory("bb"),
        "SOFTMAX": KernelMemory("i", 14 * "i", 2 * "i"),
        "SPACE_TO_BATCH_ND": KernelMemory("", "i"),
        "SPLIT": KernelMemory("i"),
        "SPLIT_V": KernelMemory("i"),
        "SQUEEZE": KernelMemory(9 * "i"),
        "STRIDED_SLICE": KernelMemory("iiiiib", 21 * "i"),
        "SUB": KernelMemory("eb", 13 * "i", prepare=_binary),
        "SVDF": KernelMemory("ieb", 9 * "i", "i", _svdf),
        "TANH": KernelMemory("", 4 * "i"),
        "TRANSPOSE_CONV": KernelMemory("eiiee", 20 * "i", prepare=_transpose_convolution),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": KernelMemory("eiibbb", 174 * "i", 55 * "i", _lstm),
        "UNPACK": KernelMemory("ii"),
    }
)


def kernel_memory(kind: str) -> KernelMemory:
    """Return what the kernel of an operator takes; nothing for those that keep nothing."""
    return _KERNELS.get(kind, _UNKNOWN)


def requests(call: Call, target: ArenaTarget) -> Iterator[Step]:
    """Return what the kernel asks for while it prepares, in order."""
    prepare = kernel_memory(call.kind).prepare or _unary
    return prepare(call, target)
