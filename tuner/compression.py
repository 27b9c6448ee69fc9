"""In which form a network is stored, and what is done to its weights before: parameters and limits.

`tuner.models.lowering` knows the graphs of the forms, `tuner.training.compression` does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tuner.candidate import Scalar, Settings
from tuner.config import validated
from tuner.errors import ConfigError, nearest


class Compression(BaseModel):
    """One form, and what may be done to the weights whatever the form.

    Applied in this order after training: channels are removed, weights are set to zero, weights are made alike. Each
    is followed by `epochs` of further training that keeps what was done.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    activations: ClassVar[str]
    """Type of the tensors between operators, as NumPy names it."""

    width: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Share of the channels, or neurons, that each layer keeps; those of least norm are removed",
    )
    sparsity: float = Field(
        default=0.0, ge=0, lt=1, description="Share of each layer's weights that are set to zero, the smallest first"
    )
    clusters: int = Field(
        default=0, ge=0, le=256, description="Different values that the weights of a layer may have; 0 for any"
    )
    epochs: int = Field(default=10, ge=1, le=1000, description="Epochs of training after each of these changes")
    teachers: tuple[dict[str, Scalar], ...] = Field(
        default=(),
        max_length=4,
        description="Larger networks, each an architecture with its parameters, whose answers are learned as well",
    )
    temperature: float = Field(default=4.0, gt=0, le=100, description="What teachers' logits are divided by")
    taught: float = Field(default=0.5, ge=0, le=1, description="Share of the loss that comes from the teachers")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.clusters == 1:
            raise ValueError("clusters is 1, expected 0 or at least 2")
        if any(not isinstance(teacher.get("type"), str) for teacher in self.teachers):
            raise ValueError("a teacher needs a type, the name of an architecture")
        return self

    @property
    def trains(self) -> bool:
        """Whether anything is trained beside or after the network itself."""
        return bool(self.teachers) or self.width < 1 or self.sparsity > 0 or self.clusters > 0

    @property
    def architectures(self) -> tuple[Settings, ...]:
        """The teachers' architectures."""
        return tuple(
            Settings(str(teacher["type"]), tuple((key, value) for key, value in teacher.items() if key != "type"))
            for teacher in self.teachers
        )


class Float32(Compression):
    """Weights and activations in floating point."""

    type: ClassVar[str] = "float32"
    activations: ClassVar[str] = "float32"


class _Quantized(Compression):
    calibration: int = Field(
        default=100, ge=1, le=10_000, description="Training examples from which ranges of activations are taken"
    )


class Int8(_Quantized):
    """Weights in 8 bits with a scale per output channel, activations in 8 bits, rounded after training."""

    type: ClassVar[str] = "int8"
    activations: ClassVar[str] = "int8"


class Int8Aware(Int8):
    """The same after further training with rounded weights and activations (quantization-aware).

    Zeros and equal weights that `sparsity` and `clusters` made stay zero and equal.
    """

    type: ClassVar[str] = "int8-qat"

    @property
    def trains(self) -> bool:
        """Always: the network gets used to being rounded."""
        return True


class Int16x8(_Quantized):
    """Weights in 8 bits, activations in 16: nearly as exact as floating point, with twice the RAM of int8."""

    type: ClassVar[str] = "int16x8"
    activations: ClassVar[str] = "int16"


COMPRESSIONS: Mapping[str, type[Compression]] = MappingProxyType(
    {kind.type: kind for kind in (Float32, Int8, Int8Aware, Int16x8)}
)
"""Every form by the name that search spaces and candidates use."""


def compression(settings: Settings) -> Compression:
    """Return the compression with its parameters checked.

    Raises:
        ConfigError: there is no such form or parameter, or a value is outside its limits.
    """
    kind = COMPRESSIONS.get(settings.type)
    if kind is None:
        raise ConfigError(f"no compression is called '{settings.type}'", hint=nearest(settings.type, COMPRESSIONS))
    return validated(kind, settings.nested(), source=f"compression '{kind.type}'")
