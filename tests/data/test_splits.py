from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.made import dataset_of
from tuner.data.dataset import Dataset
from tuner.data.splits import Splits, folds, split
from tuner.errors import DataError

SEEDS = st.integers(0, 1000)


def sides(splits: Splits) -> list[set[str]]:
    return [set(splits.train), set(splits.validation), set(splits.test)]


@given(st.sampled_from(["recording", "group", "time"]), SEEDS, st.integers(3, 9), st.integers(1, 4))
def test_every_recording_is_on_exactly_one_side(by: str, seed: int, people: int, each: int) -> None:
    dataset = dataset_of(labels=2, people=people, each=each)

    splits = split(dataset, by=by, seed=seed)

    assert sorted(splits.train + splits.validation + splits.test) == [r.id for r in dataset.recordings]


@given(SEEDS, st.integers(3, 9))
def test_no_group_stands_on_two_sides(seed: int, people: int) -> None:
    dataset = dataset_of(labels=3, people=people, each=3)

    splits = split(dataset, by="group", seed=seed)

    groups = [{dataset.recording(i).group for i in side} for side in sides(splits)]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]


@given(SEEDS)
def test_pieces_of_one_recording_never_stand_on_two_sides(seed: int) -> None:
    dataset = dataset_of(labels=2, people=4, each=2, pieces=5)

    splits = split(dataset, seed=seed)

    sessions = [{dataset.recording(i).session for i in side} for side in sides(splits)]
    assert not sessions[0] & sessions[1] and not sessions[0] & sessions[2] and not sessions[1] & sessions[2]


def test_classes_keep_their_proportions() -> None:
    dataset = dataset_of(labels=4, people=10, each=1)

    splits = split(dataset, validation=0.2, test=0.1)

    for side, expected in zip(sides(splits), (7, 2, 1), strict=True):
        assert Counter(dataset.recording(i).label for i in side) == {f"class{k}": expected for k in range(4)}


def test_three_recordings_of_a_class_reach_all_three_sides() -> None:
    dataset = dataset_of(labels=2, people=3, each=1)

    splits = split(dataset)

    assert [len(side) for side in sides(splits)] == [2, 2, 2]
    assert not splits.warnings


def test_a_split_follows_from_seed_and_recordings_whatever_their_order() -> None:
    dataset = dataset_of(labels=3, people=6, each=2)
    shuffled = replace(dataset, recordings=tuple(reversed(dataset.recordings)))

    assert split(dataset, seed=3) == split(shuffled, seed=3)
    assert split(dataset, seed=3) != split(dataset, seed=4)
    assert split(dataset, by="group", seed=3) == split(shuffled, by="group", seed=3)


def test_a_given_test_split_is_kept() -> None:
    dataset = dataset_of(labels=2, people=6, each=2)
    given_test = {r.id for r in dataset.recordings if r.group == "p0"}
    dataset = marked(dataset, given_test)

    splits = split(dataset, test=0.5, validation=0.2)

    assert set(splits.test) == given_test
    assert len(splits.validation) == 4
    assert "test split as the data set gives it" in splits.scheme


def test_copies_on_both_sides_of_a_given_split_are_told() -> None:
    dataset = marked(dataset_of(labels=2, people=6, each=1), {"class0/p0_0.csv@000", "class1/p0_0.csv@000"})
    copied = {"class0/p0_0.csv@000", "class0/p1_0.csv@000"}
    dataset = replace(
        dataset, recordings=tuple(replace(r, digest="same") if r.id in copied else r for r in dataset.recordings)
    )

    splits = split(dataset)

    assert splits.warnings == ("recordings with copies on another side of the given splits: 1",)


def test_by_time_the_latest_of_each_class_is_the_test() -> None:
    dataset = dataset_of(labels=2, people=1, each=1, pieces=10)

    splits = split(dataset, by="time")

    for label in dataset.labels:
        ids = [r.id for r in dataset.recordings if r.label == label]
        assert [i for i in ids if i in splits.train] == ids[:6]
        assert [i for i in ids if i in splits.test] == ids[8:]


def test_a_class_missing_from_a_side_is_told() -> None:
    dataset = dataset_of(labels=2, people=5, each=1)
    dataset = replace(
        dataset,
        recordings=tuple(r for r in dataset.recordings if r.label == "class0" or r.group in {"p0", "p1"}),
    )

    splits = split(dataset, by="recording", seed=0)

    assert splits.warnings == ("the test split has no class1",)


def test_without_groups_a_split_by_group_says_how_to_name_them() -> None:
    dataset = dataset_of(labels=2, people=4, each=1)
    dataset = replace(dataset, recordings=tuple(replace(r, group="") for r in dataset.recordings))

    with pytest.raises(DataError, match="no groups to split by") as error:
        split(dataset, by="group")

    assert "group_pattern" in error.value.hint


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (-0.1, 0.2), (0.2, 1.0)])
def test_shares_that_leave_nothing_to_train_on_are_refused(validation: float, test: float) -> None:
    with pytest.raises(DataError, match="leave nothing to train on"):
        split(dataset_of(), validation=validation, test=test)


def test_two_recordings_are_too_few() -> None:
    dataset = dataset_of(labels=1, people=2, each=1)

    with pytest.raises(DataError, match="too few recordings or groups for a test split"):
        split(dataset)


@given(SEEDS, st.sampled_from(["recording", "group"]), st.integers(2, 5))
def test_in_folds_every_recording_outside_the_test_validates_once(seed: int, by: str, count: int) -> None:
    dataset = dataset_of(labels=2, people=7, each=2)

    made = folds(dataset, count=count, by=by, seed=seed)

    tests = {fold.test for fold in made}
    assert len(tests) == 1
    validated = Counter(i for fold in made for i in fold.validation)
    assert set(validated.values()) == {1}
    assert set(validated) == {r.id for r in dataset.recordings} - set(next(iter(tests)))
    assert all(not set(fold.train) & set(fold.validation) for fold in made)


def test_targets_are_spread_over_the_sides() -> None:
    dataset = dataset_of(labels=1, people=50, each=1)
    numbered = tuple(replace(r, label="", target=float(n)) for n, r in enumerate(dataset.recordings))
    dataset = replace(dataset, recordings=numbered)

    splits = split(dataset)

    mean = {
        side: sum(dataset.recording(i).target or 0 for i in ids) / len(ids)
        for side, ids in zip(("train", "validation", "test"), sides(splits), strict=True)
    }
    assert all(abs(value - 24.5) < 5 for value in mean.values()), mean


@given(SEEDS, st.sampled_from(["recording", "group"]))
def test_copies_of_a_recording_stay_on_one_side(seed: int, by: str) -> None:
    dataset = dataset_of(labels=2, people=8, each=2)
    copied = {"class0/p0_0.csv@000", "class1/p1_1.csv@000", "class0/p2_0.csv@000"}
    dataset = replace(
        dataset, recordings=tuple(replace(r, digest="same") if r.id in copied else r for r in dataset.recordings)
    )

    splits = split(dataset, by=by, seed=seed)

    assert sum(bool(side & copied) for side in sides(splits)) == 1


def test_time_goes_as_people_number_files() -> None:
    dataset = dataset_of(labels=1, people=1, each=12)
    whole = tuple(replace(r, session=r.path, id=r.path) for r in dataset.recordings)

    splits = split(replace(dataset, recordings=whole), by="time")

    assert set(splits.test) == {"class0/p0_10.csv", "class0/p0_11.csv"}


def marked(dataset: Dataset, test: set[str]) -> Dataset:
    return replace(
        dataset, recordings=tuple(replace(r, split="test" if r.id in test else "train") for r in dataset.recordings)
    )
