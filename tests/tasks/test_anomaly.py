import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner import Study
from tuner.candidate import Settings
from tuner.data import open_dataset
from tuner.data.splits import split
from tuner.errors import BuildError, DataError
from tuner.models import build
from tuner.report.answers import answers
from tuner.search_space import load_space
from tuner.tasks import task_named, taught


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty recordings of a machine at two speeds, of which a third rattle."""
    folder = tmp_path_factory.mktemp("machine")
    rng = np.random.default_rng(0)
    times = np.arange(100) / 50
    for label, hertz, rattle in (("slow", 3.0, 0.0), ("fast", 6.0, 0.0), ("loose", 6.0, 0.8)):
        (folder / label).mkdir()
        for take in range(20):
            values = np.sin(2 * np.pi * hertz * times + rng.uniform(0, 6)) + rattle * rng.normal(size=100)
            axes = np.stack([values, 0.5 * values], axis=1) + 0.05 * rng.normal(size=(100, 2))
            np.savetxt(folder / label / f"{take}.csv", axes, fmt="%.4f", delimiter=",", header="x,y", comments="")
    (folder / "dataset.yaml").write_text("frequency: 50 Hz\nnormal: [slow, fast]\n", encoding="utf-8")
    return folder


SPACE: dict[str, Any] = {
    "window": {"size_ms": 1000, "stride": 0.5},
    "preprocessing": [{"type": "flatten"}],
    "architecture": ["none", {"type": "autoencoder", "neurons": [12], "bottleneck": [4]}],
    "training": {"optimizer": {"type": "adam", "learning_rate": 0.01}, "batch_size": 8, "epochs": 20, "patience": 20},
    "compression": "int8",
    "anomaly": [
        {"type": "none", "beside": ["autoencoder"]},
        {"type": "kmeans", "beside": ["none"], "clusters": [3]},
        {"type": "gmm", "beside": ["none"], "components": [2]},
    ],
}


@pytest.fixture(scope="module")
def study(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study.create(
        {
            "name": "machine",
            "dataset": {"path": str(machine)},
            "task": "anomaly",
            "search_space": SPACE,
            "devices": ["raspberry-pi-pico"],
            "sampler": {"type": "random"},
            "workers": 0,
        },
        studies=tmp_path_factory.mktemp("studies"),
    )
    study.run(trials=6)
    return study


def test_normal_classes_become_one(machine: Path) -> None:
    assert open_dataset(machine).labels == ("loose", "normal")


def test_data_without_normal_recordings_is_refused(machine: Path) -> None:
    dataset = open_dataset(machine, normal=())

    with pytest.raises(DataError, match="its classes are fast, loose, slow, one of them should be 'normal'") as refusal:
        task_named("anomaly").check(dataset, split(dataset))

    assert "normal: [...]" in refusal.value.hint


def test_only_normal_windows_are_learned() -> None:
    np.testing.assert_array_equal(taught(task_named("anomaly"), np.array([0, 1, 0])), [True, False, True])
    assert taught(task_named("classification"), np.array([0, 1, 2])).all()


def test_blocks_and_autoencoders_find_the_anomalies(study: Study) -> None:
    kinds = {trial.candidate.architecture.type + trial.candidate.anomaly.type for trial in study.trials}

    assert kinds == {"autoencodernone", "nonekmeans", "nonegmm"}
    for trial in study.trials:
        assert trial.score is not None
        assert trial.score > 0.9
        assert trial.training is not None
        assert trial.training.converted.false_alarms < 0.35


def test_a_block_alone_needs_neither_arena_nor_interpreter(study: Study) -> None:
    trial = next(trial for trial in study.trials if trial.candidate.anomaly.type == "kmeans")
    assert trial.appraisal is not None
    assert trial.predicted is not None

    cost = trial.appraisal.cost("raspberry-pi-pico")

    assert [part.name for part in cost.flash.parts] == ["network", "preprocessing", "anomaly", "runtime"]
    assert [part.estimate.value for part in cost.ram.parts if part.name == "network"] == [0]
    assert cost.flash.total.value == trial.predicted.cost("raspberry-pi-pico").flash.total.value < 4096


def test_the_front_is_scored_on_the_test_split(study: Study) -> None:
    for trial in study.front("raspberry-pi-pico"):
        assert trial.test is not None
        assert trial.test.quality > 0.8


def test_a_block_is_exported_as_c_with_golden_scores(study: Study, tmp_path: Path) -> None:
    trial = next(t for t in study.front("raspberry-pi-pico") if t.candidate.architecture.type == "none")

    study.export(trial, "raspberry-pi-pico", tmp_path)

    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "anomaly.c",
        "anomaly.h",
        "golden.json",
        "manifest.json",
    ]
    assert manifest["input"] is None
    assert manifest["anomaly"]["score"] == trial.candidate.anomaly.type
    golden = json.loads((tmp_path / "golden.json").read_text())
    strange = {window["label"]: window["anomaly_score"] > manifest["anomaly"]["threshold"] for window in golden}
    assert strange["loose"]


def test_the_report_shows_found_anomalies_against_false_alarms(study: Study, tmp_path: Path) -> None:
    best = study.front("raspberry-pi-pico")[0]
    assert best.training is not None

    study.report(tmp_path / "report.html")

    assert answers(best.training.converted).title == "How well anomalies stand out"
    assert "How well anomalies stand out" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("architecture", "task", "message"),
    [
        ("dense", "anomaly", "wants an architecture that answers with its input"),
        ("autoencoder", "classification", "goes with the task 'anomaly' alone"),
        ("none", "regression", "without a network there is no answer"),
    ],
)
def test_architectures_that_do_not_go_with_the_task_are_refused(architecture: str, task: str, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        build(Settings(architecture), (8,), task_named(task).output(2))


def test_a_block_beside_a_classifier_is_costed_and_exported_with_it(toy_motion: Path, tmp_path: Path) -> None:
    space = {**SPACE, "architecture": [{"type": "dense", "neurons": [8]}], "anomaly": [{"type": "gmm"}]}
    study = Study.create(
        {
            "name": "beside",
            "dataset": {"path": str(toy_motion)},
            "search_space": space,
            "devices": ["raspberry-pi-pico"],
            "workers": 0,
        },
        studies=tmp_path / "studies",
    )
    study.run(trials=1)
    (trial,) = study.trials

    study.export(trial, "raspberry-pi-pico", tmp_path / "firmware")

    assert trial.appraisal is not None
    assert "anomaly" in [part.name for part in trial.appraisal.cost("raspberry-pi-pico").latency.parts]
    assert {"model.tflite", "anomaly.c", "anomaly.h"} <= {path.name for path in (tmp_path / "firmware").iterdir()}


def test_the_shipped_space_finds_a_coin_on_a_fan(shared: Path, tmp_path: Path) -> None:
    """A coin taped to a blade of a ceiling fan; the sensor's place differs between sessions too, which helps."""
    fan = shared / "datasets/vibration_ceiling_fan"
    weights = [f"fan_0_{speed}_0_weight" for speed in ("high", "med", "low", "off")]
    options = {"frequency": "200 Hz", "normal": [*weights, "fan_0_low-deploy"]}
    study = Study.create(
        {
            "name": "fan",
            "dataset": {"path": str(fan), "options": options},
            "task": "anomaly",
            "search_space": "anomaly",
            "devices": ["raspberry-pi-pico"],
            "workers": 0,
            "seed": 1,
        },
        studies=tmp_path,
    )

    study.run(trials=3)

    assert study.front("raspberry-pi-pico")[0].score > 0.95


def test_spaces_say_which_architectures_a_block_goes_with() -> None:
    space = load_space(SPACE)

    assert space.size() == 3
    assert "anomaly.kmeans|gmm" in space.parameters()
