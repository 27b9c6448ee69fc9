"""What firmware must know of an exported model, as a JSON document with a published schema."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Literal["edge-tuner/manifest/1"] = "edge-tuner/manifest/1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TensorPart(_Part):
    """The model's input or output."""

    shape: tuple[int, ...]
    dtype: Literal["int8", "int16", "float32"]
    scale: float | None = Field(description="real = scale × (quantized − zero_point); null for float32.")
    zero_point: int | None


class WindowPart(_Part):
    """One window of raw data, the first step's input."""

    axes: tuple[str, ...]
    samples: int
    frequency_hz: float
    stride_ms: float = Field(description="How far the next window starts after this one.")


class BlockPart(_Part):
    """A preprocessing block."""

    type: str
    axes: tuple[str, ...] = Field(description="The axes it reads, in order; empty: all.")
    parameters: dict[str, Any]


class StandardizationPart(_Part):
    """Features are standardised before they are quantized: (feature − mean[i]) / deviation[i]."""

    applies_to: Literal["feature", "last dimension"]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


class TargetPart(_Part):
    """A regression's output is standardised: target = mean + deviation × real."""

    mean: float
    deviation: float


class GridPart(_Part):
    """Cells that the image is divided into, row by row."""

    rows: int
    columns: int
    sizes: tuple[tuple[float, float], ...] = Field(
        default=(), description="Width and height of each anchor of a cell, as shares of the image; none for centroids."
    )


class DetectionPart(_Part):
    """How the outputs say what is where. Places are shares of the image that the model reads."""

    form: Literal["centroids", "boxes"]
    threshold: float = Field(description="Probability from which something counts as an object.")
    grids: tuple[GridPart, ...] = Field(description="Anchors, and the outputs, go by grid, row, column and size.")
    centre_scale: float | None = Field(default=None, description="Scale of the first two offsets; boxes only.")
    size_scale: float | None = Field(default=None, description="Scale of the last two offsets; boxes only.")
    suppression: float | None = Field(
        default=None, description="Overlap above which the worse of two boxes of a class is dropped."
    )


class AnomalyPart(_Part):
    """How anomalies are told: a window whose score is above the threshold is one."""

    score: Literal["kmeans", "gmm", "reconstruction"] = Field(
        description="Of the standardised features, computed by anomaly.c; or the mean squared difference between them "
        "and the model's output."
    )
    threshold: float


class OperatorPart(_Part):
    """An operator that the firmware's resolver must register."""

    name: str
    version: int


class ArenaPart(_Part):
    """The tensor arena on the device, by the planner's rules for its core and kernels."""

    used_bytes: int
    minimum_bytes: int = Field(description="The smallest arena that works; give at least this much.")


class EstimatePart(_Part):
    """A figure with the interval that holds the truth in nine cases of ten."""

    value: float
    low: float
    high: float
    unit: str
    method: str
    source: str


class DevicePart(_Part):
    """The device the model was selected for, and what it needs there."""

    name: str
    title: str
    arena: ArenaPart
    ram: dict[str, EstimatePart] = Field(description='By part, and "total".')
    flash: dict[str, EstimatePart]
    latency: dict[str, EstimatePart]
    energy: EstimatePart | None


class QualityPart(_Part):
    """Quality of the exported bytes, and of the float network they come from."""

    metric: str = Field(description='What it is: "accuracy", "R²", …; 1 is perfect.')
    validation: float
    validation_float32: float
    test: float | None = Field(description="On the locked test split; null unless the model is on a front.")


class OriginPart(_Part):
    """Where the model comes from."""

    study: str
    trial: int
    candidate: str
    dataset: str
    dataset_fingerprint: str
    seed: int
    versions: dict[str, str]


class Manifest(_Part):
    """The manifest of an exported model."""

    schema_: Literal["edge-tuner/manifest/1"] = Field(SCHEMA, alias="schema")
    task: str
    labels: tuple[str, ...]
    window: WindowPart
    preprocessing: tuple[BlockPart, ...]
    features: tuple[int, ...] = Field(description="Shape of the features of one window.")
    standardization: StandardizationPart
    input: TensorPart | None = Field(description="Null if there is no network, only an anomaly block.")
    output: TensorPart | None
    anomaly: AnomalyPart | None = Field(None, description="The anomaly block, or how an autoencoder's output is read.")
    target: TargetPart | None = Field(
        None, description="How the output is brought to the unit of a regression's target."
    )
    detection: DetectionPart | None = Field(default=None, description="How the outputs say where objects are.")
    operators: tuple[OperatorPart, ...]
    device: DevicePart
    quality: QualityPart
    origin: OriginPart
    files: dict[str, str] = Field(description="SHA-256 of every other file, by name.")
