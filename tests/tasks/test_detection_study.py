"""Studies that find objects, from images with boxes to the export."""

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
