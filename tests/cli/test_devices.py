from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tuner.cli.devices import devices
from tuner.devices.profile import load_profile, profile_names
from tuner.errors import ConfigError, InputError


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(devices, list(arguments))


def test_the_list_names_every_device_within_a_hundred_columns() -> None:
    result = run()

    assert result.exit_code == 0
    words = {line.split()[0] for line in result.stdout.splitlines() if line.strip()}
    assert set(profile_names()) <= words
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "…" not in result.stdout


def test_the_list_as_json_has_one_object_a_device() -> None:
    listed = json.loads(run("--json").stdout)

    assert [entry["name"] for entry in listed] == list(profile_names())
    pico = next(entry for entry in listed if entry["name"] == "raspberry-pi-pico")
    assert pico["ram_for_model_bytes"] == load_profile("raspberry-pi-pico").ram_for_model
    assert pico["clock_hz"] == 133e6


def test_a_device_is_shown_with_the_source_of_its_figures() -> None:
    result = run("raspberry-pi-pico")

    assert result.exit_code == 0
    assert "264 KiB" in result.stdout
    assert "RP2040 Datasheet" in result.stdout
    assert "free for a model: RAM 240.0 KiB, flash 1.9 MiB" in result.stdout


def test_a_device_as_json_has_its_whole_profile() -> None:
    shown = json.loads(run("grove-vision-ai-v2", "--json").stdout)

    assert shown["npu"] == "ethos-u55-64"
    assert shown["profile"]["ram"][0]["reserved"][0]["size"] == "124 KiB"


def test_every_device_can_be_shown() -> None:
    for name in profile_names():
        assert run(name).exit_code == 0, name


def test_an_unknown_device_is_answered_with_the_nearest() -> None:
    result = run("raspbery-pi-pico")

    assert isinstance(result.exception, ConfigError)
    assert result.exception.hint.startswith("did you mean 'raspberry-pi-pico' or")


def test_a_new_device_starts_from_another_and_is_used_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "my-board.yaml"

    result = run("new", "my-board", "--from", "cortex-m4f-80mhz", "--output", str(file))

    assert result.exit_code == 0
    profile, base = load_profile(file), load_profile("cortex-m4f-80mhz")
    assert profile.name == "my-board"
    assert (profile.processor, profile.ram, profile.flash) == (base.processor, base.ram, base.flash)
    assert "my-board" in run(str(file)).stdout


def test_a_new_device_never_overwrites_a_file(tmp_path: Path) -> None:
    file = tmp_path / "precious.yaml"
    file.write_text("name: mine\n")

    result = run("new", "my-board", "--from", "cortex-m4f-80mhz", "--output", str(file))

    assert isinstance(result.exception, InputError)
    assert file.read_text() == "name: mine\n"


@pytest.mark.parametrize("name", ["My Board", "board_1", "-board"])
def test_a_new_device_needs_a_name_that_files_and_studies_can_have(tmp_path: Path, name: str) -> None:
    result = run("new", "--from", "cortex-m4f-80mhz", "--output", str(tmp_path / "board.yaml"), "--", name)

    assert isinstance(result.exception, ConfigError)
    assert not list(tmp_path.iterdir())
