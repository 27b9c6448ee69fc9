"""What each operator's kernel takes from the arena while the runtime prepares it: one entry per kind of operator.

Follows the parsers (`flatbuffer_conversions.cc`) and the kernels' `Init` and `Prepare` of tflite-micro 90b983c and
CMSIS-NN 4ab83cc. C structures are written as their fields where the compiler's ABI decides their size: `i` is an
integer, float or pointer of 4 bytes, `b` a byte, `e` an enumeration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from tuner.devices import scratch
from tuner.devices.instructions.loops import Call
from tuner.devices.scratch import Isa
from tuner.graph import Tensor


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
_EVAL_TENSOR = 12
_INT16_TABLE = 513
"""Entries of the tables for functions of 16-bit values."""


@dataclass(frozen=True, slots=True)
class KernelMemory:
    """What a kernel takes."""

    options: str = ""
    """Fields of the structure for the operator's options."""
    data: int = 0
    """Bytes of the structure that the kernel keeps from the start."""
    cmsis_data: int = 0
    """The same of CMSIS-NN's kernel; 0: it keeps what the reference kernel does."""
    prepare: Prepare | None = None
    """Further requests, in order; left out: it looks at its first input and output."""

    def data_bytes(self, target: ArenaTarget) -> int:
        """Bytes that the kernel keeps from the start."""
        return self.cmsis_data if target.cmsis_nn and self.cmsis_data else self.data


def structure_bytes(fields: str, *, short_enums: bool) -> tuple[int, int]:
    """Return size and alignment of a C structure; (0, 1) if it has no fields."""
    widths = {"i": 4, "b": 1, "e": 1 if short_enums else 4}
    offset, alignment = 0, 1
    for field in fields:
        width = widths[field]
        offset += -offset % width + width
        alignment = max(alignment, width)
    return offset + -offset % alignment, alignment


def _convolution(call: Call, target: ArenaTarget) -> Iterator[Step]:
    yield from _window(call, target, call.input(1).shape[0])
    if target.cmsis_nn and call.input(0).dtype == "int8":
        yield from _if_any(scratch.convolve_wrapper_s8(call, target.isa))


def _depthwise(call: Call, target: ArenaTarget) -> Iterator[Step]:
    yield from _window(call, target, call.input(1).shape[3])
    if target.cmsis_nn and call.input(0).dtype == "int8":
        yield from _if_any(scratch.depthwise_conv_wrapper_s8(call, target.isa))


def _window(call: Call, target: ArenaTarget, channels: int) -> Iterator[Step]:
    """What both kinds of convolution do before they ask for scratch memory."""
    yield from look(OUTPUT, 0, 1)
    if not (target.cmsis_nn and call.has_float):
        yield from _per_channel(channels)
    yield from look(0, 1, 2, OUTPUT)


def _if_any(size: int) -> Iterator[Step]:
    """CMSIS-NN's kernels ask for nothing where they need nothing; others ask for no bytes and get a handle."""
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
    if not target.cmsis_nn:
        return
    yield from look(0, OUTPUT)
    if call.input(0).dtype == "int8":
        yield from _if_any(scratch.avgpool_s8(call, target.isa))


def _reduction(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, OUTPUT, 1)
    if call.kind in ("MEAN", "SUM") and not call.has_float:
        yield scratch_memory(4 * call.output.elements)
    yield scratch_memory(4 * len(call.input(0).shape))
    yield scratch_memory(4 * call.input(1).elements)


def _softmax(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, OUTPUT)
    if call.input(0).dtype == "int16":
        yield keep(2 * _INT16_TABLE)
        yield keep(2 * _INT16_TABLE)


def _log_softmax(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, OUTPUT)
    if call.input(0).dtype == "int8":
        yield keep(28)


def _cumulative_sum(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, 1, OUTPUT)
    if call.output.dtype == "int8":
        yield keep(36)


def _sum_of_many(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    """Pointers to the inputs stand in scratch memory."""
    yield from look(0, OUTPUT)
    if call.output.dtype == "int8":
        yield keep(36)
    yield scratch_memory(4 * len(call.inputs))


def _mirror_pad(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, 1, OUTPUT)
    yield scratch_memory(4 * len(call.output.shape))
    yield scratch_memory(4 * len(call.input(0).shape))


def _new_output_shape(call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from look(0, OUTPUT)
    yield keep(_shape_bytes(call.output))


def _batch_matrix_product(call: Call, target: ArenaTarget) -> Iterator[Step]:
    """Operands that do not stand the right way are turned into memory of their own."""
    yield from look(0, 1, OUTPUT)
    turned = [call.input(0)] if call.option("adj_x") else []
    turned += [] if call.option("adj_y") else [call.input(1)]
    for tensor in turned:
        yield keep(_EVAL_TENSOR)
        yield keep(_shape_bytes(tensor))
        yield keep(tensor.bytes)
    yield keep(_shape_bytes(call.output))
    if call.has_float:
        return
    yield keep(28)
    if target.cmsis_nn and target.isa is Isa.MVE and call.input(0).dtype == "int8":
        yield scratch_memory(scratch.fully_connected_s8(call.output.shape[-1], target.isa))


def _shape_bytes(tensor: Tensor) -> int:
    return 4 + 4 * len(tensor.shape)


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


def _nothing_to_prepare(_call: Call, _target: ArenaTarget) -> Iterator[Step]:
    yield from ()


_COMPARISON = KernelMemory("", 32, prepare=_binary)
_REDUCTION = KernelMemory("b", 44, prepare=_reduction)
_NOTHING_KEPT = KernelMemory()
_NOTHING_PREPARED = KernelMemory(prepare=_nothing_to_prepare)

_KERNELS: Mapping[str, KernelMemory] = MappingProxyType(
    {
        "ABS": KernelMemory("", 28),
        "ADD": KernelMemory("eb", 60, prepare=_binary),
        "ADD_N": KernelMemory(prepare=_sum_of_many),
        "ARG_MAX": KernelMemory("e"),
        "ARG_MIN": KernelMemory("e"),
        "AVERAGE_POOL_2D": KernelMemory("eiiiieiiii", 32, 36, _average_pool),
        "BATCH_MATMUL": KernelMemory("bbb", 16, 36, _batch_matrix_product),
        "BATCH_TO_SPACE_ND": _NOTHING_KEPT,
        "BROADCAST_ARGS": _NOTHING_KEPT,
        "BROADCAST_TO": _NOTHING_KEPT,
        "CAST": KernelMemory("ee"),
        "CEIL": _NOTHING_KEPT,
        "CONCATENATION": KernelMemory("ie", 28),
        "CONV_2D": KernelMemory("eiieiie", 56, 60, _convolution),
        "COS": _NOTHING_KEPT,
        "CUMSUM": KernelMemory("bb", prepare=_cumulative_sum),
        "DEPTHWISE_CONV_2D": KernelMemory("eiiieii", 56, 60, _depthwise),
        "DEPTH_TO_SPACE": KernelMemory("i", prepare=_new_output_shape),
        "DEQUANTIZE": KernelMemory("", 32),
        "DIV": KernelMemory("e", 28, prepare=_binary),
        "ELU": KernelMemory("", 256),
        "EQUAL": _COMPARISON,
        "EXP": _NOTHING_KEPT,
        "EXPAND_DIMS": _NOTHING_KEPT,
        "FILL": _NOTHING_KEPT,
        "FLOOR": _NOTHING_KEPT,
        "FLOOR_DIV": _NOTHING_KEPT,
        "FLOOR_MOD": _NOTHING_KEPT,
        "FULLY_CONNECTED": KernelMemory("eebbe", 48, 72, _fully_connected),
        "GATHER": KernelMemory("ii", prepare=_new_output_shape),
        "GATHER_ND": KernelMemory(prepare=_new_output_shape),
        "GREATER": _COMPARISON,
        "GREATER_EQUAL": _COMPARISON,
        "HARD_SWISH": KernelMemory("", 20),
        "L2_NORMALIZATION": KernelMemory("e", 4),
        "LEAKY_RELU": KernelMemory("i", 24),
        "LESS": _COMPARISON,
        "LESS_EQUAL": _COMPARISON,
        "LOG": _NOTHING_KEPT,
        "LOGICAL_AND": _NOTHING_KEPT,
        "LOGICAL_NOT": _NOTHING_KEPT,
        "LOGICAL_OR": _NOTHING_KEPT,
        "LOGISTIC": KernelMemory("", 16),
        "LOG_SOFTMAX": KernelMemory(prepare=_log_softmax),
        "MAXIMUM": _NOTHING_PREPARED,
        "MAX_POOL_2D": KernelMemory("eiiiieiiii", 32, 36),
        "MEAN": _REDUCTION,
        "MINIMUM": _NOTHING_PREPARED,
        "MIRROR_PAD": KernelMemory("e", 20, prepare=_mirror_pad),
        "MUL": KernelMemory("e", 36, prepare=_binary),
        "NEG": _NOTHING_KEPT,
        "NOT_EQUAL": _COMPARISON,
        "PACK": KernelMemory("ii"),
        "PAD": KernelMemory("", 56),
        "PADV2": KernelMemory("", 56),
        "PRELU": KernelMemory("", 28, prepare=_binary),
        "QUANTIZE": KernelMemory("", 32),
        "REDUCE_MAX": _REDUCTION,
        "REDUCE_MIN": _REDUCTION,
        "RELU": KernelMemory("", 28),
        "RELU6": KernelMemory("", 8),
        "RESHAPE": KernelMemory("iiiiiiiii"),
        "RESIZE_BILINEAR": KernelMemory("bb"),
        "RESIZE_NEAREST_NEIGHBOR": KernelMemory("bb"),
        "REVERSE_V2": _NOTHING_KEPT,
        "ROUND": _NOTHING_KEPT,
        "RSQRT": KernelMemory("", 28),
        "SELECT_V2": _NOTHING_KEPT,
        "SHAPE": _NOTHING_KEPT,
        "SIN": _NOTHING_KEPT,
        "SLICE": _NOTHING_KEPT,
        "SOFTMAX": KernelMemory("i", 56, 64, _softmax),
        "SPACE_TO_BATCH_ND": KernelMemory("", 4),
        "SPACE_TO_DEPTH": KernelMemory("i", prepare=_new_output_shape),
        "SPLIT": KernelMemory("i"),
        "SPLIT_V": KernelMemory("i"),
        "SQRT": _NOTHING_KEPT,
        "SQUARE": _NOTHING_KEPT,
        "SQUARED_DIFFERENCE": KernelMemory("", 112, prepare=_binary),
        "SQUEEZE": KernelMemory("iiiiiiiii"),
        "STRIDED_SLICE": KernelMemory("iiiiib", 84),
        "SUB": KernelMemory("eb", 52, prepare=_binary),
        "SUM": _REDUCTION,
        "SVDF": KernelMemory("ieb", 36, 40, _svdf),
        "TANH": KernelMemory("", 16),
        "TRANSPOSE": _NOTHING_KEPT,
        "TRANSPOSE_CONV": KernelMemory("eiiee", 72, 76, _transpose_convolution),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": KernelMemory("eiibbb", 696, 916, _lstm),
        "UNPACK": KernelMemory("ii"),
        "ZEROS_LIKE": _NOTHING_KEPT,
    }
)


def kernel_memory(kind: str) -> KernelMemory:
    """Return what the kernel of an operator takes; nothing if it is not known."""
    return _KERNELS.get(kind, _NOTHING_KEPT)


def is_known(call: Call, target: ArenaTarget) -> bool:
    """Say whether all that the kernel takes is known.

    What CMSIS-NN asks for convolutions of 16-bit activations or 4-bit weights changes from release to release.
    """
    if call.kind not in _KERNELS:
        return False
    weighted = call.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
    types = {tensor.dtype for tensor in call.inputs if tensor is not None}
    return not (weighted and target.cmsis_nn and types & {"int16", "int4"})


def requests(call: Call, target: ArenaTarget) -> Iterator[Step]:
    """Return what the kernel asks for while it prepares, in order."""
    prepare = kernel_memory(call.kind).prepare or _unary
    return prepare(call, target)
