"""Networks whose first layers begin with weights that were learned elsewhere."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import Field

from tuner.models.backbone import BLOCKS, Backbone, Tap, append_backbone
from tuner.models.compose import Composer, as_image
from tuner.models.family import Family

IMAGENET = "imagenet"
"""Stands for the weights that Keras publishes, in place of a model's name."""

IMAGENET_WIDTHS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"mobilenet_v1": (0.25, 0.5, 0.75, 1.0), "mobilenet_v2": (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)}
)
"""Widths for which Keras publishes weights."""

IMAGENET_SIZES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"mobilenet_v1": (128, 160, 192, 224), "mobilenet_v2": (96, 128, 160, 192, 224)}
)
"""Heights and widths of the images on which they were learned."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """Which layers of a network begin with which weights, and which of them are trained on."""

    source: str
    """The name of one of the study's models, or `IMAGENET`."""
    backbone: str
    width: float
    layers: tuple[str, ...]
    """Those that begin with them, in order."""
    tuned: tuple[str, ...]
    """Those of them that are trained in the second phase; in the first, none is."""

    @property
    def frozen(self) -> frozenset[str]:
        """The layers that keep their weights in both phases."""
        return frozenset(self.layers) - frozenset(self.tuned)


class Pretrainable(Family):
    """A family whose networks begin with a body that may have been trained elsewhere.

    Training then has two phases: first the body is frozen; then its last few blocks are trained on with the rest, at a
    tenth of the learning rate.
    """

    weights: str = Field(
        default="",
        description="Name of a Keras file among the study's models with the weights of the first layers, or imagenet "
        "for those that Keras publishes; left out, everything is learned from the data",
    )
    tuned: int = Field(
        default=0,
        ge=0,
        le=17,
        description="Blocks before the cut that are trained on in a second phase; 0: there is none",
    )

    @abstractmethod
    def body(self, input_shape: tuple[int, ...]) -> tuple[Composer, tuple[Tap, ...]]:
        """Return the network's first layers, with the outputs of the first convolution and of each block.

        Raises:
            BuildError: the parameters do not fit the input.
        """

    def pretrained(self, input_shape: tuple[int, ...]) -> Pretrained | None:
        """Return which layers begin with which weights, if any do.

        Raises:
            BuildError: the parameters do not fit the input.
        """
        if not self.weights:
            return None
        composer, taps = self.body(input_shape)
        names = tuple(node.name for node in composer.network().nodes)
        kept = names.index(taps[max(0, len(taps) - 1 - self.tuned)].name) + 1
        return Pretrained(self.weights, *self.known_as(), layers=names, tuned=names[kept:])

    @abstractmethod
    def known_as(self) -> tuple[str, float]:
        """Return name and width of the network of Keras that the weights are of."""

    def input_scale(self) -> tuple[float, float] | None:
        """Return mean and deviation by which the weights want the features standardised, instead of by the data's own.

        The MobileNets of Keras read −1 to 1, and images come as 0 to 1.
        """
        return (0.5, 0.5) if self.weights and self.known_as()[0] in IMAGENET_WIDTHS else None


class ImageBody(Pretrainable):
    """A family whose networks begin with MobileNet up to a cut."""

    backbone: Backbone = Field(default="mobilenet_v2", description="The image network whose first blocks are used")
    width: float = Field(default=0.35, gt=0, le=1.4, description="Filters as a share of the paper's (alpha)")
    cut: int = Field(default=17, ge=1, le=17, description="Blocks of the backbone that are kept")

    def body(self, input_shape: tuple[int, ...]) -> tuple[Composer, tuple[Tap, ...]]:
        """Return the backbone up to the cut."""
        composer = Composer(as_image(self.type, input_shape))
        cut = min(self.cut, BLOCKS[self.backbone])
        return composer, append_backbone(composer, self.backbone, width=self.width, cut=cut)

    def known_as(self) -> tuple[str, float]:
        """Return the backbone and its width."""
        return self.backbone, self.width
