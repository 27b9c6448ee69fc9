from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tuner.data import Dataset, open_dataset

MakeFolder = Callable[..., Path]


@pytest.fixture
def motion_folder(tmp_path: Path) -> MakeFolder:
    """Make a folder of CSV files `<label>/<person>_<n>.csv`, three axes of noise at 50 Hz."""

    def make(labels: int = 3, people: int = 5, each: int = 2, samples: int = 120, seed: int = 0) -> Path:
        folder = tmp_path / "motion"
        random = np.random.default_rng(seed)
        for label in range(labels):
            for person in range(people):
                for n in range(each):
                    path = folder / f"move{label}" / f"p{person}_{n}.csv"
                    write_csv(path, random.normal(size=(samples + 10 * person, 3)))
        (folder / "dataset.yaml").write_text("frequency: 50 Hz\ngroup_pattern: '/(p\\d+)_'\n")
        return folder

    return make


@pytest.fixture
def motion(motion_folder: MakeFolder) -> Dataset:
    return open_dataset(motion_folder())


def write_csv(path: Path, values: np.ndarray, axes: str = "x,y,z") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, values, fmt="%.5f", delimiter=",", header=axes, comments="")
