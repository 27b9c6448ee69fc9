import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner import InputError, Study
from tuner.dsp import chain
from tuner.errors import StoreError
from tuner.export import c_array
from tuner.export.manifest import Manifest
from tuner.tflm import Tflm

DEVICE = "raspberry-pi-pico"


@pytest.fixture(scope="module")
def int8_trial(toy_study: Study) -> int:
    trials = [t for t in toy_study.front(DEVICE) if t.candidate.compression.type == "int8"]
    assert trials, "the toy study has an int8 model on its front"
    return trials[0].number


@pytest.fixture(scope="module")
def exported(toy_study: Study, int8_trial: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("firmware")
    toy_study.export(int8_trial, DEVICE, folder)
    return folder


@pytest.fixture(scope="module")
def manifest(exported: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((exported / "manifest.json").read_text(encoding="utf-8"))
    return data


def test_the_manifest_is_of_its_published_schema(manifest: dict[str, Any]) -> None:
    import jsonschema

    published = json.loads(
        (Path(__file__).parents[2] / "docs/schemas/manifest.schema.json").read_text(encoding="utf-8")
    )

    assert published == Manifest.model_json_schema(by_alias=True)
    jsonschema.validate(manifest, published)


def test_the_manifest_names_every_file_by_its_digest(exported: Path, manifest: dict[str, Any]) -> None:
    files = {path.name for path in exported.iterdir()} - {"manifest.json"}

    assert set(manifest["files"]) == files
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest


def test_the_arena_of_the_manifest_is_enough_for_the_real_interpreter_to_be_close(
    exported: Path, manifest: dict[str, Any]
) -> None:
    with Tflm() as tflm:
        host = tflm.arena((exported / "model.tflite").read_bytes())

    # A 64-bit host needs more than the 32-bit device, never less.
    assert 0 < manifest["device"]["arena"]["used_bytes"] < host.total
    assert manifest["device"]["arena"]["minimum_bytes"] >= manifest["device"]["arena"]["used_bytes"]


def test_golden_vectors_can_be_retraced_from_the_manifest_alone(exported: Path, manifest: dict[str, Any]) -> None:
    golden = json.loads((exported / "golden.json").read_text(encoding="utf-8"))
    standardization, source = manifest["standardization"], manifest["input"]

    for vector in golden:
        features = np.array(vector["features"], np.float32)
        mean = np.array(standardization["mean"], np.float32)
        standardized = (features - mean) / np.array(standardization["deviation"], np.float32)
        quantized = np.clip(np.round(standardized / source["scale"]) + source["zero_point"], -128, 127)
        # Rounding half up or half even may differ by one unit where a value lies on the border.
        assert np.abs(quantized.ravel() - np.array(vector["input"])).max() <= 1
        with Tflm() as tflm:
            given = np.array([vector["input"]], np.int8)
            assert tflm.predict((exported / "model.tflite").read_bytes(), given).ravel().tolist() == vector["output"]


def test_golden_features_are_what_preprocessing_makes_of_the_window(
    exported: Path, manifest: dict[str, Any], toy_study: Study, int8_trial: int
) -> None:
    from tuner.signal import Signal

    golden = json.loads((exported / "golden.json").read_text(encoding="utf-8"))
    window = manifest["window"]
    signal = Signal(window["samples"], tuple(window["axes"]), window["frequency_hz"])
    blocks = toy_study.trial(int8_trial).candidate.preprocessing

    for vector in golden:
        features = chain.extract_all(blocks, np.array([vector["window"]], np.float32), signal)
        assert features[0] == pytest.approx(np.array(vector["features"]), rel=1e-6)
    assert {vector["label"] for vector in golden} == set(manifest["labels"])


def test_the_c_array_compiles_to_the_models_bytes(exported: Path, tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler is installed")
    (tmp_path / "main.cc").write_text(
        '#include <cstdio>\n#include "model.h"\nint main() { fwrite(toy, 1, toy_len, stdout); }\n', encoding="ascii"
    )
    binary = tmp_path / "main"
    subprocess.run(
        [compiler, "-std=c++11", f"-I{exported}", exported / "model.cc", tmp_path / "main.cc", "-o", binary], check=True
    )

    assert subprocess.run([binary], capture_output=True, check=True).stdout == (exported / "model.tflite").read_bytes()


def test_the_header_states_the_arena_that_works(exported: Path, manifest: dict[str, Any]) -> None:
    header = (exported / "model.h").read_text(encoding="utf-8")

    (arena,) = re.findall(r"#define TOY_ARENA_BYTES (\d+)", header)
    assert int(arena) == manifest["device"]["arena"]["minimum_bytes"]


def test_a_model_that_was_not_kept_cannot_be_exported(toy_study: Study, int8_trial: int, tmp_path: Path) -> None:
    shutil.copytree(toy_study.folder, tmp_path / "toy")
    shutil.rmtree(tmp_path / "toy" / "artifacts")

    with pytest.raises(StoreError, match="its model was not kept"):
        Study.open(tmp_path / "toy").export(int8_trial, DEVICE, tmp_path / "firmware")


def test_exporting_onto_a_file_is_refused(toy_study: Study, int8_trial: int, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InputError, match="is a file, expected a folder"):
        toy_study.export(int8_trial, DEVICE, tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "name"), [("watch-1", "watch_1"), ("1st", "model_1st"), ("ä b", "__b"), ("", "model_")]
)
def test_any_name_becomes_a_c_identifier(text: str, name: str) -> None:
    assert c_array.identifier(text) == name
