"""A board refitted from measurements of its owner."""

import json

import pytest
import typer
from typer.testing import CliRunner

from tuner.cli.calibrate import calibrate as command
from tuner.devices.calibrate import Measurement, calibrate, read_measurements
from tuner.devices.latency import network_latency
from tuner.devices.profile import load_profile
from tuner.errors import DataError, InputError
from tuner.estimate import Method

from .test_instructions import convolution


def board(cycles_per_instruction: float):
    profile = load_profile("cortex-m4f-80mhz")
    measured = calibrate(profile, [Measurement("any", convolution(), 1.0)], source="a test of ours").profile.latency
    latency = measured.model_copy(update={"cycles_per_instruction": cycles_per_instruction})
    return profile.model_copy(update={"latency": latency})


def measurements(profile, *, factors=(1.0, 1.0, 1.0, 1.0)):
    graphs = [convolution(filters=8 * (index + 1)) for index in range(len(factors))]
    times = [network_latency(graph, profile, Method.CONVERTED).value for graph in graphs]
    return [
        Measurement(f"{index}.tflite", graph, time * factor)
        for index, (graph, time, factor) in enumerate(zip(graphs, times, factors, strict=True))
    ]


@pytest.fixture
def table(shared, tmp_path):
    for name in ("mlp", "kws", "conv1d"):
        (tmp_path / f"{name}.tflite").write_bytes((shared / f"measurements/firmware/models/{name}.tflite").read_bytes())
    path = tmp_path / "mine.csv"
    path.write_text("model,latency_ms\nmlp.tflite,0.4\nkws.tflite,180\nconv1d.tflite,3.1\n")
    return path


def test_a_board_of_known_speed_is_found_again():
    result = calibrate(load_profile("cortex-m4f-80mhz"), measurements(board(2.5)), source="a test of ours")

    assert result.profile.latency.cycles_per_instruction == pytest.approx(2.5, rel=1e-3)
    assert all(check.after_ms == pytest.approx(check.measured_ms, rel=1e-3) for check in result.checks)


def test_one_odd_measurement_does_not_bend_the_others():
    odd = measurements(board(2.5), factors=(1.0, 1.0, 3.0, 1.0, 1.0))

    assert calibrate(board(1.0), odd, source="a test of ours").profile.latency.cycles_per_instruction == pytest.approx(
        2.5, rel=1e-3
    )


def test_scattered_measurements_give_a_wider_interval_than_agreeing_ones():
    close = calibrate(board(1.0), measurements(board(2.0)), source="a test of ours")
    apart = calibrate(board(1.0), measurements(board(2.0), factors=(0.8, 1.0, 1.2, 1.4)), source="a test of ours")

    assert apart.profile.latency.spread > 5 * close.profile.latency.spread


def test_a_single_measurement_keeps_a_wide_interval():
    result = calibrate(board(1.0), measurements(board(2.0), factors=(1.0,)), source="a test of ours")

    assert result.profile.latency.spread == 0.15
    assert result.checks[0].left_out_ms is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'model', found nothing"),
        ("model,latency\nmlp.tflite,1\n", "no column 'latency_ms', found model, latency.*did you mean 'latency'"),
        ("model,latency_ms\n", "no measurements"),
        ("model,latency_ms\nother.tflite,1\n", "line 2: there is no model 'other.tflite'"),
        ("model,latency_ms\nmlp.tflite,fast\n", "line 2: latency_ms is 'fast', expected milliseconds above zero"),
        ("model,latency_ms\nmlp.tflite,-1\n", "line 2: latency_ms is '-1', expected milliseconds above zero"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(table, text, message):
    table.write_text(text)

    with pytest.raises(DataError, match=message):
        read_measurements(table)


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_measurements(tmp_path / "none.csv")


def run(*arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(app, [str(argument) for argument in arguments])


def test_the_command_writes_a_profile_that_predicts_what_was_measured(table, tmp_path):
    target = tmp_path / "my-board.yaml"

    result = run(table, "--device", "nucleo-l4r5zi", "--output", target)

    assert result.exit_code == 0, result.output
    assert "median error" in result.stdout
    written = load_profile(target)
    assert written.latency.source.startswith("mine.csv: 3 models")
    graph = read_measurements(table)[1].graph
    assert network_latency(graph, written, Method.CONVERTED).value == pytest.approx(180, rel=0.5)


def test_the_command_gives_the_errors_to_programs(table, tmp_path):
    result = run(table, "--device", "nucleo-l4r5zi", "--output", tmp_path / "b.yaml", "--json")

    document = json.loads(result.stdout)
    assert document["median_error_after"] <= document["median_error_before"]
    assert [model["model"] for model in document["models"]] == ["mlp.tflite", "kws.tflite", "conv1d.tflite"]


def test_the_command_overwrites_nothing(table, tmp_path):
    target = tmp_path / "mine.yaml"
    target.write_text("keep")

    result = run(table, "--device", "nucleo-l4r5zi", "--output", target)

    assert isinstance(result.exception, InputError)
    assert target.read_text() == "keep"
