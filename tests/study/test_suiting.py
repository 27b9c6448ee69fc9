from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.made import dataset_of
from tuner import Study
from tuner.data import open_dataset
from tuner.data.dataset import Dataset
from tuner.errors import BuildError
from tuner.search.suggest import RandomSuggest
from tuner.search_space import load_space
from tuner.study.suiting import suiting_space
from tuner.tasks import task_named, task_of
from tuner.trial.appraise import Appraiser


def recorded(seconds: float, frequency_hz: float) -> Dataset:
    dataset = dataset_of()
    shape = (round(seconds * frequency_hz), 3)
    recordings = tuple(replace(one, shape=shape, frequency_hz=frequency_hz) for one in dataset.recordings)
    return replace(dataset, frequency_hz=frequency_hz, recordings=recordings)


@pytest.mark.parametrize(
    ("seconds", "frequency_hz", "name"),
    [
        (2.0, 50, "motion-event"),
        (60.0, 50, "motion-continuous"),
        (1.0, 16000, "keyword"),
        (2.0, 16000, "audio-event"),
        (30.0, 16000, "audio-continuous"),
    ],
)
def test_the_template_follows_rate_and_duration(seconds: float, frequency_hz: float, name: str) -> None:
    suiting = suiting_space(recorded(seconds, frequency_hz), task_named("classification"))

    assert load_space(suiting.space).name == name
    assert f"“{name}” is the one for" in suiting.reason


def test_windows_fit_the_recordings() -> None:
    dataset = recorded(3600.0, 1.0)

    space = load_space(suiting_space(dataset, task_named("classification")).space)

    assert len(space.spec.window) > 1
    assert all(1000 * 20 <= window.size_ms.to_json() <= 1000 * 3600 for window in space.spec.window)


def test_numbers_have_a_template_of_their_own(toy_loads: Path) -> None:
    dataset = open_dataset(toy_loads)

    assert load_space(suiting_space(dataset, task_of(dataset)).space).name == "regression"


@pytest.mark.parametrize("task", ["detection-centroids", "detection-boxes"])
def test_images_go_by_their_task(task: str) -> None:
    dataset = dataset_of()
    images = replace(dataset, recordings=tuple(replace(one, shape=(48, 48, 3)) for one in dataset.recordings))

    assert suiting_space(images, task_named(task)).space == {"include": f"object-{task}", "name": f"object-{task}"}
    assert suiting_space(images, task_named("classification")).space["name"] == "image-classification"


def test_a_study_that_names_no_space_says_which_it_took_and_why(toy_loads: Path, tmp_path: Path) -> None:
    spec = {"name": "any", "dataset": {"path": str(toy_loads)}, "devices": ["raspberry-pi-pico"]}

    study = Study.create(spec, studies=tmp_path)

    assert study.summary.search_space == "regression"
    page = study.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The study names no search space; “regression” is the one for numbers to be predicted from series." in page


@pytest.mark.parametrize("table", ["ccpp_Folds5x2_pp.csv", "Tecator"])
def test_the_template_for_numbers_builds_networks_for_real_ones(shared: Path, tmp_path: Path, table: str) -> None:
    options = {"target_column": "energy", "rows": "recordings"} if table.endswith("csv") else {}
    dataset = open_dataset(shared / "datasets" / "regression_small" / table, frequency=1.0, **options)
    task = task_of(dataset)
    space = load_space(suiting_space(dataset, task).space)
    appraise = Appraiser(dataset, task, ())
    suggest = RandomSuggest(np.random.default_rng(0))

    built = 0
    for _ in range(40):
        try:
            appraise(space.sample(suggest))
        except BuildError:
            continue
        built += 1
    assert built >= 10
