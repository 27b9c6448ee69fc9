import json
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from tuner.cli.spaces import spaces
from tuner.search_space import load_space, space_names

app = typer.Typer()
app.command()(spaces)


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(app, list(arguments))


def test_the_list_names_every_shipped_space() -> None:
    result = run()

    assert result.exit_code == 0
    assert set(space_names()) <= {line.split()[0] for line in result.stdout.splitlines() if line.strip()}


def test_the_list_as_json_has_one_object_a_space() -> None:
    assert [entry["name"] for entry in json.loads(run("--json").stdout)] == list(space_names())


def test_a_space_is_shown_with_its_parameters_an_example_and_what_fits() -> None:
    result = run("motion-continuous", "--samples", "20")

    assert result.exit_code == 0
    assert "preprocessing.spectral-analysis.fft-length" in result.stdout
    assert "16, 32, 64" in result.stdout
    assert "8 … 128, logarithmic" in result.stdout
    assert "raspberry-pi-pico" in result.stdout
    assert "the share of 20 random candidates" in result.stdout


def test_a_space_as_json_states_costs_and_shares_per_device() -> None:
    shown = json.loads(run("motion-continuous", "--samples", "20", "--device", "raspberry-pi-pico", "--json").stdout)

    assert shown["drawn"] == 20
    assert list(shown["feasible"]) == ["raspberry-pi-pico"]
    assert 0 <= shown["feasible"]["raspberry-pi-pico"] <= 1
    assert shown["example"]["costs"][0]["ram_bytes"] > 0
    assert load_space(shown["space"]) == load_space("motion-continuous")


def test_the_same_seed_draws_the_same_candidates() -> None:
    assert run("motion-continuous", "--samples", "5").stdout == run("motion-continuous", "--samples", "5").stdout


def test_what_cannot_be_built_is_counted_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "data: {axes: 3, frequency_hz: 50, classes: 4}\n"
        "window: {size_ms: 100, stride: 1.0}\n"
        "preprocessing: raw\n"
        "architecture: {type: conv1d, depth: [1, 4]}\n"
        "training: {optimizer: adam, batch_size: 32, epochs: 5, patience: 2}\n"
        "compression: int8\n"
    )

    result = run(str(path), "--samples", "20")

    assert "of 20 cannot be built: conv1d: 4 blocks dividing time by 2 each leave nothing of 5 steps" in result.stdout


def test_a_space_that_names_no_data_cannot_be_costed(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "window: {size_ms: 100, stride: 1.0}\n"
        "preprocessing: raw\n"
        "architecture: dense\n"
        "training: {optimizer: adam, batch_size: 32, epochs: 5, patience: 2}\n"
        "compression: int8\n"
    )

    assert "has no key 'data'" in str(run(str(path)).exception)
