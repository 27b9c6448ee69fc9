"""What the values mean that an exported model gives, for the manifest and for C."""

from __future__ import annotations

from dataclasses import dataclass

from tuner.detection import anchors, centroids
from tuner.detection.anchors import AnchorBoxes
from tuner.detection.centroids import CentroidGrid
from tuner.detection.score import USE
from tuner.export.manifest import DetectionPart, GridPart, TargetPart
from tuner.record import TrainingResult
from tuner.tflite.formats import TensorFormat


@dataclass(frozen=True, slots=True)
class Answer:
    """How firmware reads the outputs."""

    told: str
    """A sentence or two for a comment in C."""
    constants: tuple[tuple[str, str], ...]
    """Names and values to be defined, the names without the model's."""
    target: TargetPart | None = None
    """Of a regression."""
    detection: DetectionPart | None = None
    """Of objects in images."""


def answer_of(
    labels: tuple[str, ...], result: TrainingResult, output: TensorFormat, places: CentroidGrid | AnchorBoxes | None
) -> Answer:
    """Return how the outputs of a trained model are to be read; `places` if they say where something is."""
    if isinstance(places, CentroidGrid):
        return _centroids(labels, places, output)
    if isinstance(places, AnchorBoxes):
        return _boxes(labels, places, output)
    if "target_mean" in result.fitted:
        return _number(result, output)
    if "threshold" in result.fitted:
        return Answer(
            "The outputs are the standardised features again. How strange a window is: the mean of "
            "(output - feature)^2; above ANOMALY_THRESHOLD it is an anomaly.",
            (("ANOMALY_THRESHOLD", _literal(result.fitted["threshold"][0])),),
        )
    return Answer(f"Classes, in the order of the outputs: {_listed(labels)}", (("CLASSES", str(len(labels))),))


def _number(result: TrainingResult, output: TensorFormat) -> Answer:
    mean, deviation = result.fitted["target_mean"][0], result.fitted["target_deviation"][0]
    constants = (("TARGET_MEAN", _literal(mean)), ("TARGET_DEVIATION", _literal(deviation)))
    told = "The output is a standardised number: target = TARGET_MEAN + TARGET_DEVIATION * output."
    more, scale = _scale(output)
    return Answer(told + more, (*constants, *scale), TargetPart(mean=mean, deviation=deviation))


def _scale(output: TensorFormat) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the sentence and the constants that turn integers into real outputs; nothing where they are real."""
    if output.quantization is None:
        return "", ()
    constants = (
        ("OUTPUT_SCALE", _literal(output.quantization.scale)),
        ("OUTPUT_ZERO_POINT", f"({output.quantization.zero_point})"),
    )
    return " The output of an integer q is OUTPUT_SCALE * (q - OUTPUT_ZERO_POINT).", constants


def _centroids(labels: tuple[str, ...], grid: CentroidGrid, output: TensorFormat) -> Answer:
    more, scale = _scale(output)
    told = (
        "The output is a grid, row by row; in each cell the probabilities of nothing and of "
        f"{_listed(labels)}. Touching cells of one class with a probability of at least {centroids.THRESHOLD:g} are "
        "one object, at the mean of their centres weighted by probability."
    )
    sizes = (("CLASSES", str(len(labels))), ("GRID_ROWS", str(grid.rows)), ("GRID_COLUMNS", str(grid.columns)))
    cells = GridPart(rows=grid.rows, columns=grid.columns)
    part = DetectionPart(form="centroids", threshold=centroids.THRESHOLD, grids=(cells,))
    return Answer(told + more, (*sizes, *scale), detection=part)


def _boxes(labels: tuple[str, ...], boxes: AnchorBoxes, output: TensorFormat) -> Answer:
    more, scale = _scale(output)
    told = (
        f"The output has, for each anchor, a logit per class ({_listed(labels)}) and four offsets. A score is "
        "1 / (1 + exp(-logit)). The box's centre is that of the anchor + CENTRE_SCALE * offset[0..1] * its size, its "
        "size the anchor's * exp(SIZE_SCALE * offset[2..3]). manifest.json lists the anchors. Of boxes of one class "
        f"that overlap by more than {anchors.SUPPRESSION:g} (intersection over union), the best remains."
    )
    sizes = (
        ("CLASSES", str(len(labels))),
        ("ANCHORS", str(boxes.count)),
        ("CENTRE_SCALE", _literal(anchors.CENTRE)),
        ("SIZE_SCALE", _literal(anchors.SIZE)),
    )
    part = DetectionPart(
        form="boxes",
        threshold=USE,
        grids=tuple(GridPart(rows=grid.rows, columns=grid.columns, sizes=grid.sizes) for grid in boxes.grids),
        centre_scale=anchors.CENTRE,
        size_scale=anchors.SIZE,
        suppression=anchors.SUPPRESSION,
    )
    return Answer(told + more, (*sizes, *scale), detection=part)


def _listed(labels: tuple[str, ...]) -> str:
    return ", ".join(labels).replace("*/", "")


def _literal(value: float) -> str:
    """Write a number so that C reads it as a float, in parentheses as it may be negative."""
    text = f"{value:.9g}"
    return f"({text}{'' if set('.en') & set(text) else '.0'}f)"
