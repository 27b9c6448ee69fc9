from __future__ import annotations

from pathlib import Path

import pytest

from tuner.devices.macs import graph_macs
from tuner.devices.npu import vela
from tuner.devices.profile import load_profile
from tuner.tflite.placeholder import placeholder
from tuner.tflite.read import read_graph
from tuner.tflite.write import repack

MODELS = ("kws_ref_model", "pretrainedResnet_quant", "str_ww_ref_model")


@pytest.mark.parametrize("name", MODELS)
def test_a_placeholder_has_the_graph_of_the_model_it_stands_for(shared: Path, name: str) -> None:
    packed = repack((shared / f"measurements/models/mlperf_tiny/{name}.tflite").read_bytes())

    stand_in = read_graph(placeholder(read_graph(packed)))

    original = read_graph(packed)
    assert (stand_in.tensors, stand_in.operators) == (original.tensors, original.operators)
    assert graph_macs(stand_in) == graph_macs(original)


@pytest.mark.parametrize("name", MODELS)
def test_a_compiler_answers_for_a_placeholder_as_for_the_trained_model(shared: Path, name: str) -> None:
    unit = load_profile("corstone-300").npu
    assert unit is not None
    packed = repack((shared / f"measurements/models/mlperf_tiny/{name}.tflite").read_bytes())

    predicted, actual = vela(placeholder(read_graph(packed)), unit), vela(packed, unit)

    assert predicted.cpu_operators == actual.cpu_operators
    assert predicted.sram_bytes == pytest.approx(actual.sram_bytes, rel=0.03)
    assert predicted.cycles == pytest.approx(actual.cycles, rel=0.05)
    assert predicted.flash_bytes == pytest.approx(actual.flash_bytes, rel=0.1)


def test_a_placeholder_is_the_same_for_the_same_seed(shared: Path) -> None:
    graph = read_graph((shared / "measurements/models/mlperf_tiny/kws_ref_model.tflite").read_bytes())

    assert placeholder(graph) == placeholder(graph)
    assert placeholder(graph) != placeholder(graph, seed=1)
