import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuner.detection.boxes import areas, overlaps, suppressed

PLACES = st.floats(0, 1, width=32)


def box_of(left: float, top: float, width: float, height: float) -> list[float]:
    return [left, top, left + width, top + height]


BOXES = st.lists(st.builds(box_of, PLACES, PLACES, PLACES, PLACES), max_size=12).map(
    lambda rows: np.array(rows, np.float32).reshape(-1, 4)
)


def test_the_overlap_of_a_box_moved_by_half_its_width_is_a_third() -> None:
    first = np.array([[0.0, 0.0, 0.4, 0.4]], np.float32)

    shares = overlaps(first, first + np.array([0.2, 0, 0.2, 0], np.float32))

    np.testing.assert_allclose(shares, [[1 / 3]], rtol=1e-5)


@given(BOXES)
def test_a_box_of_any_size_overlaps_itself_wholly(boxes: np.ndarray) -> None:
    boxes = boxes[areas(boxes) > 1e-6]

    np.testing.assert_allclose(np.diag(overlaps(boxes, boxes)), 1, atol=1e-4)


@given(BOXES, st.floats(0.1, 0.9), st.randoms(use_true_random=False))
def test_suppression_keeps_the_best_and_no_two_that_overlap(boxes, limit, random) -> None:
    scores = np.array([random.random() for _ in boxes], np.float32)

    kept = suppressed(boxes, scores, limit)

    rest = overlaps(boxes[kept], boxes[kept]) - np.eye(len(kept))
    assert not len(boxes) or scores[kept[0]] == scores.max()
    assert rest.max(initial=0) <= limit + 1e-6
    for index in set(range(len(boxes))) - set(kept.tolist()):
        better = kept[scores[kept] >= scores[index]]
        assert overlaps(boxes[index][None], boxes[better]).max() > limit
