import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tuner import Study

DEVICE = "raspberry-pi-pico"


def written(study: Study, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    study.export(0, DEVICE, folder)
    manifest, golden = ((folder / name).read_text(encoding="utf-8") for name in ("manifest.json", "golden.json"))
    return json.loads(manifest), json.loads(golden)


def test_the_manifest_of_a_regression_brings_the_output_to_the_unit_of_the_target(
    loads_study: Study, tmp_path: Path
) -> None:
    manifest, golden = written(loads_study, tmp_path)

    training = loads_study.trials[0].training
    assert training is not None
    assert (manifest["task"], manifest["labels"], manifest["quality"]["metric"]) == ("regression", [], "R²")
    for vector in golden:
        output = manifest["output"]["scale"] * (vector["output"][0] - manifest["output"]["zero_point"])
        answer = manifest["target"]["mean"] + manifest["target"]["deviation"] * output
        assert answer == pytest.approx(vector["target"], abs=6 * training.converted.mae)
    targets = [vector["target"] for vector in golden]
    assert targets == sorted(targets)
    assert targets[-1] - targets[0] > 20


def test_the_header_of_a_regression_computes_the_same_in_c(loads_study: Study, tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler is installed")
    manifest, _ = written(loads_study, tmp_path)
    (tmp_path / "main.cc").write_text(
        '#include <cstdio>\n#include "model.h"\nint main() { float output = LOADS_OUTPUT_SCALE * '
        "(7 - LOADS_OUTPUT_ZERO_POINT);\n"
        'printf("%.9g", LOADS_TARGET_MEAN + LOADS_TARGET_DEVIATION * output); }\n',
        encoding="ascii",
    )

    subprocess.run([compiler, "-std=c++11", tmp_path / "main.cc", "-o", tmp_path / "main"], check=True)
    said = float(subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout)

    output = manifest["output"]["scale"] * (7 - manifest["output"]["zero_point"])
    assert said == pytest.approx(manifest["target"]["mean"] + manifest["target"]["deviation"] * output, rel=1e-5)


def test_the_golden_vectors_of_several_labels_name_them(mixtures_study: Study, tmp_path: Path) -> None:
    manifest, golden = written(mixtures_study, tmp_path)

    assert manifest["target"] is None
    assert {tuple(vector["labels"]) for vector in golden} <= {(), ("fast",), ("slow",), ("slow", "fast")}
    header = (tmp_path / "model.h").read_text(encoding="utf-8")
    assert re.search(r"#define MIXTURES_CLASSES 2\n", header)
