"""The scripts that fit and check the estimators, and what they have committed."""

import csv
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VALIDATION = ROOT / "reports" / "validation"


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(VALIDATION))


def committed(name):
    with (VALIDATION / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def errors(rows, column):
    return [abs(float(row[column])) for row in rows if row[column]]


@pytest.mark.parametrize("script", ["fit_instructions.py", "fit_latency.py", "validate.py"])
def test_without_measurements_a_script_says_where_it_looked(script, tmp_path):
    process = subprocess.run(
        [sys.executable, VALIDATION / script, "--measurements", tmp_path], capture_output=True, text=True, check=False
    )

    assert process.returncode == 1
    assert process.stderr.strip().startswith(f"no measurements in {tmp_path}")
    assert len(process.stderr.strip().splitlines()) == 1


def test_the_committed_instructions_are_those_that_the_script_fits(shared, scripts):
    import fit_instructions

    measurements = shared / "measurements"
    rows = fit_instructions.read_rows(measurements, fit_instructions.read_graphs(measurements))

    fitted = fit_instructions.fit_stacks(rows, fit_instructions.model_table(measurements))

    shipped = json.loads(fit_instructions.COEFFICIENTS.read_text())["stacks"]
    for stack, entry in fitted.items():
        for kernel, turns in entry["kernels"].items():
            assert shipped[stack]["kernels"][kernel] == pytest.approx(turns, rel=0.02, abs=1.0), (stack, kernel)


def test_the_committed_speeds_are_those_that_the_script_fits(shared, scripts):
    import fit_latency
    from published import published_rows

    rows = published_rows(shared / "measurements")
    fit = fit_latency.fit_all(rows, shared / "measurements")

    shipped = json.loads(fit_latency.SPEEDS.read_text())
    cores = fit_latency.core_speeds(shared / "measurements", fit.boards)
    for name, core in cores.items():
        assert shipped["cores"][name]["cycles_per_instruction"] == pytest.approx(
            core["cycles_per_instruction"], rel=0.01
        )
    for build, overhead in fit.overhead.items():
        assert shipped["overhead"][build]["operator"] == pytest.approx(overhead.operator, rel=0.05)


def test_a_row_of_floating_point_takes_the_architecture_of_the_quantized_one(shared, scripts):
    from published import in_float, published_rows

    row = next(row for row in published_rows(shared / "measurements") if row.precision == "int8")

    floating = in_float(row.graph)

    assert "int8" not in {tensor.dtype for tensor in floating.tensors}
    assert [tensor.shape for tensor in floating.tensors] == [tensor.shape for tensor in row.graph.tensors]


def test_left_out_models_take_the_instructions_that_were_predicted():
    rows = [row for row in committed("instructions.csv") if row["seen"] == "True"]
    many = [stack for stack in {row["stack"] for row in rows} if sum(row["stack"] == stack for row in rows) > 30]

    assert len(many) >= 7
    for stack in many:
        found = errors([row for row in rows if row["stack"] == stack], "error")
        assert statistics.median(found) <= 0.03, stack
        assert sorted(found)[int(0.9 * len(found))] <= 0.1, stack


@pytest.mark.parametrize(("column", "goal"), [("model_left_out_error", 0.06), ("board_left_out_error", 0.12)])
def test_left_out_latencies_are_as_near_as_was_promised(column, goal):
    calibrated = ("calibrate", "calibrate-variant", "leave-one-model-out")
    rows = [row for row in committed("latency.csv") if row["split"] in calibrated and row["calibrated"] == "True"]

    assert statistics.median(errors(rows, column)) <= goal


@pytest.mark.parametrize("column", ["model_left_out_inside", "board_left_out_inside"])
def test_intervals_hold_about_nine_of_ten(column):
    calibrated = ("calibrate", "calibrate-variant", "leave-one-model-out")
    rows = [row for row in committed("latency.csv") if row["split"] in calibrated and row["calibrated"] == "True"]

    inside = [row[column] == "True" for row in rows if row[column]]

    assert 0.85 <= statistics.mean(inside) <= 0.96


def test_the_page_needs_no_network_and_says_where_it_is_wrong():
    page = (VALIDATION / "index.html").read_text(encoding="utf-8")

    assert not re.search(r"(src|href)=.?https?:", page)
    assert "Where it is wrong, and why" in page
    assert len(page) < 200_000
