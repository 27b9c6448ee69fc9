"""Detection: what is in each image, and where. Two tasks, for a network says either points or boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from tuner.candidate import Block
from tuner.data.dataset import Dataset, Recording
from tuner.data.images import placement
from tuner.data.splits import Splits
from tuner.data.windows import Windows
from tuner.detection import anchors, centroids
from tuner.detection.anchors import AnchorBoxes
from tuner.detection.centroids import CentroidGrid
from tuner.detection.objects import clipped, padded
from tuner.detection.score import USE, box_hits, centre_hits, object_scores
from tuner.dsp.block import Float32
from tuner.dsp.image import Image
from tuner.dsp.registry import block
from tuner.errors import BuildError, DataError
from tuner.learning_curve import Yardstick
from tuner.metrics import DetectionScore
from tuner.models.network import Answer, Form, Output
from tuner.record import DatasetSummary
from tuner.tasks.task import Fitted, Reading, Truth


class Detection:
    """Truth: the objects of each image, N × M × 5 (see `tuner.detection.objects`), as the network sees the image."""

    form: ClassVar[Form]
    has_classes: ClassVar[bool] = False

    def check(self, dataset: Dataset, splits: Splits) -> None:
        """Ask for boxes, of each class in every split."""
        if dataset.task != "detection":
            raise DataError(
                f"{dataset.root}: its labels make a {dataset.task}, not a detection",
                hint="detection needs boxes: annotations of COCO, Pascal VOC or YOLO beside the images",
            )
        for part in ("train", "validation", "test"):
            chosen = dataset.select(getattr(splits, part))
            present = {box.label for recording in chosen for box in recording.boxes or ()}
            if absent := sorted(set(dataset.labels) - present):
                raise DataError(
                    f"{dataset.root}: no image of the {part} split shows {', '.join(absent)}",
                    hint="give more images, or a larger share of the data to that split",
                )

    def output(self, labels: int) -> Output:
        """Return the classes of a grid's cells or of boxes."""
        return Output(labels, "softmax", self.form)

    def truth(
        self,
        recordings: Sequence[Recording],
        windows: Windows,
        labels: tuple[str, ...],
        preprocessing: tuple[Block, ...],
    ) -> Truth:
        """Return the objects of each image, moved as the preprocessing moves its pixels."""
        shown = _image(preprocessing).placement(windows.signal)
        height, width = _image(preprocessing).features(windows.signal).shape[:2]
        assert windows.signal.image is not None
        numbers = {label: number for number, label in enumerate(labels)}
        images = []
        for recording in (recordings[index] for index in windows.recordings):
            boxes = recording.boxes or ()
            corners = np.array([[b.x, b.y, b.x + b.width, b.y + b.height] for b in boxes], np.float32).reshape(-1, 4)
            moved = placement(recording.shape, windows.signal.image).then(shown).of(corners)
            kinds = np.array([[numbers[box.label]] for box in boxes], np.float32).reshape(-1, 1)
            images.append(clipped(np.concatenate([kinds, moved / (width, height, width, height)], axis=1)))
        return padded(images)

    def fit(self, truth: Truth) -> Fitted:  # noqa: ARG002 (there is nothing to fit)
        """Return nothing."""
        return {}

    def targets(self, truth: Truth, reading: Reading) -> Truth:
        """Return what each cell or anchor is to say."""
        return _answer(reading).encode(truth)

    def measured(self, measure: float, fitted: Fitted) -> float:  # noqa: ARG002 (F1 has no unit)
        """Return the F1 of cells or anchors."""
        return measure

    def yardstick(self, labels: int, fitted: Fitted) -> Yardstick:  # noqa: ARG002 (F1 has no unit)
        """Return that of an F1."""
        return Yardstick(guessing=0.0, perfect=1.0, span=1.0, text="F1 {:.0%}")

    def score(self, outputs: Float32, truth: Truth, reading: Reading) -> DetectionScore:
        """Decode the answers and compare what was found with what is there."""
        answer = _answer(reading)
        if isinstance(answer, CentroidGrid):
            found = answer.decode(outputs)
            threshold, hits = centroids.THRESHOLD, centre_hits
        else:
            found = answer.decode(outputs, threshold=anchors.THRESHOLD)
            threshold, hits = USE, box_hits
        scores = object_scores(found, truth, reading.labels, hits=hits, threshold=threshold)
        return DetectionScore("F1" if isinstance(answer, CentroidGrid) else "mAP", scores)

    def chance(self, dataset: DatasetSummary) -> float:  # noqa: ARG002 (finding nothing is worth nothing)
        """Return 0, the quality of finding nothing."""
        return 0.0


class DetectionCentroids(Detection):
    """Output: what is in each cell of a grid."""

    name: ClassVar[str] = "detection-centroids"
    metric: ClassVar[str] = "F1"
    measure: ClassVar[str] = "cell F1"
    losses: ClassVar[tuple[str, ...]] = ("weighted_cross_entropy",)
    form: ClassVar[Form] = "centroids"


class DetectionBoxes(Detection):
    """Output: classes and offsets of anchors."""

    name: ClassVar[str] = "detection-boxes"
    metric: ClassVar[str] = "mAP"
    measure: ClassVar[str] = "anchor F1"
    losses: ClassVar[tuple[str, ...]] = ("multibox",)
    form: ClassVar[Form] = "boxes"


def _image(preprocessing: tuple[Block, ...]) -> Image:
    made = block(preprocessing[0].settings)
    if len(preprocessing) != 1 or not isinstance(made, Image):
        raise BuildError("detection needs the preprocessing 'image' alone, to know where objects come to lie")
    return made


def _answer(reading: Reading) -> Answer:
    answer = reading.network.answer
    assert isinstance(answer, CentroidGrid | AnchorBoxes), "the family gives the form of output that the task wants"
    return answer
