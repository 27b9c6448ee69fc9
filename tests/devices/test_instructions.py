"""The instruction model against counts of real firmware, and its laws."""

import csv

import pytest

from tuner.devices.instructions import counts, network_instructions
from tuner.errors import ConfigError
from tuner.graph import Graph, Operator, Tensor
from tuner.tflite.read import read_graph


def convolution(channels: int = 8, filters: int = 16, kernel: int = 3, size: int = 12) -> Graph:
    tensors = (
        Tensor((1, size, size, channels), "int8", scales=1),
        Tensor((filters, kernel, kernel, channels), "int8", constant=True, scales=filters),
        Tensor((filters,), "int32", constant=True, scales=filters),
        Tensor((1, size, size, filters), "int8", scales=1),
    )
    operator = Operator("CONV_2D", (0, 1, 2), (3,), {"padding": "SAME", "stride_h": 1, "stride_w": 1})
    return Graph(tensors, (operator,), (0,), (3,), model_bytes=4096)


def test_counts_of_a_real_firmware_come_within_two_percent(shared):
    graph = read_graph((shared / "measurements/firmware/models/kws.tflite").read_bytes())

    total = counts(graph, "cortex-m4f", "cmsis-nn", "o3").total

    assert total == pytest.approx(8_930_746, rel=0.02)


def test_every_operator_of_a_real_model_is_near_its_count(shared):
    graph = read_graph((shared / "measurements/firmware/models/kws.tflite").read_bytes())
    with (shared / "measurements/firmware/kernels.csv").open() as file:
        counted = [
            int(row["instructions"])
            for row in csv.DictReader(file)
            if (row["model"], row["cpu"], row["kernels"], row["opt"]) == ("kws", "m4", "cmsis", "o3")
        ]

    operators = network_instructions(graph, "cortex-m4f", "cmsis-nn", "o3")

    assert [operator.instructions for operator in operators] == pytest.approx(counted, rel=0.05)


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m3", "cortex-m4f", "cortex-m7", "cortex-m33", "cortex-m55"])
@pytest.mark.parametrize("kernels", ["cmsis-nn", "reference"])
@pytest.mark.parametrize("build", ["o3", "os", "tflm"])
def test_more_filters_never_take_fewer_instructions(core, kernels, build):
    totals = [counts(convolution(filters=filters), core, kernels, build).total for filters in (4, 8, 16, 32)]

    assert totals == sorted(totals)


def test_reference_kernels_take_more_than_optimized_ones():
    graph = convolution()

    assert counts(graph, "cortex-m4f", "reference", "o3").total > counts(graph, "cortex-m4f", "cmsis-nn", "o3").total


def test_an_unknown_core_is_refused_with_the_nearest_known_one():
    with pytest.raises(ConfigError, match=r"no instruction counts for the core 'cortex-m44'.*did you mean 'cortex-m4'"):
        counts(convolution(), "cortex-m44", "cmsis-nn", "o3")
