from dataclasses import replace

import numpy as np
import pytest

from tuner.candidate import Block, Settings
from tuner.data import open_dataset
from tuner.data.dataset import Box, Recording
from tuner.data.images import fitted
from tuner.data.splits import split
from tuner.data.windows import Windows
from tuner.detection.objects import present
from tuner.dsp import chain
from tuner.errors import BuildError, ConfigError, DataError
from tuner.models import build
from tuner.models.network import Output
from tuner.signal import Signal
from tuner.tasks import resolved, task_named, task_of

TASK = task_named("detection-centroids")
SOURCE = (60, 80)


def marked(shape: tuple[int, int], box: Box) -> np.ndarray:
    """A dark image with one bright rectangle."""
    image = np.zeros((*shape, 1), np.float32)
    image[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)] = 255
    return image


@pytest.mark.parametrize("shape", [(60, 80), (120, 120), (50, 200)])
@pytest.mark.parametrize("mode", ["squash", "fit-short", "fit-long", "crop"])
@pytest.mark.parametrize("anchor", ["middle-center", "bottom-right"])
def test_a_box_stays_around_its_object_whatever_becomes_of_the_image(shape, mode, anchor) -> None:
    height, width = shape
    box = Box("thing", 0.45 * width, 0.5 * height, 0.2 * width, 0.25 * height)
    box = Box("thing", *(float(int(value)) for value in (box.x, box.y, box.width, box.height)))
    settings = Settings.of(
        "image", channels="Grayscale", imageWidth=56, imageHeight=48, resizeMode=mode, cropAnchor=anchor
    )
    signal = Signal(SOURCE[0] * SOURCE[1], ("gray",), 1.0, 1, image=SOURCE)
    window = fitted(marked(shape, box), SOURCE).reshape(1, -1, 1)
    recording = Recording("a", (*shape, 1), 1.0, "", boxes=(box,))
    windows = Windows(window, np.zeros(1, np.int64), signal)

    truth = TASK.truth([recording], windows, ("thing",), (Block(settings),))

    picture = chain.extract_all((Block(settings),), window, signal)[0, ..., 0]
    rows, columns = np.nonzero(picture > 0.5)
    ((_, left, top, right, bottom),) = present(truth[0])
    np.testing.assert_allclose([left * 56, right * 56], [columns.min(), columns.max() + 1], atol=1.6)
    np.testing.assert_allclose([top * 48, bottom * 48], [rows.min(), rows.max() + 1], atol=1.6)


def test_detection_needs_to_know_where_the_preprocessing_puts_things() -> None:
    signal = Signal(4, ("gray",), 1.0, 1, image=(2, 2))
    windows = Windows(np.zeros((1, 4, 1), np.float32), np.zeros(1, np.int64), signal)

    with pytest.raises(BuildError, match="needs the preprocessing 'image' alone"):
        TASK.truth([Recording("a", (2, 2, 1), 1.0, "", boxes=())], windows, ("thing",), (Block(Settings("raw")),))


def test_a_family_that_says_what_instead_of_where_is_refused_by_name() -> None:
    with pytest.raises(BuildError, match="not where") as raised:
        build(Settings("conv2d"), (32, 32, 3), TASK.output(2))

    assert "'centroids'" in raised.value.hint
    with pytest.raises(BuildError, match="gives centroids, the task wants boxes"):
        build(Settings("centroids"), (32, 32, 3), Output(2, "sigmoid", "boxes"))


def test_the_task_follows_from_the_families_of_the_space(toy_shapes) -> None:
    dataset = open_dataset(toy_shapes)

    assert task_of(dataset).name == task_of(dataset, ["centroids"]).name == "detection-centroids"
    assert task_of(dataset, ["boxes"]).name == "detection-boxes"


def test_data_without_boxes_are_no_detection(toy_motion) -> None:
    dataset = open_dataset(toy_motion)

    with pytest.raises(DataError, match="make a classification, not a detection") as raised:
        TASK.check(dataset, split(dataset, by="recording", validation=0.2, test=0.2, seed=0))

    assert "COCO" in raised.value.hint


def test_a_space_whose_families_say_nothing_of_places_is_refused_when_the_study_is_made(toy_shapes, tmp_path) -> None:
    from tests.tasks.detection import detection_spec
    from tuner import Study

    with pytest.raises(ConfigError, match="architecture 'conv2d' give values, detection-centroids needs centroids"):
        Study.create(detection_spec(toy_shapes, {"type": "conv2d"}), studies=tmp_path)


def test_the_size_of_the_camera_is_part_of_what_the_data_are(toy_shapes) -> None:
    small = open_dataset(toy_shapes, image_size=(16, 24))

    assert small.image_size == (16, 24)
    assert small.fingerprint != open_dataset(toy_shapes).fingerprint


def test_images_are_not_changed_in_ways_that_move_their_objects(candidate) -> None:
    flipped = replace(candidate.training, augmentation=Settings.of("image", flip=True))
    brighter = replace(candidate.training, augmentation=Settings.of("image", brightness=0.1, flip=False))

    assert resolved(TASK, brighter).loss.type == "weighted_cross_entropy"
    with pytest.raises(BuildError, match="augmentation 'flip' moves objects"):
        resolved(TASK, flipped)
