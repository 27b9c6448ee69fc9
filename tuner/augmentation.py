"""What may be done to training examples so that a network learns from more than there are: parameters and limits.

`tuner.training.augmentation` does it, inside the training graph; validation and test examples stay as they are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from tuner.candidate import Settings
from tuner.config import validated
from tuner.errors import BuildError, ConfigError, nearest


class Augmentation(BaseModel):
    """Changes to examples, drawn anew for each example of each step."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]

    @abstractmethod
    def check(self, shape: tuple[int, ...]) -> None:
        """Look whether features of a shape, without the batch, can be changed in this way.

        Raises:
            BuildError: they cannot; the message names the parameter.
        """


class NoAugmentation(Augmentation):
    """Examples as they are."""

    type: ClassVar[str] = "none"

    def check(self, shape: tuple[int, ...]) -> None:
        """Accept any features."""


class SeriesAugmentation(Augmentation):
    """Changes to features of sound, motion and other series.

    Masks as in SpecAugment (Park et al. 2019). Parameters are 0, i.e. nothing happens, unless given.
    """

    type: ClassVar[str] = "series"

    noise: float = Field(
        default=0.0, ge=0, le=2, description="Standard deviation of noise added to the standardised features"
    )
    gain: float = Field(
        default=0.0, ge=0, le=3, description="Features are multiplied by a factor from 1 / (1 + gain) to 1 + gain"
    )
    shift: float = Field(
        default=0.0, ge=0, le=0.5, description="Most by which features move in time, as a share of the length"
    )
    warp: float = Field(
        default=0.0,
        ge=0,
        le=0.3,
        description="Most by which the middle moves between the ends, as a share of the length",
    )
    time_mask: float = Field(default=0.0, ge=0, le=0.5, description="Longest stretch set to the mean, as a share")
    frequency_mask: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Most bands, coefficients or axes side by side set to the mean, as a share",
    )
    mixup: float = Field(
        default=0.0, ge=0, le=1, description="Alpha of the Beta distribution of shares in which two examples are mixed"
    )

    def check(self, shape: tuple[int, ...]) -> None:
        """Ask for time where something happens along it, and for bands where some are masked."""
        if len(shape) > 2:
            raise BuildError(
                f"augmentation 'series' changes series, the features are {_written(shape)}",
                hint="use the augmentation 'image'",
            )
        for name in ("shift", "warp", "time_mask"):
            if getattr(self, name) and len(shape) == 1:
                raise BuildError(
                    f"augmentation '{name}' needs features over time, this preprocessing gives {_written(shape)}",
                    hint="use noise, gain and mixup, or a preprocessing such as raw, mfe or spectrogram",
                )
        if self.frequency_mask and (len(shape) == 1 or shape[1] == 1):
            raise BuildError(
                f"augmentation 'frequency_mask' needs several bands over time, the features are {_written(shape)}",
                hint="use it with a preprocessing such as mfe, mfcc or spectrogram",
            )


class ImageAugmentation(Augmentation):
    """Changes to images. Parameters are 0 or false, i.e. nothing happens, unless given."""

    type: ClassVar[str] = "image"

    flip: bool = Field(default=False, description="Whether half of the images are mirrored, left to right")
    crop: float = Field(
        default=0.0, ge=0, le=0.5, description="Most that is cut off height and width, as a share; the rest is enlarged"
    )
    zoom: float = Field(
        default=0.0, ge=0, le=1, description="Images are scaled about their middle by 1 / (1 + zoom) to 1 + zoom"
    )
    brightness: float = Field(
        default=0.0, ge=0, le=2, description="Most by which pixels get brighter or darker, in standard deviations"
    )
    mixup: float = Field(
        default=0.0, ge=0, le=1, description="Alpha of the Beta distribution of shares in which two examples are mixed"
    )

    def check(self, shape: tuple[int, ...]) -> None:
        """Ask for images."""
        if len(shape) != 3:
            raise BuildError(
                f"augmentation 'image' changes images, the features are {_written(shape)}",
                hint="use the augmentation 'series'",
            )


Changes = SeriesAugmentation | ImageAugmentation
"""What does something."""

AUGMENTATIONS: Mapping[str, type[Augmentation]] = MappingProxyType(
    {kind.type: kind for kind in (NoAugmentation, SeriesAugmentation, ImageAugmentation)}
)
"""Every augmentation by the name that search spaces and candidates use."""


def augmentation(settings: Settings) -> Augmentation:
    """Return the augmentation with its parameters checked.

    Raises:
        ConfigError: there is no such augmentation or parameter, or a value is outside its limits.
    """
    kind = AUGMENTATIONS.get(settings.type)
    if kind is None:
        raise ConfigError(f"no augmentation is called '{settings.type}'", hint=nearest(settings.type, AUGMENTATIONS))
    return validated(kind, settings, source=f"augmentation '{kind.type}'")


def _written(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} values" if len(shape) == 1 else " × ".join(map(str, shape))
