import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner.errors import ConfigError
from tuner.search.suggest import RandomSuggest
from tuner.search_space import SearchSpace, load_space
from tuner.search_space.eon import TEMPLATES

IMPULSE: dict[str, Any] = {
    "inputBlocks": [
        {
            "id": 1,
            "type": "time-series",
            "window": [
                {"windowSizeMs": 1000, "windowIncreaseMs": 500},
                {"windowSizeMs": 2000, "windowIncreaseMs": 500},
            ],
            "frequencyHz": [62.5],
            "padZeros": [True],
        }
    ],
    "dspBlocks": [
        {"id": 2, "type": "spectral-analysis", "fft_length": [16, 64], "do-log": [True]},
        {"id": 3, "type": "spectral-analysis", "analysis-type": ["Wavelet"], "wavelet": ["haar"]},
        {"id": 4, "type": "raw", "scale-axes": [1]},
    ],
    "learnBlocks": [
        [
            {
                "id": 5,
                "type": "keras",
                "dimension": ["dense", "conv1d"],
                "denseBaseNeurons": [40, 20],
                "denseLayers": [2],
                "dropout": {"value_type": "float", "bounds": [0.1, 0.5], "log_scale": True},
                "learningRate": [0.0005],
                "trainingCycles": [20, 30],
            }
        ]
    ],
}


def _with(*path: str | int, value: Any) -> list[dict[str, Any]]:
    """Return the space with one key changed."""
    data = [copy.deepcopy(IMPULSE)]
    target: Any = data
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return data


def _loaded(data: Any) -> SearchSpace:
    return load_space({"space": data})


def test_windows_stay_paired() -> None:
    space, suggest = _loaded([IMPULSE]), RandomSuggest(np.random.default_rng(0))

    windows = {space.sample(suggest).window for _ in range(50)}

    assert {(window.size_ms, window.stride_ms) for window in windows} == {(1000, 500), (2000, 500)}
    assert all(window.frequency_hz == 62.5 and window.zero_pad for window in windows)


def test_blocks_of_one_type_become_alternatives_of_their_own() -> None:
    spec = _loaded([IMPULSE]).spec

    assert [block.name for block in spec.preprocessing] == ["spectral-analysis", "spectral-analysis-2", "raw"]


def test_parameters_are_found_with_hyphens_and_underscores() -> None:
    parameters = _loaded([IMPULSE]).parameters()

    assert parameters["preprocessing.spectral-analysis.fft-length"].to_json() == [16, 64]


def test_a_range_object_is_a_range() -> None:
    parameters = _loaded([IMPULSE]).parameters()

    assert parameters["architecture.dense.dropout"].to_json() == {"min": 0.1, "max": 0.5, "log": True}


def test_a_convolution_goes_with_what_has_two_dimensions_only() -> None:
    spec = _loaded([IMPULSE]).spec

    assert {family.type: family.after for family in spec.architecture}["conv1d"] == ("raw",)


def test_training_goes_on_to_the_last_epoch() -> None:
    training = _loaded([IMPULSE]).spec.training

    assert (training.epochs.to_json(), training.patience.to_json()) == ([20, 30], 30)
    assert training.optimizer[0].parameters["learning_rate"].to_json() == 0.0005


def test_each_impulse_keeps_its_own_pairs() -> None:
    other = copy.deepcopy(IMPULSE)
    other["dspBlocks"] = [{"type": "flatten"}]
    other["learnBlocks"][0][0] |= {"dimension": ["dense"], "denseLayers": [3]}

    spec = _loaded([IMPULSE, other]).spec

    assert [(family.name, family.after) for family in spec.architecture] == [
        ("dense", ("spectral-analysis", "spectral-analysis-2", "raw")),
        ("conv1d", ("raw",)),
        ("dense-2", ("flatten",)),
    ]


def test_policies_of_augmentation_become_alternatives() -> None:
    data = {
        "inputBlocks": [{"type": "image", "dimension": [[32, 32]]}],
        "dspBlocks": [{"type": "image"}],
        "learnBlocks": [{"type": "keras", "dimension": ["conv2d"], "augmentationPolicyImage": ["all", "none"]}],
    }

    training = _loaded(data).spec.training

    assert [alternative.type for alternative in training.augmentation] == ["image", "none"]
    assert training.augmentation[0].parameters["flip"].to_json() is True
    assert [alternative.type for alternative in _loaded([IMPULSE]).spec.training.augmentation] == ["none"]


def test_policies_for_spectrograms_become_alternatives_of_their_own() -> None:
    policies = [{"enabled": True, "warping": True, "freqMasking": "low", "gaussianNoise": "high"}, {"enabled": False}]

    training = _loaded(_with(0, "learnBlocks", 0, 0, "augmentationPolicySpectrogram", value=policies)).spec.training

    series, none = training.augmentation
    assert (series.type, none.type) == ("series", "none")
    amounts = {name: part.to_json() for name, part in series.parameters.items()}
    assert amounts == {"frequency_mask": 0.1, "time_mask": 0.0, "noise": 0.45, "warp": 0.1}


def test_image_sizes_become_alternatives() -> None:
    data = {
        "inputBlocks": [{"type": "image", "dimension": [[32, 32], [96, 64]]}],
        "dspBlocks": [{"type": "image", "channels": ["Grayscale"]}],
        "learnBlocks": [{"type": "keras", "dimension": ["conv2d"]}],
    }

    blocks = _loaded(data).spec.preprocessing

    assert [block.name for block in blocks] == ["image-32x32", "image-96x64"]
    assert blocks[1].parameters["imageHeight"].to_json() == 64


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_with(0, "dspBlocks", 0, "fft-lenght", value=[16]), r"\[0\].dspBlocks\[0\].fft-lenght: .*'fft-length'"),
        (_with(0, "dspBlocks", 0, "type", value="eeg"), r"\[0\].dspBlocks\[0\].type: there is no block 'eeg'"),
        (_with(0, "learnBlocks", 0, 0, "type", value="anomaly"), r"\[0\].learnBlocks\[0\]\[0\].type: 'anomaly'"),
        (_with(0, "learnBlocks", 0, 0, "kFolds", value=5), r"learnBlocks\[0\]\[0\].kFolds: has no counterpart"),
        (_with(0, "learnBlocks", 0, 0, "dimension", value=["conv3d"]), "'conv3d' is neither dense nor conv1d"),
        (_with(0, "learnBlocks", 0, 0, "dropout", "bounds", value=[1]), r"dropout.bounds: is \[1\], expected"),
        (_with(0, "inputBlocks", value=[]), r"\[0\].inputBlocks: is missing or empty"),
        (_with(0, "inputBlocks", 0, "type", value="features"), r"inputBlocks\[0\].type: is 'features'"),
        (
            _with(0, "learnBlocks", 0, 0, "augmentationPolicyImage", value=["some"]),
            r"learnBlocks\[0\]\[0\].augmentationPolicyImage: is 'some', expected 'all' or 'none'",
        ),
        (
            _with(0, "learnBlocks", 0, 0, "augmentationPolicyImage", value=[{}]),
            r"learnBlocks\[0\]\[0\].augmentationPolicyImage: is {}, expected 'all' or 'none'",
        ),
        (
            _with(0, "learnBlocks", 0, 0, "augmentationPolicySpectrogram", value={"timeMasking": "much"}),
            r"augmentationPolicySpectrogram.timeMasking: is 'much', expected 'none', 'low' or 'high'",
        ),
        (
            _with(0, "learnBlocks", 0, 0, "augmentationPolicySpectrogram", value={"pitch": "low"}),
            r"augmentationPolicySpectrogram.pitch: has no counterpart",
        ),
        (_with(0, "parameters", value={"x": [1]}), r"\[0\].parameters: has no counterpart"),
        (_with(0, "inputBlocks", 0, "window", 0, "size", value=3), r"window\[0\].size: has no counterpart"),
        ([], "space: is empty"),
        ([3], r"\[0\]: is 3, expected an impulse"),
    ],
)
def test_what_has_no_counterpart_is_named_by_path(data: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"search_space: .*{message}"):
        _loaded(data)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    data = _with(0, "dspBlocks", 0, "a", value=1)
    data[0]["learnBlocks"][0][0]["b"] = 2

    with pytest.raises(ConfigError, match=r"(?s)dspBlocks\[0\].a.*learnBlocks\[0\]\[0\].b"):
        _loaded(data)


def test_a_file_may_hold_the_bare_list(tmp_path: Path) -> None:
    path = tmp_path / "space.json"
    path.write_text(json.dumps([IMPULSE]))

    assert load_space(path).name == "space"


@pytest.mark.parametrize("template", ["motion_continuous", *TEMPLATES])
def test_templates_of_the_reference_are_known_by_name(template: str) -> None:
    assert load_space(template).name == TEMPLATES.get(template, template).replace("_", "-")


@pytest.mark.parametrize(
    ("file", "size"), [("01_motion_notebook_complete.json", 224), ("02_motion_sdk_test_complete.json", 1008)]
)
def test_published_spaces_are_read_as_they_are(file: str, size: int, shared: Path) -> None:
    assert load_space(shared / "reference" / "eon_search_spaces" / file).size() == size


def test_published_fragments_are_reported_by_path(shared: Path) -> None:
    path = shared / "reference" / "eon_search_spaces" / "03_image_transfer_learnblocks_fragment.json"

    with pytest.raises(ConfigError, match=r"learnBlocks\[0\]\[0\].type: 'keras-transfer-image' has no counterpart"):
        load_space(path)
