import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tuner.candidate import Candidate, Settings
from tuner.errors import ConfigError
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest
from tuner.search_space import SearchSpace, load_space
from tuner.search_space.survey import survey

SPACE: Mapping[str, Any] = {
    "window": {"size_ms": [1000, 2000], "stride": 0.5},
    "preprocessing": [{"type": "flatten", "minimum": [True, False]}, "raw"],
    "architecture": [
        {"type": "dense", "layers": {"min": 1, "max": 3}, "neurons": [8, 16]},
        {"type": "conv1d", "after": ["raw"], "filters": [4, 8], "kernel": 3},
    ],
    "training": {
        "optimizer": {"type": "adam", "learning_rate": 0.001},
        "batch_size": 32,
        "epochs": 5,
        "patience": 2,
    },
    "compression": ["float32", "int8"],
}


def _with(*path: str | int, value: Any) -> dict[str, Any]:
    """Return the space with one key changed."""
    data = copy.deepcopy(dict(SPACE))
    target: Any = data
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return data


def _samples(space: SearchSpace, count: int) -> list[tuple[Candidate, dict[str, Any]]]:
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(count):
        suggest = RecordingSuggest(RandomSuggest(generator))
        drawn.append((space.sample(suggest), dict(suggest.parameters)))
    return drawn


def test_a_candidate_has_every_choice_that_was_made() -> None:
    parameters = {
        "window.size_ms": 2000,
        "preprocessing": "flatten",
        "preprocessing.flatten.minimum": False,
        "architecture.dense.layers": 3,
        "architecture.dense.neurons": 16,
        "compression": "int8",
    }

    candidate = load_space(SPACE).sample(FixedSuggest(parameters))

    assert (candidate.window.size_ms, candidate.window.stride_ms) == (2000, 1000)
    assert candidate.preprocessing[0].settings == Settings.of("flatten", minimum=False)
    assert candidate.architecture == Settings.of("dense", layers=3, neurons=16)
    assert candidate.training.optimizer == Settings.of("adam", learning_rate=0.001)
    assert candidate.compression == Settings("int8")


def test_only_parameters_of_the_chosen_alternatives_are_asked_for() -> None:
    for candidate, parameters in _samples(load_space(SPACE), 50):
        others = {"dense", "conv1d"} - {candidate.architecture.type}
        assert not [name for name in parameters if any(f"architecture.{other}." in name for other in others)]


def test_a_convolution_never_follows_flat_features() -> None:
    pairs = {(c.preprocessing[0].settings.type, c.architecture.type) for c, _ in _samples(load_space(SPACE), 200)}

    assert pairs == {("flatten", "dense"), ("raw", "dense"), ("raw", "conv1d")}


def test_a_parameter_always_has_the_same_alternatives() -> None:
    space = load_space(_with("preprocessing", 1, value={"type": "raw", "scale-axes": [1.0, 2.0]}))
    generator = np.random.default_rng(0)
    domains: dict[str, object] = {}

    for _ in range(100):
        suggest = RecordingSuggest(RandomSuggest(generator))
        space.sample(suggest)
        for name, domain in suggest.domains.items():
            assert domains.setdefault(name, domain) == domain


def test_the_parameters_are_all_that_is_ever_asked_for() -> None:
    space = load_space(SPACE)

    asked = {name for _, parameters in _samples(space, 200) for name in parameters}

    assert set(space.parameters()) == asked


def test_the_size_counts_every_candidate_once() -> None:
    space = load_space(SPACE)

    distinct = {candidate.id for candidate, _ in _samples(space, 3000)}

    assert space.size() == len(distinct) == 2 * (2 * 6 + 1 * (6 + 2)) * 2


def test_augmentations_are_drawn_counted_and_read_back_like_other_alternatives() -> None:
    space = load_space(_with("training", "augmentation", value=["none", {"type": "series", "noise": [0.1, 0.2]}]))

    samples = _samples(space, 3000)

    drawn = {candidate.training.augmentation for candidate, _ in samples}
    asked = {name for _, parameters in samples for name in parameters}
    assert drawn == {Settings("none"), Settings.of("series", noise=0.1), Settings.of("series", noise=0.2)}
    assert {"training.augmentation", "training.augmentation.series.noise"} <= asked == set(space.parameters())
    assert space.size() == 3 * load_space(SPACE).size() == len({candidate.id for candidate, _ in samples})
    assert load_space(space.to_json()).spec == space.spec


@pytest.mark.parametrize("name", ["audio-continuous", "audio-event", "image-classification", "keyword"])
def test_the_augmentations_of_a_shipped_space_go_with_all_of_its_features(name: str) -> None:
    space = load_space(name)

    found = survey(space, RandomSuggest(np.random.default_rng(0)), space.spec.data, (), count=60)

    assert not [reason for reason in found.broken if "augmentation" in reason]
    assert {option.type for option in space.spec.training.augmentation} != {"none"}


def test_a_candidate_whose_augmentation_its_features_cannot_have_is_not_built() -> None:
    space = load_space(
        _with("training", "augmentation", value={"type": "series", "shift": 0.2})
        | {"data": {"axes": 3, "frequency_hz": 50, "classes": 2}}
    )

    found = survey(space, RandomSuggest(np.random.default_rng(0)), space.spec.data, (), count=40)

    flat = "augmentation 'shift' needs features over time, this preprocessing gives"
    assert found.built > 0
    assert found.broken
    assert all(reason.startswith(flat) for reason in found.broken)


def test_a_continuous_space_has_no_size() -> None:
    assert load_space(_with("training", "optimizer", "learning_rate", value={"min": 0.1, "max": 0.2})).size() is None


def test_a_space_written_out_reads_back_equal() -> None:
    space = load_space(SPACE)

    assert load_space(space.to_json()) == space


def test_alternatives_of_one_type_are_told_apart_by_name() -> None:
    blocks = [{"type": "raw"}, {"type": "raw", "name": "scaled", "scale-axes": [2.0, 3.0]}]
    space = load_space(_with("preprocessing", value=blocks))

    scales = {candidate.preprocessing[0].settings.get("scale-axes") for candidate, _ in _samples(space, 50)}

    assert scales == {None, 2.0, 3.0}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_with("architectur", value=[]), "unknown key 'architectur'. Hint: did you mean 'architecture'"),
        (_with("window", value={"size_ms": 1000}), "window.0: a window needs either stride .* or stride_ms"),
        (_with("window", "size_ms", value=[-1]), "window.0: size_ms is -1, expected a number above 0"),
        (_with("window", "size", value=1000), "unknown key 'window.0.size'. Hint: did you mean 'size_ms'"),
        (_with("training", "epochs", value=2.5), "training: epochs is 2.5, expected a whole number"),
        (
            _with("preprocessing", value=["flattn", "raw"]),
            "preprocessing: there is no 'flattn'. Hint: did you mean 'flatten'",
        ),
        (_with("preprocessing", value=["raw", "raw"]), "two alternatives are called 'raw'"),
        (
            _with("preprocessing", 0, "minimun", value=True),
            "preprocessing.flatten: unknown key 'minimun'. Hint: did you mean 'minimum'",
        ),
        (
            _with("architecture", 0, "layers", value={"min": 1, "max": 99}),
            "architecture.dense: .*layers: .*found 99",
        ),
        (
            _with("architecture", 1, "after", value=["rw"]),
            "architecture.conv1d.after: no preprocessing is called 'rw'",
        ),
        (
            _with("training", "optimizer", "rate", value=1),
            "training.optimizer.adam: unknown key 'rate'",
        ),
        (_with("training", "optimizer", "type", value="adm"), "training.optimizer: there is no 'adm'"),
        (_with("preprocessing", 0, value={"name": "a"}), "preprocessing.0: a preprocessing needs either a type or"),
        (
            _with("preprocessing", 0, value={"name": "a", "blocks": ["flatten"], "minimum": True}),
            "preprocessing.0: .*no parameters of its own",
        ),
        (_with("compression", value=["int9"]), "compression: there is no 'int9'. Hint: did you mean 'int8'"),
        (_with("architecture", 0, "neurons", value=[]), "neurons: the list of alternatives is empty"),
    ],
)
def test_what_is_wrong_is_named_by_key_with_the_nearest(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s)search_space: .*{message}"):
        load_space(data)


def _with_fusion() -> dict[str, Any]:
    blocks = [
        {"type": "spectral-analysis", "axes": ["x", "y"], "fft-length": [16, 32]},
        {"type": "flatten", "axes": ["z"]},
    ]
    return _with("preprocessing", 0, value={"name": "fused", "blocks": blocks})


def test_several_blocks_go_together_each_on_its_axes() -> None:
    space = load_space(_with_fusion())

    fused = [
        (candidate, parameters)
        for candidate, parameters in _samples(space, 50)
        if parameters["preprocessing"] == "fused"
    ]

    assert {block.axes for candidate, _ in fused for block in candidate.preprocessing} == {("x", "y"), ("z",)}
    assert all(parameters["preprocessing.fused.spectral-analysis.fft-length"] in (16, 32) for _, parameters in fused)


def test_several_blocks_are_counted_and_read_back_equal() -> None:
    space = load_space(_with_fusion())

    distinct = {candidate.id for candidate, _ in _samples(space, 2000)}

    assert space.size() == len(distinct) == 2 * (2 * 6 + 1 * (6 + 2)) * 2
    assert load_space(space.to_json()) == space


def test_a_preprocessing_that_no_architecture_goes_with_is_refused() -> None:
    data = _with("architecture", value=[{"type": "conv1d", "after": ["raw"]}])

    with pytest.raises(ConfigError, match=r"preprocessing.flatten: no architecture goes with it"):
        load_space(data)


def _with_layers() -> dict[str, Any]:
    layers = [
        {"type": "conv1d", "filters": "$width", "kernel": [3, 5]},
        {"repeat": {"min": 0, "max": 2}, "layers": [{"type": "conv1d", "filters": "$width", "kernel": [3, 5]}]},
    ]
    data = _with("architecture", value=[{"type": "layers", "layers": layers}])
    return data | {"parameters": {"width": [4, 8]}, "preprocessing": ["raw"]}


def test_a_shared_parameter_has_one_value_in_a_candidate() -> None:
    for candidate, parameters in _samples(load_space(_with_layers()), 50):
        widths = {value for name, value in candidate.architecture.items() if name.endswith(".filters")}
        assert widths == {parameters["parameters.width"]}


def test_shared_parameters_and_repeats_are_counted_once() -> None:
    space = load_space(_with_layers())

    distinct = {candidate.id for candidate, _ in _samples(space, 2000)}

    assert space.size() == len(distinct) == 2 * 2 * 2 * (2 + 4 + 8)


def test_a_space_with_layers_reads_back_equal() -> None:
    space = load_space(_with_layers())

    assert load_space(space.to_json()) == space


def test_an_unknown_shared_parameter_names_the_nearest() -> None:
    data = _with_layers() | {"parameters": {"witdh": [4, 8]}}

    with pytest.raises(ConfigError, match=r"\$width: there is no such entry in parameters; did you mean 'witdh'"):
        load_space(data)
