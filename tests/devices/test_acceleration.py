from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tuner.devices.cost import device_cost
from tuner.devices.npu import vela
from tuner.devices.npu_published import published_latency
from tuner.devices.profile import DeviceProfile, load_profile, profile_names
from tuner.estimate import Estimate, Method
from tuner.graph import Graph
from tuner.tflite.read import read_graph
from tuner.tflite.write import repack

WITH_ETHOS_U = [name for name in profile_names() if (unit := load_profile(name).npu) and unit.is_ethos_u]
BY_PUBLISHED_ROWS = ["stm32n6570-dk", "xg24-dk2601b"]


@pytest.fixture(scope="module")
def keyword_spotting(shared: Path) -> bytes:
    return repack((shared / "measurements/models/mlperf_tiny/kws_ref_model.tflite").read_bytes())


@pytest.fixture(scope="module")
def in_floating_point(shared: Path) -> Graph:
    return read_graph((shared / "measurements/models/mlperf_tiny/kws_ref_model_float32.tflite").read_bytes())


def without_unit(profile: DeviceProfile) -> DeviceProfile:
    return profile.model_copy(update={"npu": None})


@pytest.mark.parametrize("name", [*WITH_ETHOS_U, *BY_PUBLISHED_ROWS])
def test_a_unit_makes_the_network_faster_than_the_core_alone(keyword_spotting: bytes, name: str) -> None:
    graph, profile = read_graph(keyword_spotting), load_profile(name)

    with_unit, alone = device_cost(graph, profile), device_cost(graph, without_unit(profile))

    assert with_unit.latency.part("network").value < alone.latency.part("network").value


@pytest.mark.parametrize("name", WITH_ETHOS_U)
def test_the_prediction_before_training_holds_what_the_compiler_says_of_the_converted_model(
    keyword_spotting: bytes, name: str
) -> None:
    graph, profile = read_graph(keyword_spotting), load_profile(name)

    predicted = device_cost(graph, profile)
    converted = device_cost(graph, profile, method=Method.CONVERTED, model=keyword_spotting)

    for resource in ("ram", "flash", "latency"):
        expected, found = getattr(converted, resource).total, getattr(predicted, resource).total
        assert found.low <= expected.value <= found.high, resource
        assert found.value == pytest.approx(expected.value, rel=0.1), resource


def test_a_converted_model_is_compiled_as_it_is_and_says_so(keyword_spotting: bytes) -> None:
    graph, profile = read_graph(keyword_spotting), load_profile("corstone-300")
    assert profile.npu is not None

    cost = device_cost(graph, profile, method=Method.CONVERTED, model=keyword_spotting)

    network = cost.latency.part("network")
    compiled = vela(keyword_spotting, profile.npu)
    assert network.value == compiled.latency.value
    assert network.method is Method.SIMULATED
    assert network.source.startswith("Vela ")
    assert cost.flash.part("network").value >= compiled.flash_bytes


def test_a_unit_leaves_no_kernels_of_its_operators_in_the_firmware(keyword_spotting: bytes) -> None:
    graph, profile = read_graph(keyword_spotting), load_profile("corstone-300")

    with_unit, alone = device_cost(graph, profile), device_cost(graph, without_unit(profile))

    assert with_unit.flash.part("network").value < alone.flash.part("network").value


@pytest.mark.parametrize("name", ["corstone-300", *BY_PUBLISHED_ROWS])
def test_a_network_in_floating_point_stays_on_the_core(in_floating_point: Graph, name: str) -> None:
    profile = load_profile(name)

    assert device_cost(in_floating_point, profile) == device_cost(in_floating_point, without_unit(profile))


@pytest.mark.parametrize("name", BY_PUBLISHED_ROWS)
def test_what_is_known_from_published_rows_alone_is_marked_and_unsure(keyword_spotting: bytes, name: str) -> None:
    cost = device_cost(read_graph(keyword_spotting), load_profile(name))

    assert "published" in cost.latency.part("network").source
    assert "published" in cost.ram.part("network").source
    for estimate in (cost.latency.part("network"), cost.ram.part("network")):
        assert estimate.high / estimate.low > 1.9


@pytest.mark.parametrize(("name", "processor"), [("xg24-dk2601b", "MVP"), ("stm32n6570-dk", "Neural-ART")])
def test_most_published_rows_lie_in_the_interval(shared: Path, name: str, processor: str) -> None:
    unit = load_profile(name).npu
    assert unit is not None
    folder = shared / "measurements"
    with (folder / "measurements.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if processor in row["cpu"] and row["model_file"]]
    rows = [row for row in rows if row["latency_ms"] and row["source"] != "MLPerf Tiny v0.7"]

    inside = 0
    for row in rows:
        found = published_latency(read_graph((folder / row["model_file"]).read_bytes()), unit, Method.CONVERTED)
        inside += _holds(found, float(row["latency_ms"]))

    assert len(rows) >= 10
    assert inside / len(rows) >= 0.85


def _holds(estimate: Estimate, value: float) -> bool:
    return estimate.low <= value <= estimate.high
