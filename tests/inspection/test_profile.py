"""`tuner profile` and `tuner check`: exact figures, a published schema, a gate with exit codes."""

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from tests.devices.firmware import firmwares
from tuner.cli.profile import check, profile
from tuner.devices.macs import graph_macs
from tuner.devices.profile import load_profile
from tuner.errors import InputError, ModelError
from tuner.inspection.document import json_schema, to_json
from tuner.inspection.inspect import inspect, with_runtime
from tuner.inspection.page import render

_DEVICE = {
    "m0": "cortex-m0plus-48mhz",
    "m3": "cortex-m3-100mhz",
    "m4": "cortex-m4f-80mhz",
    "m7": "cortex-m7-216mhz",
    "m33": "cortex-m33-128mhz",
    "m55": "cortex-m55-160mhz",
}
_STACKS = ["m0-cmsis-o3", "m0-ref-os", "m3-ref-o3", "m33-cmsis-o3", "m4-cmsis-o3", "m4-cmsis-os", "m4-cmsis-tflm"]
_STACKS += ["m4-ref-o3", "m4-ref-os", "m55-cmsis-o3", "m7-cmsis-o3"]
_KERNELS = {"cmsis": "cmsis-nn", "ref": "reference"}
_SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "profile.schema.json"

app = typer.Typer()
app.command()(profile)
app.command()(check)


@pytest.fixture(scope="module")
def model(shared) -> Path:
    return shared / "measurements" / "firmware" / "models" / "kws.tflite"


def _json(*arguments: str):
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)


def test_the_published_schema_is_that_of_the_code():
    assert json.loads(_SCHEMA.read_text(encoding="utf-8")) == json_schema()


def test_the_ram_is_told_by_memory_region(model):
    profile = load_profile("stm32f746g-discovery")

    (device,) = to_json(inspect(model.read_bytes(), [profile]))

    regions = device["ram"]["regions"]
    assert [region["name"] for region in regions] == [region.name for region in profile.ram]
    assert sum(region["model_bytes"] for region in regions) == device["ram"]["total_bytes"]
    (home,) = [region for region in regions if region["model_bytes"]]
    assert home["name"] == profile.arena_region.name
    assert home["size_bytes"] - home["reserved_bytes"] == profile.ram_for_model


def test_what_is_printed_for_every_device_follows_the_schema(model):
    printed = _json("profile", str(model), "--all")

    jsonschema.validate(printed, json_schema())
    assert len(printed) > 10
    assert {"device", "fits", "reasons", "ram", "flash", "latency", "energy_mj", "operators"} == set(printed[0])


@pytest.mark.parametrize("stack", _STACKS)
def test_generic_cores_give_the_arena_of_real_firmware(shared, stack):
    cpu, kernels, build = stack.split("-")
    device = with_runtime(load_profile(_DEVICE[cpu]), _KERNELS[kernels], build)

    for firmware in (each for each in firmwares(shared) if each.stack == stack):
        content = (shared / "measurements" / "firmware" / firmware.row["file"]).read_bytes()
        (printed,) = to_json(inspect(content, [device]))
        assert printed["ram"]["arena_used_bytes"] == firmware.bytes("arena_used"), firmware.model
        assert printed["ram"]["arena_min_bytes"] == firmware.bytes("arena_min"), firmware.model
        assert printed["flash"]["model_bytes"] == firmware.bytes("flash_model"), firmware.model
        assert printed["flash"]["code_bytes"] == pytest.approx(firmware.bytes("flash_code"), rel=0.05), firmware.model


def test_kernels_and_build_override_the_profile(model):
    (usual,) = _json("profile", str(model), "--device", "cortex-m4f-80mhz")
    (other,) = _json("profile", str(model), "--device", "cortex-m4f-80mhz", "--kernels", "reference", "--build", "os")

    assert other["flash"]["code_bytes"] < usual["flash"]["code_bytes"]
    assert other["latency"]["instructions"] > usual["latency"]["instructions"]


def test_operators_add_up_to_the_whole(model):
    (printed,) = _json("profile", str(model), "--device", "cortex-m4f-80mhz")

    operators = printed["operators"]
    assert [operator["index"] for operator in operators] == list(range(12))
    assert sum(operator["macs"] for operator in operators) == 2656768
    assert sum(operator["ms"] for operator in operators) == pytest.approx(printed["latency"]["ms"], rel=0.05)
    assert max(operator["live_bytes"] for operator in operators) <= printed["ram"]["arena_head_bytes"]


def test_a_neural_processing_unit_takes_operators_off_the_core(model):
    without, with_unit = _json(
        "profile", str(model), "--device", "cortex-m55-160mhz", "--device", "cortex-m55-160mhz-ethos-u55-128"
    )

    assert with_unit["latency"]["ms"] < without["latency"]["ms"]
    assert with_unit["latency"]["instructions"] < without["latency"]["instructions"]
    assert with_unit["flash"]["code_bytes"] < without["flash"]["code_bytes"]
    assert with_unit["operators"][0]["kernel"] == "ethos-u55-128"
    assert with_unit["operators"][0]["ms"] is None
    ram = with_unit["ram"]
    assert ram["arena_used_bytes"] == ram["arena_head_bytes"] + ram["arena_tail_bytes"]


@pytest.mark.parametrize(
    "name", ["mcunet/mcunet-320kb-1mb_imagenet", "stm32_zoo/COCO__ssd_mobilenet_v1_025_192_int8__479ed906"]
)
def test_a_model_that_the_compiler_of_a_unit_refuses_or_dies_of_is_costed_on_the_core(shared, name):
    model = shared / "measurements" / "models" / f"{name}.tflite"
    unit = "cortex-m55-160mhz-ethos-u55-128"

    result = CliRunner().invoke(app, ["profile", str(model), "--device", unit], env={"COLUMNS": "200"})

    assert result.exit_code == 0
    assert "the figures are of the core alone" in result.stdout


def test_multiply_accumulates_are_counted_as_the_firmware_rows_count_them(shared):
    models = {firmware.model: firmware for firmware in firmwares(shared)}
    wrong = {
        name: (graph_macs(firmware.graph), firmware.bytes("macs"))
        for name, firmware in models.items()
        if graph_macs(firmware.graph) != firmware.bytes("macs")
    }

    assert wrong == {}


def test_one_device_shows_its_operators(model):
    result = CliRunner().invoke(app, ["profile", str(model), "--device", "cortex-m4f-80mhz"], env={"COLUMNS": "200"})

    assert result.exit_code == 0
    assert "DEPTHWISE_CONV_2D" in result.stdout
    assert "the arena is fullest at operator" in result.stdout


def test_the_page_needs_no_network_and_shows_the_arena(model):
    page = render("kws.tflite", inspect(model.read_bytes(), [load_profile("cortex-m4f-80mhz")]))

    assert "Arena over time" in page
    assert "22,804 B used" in page
    body = page[page.index("<body>") :]
    assert "https://" not in body and "src=" not in body


def test_the_page_is_written_where_asked(model, tmp_path):
    target = tmp_path / "kws.html"

    result = CliRunner().invoke(app, ["profile", str(model), "--device", "cortex-m4f-80mhz", "--html", str(target)])

    assert result.exit_code == 0
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_gate_opens_for_what_fits(model):
    result = CliRunner().invoke(app, ["check", str(model), "--device", "cortex-m4f-80mhz", "--max-latency", "10s"])

    assert result.exit_code == 0
    assert "fits" in result.stdout


def test_the_gate_closes_with_1_and_says_why(model):
    limits = ["--max-latency", "1 ms", "--max-ram", "8 KiB", "--max-flash", "64 KiB"]

    result = CliRunner().invoke(app, ["check", str(model), "--device", "cortex-m4f-80mhz", *limits])

    assert result.exit_code == 1
    assert "arena needs 22.3 KiB, cortex-m4f-80mhz leaves" in result.stdout
    assert "flash needs" in result.stdout
    assert "latency needs" in result.stdout


def test_a_limit_of_nothing_is_a_limit(model):
    result = CliRunner().invoke(app, ["check", str(model), "--device", "cortex-m4f-80mhz", "--max-ram", "0"])

    assert result.exit_code == 1
    assert "RAM needs" in result.stdout


def test_the_gate_writes_a_junit_report(model, tmp_path):
    target = tmp_path / "report.xml"
    arguments = ["check", str(model), "--device", "cortex-m4f-80mhz", "--max-latency", "1ms", "--junit", str(target)]

    result = CliRunner().invoke(app, arguments)

    (suite,) = ElementTree.parse(target).getroot()
    assert result.exit_code == 1
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("cortex-m4f-80mhz", "4", "1")
    (failure,) = suite.iter("failure")
    assert failure.get("message").startswith("latency needs")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["profile", "missing.tflite"], ModelError, "no such file"),
        (["profile", __file__], ModelError, "not a .tflite file"),
        (["profile", "MODEL", "--kernels", "cmsis"], InputError, "--kernels is 'cmsis'"),
        (["profile", "MODEL", "--build", "o9"], InputError, "--build is 'o9'"),
        (["profile", "MODEL", "--all", "--device", "cortex-m4f-80mhz"], InputError, "both given"),
        (["check", "MODEL", "--device", "cortex-m4f-80mhz", "--max-latency", "20"], InputError, "not a duration"),
        (["check", "MODEL", "--device", "cortex-m5"], InputError, "unknown device"),
        (["profile", "MODEL", "--device", "cortex-m4f-80mhz", "--html", "no/such/page.html"], InputError, "be written"),
    ],
)
def test_wrong_input_is_named_with_a_hint(model, arguments, error, message):
    given = [str(model) if argument == "MODEL" else argument for argument in arguments]

    with pytest.raises(error, match=message) as caught:
        CliRunner().invoke(app, given, catch_exceptions=False)

    assert caught.value.hint
