from pathlib import Path

import numpy as np
import pytest

from tuner.devices.profile import load_profile
from tuner.errors import ConfigError
from tuner.search.suggest import RandomSuggest
from tuner.search_space import load_space, space_names
from tuner.search_space.survey import survey
from tuner.search_space.values import Constant


@pytest.mark.parametrize("name", space_names())
def test_a_shipped_space_says_what_it_is_for_and_reads_back_equal(name: str) -> None:
    space = load_space(name)

    assert space.name == name
    assert space.spec.title
    assert load_space(space.to_json()) == space


@pytest.mark.parametrize("name", space_names())
def test_most_candidates_of_a_shipped_space_can_be_built_and_some_fit_a_small_board(name: str) -> None:
    space = load_space(name)
    assert space.spec.data is not None

    found = survey(
        space, RandomSuggest(np.random.default_rng(0)), space.spec.data, [load_profile("raspberry-pi-pico")], count=60
    )

    assert found.built >= 0.8 * found.drawn, found.broken
    assert found.fitting["raspberry-pi-pico"] >= 0.3 * found.drawn


def test_a_space_of_ones_own_is_read_from_a_file_and_named_after_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "window: {size_ms: 1000, stride: 1.0}\n"
        "preprocessing: raw\n"
        "architecture: {type: dense, layers: 1}\n"
        "training: {optimizer: adam, batch_size: 32, epochs: 5, patience: 2}\n"
        "compression: int8\n"
    )

    space = load_space(path)

    assert (space.name, space.size()) == ("mine", 1)


def test_an_unknown_name_points_to_the_nearest_shipped_space() -> None:
    with pytest.raises(ConfigError, match=r"no search space is called 'motion-continous'.*did you mean 'motion-cont"):
        load_space("motion-continous")


def test_an_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("window: {size_ms: 1000, stride: 1.0}\n")

    with pytest.raises(ConfigError, match=r"mine.yaml: missing key 'preprocessing'"):
        load_space(path)


def test_a_space_may_include_another_and_change_a_part(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("include: motion-continuous\ntraining: {epochs: 5}\ncompression: int8\n")

    space, base = load_space(path), load_space("motion-continuous")

    assert space.name == "mine"
    assert space.spec.preprocessing == base.spec.preprocessing
    assert space.spec.training == base.spec.training.model_copy(update={"epochs": Constant(5)})
    assert [form.type for form in space.spec.compression] == ["int8"]


def test_an_included_file_is_found_beside_the_one_that_includes_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("include: motion-continuous\ncompression: int8\n")
    (tmp_path / "mine.yaml").write_text("include: base.yaml\ntraining: {epochs: 5}\n")

    assert [form.type for form in load_space(tmp_path / "mine.yaml").spec.compression] == ["int8"]


def test_spaces_that_include_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("include: b.yaml\n")
    (tmp_path / "b.yaml").write_text("include: a.yaml\n")

    with pytest.raises(ConfigError, match=r"spaces include each other: a.yaml → b.yaml → a.yaml"):
        load_space(tmp_path / "a.yaml")
