import itertools

import moocore
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tuner.search.front import non_dominated
from tuner.search.hypervolume import contribution, hypervolume

levels = st.integers(0, 6).map(lambda level: level / 4) | st.floats(0, 1.5)


few = st.integers(1, 5)
many = st.integers(0, 10)


def point_sets(objectives=few, size=many):
    return st.tuples(size, objectives).flatmap(lambda shape: arrays(float, shape, elements=levels))


def by_inclusion_and_exclusion(points, reference):
    total = 0.0
    for count in range(1, len(points) + 1):
        for chosen in itertools.combinations(points, count):
            box = np.prod(np.maximum(reference - np.max(chosen, axis=0), 0.0))
            total += box if count % 2 else -box
    return total


def test_every_set_of_points_on_a_3_by_3_grid_covers_its_cells():
    grid = np.array(list(itertools.product(range(3), repeat=2)), dtype=float)
    centres = grid + 0.5

    for chosen in itertools.product((False, True), repeat=len(grid)):
        points = grid[list(chosen)]
        cells = sum(any(np.all(point <= centre) for point in points) for centre in centres)
        assert hypervolume(points, [3.0, 3.0]) == cells


@given(point_sets(size=st.integers(0, 6)))
def test_hypervolume_equals_inclusion_and_exclusion(points):
    reference = np.ones(points.shape[1])

    assert hypervolume(points, reference) == pytest.approx(by_inclusion_and_exclusion(points, reference), abs=1e-9)


@given(point_sets(size=st.integers(1, 20)))
def test_hypervolume_agrees_with_moocore(points):
    reference = np.ones(points.shape[1])

    assert hypervolume(points, reference) == pytest.approx(moocore.hypervolume(points, ref=reference), abs=1e-9)


@given(point_sets(size=st.integers(1, 8)))
def test_hypervolume_grows_by_the_contribution_of_a_point(points):
    reference = np.ones(points.shape[1])
    before = hypervolume(points[1:], reference)

    after = hypervolume(points, reference)

    assert after >= before - 1e-12
    assert after - before == pytest.approx(contribution(points[0], points[1:], reference), abs=1e-9)


@given(point_sets(size=st.integers(1, 10)), st.randoms(use_true_random=False))
def test_neither_order_nor_copies_nor_dominated_points_change_the_hypervolume(points, random):
    reference = np.ones(points.shape[1])
    order = list(range(len(points))) + random.choices(range(len(points)), k=3)
    random.shuffle(order)

    front = points[non_dominated(points)]

    assert hypervolume(points[order], reference) == pytest.approx(hypervolume(points, reference), abs=1e-12)
    assert hypervolume(front, reference) == pytest.approx(hypervolume(points, reference), abs=1e-12)


def test_large_fronts_agree_with_moocore():
    rng = np.random.default_rng(0)
    for objectives in (2, 3, 4):
        directions = np.abs(rng.standard_normal((150, objectives)))
        points = 1 - directions / np.linalg.norm(directions, axis=1, keepdims=True)
        reference = np.full(objectives, 1.0)
        assert hypervolume(points, reference) == pytest.approx(moocore.hypervolume(points, ref=reference), rel=1e-9)


def test_a_point_on_the_reference_or_beyond_covers_nothing():
    assert hypervolume([[1.0, 0.0], [0.0, 2.0]], [1.0, 1.0]) == 0.0
    assert contribution([1.0, 0.0], np.empty((0, 2)), [1.0, 1.0]) == 0.0


def test_no_points_cover_nothing():
    assert hypervolume(np.empty((0, 3)), [1.0, 1.0, 1.0]) == 0.0


@pytest.mark.parametrize(
    ("points", "reference"),
    [([[0.0, 0.0]], [1.0]), ([[0.0, 0.0]], [1.0, np.inf]), ([[0.0, np.nan]], [1.0, 1.0]), ([[-np.inf, 0]], [1, 1])],
)
def test_points_that_bound_no_volume_are_refused(points, reference):
    with pytest.raises(ValueError, match=r"reference|NaN"):
        hypervolume(points, reference)
