"""Latency of networks and of preprocessing."""

import dataclasses
import time

import pytest

from tests.devices.test_instructions import convolution
from tuner.devices.latency import (
    equivalent_instructions,
    executed_by,
    network_latency,
    operator_latencies,
    preprocessing_latency,
)
from tuner.devices.profile import load_profile, profile_names
from tuner.dsp.block import Operations
from tuner.estimate import Method, Unit


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_gives_a_latency_inside_its_interval(name):
    latency = network_latency(convolution(), load_profile(name), Method.PREDICTED)

    assert 0 < latency.low < latency.value < latency.high
    assert latency.unit is Unit.MILLISECONDS
    assert latency.method is Method.PREDICTED
    assert latency.source


@pytest.mark.parametrize(("name", "stalls"), [("cortex-m7-216mhz", False), ("cortex-m4f-80mhz", True)])
def test_twice_the_clock_halves_the_latency_but_for_flash_stalls(name, stalls):
    slow = load_profile(name)
    fast = slow.model_copy(update={"processor": slow.processor.model_copy(update={"clock": 2 * slow.clock_hz})})

    latencies = [network_latency(convolution(), profile, Method.PREDICTED).value for profile in (slow, fast)]

    ratio = latencies[0] / latencies[1]
    assert 1.5 < ratio < 1.95 if stalls else ratio == pytest.approx(2)


def test_kernels_of_sixteen_bits_were_not_counted_so_their_interval_is_wide():
    eight = convolution()
    tensors = [dataclasses.replace(tensor, dtype=_SIXTEEN.get(tensor.dtype, "int8")) for tensor in eight.tensors]
    sixteen = dataclasses.replace(eight, tensors=(tensors[0], eight.tensors[1], *tensors[2:]))

    counted, guessed = (
        network_latency(graph, load_profile("nucleo-f746zg"), Method.PREDICTED) for graph in (eight, sixteen)
    )

    assert counted.high < 1.5 * counted.value
    assert guessed.high > 1.8 * guessed.value
    assert guessed.low < counted.value < guessed.high


_SIXTEEN = {"int8": "int16", "int32": "int64"}


def test_preprocessing_without_a_floating_point_unit_takes_many_times_longer():
    operations = Operations(add=10_000, multiply=10_000, transcendental=100)
    with_unit = load_profile("cortex-m4f-80mhz")
    without = load_profile("cortex-m3-100mhz")

    fast = preprocessing_latency(operations, with_unit, Method.PREDICTED).value * with_unit.clock_hz
    slow = preprocessing_latency(operations, without, Method.PREDICTED).value * without.clock_hz

    assert slow > 5 * fast


def test_the_latency_on_all_devices_takes_a_few_milliseconds():
    profiles = [load_profile(name) for name in profile_names()]
    graph = convolution()
    network_latency(graph, profiles[0], Method.PREDICTED)

    start = time.perf_counter()
    for profile in profiles:
        network_latency(dataclasses.replace(graph), profile, Method.PREDICTED)

    assert time.perf_counter() - start < 0.05


@pytest.mark.parametrize("name", ["nucleo-f746zg", "raspberry-pi-pico", "cortex-m55-160mhz", "esp32-s3-devkitc-1"])
def test_the_operators_times_make_up_the_networks_but_for_the_call(name):
    profile = load_profile(name)
    graph = convolution(size=48)

    operators = sum(operator.milliseconds for operator in operator_latencies(graph, profile))

    network = network_latency(graph, profile, Method.CONVERTED).value
    assert 0.7 * network < operators < network


def test_cycles_are_instructions_and_weights_at_the_boards_figures():
    profile = load_profile("raspberry-pi-pico")
    instructions, weights = equivalent_instructions(convolution(), profile)
    board = profile.latency

    cycles = board.cycles_per_instruction * instructions + board.cycles_per_weight_byte * weights

    milliseconds = network_latency(convolution(), profile, Method.CONVERTED).value
    assert milliseconds == pytest.approx(1e3 * cycles / profile.clock_hz)


def test_floating_point_without_a_unit_takes_many_times_longer():
    graph = convolution()
    floating = dataclasses.replace(
        graph, tensors=tuple(dataclasses.replace(tensor, dtype="float32", scales=0) for tensor in graph.tensors)
    )
    with_unit = load_profile("cortex-m4f-80mhz")
    without = with_unit.model_copy(update={"processor": with_unit.processor.model_copy(update={"fpu": "none"})})

    fast, slow = (network_latency(floating, profile, Method.CONVERTED) for profile in (with_unit, without))

    assert slow.value > 3 * fast.value
    assert (
        fast.high / fast.value
        > network_latency(graph, with_unit, Method.CONVERTED).high
        / network_latency(graph, with_unit, Method.CONVERTED).value
    )


def test_a_board_without_vectors_runs_the_kernels_of_a_lesser_core():
    vectors = load_profile("cortex-m55-160mhz")
    scalar = vectors.model_copy(update={"processor": vectors.processor.model_copy(update={"vector": "none"})})

    with_vectors, without = (executed_by(convolution(), profile).total for profile in (vectors, scalar))

    assert without > 2 * with_vectors
