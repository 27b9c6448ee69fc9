"""The arena is what real firmware takes, to the byte, and behaves as memory must."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices.firmware import firmwares
from tuner.devices import planner
from tuner.devices.arena import ArenaTarget, plan_arena
from tuner.devices.planner import Buffer
from tuner.devices.scratch import Isa
from tuner.graph import Graph, Operator, Tensor


@pytest.mark.parametrize("figure", ["head", "tail", "used", "minimum"])
def test_every_arena_of_real_firmware_is_predicted_to_the_byte(shared, figure):
    column = {"head": "arena_head", "tail": "arena_tail", "used": "arena_used", "minimum": "arena_min"}[figure]

    wrong = [
        (firmware.model, firmware.stack, getattr(plan_arena(firmware.graph, firmware.target), figure))
        for firmware in firmwares(shared)
        if getattr(plan_arena(firmware.graph, firmware.target), figure) != firmware.bytes(column)
    ]

    assert wrong == []


def test_the_head_of_the_64_bit_interpreter_is_that_of_the_reference_kernels(shared):
    models = {firmware.model: firmware for firmware in firmwares(shared) if firmware.row["host64_head"]}

    wrong = {
        model: plan_arena(firmware.graph, ArenaTarget(cmsis_nn=False)).head
        for model, firmware in models.items()
        if plan_arena(firmware.graph, ArenaTarget(cmsis_nn=False)).head != firmware.bytes("host64_head")
    }

    assert len(models) > 100
    assert wrong == {}


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(0, 4)).map(
            lambda draw: Buffer(0, 16 * draw[0], draw[1], draw[1] + draw[2])
        ),
        max_size=14,
    )
)
def test_buffers_that_live_together_never_share_bytes(buffers):
    placed = planner.plan(buffers)

    for index, one in enumerate(placed):
        for other in placed[:index]:
            together = one.buffer.first <= other.buffer.last and other.buffer.first <= one.buffer.last
            apart = one.offset + one.buffer.size <= other.offset or other.offset + other.buffer.size <= one.offset
            assert apart or not together


@given(st.lists(st.integers(1, 500), min_size=2, max_size=8))
def test_the_head_is_never_less_than_what_is_alive_at_the_peak(widths):
    plan = plan_arena(_chain(widths), ArenaTarget(cmsis_nn=True, isa=Isa.DSP))

    assert plan.head >= plan.peak.live_bytes
    assert plan.minimum >= plan.used


@given(st.integers(1, 200), st.integers(1, 200))
def test_an_arena_never_shrinks_when_a_tensor_grows(width, growth):
    target = ArenaTarget(cmsis_nn=True, isa=Isa.MVE)

    small = plan_arena(_chain([width, 32, 8]), target)
    large = plan_arena(_chain([width + growth, 32, 8]), target)

    assert large.head >= small.head
    assert large.used >= small.used


def test_the_plan_says_which_operator_is_the_peak_and_what_is_alive_there():
    plan = plan_arena(_chain([16, 1000, 16]), ArenaTarget(cmsis_nn=False))

    assert plan.peak.operator == 0
    assert plan.peak.live_bytes == 16 + 1008
    assert plan.peak.tensors == (0, 1)


def test_a_variable_lives_in_the_tail_and_not_in_the_plan():
    graph = _chain([16, 16])
    target = ArenaTarget(cmsis_nn=False)
    plain = plan_arena(graph, target)

    with_state = replace(graph, tensors=(*graph.tensors, Tensor((1, 64), "int8", scales=1, variable=True)))
    plan = plan_arena(with_state, target)

    assert plan.head == plain.head
    assert plan.tail >= plain.tail + 64


def _chain(widths: list[int]) -> Graph:
    """Fully connected layers, one after the other."""
    tensors = [Tensor((1, width), "int8", scales=1) for width in widths]
    operators = []
    for index, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        weights = len(tensors)
        tensors.append(Tensor((outputs, inputs), "int8", constant=True, scales=1))
        operators.append(Operator("FULLY_CONNECTED", (index, weights, -1), (index + 1,)))
    return Graph(tuple(tensors), tuple(operators), (0,), (len(widths) - 1,), 1000)
