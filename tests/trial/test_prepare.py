from pathlib import Path

import numpy as np
import pytest

from tuner.candidate import Block, Candidate, Settings, Training, Window
from tuner.data import open_dataset
from tuner.errors import BuildError
from tuner.tasks import task_named
from tuner.trial import prepare
from tuner.trial.task import Context


@pytest.fixture
def context(toy_motion: Path, tmp_path: Path) -> Context:
    dataset = open_dataset(toy_motion)
    ids = tuple(recording.id for recording in dataset.recordings)
    return Context(dataset, task_named("classification"), ids[:24], ids[24:], (), (), 60.0, tmp_path)


def candidate(size_ms: float = 1000) -> Candidate:
    blocks = (Block(Settings.of("flatten", **{"moving-avg-num-windows": 3})),)
    training = Training(Settings.of("adam", learning_rate=0.01), 16, 2, 2)
    return Candidate(
        Window(size_ms, 500), blocks, Settings.of("dense", layers=1, neurons=4), training, Settings("int8")
    )


def test_features_are_the_same_however_few_windows_are_held_at_a_time(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, truth = prepare.features_of(context, candidate(), context.train)
    monkeypatch.setattr(prepare, "_WINDOWS_BYTES", 1)

    batches = list(prepare._batches(context, candidate(), context.train))
    by_recording, truth_by_recording = prepare.features_of(context, candidate(), context.train)

    assert batches == [(recording,) for recording in context.train]
    np.testing.assert_array_equal(by_recording, at_once)
    np.testing.assert_array_equal(truth_by_recording, truth)


def test_a_window_longer_than_every_recording_is_refused(context: Context) -> None:
    with pytest.raises(BuildError, match="longer than every recording"):
        prepare.features_of(context, candidate(size_ms=60_000), context.train)
