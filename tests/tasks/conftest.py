from pathlib import Path

import numpy as np
import pytest

from tuner.candidate import Block, Candidate, Settings, Training, Window


@pytest.fixture
def candidate() -> Candidate:
    training = Training(Settings.of("adam", learning_rate=0.01), batch_size=8, epochs=2, patience=2)
    block = Block(Settings("raw"))
    return Candidate(Window(1000, 1000), (block,), Settings.of("dense", layers=0), training, Settings("int8"))


@pytest.fixture(scope="session")
def toy_mixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 40 recordings of one axis in which a slow and a fast oscillation are each there or not."""
    folder = tmp_path_factory.mktemp("toy-mixtures")
    rng = np.random.default_rng(0)
    times = np.arange(100) / 50
    for name, slow, fast in (("+", 0, 0), ("slow", 1, 0), ("fast", 0, 1), ("slow+fast", 1, 1)):
        (folder / name).mkdir()
        for take in range(10):
            phase = rng.uniform(0, 6)
            values = slow * np.sin(2 * np.pi * 2 * times + phase) + fast * np.sin(2 * np.pi * 11 * times + phase)
            rows = (values + 0.1 * rng.standard_normal(100))[:, np.newaxis]
            np.savetxt(folder / name / f"{take}.csv", rows, fmt="%.4f", header="ax", comments="")
    (folder / "dataset.yaml").write_text("frequency: 50 Hz\nlabel_separator: '+'\n", encoding="utf-8")
    return folder
