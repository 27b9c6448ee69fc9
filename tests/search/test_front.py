import itertools

import moocore
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tuner.search.front import knee, non_dominated

coordinates = st.integers(0, 5).map(float) | st.floats(-1e6, 1e6)


few = st.integers(1, 4)
many = st.integers(0, 25)


def point_sets(objectives=few, size=many):
    return st.tuples(size, objectives).flatmap(lambda shape: arrays(float, shape, elements=coordinates))


def dominates(a, b):
    return all(a <= b) and any(a < b)


def by_definition(points):
    return np.array([not any(dominates(other, point) for other in points) for point in points], dtype=bool)


def test_every_set_of_points_on_a_3_by_3_grid_has_the_front_of_the_definition():
    grid = np.array(list(itertools.product(range(3), repeat=2)), dtype=float)

    for chosen in itertools.product((False, True), repeat=len(grid)):
        points = grid[list(chosen)]
        np.testing.assert_array_equal(non_dominated(points), by_definition(points))


@given(point_sets())
def test_the_front_is_the_one_of_the_definition(points):
    np.testing.assert_array_equal(non_dominated(points), by_definition(points))


@given(point_sets(), st.randoms(use_true_random=False))
def test_order_never_changes_the_front(points, random):
    order = list(range(len(points)))
    random.shuffle(order)

    np.testing.assert_array_equal(non_dominated(points[order]), non_dominated(points)[order])


@given(point_sets(objectives=st.integers(2, 4), size=st.integers(1, 25)))
def test_the_front_agrees_with_moocore(points):
    np.testing.assert_array_equal(non_dominated(points), moocore.is_nondominated(points, keep_weakly=True))


def test_all_copies_of_a_point_are_on_the_front_or_none():
    points = [[1, 2], [2, 1], [1, 2], [2, 2], [2, 2]]

    assert non_dominated(points).tolist() == [True, True, True, False, False]


def test_an_infinite_objective_is_beaten_by_any_other_value():
    assert non_dominated([[1.0, np.inf], [1.0, 3.0], [0.5, np.inf]]).tolist() == [False, True, True]


def test_no_points_have_an_empty_front():
    assert non_dominated(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize(("points", "message"), [([1.0, 2.0], "N × M"), ([[1.0, np.nan]], "NaN")])
def test_points_that_are_none_are_refused(points, message):
    with pytest.raises(ValueError, match=message):
        non_dominated(points)


def test_the_knee_is_the_point_nearest_to_the_best_corner():
    assert knee([[0.0, 10.0], [1.0, 1.0], [5.0, 0.5], [10.0, 0.0]]) == 1


def test_the_knee_of_one_point_is_that_point():
    assert knee([[3.0, 4.0, 5.0]]) == 0


@given(point_sets(size=st.integers(1, 25)), st.randoms(use_true_random=False))
def test_the_knee_lies_on_the_front_whatever_the_order(points, random):
    order = list(range(len(points)))
    random.shuffle(order)

    chosen = knee(points)

    assert non_dominated(points)[chosen]
    np.testing.assert_array_equal(points[order][knee(points[order])], points[chosen])


@given(point_sets(objectives=st.just(3), size=st.integers(1, 12)))
def test_units_never_move_the_knee(points):
    points = np.round(points)

    assert knee(points * [1024.0, 8.0, 0.5]) == knee(points)


@pytest.mark.parametrize("points", [np.empty((0, 2)), [[1.0, np.inf]]])
def test_points_without_a_knee_are_refused(points):
    with pytest.raises(ValueError, match="knee"):
        knee(points)
