from pathlib import Path

import pytest

from tuner.candidate import Block, Candidate, Settings, Training, Window
from tuner.data import open_dataset
from tuner.errors import BuildError
from tuner.tasks import task_named
from tuner.trial.appraise import Appraiser


def _candidate(block: str, augmentation: Settings) -> Candidate:
    training = Training(Settings.of("adam", learning_rate=0.01), 16, 3, 2, augmentation=augmentation)
    return Candidate(Window(1000, 500), (Block(Settings(block)),), Settings("dense"), training, Settings("int8"))


def test_augmentation_that_the_features_cannot_have_is_refused_without_training(toy_motion: Path) -> None:
    appraiser = Appraiser(open_dataset(toy_motion), task_named("classification"), ())

    with pytest.raises(BuildError, match=r"'shift' needs features over time, this preprocessing gives \d+ values"):
        appraiser(_candidate("flatten", Settings.of("series", shift=0.1)))


def test_augmentation_costs_nothing_on_the_device(toy_motion: Path) -> None:
    appraiser = Appraiser(open_dataset(toy_motion), task_named("classification"), ())

    changed = appraiser(_candidate("raw", Settings.of("series", shift=0.1, mixup=0.2)))

    assert changed == appraiser(_candidate("raw", Settings("none")))
