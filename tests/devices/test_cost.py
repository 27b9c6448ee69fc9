"""A device's cost by part, the default budget, and rejections that teach."""

from dataclasses import replace

import pytest

from tuner.devices.budget import Budget, default_budget
from tuner.devices.cost import device_cost
from tuner.devices.fit import shortfalls
from tuner.devices.profile import load_profile
from tuner.dsp.block import BlockCost, Operations
from tuner.estimate import DeviceCost, Method
from tuner.graph import Graph, Operator, Tensor

_BLOCK = BlockCost(Operations(multiply=5000), 1000, 2000, (("rfft", 3200),), 400)


def _graph(hidden: int = 32, kind: str = "FULLY_CONNECTED") -> Graph:
    tensors = (
        Tensor((1, 64), "int8", scales=1),
        Tensor((hidden, 64), "int8", constant=True, scales=1),
        Tensor((1, hidden), "int8", scales=1),
    )
    return Graph(tensors, (Operator(kind, (0, 1, -1), (2,)),), (0,), (2,), 4096)


def _cost(hidden: int = 32, device: str = "raspberry-pi-pico") -> DeviceCost:
    blocks = (_BLOCK, _BLOCK)
    return device_cost(_graph(hidden), load_profile(device), blocks=blocks, input_bytes=1536, feature_bytes=256)


def test_ram_is_the_sum_of_its_parts():
    cost = _cost()

    assert [part.name for part in cost.ram.parts] == ["network", "preprocessing", "input", "runtime"]
    assert cost.ram.part("input").value == 1536
    assert cost.ram.part("preprocessing").value == 1000 + 256
    assert cost.ram.total.value == sum(part.estimate.value for part in cost.ram.parts)


def test_the_arena_is_exact_and_flash_is_not():
    cost = _cost()

    arena, flash = cost.ram.part("network"), cost.flash.part("network")

    assert arena.low == arena.value == arena.high
    assert flash.low < flash.value < flash.high


def test_code_that_two_blocks_share_is_counted_once():
    cost = _cost()

    assert cost.flash.part("preprocessing").value == 2 * (2000 + 400) + 3200


def test_the_working_memory_of_blocks_is_shared_for_they_run_one_after_the_other():
    profile = load_profile("raspberry-pi-pico")

    one = device_cost(_graph(), profile, blocks=(_BLOCK,))
    two = device_cost(_graph(), profile, blocks=(_BLOCK, _BLOCK))

    assert one.ram.part("preprocessing") == two.ram.part("preprocessing")


def test_the_method_of_a_figure_follows_from_where_the_graph_came_from():
    cost = device_cost(_graph(), load_profile("raspberry-pi-pico"), method=Method.CONVERTED)

    assert cost.ram.total.method is Method.CONVERTED
    assert cost.flash.total.method is Method.CONVERTED


def test_the_default_budget_is_what_the_board_has_less_what_is_reserved():
    profile = load_profile("raspberry-pi-pico")

    budget = default_budget(profile)

    assert budget == Budget(profile.ram_for_model, profile.flash_for_model, None)


def test_what_fits_has_no_shortfall():
    assert shortfalls(_cost(), Budget(10**6, 10**6, 1000.0)) == ()


def test_an_arena_too_large_says_what_it_needs_what_is_left_and_by_how_much_it_misses():
    cost = _cost(hidden=32)
    arena = cost.ram.part("network").value
    beside = cost.ram.total.value - arena

    (shortfall,) = shortfalls(cost, Budget(int(beside + arena / 1.25), 10**6))

    assert shortfall.resource == "ram"
    assert shortfall.excess == pytest.approx(0.25, abs=0.01)
    assert str(shortfall).startswith("arena needs 1.") or str(shortfall).startswith("arena needs ")
    assert str(shortfall).endswith("(+25 %)")
    assert "raspberry-pi-pico leaves" in str(shortfall)


def test_every_resource_that_is_short_is_named():
    cost = _cost()

    found = shortfalls(cost, Budget(100, 100, 0.001))

    assert [shortfall.resource for shortfall in found] == ["ram", "flash", "latency"]
    assert str(found[0]).startswith("RAM needs ")
    assert str(found[1]).startswith("flash needs ")
    assert "raspberry-pi-pico allows 1 µs" in str(found[2])


def test_operators_that_the_runtime_lacks_are_named():
    cost = device_cost(_graph(kind="CUSTOM:of_mine"), load_profile("raspberry-pi-pico"))

    (shortfall,) = shortfalls(cost, Budget(10**6, 10**7))

    assert str(shortfall) == "raspberry-pi-pico lacks CUSTOM:of_mine"
    assert shortfall.excess == 1


def test_types_that_the_kernels_do_not_take_are_named():
    graph = _graph()
    source = replace(graph.tensors[0], dtype="float32", scales=0)
    hybrid = replace(graph, tensors=(source, *graph.tensors[1:]))

    micro = device_cost(hybrid, load_profile("raspberry-pi-pico"))
    full = device_cost(hybrid, load_profile("raspberry-pi-5"))

    assert micro.unsupported == ("FULLY_CONNECTED of float32 with int8 weights",)
    assert full.unsupported == ()


@pytest.mark.parametrize("device", ["xtensa-lx7-240mhz", "raspberry-pi-5"])
def test_an_arena_whose_rules_are_not_known_has_an_interval(device):
    arena = device_cost(_graph(), load_profile(device)).ram.part("network")

    assert arena.low <= arena.value < arena.high
