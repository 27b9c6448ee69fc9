"""Studies that find objects, from images with boxes to the export."""

import json
import math

import pytest

from tests.tasks.detection import detection_spec
from tuner import Study

CENTROIDS = {"type": "centroids", "backbone": "mobilenet_v1", "width": 0.2, "cut": 3, "head": 16}
BOXES = {
    "type": "boxes",
    "backbone": "mobilenet_v1",
    "width": 0.2,
    "cut": 3,
    "scales": 2,
    "filters": 16,
    "smallest": 0.2,
}


@pytest.mark.parametrize(("architecture", "metric", "least"), [(CENTROIDS, "F1", 0.8), (BOXES, "mAP", 0.5)])
def test_a_study_finds_objects_as_its_architecture_says_them(toy_shapes, tmp_path, architecture, metric, least) -> None:
    study = Study.create(detection_spec(toy_shapes, architecture), studies=tmp_path / "studies")

    study.run()

    (trial,) = study.front("stm32f746g-discovery")
    assert study.summary.metric == metric
    assert trial.training is not None and trial.test is not None
    assert trial.training.converted.metric == trial.test.metric == metric
    assert trial.score >= least
    (predicted,), (inspected,) = trial.predicted.costs, trial.training.inspected.costs
    assert predicted.ram.total.value == inspected.ram.total.value
    study.report(tmp_path / "report.html")
    assert "How well objects are found" in (tmp_path / "report.html").read_text(encoding="utf-8")
    study.export(trial, "stm32f746g-discovery", tmp_path / "firmware")
    _check_export(tmp_path / "firmware", architecture["type"])


def _check_export(folder, form: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    detection, header = manifest["detection"], (folder / "model.h").read_text(encoding="utf-8")
    assert (manifest["task"], detection["form"]) == (f"detection-{form}", form)
    values = math.prod(manifest["output"]["shape"])
    if form == "centroids":
        assert manifest["output"]["shape"][1:] == [detection["grids"][0]["rows"], detection["grids"][0]["columns"], 3]
        assert "_GRID_ROWS 8" in header
    else:
        anchors = sum(grid["rows"] * grid["columns"] * len(grid["sizes"]) for grid in detection["grids"])
        assert values == anchors * (2 + 4)
        assert f"_ANCHORS {anchors}" in header
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    assert {box["label"] for row in golden for box in row["boxes"]} == {"disc", "square"}
    assert all(len(row["output"]) == values for row in golden)
