from __future__ import annotations

import copy
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tuner.devices.cores import ABILITIES, CORES
from tuner.devices.operators import TFLM_OPERATORS
from tuner.devices.profile import DeviceProfile, load_profile, new_profile, profile_names, profile_yaml
from tuner.errors import ConfigError
from tuner.units import (
    parse_bytes,
    parse_hertz,
    parse_milliwatts,
    write_bytes,
    write_hertz,
    write_milliwatts,
)

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "device_profiles"

NAMED_BY_USERS = (
    "raspberry-pi-pico",
    "arduino-nano-33-ble-sense",
    "stm32f746g-discovery",
    "nucleo-f746zg",
    "esp32-s3-devkitc-1",
    "cortex-m0plus-48mhz",
    "cortex-m3-100mhz",
    "cortex-m4f-80mhz",
    "cortex-m7-216mhz",
    "cortex-m33-128mhz",
    "cortex-m55-160mhz",
)


def facts(name: str = "stm32f746g-discovery") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


# Every shipped profile -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", profile_names())
class TestShippedProfile:
    def test_is_named_like_its_file_and_formatted_canonically(self, name: str) -> None:
        profile = load_profile(name)

        assert profile.name == name
        assert (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") == profile_yaml(profile)

    def test_has_a_plausible_processor(self, name: str) -> None:
        profile = load_profile(name)

        assert 1e6 <= profile.clock_hz <= 3e9
        if profile.kernels == "cmsis-nn":
            assert profile.core.startswith("cortex-m")
        if profile.kernels == "esp-nn":
            assert profile.vendor in {"Espressif", "Seeed Studio", "generic"}
            assert profile.core.startswith(("xtensa", "riscv"))
        if profile.kernels == "xnnpack":
            assert profile.runtime.name == "tflite"

    def test_has_plausible_memories(self, name: str) -> None:
        profile = load_profile(name)

        for region in (*profile.ram, *profile.flash):
            assert region.size % 1024 == 0
            assert 0 <= region.free <= region.size
        assert len({region.name for region in (*profile.ram, *profile.flash)}) == len(profile.ram) + len(profile.flash)
        assert 4 * 1024 <= profile.ram_for_model <= profile.arena_region.size
        assert 32 * 1024 <= profile.flash_for_model <= profile.image_region.size
        assert profile.flash_for_model > profile.ram_for_model or profile.npu or profile.flash[0].kind != "internal"

    def test_keeps_something_for_the_application(self, name: str) -> None:
        profile = load_profile(name)

        assert any(region.reserved for region in profile.ram)
        assert any(region.reserved for region in profile.flash)

    def test_says_where_its_figures_stand(self, name: str) -> None:
        sources = list(_sources(facts(name)))

        assert len(sources) >= 4
        for source in sources:
            assert not re.search(r"todo|unknown|\?|http|^/", source, re.IGNORECASE), source

    def test_states_a_power_that_its_class_can_have(self, name: str) -> None:
        profile = load_profile(name)

        if profile.power is not None:
            assert 0.5 <= profile.power.active <= 5000
            assert profile.power.clock == pytest.approx(profile.clock_hz)


def test_there_are_the_boards_and_cores_that_users_ask_for() -> None:
    names = profile_names()
    boards = [name for name in names if load_profile(name).vendor != "generic"]

    assert set(NAMED_BY_USERS) <= set(names)
    assert len(boards) >= 45


def test_the_generic_cores_keep_what_their_names_promise() -> None:
    generic = [load_profile(name) for name in profile_names() if load_profile(name).vendor == "generic"]

    for profile in generic:
        core, megahertz = re.match(r"(.+?)-(\d+)mhz", profile.name).groups()  # type: ignore[union-attr]
        assert (profile.core, profile.clock_hz) == (core, float(megahertz) * 1e6)
        assert profile.npu is None or profile.npu.accelerator in profile.name
        assert profile.build == "o3"


def test_known_boards_have_the_memory_that_their_datasheets_state() -> None:
    pico, nano = load_profile("raspberry-pi-pico"), load_profile("arduino-nano-33-ble-sense")
    discovery = load_profile("stm32f746g-discovery")

    assert (pico.core, pico.clock_hz, pico.has_fpu, pico.has_dsp) == ("cortex-m0plus", 133e6, False, False)
    assert pico.ram[0].size == 264 * 1024
    assert (nano.core, nano.clock_hz, nano.has_fpu, nano.has_dsp) == ("cortex-m4f", 64e6, True, True)
    assert (nano.ram[0].size, nano.flash[0].size) == (256 * 1024, 1024 * 1024)
    assert (discovery.core, discovery.clock_hz, discovery.ram[0].size) == ("cortex-m7", 216e6, 320 * 1024)


# The schema ----------------------------------------------------------------------------------------------------------


def test_a_figure_cannot_be_written_down_without_a_source() -> None:
    for model in _models(DeviceProfile):
        figures = [
            name
            for name, field in model.model_fields.items()
            if name != "schema_version" and _is_number(field.annotation)
        ]
        assert not figures or "source" in model.model_fields, f"{model.__name__}: {figures}"


def test_every_core_has_stated_abilities() -> None:
    assert set(ABILITIES) == set(CORES)


def test_the_operators_of_the_runtime_are_those_that_its_interpreter_registers() -> None:
    from tflite_micro.python.tflite_micro import _runtime
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

    binary = Path(_runtime.__file__).read_bytes()
    registered = {name.decode() for name in re.findall(rb"Register_([A-Z][A-Z0-9_]*?)Ev", binary)}
    builtin = {name for name in vars(schema.BuiltinOperator) if name.isupper()}

    assert {name for name in TFLM_OPERATORS if not name.startswith("CUSTOM:")} == builtin & registered


def test_a_device_supports_what_its_runtime_has() -> None:
    pico = load_profile("raspberry-pi-pico")

    assert pico.supports("CONV_2D")
    assert not pico.supports("GELU")
    assert load_profile("raspberry-pi-4").supports("GELU")


def test_a_firmware_may_have_fewer_operators_than_its_runtime(tmp_path: Path) -> None:
    data = facts()
    data["runtime"]["operators"] = ["FULLY_CONNECTED", "SOFTMAX"]
    profile = _written(tmp_path, data)

    assert profile.supports("SOFTMAX")
    assert not profile.supports("CONV_2D")


def test_the_arena_goes_where_most_is_free_and_it_may_lie(tmp_path: Path) -> None:
    data = facts()
    sram = data["ram"][0]
    data["ram"] += [
        {**sram, "name": "sdram", "size": "8 MiB", "speed": "external", "arena": False},
        {**sram, "name": "ccm", "size": "64 KiB", "reserved": []},
    ]

    profile = _written(tmp_path, data)

    assert profile.arena_region.name == "sram"
    assert profile.ram_for_model == (320 - 16) * 1024


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda data: data.update(ram_kb=320),
            "my.yaml: unknown key 'ram_kb'. Hint: did you mean 'ram'? Sizes are written like '128 KiB'.",
        ),
        (
            lambda data: data["processor"].update(clock_mhz=216),
            "my.yaml: unknown key 'processor.clock_mhz'. "
            "Hint: did you mean 'clock'? Frequencies are written like '80 MHz'.",
        ),
        (
            lambda data: data["processor"].pop("clock"),
            "my.yaml: missing key 'processor.clock'. Hint: 'clock' is: Clock of the core in normal use, like '80 MHz'.",
        ),
        (
            lambda data: data["flash"][0].pop("source"),
            "my.yaml: missing key 'flash.0.source'. "
            "Hint: 'source' is: Where the figures of this object stand: datasheet by title, or measurement.",
        ),
        (
            lambda data: data["processor"].update(clock="216 megahertz"),
            "my.yaml: processor.clock: '216 megahertz' is not a frequency. "
            "Hint: write it like '80 MHz'; units: Hz, kHz, MHz, GHz",
        ),
        (
            lambda data: data["processor"].update(core="cortex-m8"),
            "my.yaml: processor.core: there is no 'cortex-m8'. Hint: did you mean 'cortex-m85'?",
        ),
        (
            lambda data: data["processor"].update(dsp=False),
            "my.yaml: processor: a cortex-m7 has dsp: true, found false",
        ),
        (
            lambda data: data["ram"][0].update(size="8 KiB"),
            "my.yaml: ram.0: sram: 16.0 KiB are reserved of 8.0 KiB",
        ),
        (
            lambda data: data["ram"][0].update(arena=False),
            "my.yaml: ram: no region has 'arena: true', so the tensor arena has no place",
        ),
        (
            lambda data: data.update(flash=[]),
            "my.yaml: flash: no region has 'image: true', so the model has no place",
        ),
        (
            lambda data: data["runtime"].update(operators=["CONV2D"]),
            "my.yaml: runtime: tflm has no operator 'CONV2D', did you mean 'CONV_2D'?",
        ),
        (
            lambda data: data.update(npu={"accelerator": "ethos-u55-128", "clock": "1 MHz", "source": "datasheet"}),
            "my.yaml: npu: system_config is needed for an Ethos-U",
        ),
        (
            lambda data: data.update(power={"active": 25, "clock": "1 MHz", "source": "datasheet"}),
            "my.yaml: power.active: '25' is not a power. Hint: write it like '25 mW'; units: uW, µW, mW, W",
        ),
    ],
)
def test_a_wrong_file_is_answered_with_what_is_wrong_where_and_what_to_do(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    data = copy.deepcopy(facts())
    change(data)

    with pytest.raises(ConfigError) as caught:
        _written(tmp_path, data)

    assert str(caught.value) == message


def test_an_unknown_device_is_answered_with_similar_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile("nucleo-f746")

    assert caught.value.message == "unknown device 'nucleo-f746'"
    assert caught.value.hint.startswith("did you mean 'nucleo-f746zg'")


def test_part_of_a_name_finds_the_devices_that_contain_it() -> None:
    with pytest.raises(ConfigError, match="raspberry-pi-pico"):
        load_profile("pico")


def test_a_missing_file_is_named_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "my-board.yaml").write_text(profile_yaml(load_profile("cortex-m4f-80mhz")), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"did you mean 'my-board\.yaml'\?"):
        load_profile(tmp_path / "myboard.yaml")


# Reading and writing -------------------------------------------------------------------------------------------------


@given(st.sampled_from(profile_names()), st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)?", fullmatch=True))
def test_a_profile_written_and_read_back_is_the_same(base: str, name: str) -> None:
    profile = new_profile(name, load_profile(base))

    assert DeviceProfile.model_validate(yaml.safe_load(profile_yaml(profile))) == profile


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    data = facts()
    before = _written(tmp_path, data)

    data["processor"]["clock"] = "108 MHz"
    after = _written(tmp_path, data)

    assert (before.clock_hz, after.clock_hz) == (216e6, 108e6)


@given(st.integers(min_value=1, max_value=2**40))
def test_sizes_are_written_so_that_they_read_back(size: int) -> None:
    assert parse_bytes(write_bytes(size)) == size


@given(st.integers(min_value=1, max_value=3 * 10**9))
def test_frequencies_are_written_so_that_they_read_back(hertz: int) -> None:
    assert parse_hertz(write_hertz(hertz)) == pytest.approx(hertz, rel=1e-11)


@given(st.floats(min_value=1e-3, max_value=1e4))
def test_powers_are_written_so_that_they_read_back(milliwatts: float) -> None:
    assert parse_milliwatts(write_milliwatts(milliwatts)) == pytest.approx(milliwatts, rel=1e-11)


def _written(folder: Path, data: dict[str, Any]) -> DeviceProfile:
    file = folder / "my.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load_profile(file)


def _sources(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        yield from (value for key, value in data.items() if key == "source")
        for value in data.values():
            yield from _sources(value)
    elif isinstance(data, list):
        for item in data:
            yield from _sources(item)


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for inner in _types(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _models(inner)


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in typing.get_args(annotation):
        yield from _types(argument)


def _is_number(annotation: Any) -> bool:
    return any(inner in {int, float} for inner in _types(annotation))
