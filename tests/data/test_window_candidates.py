from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.made import dataset_of
from tuner.data.dataset import Dataset
from tuner.data.window_candidates import window_candidates
from tuner.data.windows import count_windows


def of_lengths(*samples: int, labels: tuple[str, ...] = ("a", "b")) -> Dataset:
    made = dataset_of(labels=1, people=len(samples), each=1)
    recordings = tuple(
        replace(recording, shape=(length, 3), label=labels[n % len(labels)])
        for n, (recording, length) in enumerate(zip(made.recordings, samples, strict=True))
    )
    return replace(made, recordings=recordings)


@given(st.lists(st.integers(20, 5000), min_size=2, max_size=12))
def test_counts_are_those_that_cutting_gives(samples: list[int]) -> None:
    dataset = of_lengths(*samples)
    candidates = window_candidates(dataset)

    for candidate in candidates.event + candidates.continuous:
        if candidate.count:
            counts = count_windows(dataset, [r.id for r in dataset.recordings], candidate.window)
            assert candidate.count == counts.sum()
            assert candidate.left_out == (counts == 0).sum()


def test_the_longest_event_window_holds_every_recording_and_says_what_it_pads() -> None:
    candidates = window_candidates(of_lengths(50, 100))

    longest = candidates.event[-1]
    assert longest.samples == 100
    assert longest.count == 2
    assert longest.padded == 0.25


def test_continuous_windows_are_round_and_at_most_half_a_recording() -> None:
    candidates = window_candidates(of_lengths(500, 500))

    sizes = {candidate.window.size_ms for candidate in candidates.continuous}
    assert sizes == {500, 1000, 2000, 5000}
    assert {c.window.stride_ms / c.window.size_ms for c in candidates.continuous} == {0.5, 1.0}


def test_balance_is_one_for_equal_classes_and_nothing_for_a_single_one() -> None:
    even = window_candidates(of_lengths(500, 500)).continuous[0]
    uneven = window_candidates(of_lengths(5000, 500)).continuous[0]
    single = window_candidates(of_lengths(500, 100, labels=("a", "b"))).continuous[-2]

    assert even.balance == pytest.approx(1)
    assert 0.3 < uneven.balance < 0.6
    assert dict(single.per_class)["b"] == 0
    assert single.balance == 0


def test_few_windows_of_a_class_are_not_enough() -> None:
    candidates = window_candidates(of_lengths(5000, 300)).continuous

    assert not candidates[-2].is_enough
    assert candidates[1].is_enough


def test_images_have_no_windows() -> None:
    made = dataset_of()
    images = replace(made, recordings=tuple(replace(r, shape=(8, 8, 3)) for r in made.recordings))

    assert window_candidates(images).event == ()
