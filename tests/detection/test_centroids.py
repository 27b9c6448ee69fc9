import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuner.detection.centroids import CentroidGrid
from tuner.detection.objects import clipped, padded

GRID = CentroidGrid(rows=6, columns=8)


def one_hot(truth: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(1 + classes, dtype=np.float32)[truth]


def test_an_object_is_in_the_cell_of_its_centre() -> None:
    objects = padded([np.array([[1, 0.0, 0.0, 0.25, 1 / 3]], np.float32)])

    truth = GRID.encode(objects)

    assert np.argwhere(truth[0]).tolist() == [[1, 1]]
    assert truth[0, 1, 1] == 2


def test_the_larger_of_two_objects_in_a_cell_counts() -> None:
    small, large = [0, 0.49, 0.49, 0.55, 0.55], [1, 0.4, 0.4, 0.62, 0.62]

    truth = GRID.encode(padded([np.array([large, small], np.float32)]))

    assert np.unique(truth).tolist() == [0, 2]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 1)), max_size=6))
def test_decoding_what_was_encoded_finds_each_object_that_stands_alone(cells) -> None:
    far_apart = [
        cell for cell in cells if all(abs(cell[0] - o[0]) > 1 or abs(cell[1] - o[1]) > 1 or o == cell for o in cells)
    ]
    objects = [[c, (x + 0.3) / 8, (y + 0.3) / 6, (x + 0.7) / 8, (y + 0.7) / 6] for y, x, c in dict.fromkeys(far_apart)]
    truth = padded([np.array(objects, np.float32).reshape(-1, 5)])

    (found,) = GRID.decode(one_hot(GRID.encode(truth), classes=2))

    centres = {(int(d[0]), round(float(d[2] + d[4]) * 4 - 0.5), round(float(d[3] + d[5]) * 3 - 0.5)) for d in found}
    assert centres == {(c, x, y) for y, x, c in far_apart}


def test_touching_cells_of_one_class_are_one_object_at_their_weighted_mean() -> None:
    probabilities = np.zeros((1, 6, 8, 2), np.float32)
    probabilities[0, 2, 3:5, 1] = 0.6, 0.9

    (found,) = GRID.decode(probabilities)

    centre = (0.6 * 3.5 + 0.9 * 4.5) / 1.5 / 8
    np.testing.assert_allclose(found, [[0, 0.9, centre - 1 / 16, 2 / 6, centre + 1 / 16, 3 / 6]], rtol=1e-5)


def test_an_object_mostly_outside_the_picture_is_none() -> None:
    objects = np.array([[0, -0.4, 0.1, 0.05, 0.2], [0, -0.1, 0.1, 0.3, 0.2]], np.float32)

    np.testing.assert_allclose(clipped(objects), [[0, 0, 0.1, 0.3, 0.2]])
