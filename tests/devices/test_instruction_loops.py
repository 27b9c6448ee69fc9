"""Laws of the loop counts, by brute force and by comparison."""

from hypothesis import given
from hypothesis import strategies as st

from tuner.devices.instructions import counts
from tuner.devices.instructions.convolution import matrix_product
from tuner.devices.instructions.kernels import loops
from tuner.devices.instructions.loops import Call, Path, Window, copy
from tuner.graph import Graph, Operator, Tensor

from .test_instructions import convolution

windows = st.builds(
    Window,
    size=st.integers(1, 20),
    outputs=st.integers(1, 20),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 3),
    pad=st.integers(0, 4),
    dilation=st.integers(1, 3),
)


@given(windows)
def test_taps_that_meet_the_input_are_those_counted_one_by_one(window):
    positions = [
        output * window.stride - window.pad + tap * window.dilation
        for output in range(window.outputs)
        for tap in range(window.kernel)
    ]

    assert window.valid == sum(0 <= position < window.size for position in positions)


@given(windows)
def test_a_position_is_inside_if_all_its_taps_are(window):
    for position in range(window.outputs):
        start = position * window.stride - window.pad
        taps = [start + tap * window.dilation for tap in range(window.kernel)]

        assert window.inside(position) == all(0 <= tap < window.size for tap in taps)


@given(st.integers(1, 200), st.integers(1, 50))
def test_a_copy_moves_no_more_than_its_bytes(length, times):
    turns = copy(length, times)

    words = turns["copy_word"] + 4 * turns["copy_block"] + turns["copy_misaligned_word"]
    moved = 4 * words + turns["copy_misaligned_byte"]
    assert moved <= times * length
    assert turns["copy_call"] == times


@given(st.integers(1, 40), st.integers(1, 70), st.integers(1, 40))
def test_the_products_of_a_matrix_are_all_done_once(rows, depth, filters):
    turns = matrix_product(1, rows, depth, filters, Path.DSP)

    pairs = 16 * turns["pair_sixteen"] + 4 * turns["pair_four"] + turns["pair_mac"]
    single_rows = 16 * turns["row_sixteen"] + 4 * turns["row_four"] + turns["row_mac"]
    assert 4 * pairs + 2 * single_rows + turns["single_mac"] == rows * depth * filters


@given(st.integers(1, 24), st.integers(1, 24), st.sampled_from([1, 3, 5]), st.integers(3, 16))
def test_a_larger_input_never_takes_fewer_instructions(channels, filters, kernel, size):
    small, large = (convolution(channels, filters, kernel, side) for side in (size, size + 2))

    for core in ("cortex-m0plus", "cortex-m4f", "cortex-m55"):
        assert counts(large, core, "cmsis-nn", "o3").total >= counts(small, core, "cmsis-nn", "o3").total


def test_a_strided_pointwise_convolution_runs_row_by_row():
    tensors = (
        Tensor((1, 8, 8, 16), "int8", scales=1),
        Tensor((4, 1, 1, 16), "int8", constant=True, scales=4),
        Tensor((1, 4, 4, 4), "int8", scales=1),
    )
    operator = Operator("CONV_2D", (0, 1, -1), (2,), {"padding": "VALID", "stride_h": 2, "stride_w": 2})
    graph = Graph(tensors, (operator,), (0,), (2,), 0)

    turned = loops(Call.of(operator, graph), Path.DSP)

    assert turned.kernel == "pointwise_dsp"
    assert turned.counts["product"] == 4


def test_an_operator_that_nobody_counted_widens_the_interval():
    tensors = (Tensor((1, 4000), "int8", scales=1), Tensor((1, 4000), "int8", scales=1))
    graph = Graph(tensors, (Operator("CUSTOM:filter", (0,), (1,), {}),), (0,), (1,), 0)

    guessed = counts(graph, "cortex-m4f", "cmsis-nn", "o3")

    assert not guessed.operators[0].known
    assert guessed.spread > 0.9
