"""The table of kernels agrees with the real 64-bit interpreter, operator by operator."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.devices.one_operator import OneOperator
from tuner.devices.arena import ArenaTarget, plan_arena
from tuner.devices.instructions.loops import Call
from tuner.devices.kernel_memory import is_known, kernel_memory, requests, structure_bytes
from tuner.devices.scratch import Isa
from tuner.graph import Graph, Operator, Tensor
from tuner.tflite.read import read_graph

_REFERENCE = ArenaTarget(cmsis_nn=False)
_IMAGE = (1, 8, 8, 6)


def _ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


_BINARY = [
    OneOperator(kind, [_IMAGE, _IMAGE], [_IMAGE], options_class=options)
    for kind, options in (
        ("ADD", "AddOptions"),
        ("SUB", "SubOptions"),
        ("MUL", "MulOptions"),
        ("DIV", "DivOptions"),
        ("MAXIMUM", "MaximumMinimumOptions"),
        ("MINIMUM", "MaximumMinimumOptions"),
        ("SQUARED_DIFFERENCE", ""),
        ("PRELU", ""),
    )
]
_COMPARISONS = [
    OneOperator(kind, [_IMAGE, _IMAGE], [_IMAGE], outputs_as="bool")
    for kind in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
]
_UNARY = [
    OneOperator(kind, [_IMAGE], [_IMAGE])
    for kind in ("RELU", "RELU6", "TANH", "HARD_SWISH", "ABS", "RSQRT", "SQRT", "ELU", "LOG", "ZEROS_LIKE")
]
_FLOAT_UNARY = [
    OneOperator(kind, [_IMAGE], [_IMAGE], types=("float32",))
    for kind in (
        "SIN",
        "COS",
        "FLOOR",
        "CEIL",
        "ROUND",
        "NEG",
        "EXP",
        "SQUARE",
        "LOG_SOFTMAX",
        "LOGISTIC",
        "L2_NORMALIZATION",
    )
]
_POOL = {"filterHeight": 2, "filterWidth": 2, "strideH": 2, "strideW": 2, "padding": 1}
_REDUCTIONS = [
    OneOperator(kind, [_IMAGE, _ints(1, 2)], [(1, 6)], options_class="ReducerOptions")
    for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
]
_MOVES = [
    OneOperator("CONCATENATION", [_IMAGE, _IMAGE], [(1, 8, 8, 12)], {"axis": 3}, "ConcatenationOptions"),
    OneOperator("PACK", [_IMAGE, _IMAGE], [(1, 2, 8, 8, 6)], {"axis": 1, "valuesCount": 2}, "PackOptions"),
    OneOperator("UNPACK", [(1, 2, 6)], [(1, 6), (1, 6)], {"axis": 1, "num": 2}, "UnpackOptions"),
    OneOperator("SPLIT", [_ints(3), _IMAGE], [(1, 8, 8, 3)] * 2, {"numSplits": 2}, "SplitOptions"),
    OneOperator("RESHAPE", [_IMAGE, _ints(1, 384)], [(1, 384)], {}, "ReshapeOptions"),
    OneOperator("EXPAND_DIMS", [_IMAGE, _ints(1)], [(1, 1, 8, 8, 6)]),
    OneOperator("TRANSPOSE", [_IMAGE, _ints(0, 2, 1, 3)], [_IMAGE]),
    OneOperator("PAD", [_IMAGE, np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)], [(1, 10, 10, 6)]),
    OneOperator("SLICE", [_IMAGE, _ints(0, 1, 1, 0), _ints(1, 3, 3, 6)], [(1, 3, 3, 6)]),
    OneOperator("SPACE_TO_DEPTH", [_IMAGE], [(1, 4, 4, 24)], {"blockSize": 2}, "SpaceToDepthOptions"),
    OneOperator("DEPTH_TO_SPACE", [(1, 4, 4, 24)], [_IMAGE], {"blockSize": 2}, "DepthToSpaceOptions"),
    OneOperator("GATHER", [_IMAGE, _ints(0, 2)], [(1, 2, 8, 6)], {"axis": 1}, "GatherOptions"),
    OneOperator("RESIZE_BILINEAR", [_IMAGE, _ints(16, 16)], [(1, 16, 16, 6)], {}, "ResizeBilinearOptions"),
    OneOperator(
        "RESIZE_NEAREST_NEIGHBOR", [_IMAGE, _ints(16, 16)], [(1, 16, 16, 6)], {}, "ResizeNearestNeighborOptions"
    ),
    OneOperator("REVERSE_V2", [_IMAGE, _ints(1)], [_IMAGE]),
    OneOperator("SHAPE", [_IMAGE], [(4,)], {"outType": 2}, "ShapeOptions", outputs_as="int32"),
    OneOperator("BROADCAST_TO", [(1, 1, 1, 6), _ints(1, 8, 8, 6)], [_IMAGE]),
]
_WEIGHTED = [
    OneOperator("SOFTMAX", [(1, 12)], [(1, 12)], {"beta": 1.0}, "SoftmaxOptions", types=("float32",)),
    OneOperator("AVERAGE_POOL_2D", [_IMAGE], [(1, 4, 4, 6)], _POOL, "Pool2DOptions"),
    OneOperator("MAX_POOL_2D", [_IMAGE], [(1, 4, 4, 6)], _POOL, "Pool2DOptions"),
    OneOperator("BATCH_MATMUL", [(1, 5, 12), (1, 12, 7)], [(1, 5, 7)], {}, "BatchMatMulOptions"),
    OneOperator("BATCH_MATMUL", [(1, 5, 12), (1, 7, 12)], [(1, 5, 7)], {"adjY": True}, "BatchMatMulOptions"),
    OneOperator(
        "CONV_2D",
        [_IMAGE, np.ones((10, 3, 3, 6), np.float32), np.ones(10, np.float32)],
        [(*_IMAGE[:3], 10)],
        {"strideH": 1, "strideW": 1},
        "Conv2DOptions",
        types=("float32",),
    ),
    OneOperator(
        "FULLY_CONNECTED",
        [(1, 12), np.ones((7, 12), np.float32)],
        [(1, 7)],
        {},
        "FullyConnectedOptions",
        types=("float32",),
    ),
]
_ALL = [*_BINARY, *_COMPARISONS, *_UNARY, *_FLOAT_UNARY, *_REDUCTIONS, *_MOVES, *_WEIGHTED]
_CASES = [(operator, dtype) for operator in _ALL for dtype in operator.types]

_RUN = """
import sys
from pathlib import Path
from tflite_micro import runtime
for name in sys.argv[1:]:
    print(f"== {name}", file=sys.stderr, flush=True)
    try:
        runtime.Interpreter.from_bytes(Path(name).read_bytes(), arena_size=1_000_000).print_allocations()
    except RuntimeError as error:
        print(error, file=sys.stderr, flush=True)
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[int, str]:
    """What the interpreter prints of each case, from one process."""
    folder = tmp_path_factory.mktemp("operators")
    files = []
    for index, (operator, dtype) in enumerate(_CASES):
        files.append(folder / f"{index}.tflite")
        files[-1].write_bytes(operator.tflite(dtype))
    done = subprocess.run([sys.executable, "-c", _RUN, *map(str, files)], capture_output=True, text=True, check=False)
    sections = re.split(r"^== (.*)$", done.stderr, flags=re.MULTILINE)[1:]
    return {int(Path(name).stem): text for name, text in zip(sections[::2], sections[1::2], strict=True)}


@pytest.mark.parametrize("index", range(len(_CASES)), ids=[f"{one.kind}-{dtype}" for one, dtype in _CASES])
def test_a_kernel_asks_for_what_the_table_says(reports, index):
    operator, dtype = _CASES[index]
    graph = read_graph(operator.tflite(dtype))
    report = reports.get(index, "the interpreter ended before this operator")

    head = re.search(r"allocation head (\d+)", report)
    lasting = re.search(r"'Persistent buffer data' used .* for (\d+) allocations", report)

    assert head is not None, report
    assert plan_arena(graph, _REFERENCE).head == int(head[1])
    assert lasting is not None, report
    assert _lasting_buffers(graph) == int(lasting[1])


def _lasting_buffers(graph: Graph) -> int:
    """Buffers that the kernel keeps, and the two lists of the model's inputs and outputs."""
    call = Call.of(graph.operators[0], graph)
    own = 1 if kernel_memory(call.kind).data_bytes(_REFERENCE) else 0
    return own + sum(step.action == "keep" for step in requests(call, _REFERENCE)) + 2


def test_structures_are_laid_out_as_the_compiler_does():
    assert structure_bytes("eiieiie", short_enums=True) == (28, 4)
    assert structure_bytes("eebbe", short_enums=True) == (5, 1)
    assert structure_bytes("eebbe", short_enums=False) == (16, 4)
    assert structure_bytes("", short_enums=True) == (0, 1)


def test_what_is_not_known_is_said():
    custom = Operator("CUSTOM:mine", (0,), (0,))
    graph = Graph((Tensor((1, 4), "int8", scales=1),), (custom,), (0,), (0,), 100)

    plan = plan_arena(graph, ArenaTarget(cmsis_nn=True, isa=Isa.DSP))

    assert not plan.exact
    assert not is_known(Call.of(custom, graph), _REFERENCE)
