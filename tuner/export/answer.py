"""What the values mean that an exported model gives, for the manifest and for C."""

from __future__ import annotations

from dataclasses import dataclass

from tuner.export.manifest import TargetPart
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


def answer_of(labels: tuple[str, ...], result: TrainingResult, output: TensorFormat) -> Answer:
    """Return how the outputs of a trained model are to be read."""
    if "target_mean" in result.fitted:
        return _number(result, output)
    shown = ", ".join(labels).replace("*/", "")
    return Answer(f"Classes, in the order of the outputs: {shown}", (("CLASSES", str(len(labels))),))


def _number(result: TrainingResult, output: TensorFormat) -> Answer:
    mean, deviation = result.fitted["target_mean"][0], result.fitted["target_deviation"][0]
    constants = [("TARGET_MEAN", _literal(mean)), ("TARGET_DEVIATION", _literal(deviation))]
    told = "The output is a standardised number: target = TARGET_MEAN + TARGET_DEVIATION * output."
    if output.quantization is not None:
        constants += [
            ("OUTPUT_SCALE", _literal(output.quantization.scale)),
            ("OUTPUT_ZERO_POINT", f"({output.quantization.zero_point})"),
        ]
        told += " The output of an integer q is OUTPUT_SCALE * (q - OUTPUT_ZERO_POINT)."
    return Answer(told, tuple(constants), TargetPart(mean=mean, deviation=deviation))


def _literal(value: float) -> str:
    """Write a number so that C reads it as a float, in parentheses as it may be negative."""
    text = f"{value:.9g}"
    return f"({text}{'' if set('.en') & set(text) else '.0'}f)"
