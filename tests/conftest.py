import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tuner import Study

settings.register_profile("tuner", deadline=None)  # how long an example takes depends on what else the machine does
settings.load_profile("tuner")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference facts and data sets beside the checkout; tests that need it skip without it."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the reference material (../shared) is not beside this checkout")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; tests that need it skip where none is installed. Playwright occupies the thread's event loop
    for as long as it lives, hence one a module."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        # Without a sandbox, for continuous integration runs as root in a container.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def toy_motion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 36 short recordings of three axes at 50 Hz: three gestures by six people, easily told apart."""
    folder = tmp_path_factory.mktemp("toy-motion")
    rng = np.random.default_rng(0)
    times = np.arange(200) / 50
    for label, hertz in (("circle", 1.5), ("shake", 6.0), ("still", 0.0)):
        (folder / label).mkdir()
        for person in range(6):
            for take in range(2):
                phase, amplitude = rng.uniform(0, 6), rng.uniform(0.7, 1.3)
                angle = 2 * np.pi * hertz * times + phase
                axes = amplitude * np.stack([np.sin(angle), np.cos(angle), 0.3 * np.sin(2 * angle)], axis=1)
                values = axes * (hertz > 0) + 0.1 * rng.standard_normal(axes.shape)
                np.savetxt(
                    folder / label / f"person{person}_{take}.csv",
                    values,
                    fmt="%.4f",
                    delimiter=",",
                    header="ax,ay,az",
                    comments="",
                )
    (folder / "dataset.yaml").write_text("frequency: 50 Hz\ngroup_pattern: 'person\\d+'\n", encoding="utf-8")
    return folder


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


@pytest.fixture(scope="session")
def toy_loads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 40 recordings of a motor that vibrates the more, the larger its load, which is to be predicted."""
    folder = tmp_path_factory.mktemp("toy-loads")
    rng = np.random.default_rng(0)
    times = np.arange(100) / 50
    for take in range(40):
        load = 400 + 100 * rng.uniform()
        values = (load - 380) / 60 * np.sin(2 * np.pi * 5 * times + rng.uniform(0, 6))
        rows = (values + 0.05 * rng.standard_normal(100))[:, np.newaxis]
        np.savetxt(folder / f"{take}-{load:.1f}W.csv", rows, fmt="%.4f", header="ax", comments="")
    (folder / "dataset.yaml").write_text("frequency: 50 Hz\ntarget_pattern: '-(.*)W'\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def toy_space() -> dict[str, object]:
    """A small conditional space: two preprocessings, two families, both compressions, a few epochs."""
    return {
        "window": {"size_ms": [1000, 2000], "stride": [0.5]},
        "preprocessing": [{"type": "flatten"}, {"type": "raw"}],
        "architecture": [
            {"type": "dense", "layers": [1, 2], "neurons": {"min": 4, "max": 32, "log": True}, "dropout": [0.0]},
            {
                "type": "conv1d",
                "after": ["raw"],
                "depth": [1, 2],
                "filters": [4, 8],
                "kernel": [3],
                "pool": ["max"],
                "batch_norm": [True],
                "head": ["global"],
            },
        ],
        "training": {
            "optimizer": {"type": "adam", "learning_rate": [0.01]},
            "batch_size": [16],
            "epochs": 4,
            "patience": 4,
        },
        "compression": ["float32", "int8"],
    }


@pytest.fixture(scope="session")
def toy_spec(toy_motion: Path, toy_space: dict[str, object]) -> dict[str, object]:
    """What a small study file would say."""
    return {
        "name": "toy",
        "dataset": {"path": str(toy_motion), "split": {"by": "group", "validation": 0.34, "test": 0.17}},
        "search_space": toy_space,
        "devices": ["raspberry-pi-pico", "stm32f746g-discovery"],
        "limits": {"trials": 4, "trial_time": "60 s"},
        "workers": 0,
        "seed": 5,
    }


def _study_of_one(name: str, data: Path, studies: Path) -> Study:
    """Return a study that trained one small network on spectral features and converted it to int8."""
    training = {"optimizer": {"type": "adam", "learning_rate": 0.02}, "batch_size": 8, "epochs": 40, "patience": 40}
    spec = {
        "name": name,
        "dataset": {"path": str(data)},
        "search_space": {
            "window": {"size_ms": 2000, "stride": 1},
            "preprocessing": ["spectral-analysis"],
            "architecture": {"type": "dense", "layers": 1, "neurons": 16},
            "training": training,
            "compression": "int8",
        },
        "devices": ["raspberry-pi-pico"],
        "limits": {"trials": 1},
        "workers": 0,
    }
    study = Study.create(spec, studies=studies)
    study.run()
    return study


@pytest.fixture(scope="session")
def mixtures_study(toy_mixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A finished multi-label study of one trial; not to be changed."""
    return _study_of_one("mixtures", toy_mixtures, tmp_path_factory.mktemp("studies"))


@pytest.fixture(scope="session")
def loads_study(toy_loads: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A finished regression study of one trial; not to be changed."""
    return _study_of_one("loads", toy_loads, tmp_path_factory.mktemp("studies"))


@pytest.fixture(scope="session")
def toy_study(toy_spec: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A finished study; not to be changed."""
    study = Study.create(toy_spec, studies=tmp_path_factory.mktemp("studies"))
    study.run()
    return study


_SIZE = 32
_COLOURS = {"disc": (230, 60, 40), "square": (40, 80, 230)}


@pytest.fixture(scope="session")
def toy_shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 60 images of one to three red discs and blue squares, with COCO annotations."""
    folder = tmp_path_factory.mktemp("toy-shapes")
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for index in range(60):
        canvas = rng.integers(90, 120, (_SIZE, _SIZE, 3)).astype(np.uint8)
        corners = rng.permutation([(0, 0), (0, 16), (16, 0), (16, 16)])[: rng.integers(1, 4)]
        for left, top in corners:
            label = ("disc", "square")[int(rng.integers(2))]
            size = int(rng.integers(7, 11))
            x, y = int(left + rng.integers(0, 16 - size)), int(top + rng.integers(0, 16 - size))
            ys, xs = np.mgrid[:size, :size] - (size - 1) / 2
            inside = (xs**2 + ys**2 <= (size / 2) ** 2) if label == "disc" else np.ones((size, size), bool)
            canvas[y : y + size, x : x + size][inside] = _COLOURS[label]
            annotations.append(
                {
                    "id": len(annotations),
                    "image_id": index,
                    "category_id": int(label == "square"),
                    "bbox": [x, y, size, size],
                }
            )
        name = f"image{index:02d}.png"
        Image.fromarray(canvas).save(folder / name)
        images.append({"id": index, "file_name": name, "width": _SIZE, "height": _SIZE})
    categories = [{"id": 0, "name": "disc"}, {"id": 1, "name": "square"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
