"""Where the places of one image come to lie in another that was made from it by scaling and cropping."""

from __future__ import annotations

from dataclasses import dataclass

from tuner.detection.boxes import Boxes


@dataclass(frozen=True, slots=True)
class Placement:
    """x ↦ scale · x + offset, in pixels, across and down."""

    scale: tuple[float, float]
    offset: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def stretched(cls, source: tuple[int, int], target: tuple[int, int]) -> Placement:
        """Return that of an image scaled from one height and width to another, proportions lost."""
        return cls((target[1] / source[1], target[0] / source[0]))

    @classmethod
    def covering(cls, source: tuple[int, int], target: tuple[int, int]) -> Placement:
        """Return that of an image scaled until it covers the target, what sticks out cut off alike on both sides."""
        scale = max(target[0] / source[0], target[1] / source[1])
        return cls((scale, scale), ((target[1] - scale * source[1]) / 2, (target[0] - scale * source[0]) / 2))

    def then(self, other: Placement) -> Placement:
        """Return that of both, one after the other."""
        return Placement(
            (self.scale[0] * other.scale[0], self.scale[1] * other.scale[1]),
            (
                self.offset[0] * other.scale[0] + other.offset[0],
                self.offset[1] * other.scale[1] + other.offset[1],
            ),
        )

    def of(self, boxes: Boxes) -> Boxes:
        """Return where boxes, … × left, top, right, bottom, come to lie."""
        moved: Boxes = (boxes * (self.scale * 2) + self.offset * 2).astype(boxes.dtype)
        return moved
