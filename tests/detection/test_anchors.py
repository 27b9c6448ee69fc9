import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuner.detection.anchors import AnchorBoxes, AnchorGrid
from tuner.detection.objects import padded

HEAD = AnchorBoxes(
    (AnchorGrid(6, 6, ((0.15, 0.15), (0.25, 0.12))), AnchorGrid(3, 3, ((0.4, 0.4),))),
    classes=2,
)


def answers_of(truth: np.ndarray) -> np.ndarray:
    """What a network would say that knows the truth."""
    classes = np.stack([np.where(truth[..., 0] == 1 + kind, 8.0, -8.0) for kind in range(2)], axis=-1)
    return np.concatenate([classes, truth[..., 1:]], axis=-1).reshape(len(truth), -1).astype(np.float32)


def test_anchors_go_by_grid_row_column_and_size() -> None:
    boxes = HEAD.boxes()

    assert boxes.shape == (HEAD.count, 4) == (81, 4)
    np.testing.assert_allclose(boxes[3], [0.25 - 0.125, 1 / 12 - 0.06, 0.25 + 0.125, 1 / 12 + 0.06], atol=1e-6)
    np.testing.assert_allclose(boxes[-1], [5 / 6 - 0.2, 5 / 6 - 0.2, 5 / 6 + 0.2, 5 / 6 + 0.2], atol=1e-6)


PLACES = st.floats(0.2, 0.8)
SIZES = st.floats(0.05, 0.6)


@given(st.integers(0, 1), PLACES, PLACES, SIZES, SIZES)
def test_an_object_comes_back_as_it_was_encoded(kind, x, y, width, height) -> None:
    objects = padded([np.array([[kind, x - width / 2, y - height / 2, x + width / 2, y + height / 2]], np.float32)])

    (found,) = HEAD.decode(answers_of(HEAD.encode(objects)), threshold=0.5)

    assert found[:, 0].tolist() == [kind]
    np.testing.assert_allclose(found[0, 2:], objects[0, 0, 1:], atol=1e-4)


def test_an_image_without_objects_has_anchors_for_nothing_alone() -> None:
    truth = HEAD.encode(padded([np.zeros((0, 5), np.float32)]))

    assert not truth.any()
    assert [len(found) for found in HEAD.decode(answers_of(truth), threshold=0.5)] == [0]


def test_an_absurd_answer_gives_boxes_that_are_finite() -> None:
    (found,) = HEAD.decode(np.full((1, HEAD.count * 6), 1e4, np.float32))

    assert np.isfinite(found).all()
