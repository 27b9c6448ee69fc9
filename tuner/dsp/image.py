"""`image`: an image of the size and colours that the network reads."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from tuner.detection.placement import Placement
from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.chunks import in_chunks
from tuner.dsp.code_size import CODE_BYTES, routines
from tuner.dsp.parameters import Parameters
from tuner.errors import BuildError
from tuner.signal import Features, Signal

ResizeMode = Literal["squash", "fit-short", "fit-long", "crop"]
ResizeMethod = Literal["lanczos3", "bilinear", "nearest"]
Anchor = Literal[
    "top-left",
    "top-center",
    "top-right",
    "middle-left",
    "middle-center",
    "middle-right",
    "bottom-left",
    "bottom-center",
    "bottom-right",
]
Pixels = NDArray[np.uint8]

_FILTERS = {
    "lanczos3": Pillow.Resampling.LANCZOS,
    "bilinear": Pillow.Resampling.BILINEAR,
    "nearest": Pillow.Resampling.NEAREST,
}
_SUPPORT = {"lanczos3": 3.0, "bilinear": 1.0}
"""Half the width of the filter, in pixels of the smaller of both images."""

_PLACE = {"top": 0.0, "left": 0.0, "middle": 0.5, "center": 0.5, "bottom": 1.0, "right": 1.0}
_LUMA = (19595, 38470, 7471)
"""ITU-R BT.601, in units of 2⁻¹⁶."""


class Image(Parameters):
    """Resize, reduce to luma if asked, scale 0 … 255 to 0 … 1.

    The scaling costs a device nothing: it quantizes bytes, whose scale is then 255 times as large.
    """

    model_config = ConfigDict(alias_generator=to_camel)
    type: ClassVar[str] = "image"

    channels: Literal["RGB", "Grayscale"] = "RGB"
    image_width: int = Field(0, ge=0, le=1024)
    """Pixels; 0 leaves the width as it is."""
    image_height: int = Field(0, ge=0, le=1024)
    """Pixels; 0 leaves the height as it is."""
    resize_mode: ResizeMode = "squash"
    resize_method: ResizeMethod = "lanczos3"
    crop_anchor: Anchor = "middle-center"
    """Which part "fit-short" and "crop" keep."""

    def features(self, signal: Signal) -> Features:
        """Height × width × channels."""
        height, width = self._source(signal)
        return Features((self.image_height or height, self.image_width or width, 3 if self.channels == "RGB" else 1))

    def extract(self, windows: Float32, signal: Signal) -> Float32:
        """Return N × height × width × channels, 0 to 1, from N × pixels × channels, 0 to 255."""
        height, width, channels = shape = self.features(signal).shape
        source = self._source(signal)

        def extract(piece: Float32) -> Float32:
            images = piece.reshape(len(piece), *source, len(signal.axes)).astype(np.uint8)
            if source != (height, width):
                images = np.stack([self.resize(image, height, width) for image in images])
            if channels == 1 and len(signal.axes) == 3:
                images = grayscale(images)
            return images.astype(np.float32) / np.float32(255)

        return in_chunks(extract, windows, shape, bytes_per_window=2 * signal.samples * len(signal.axes))

    def resize(self, image: Pixels, height: int, width: int) -> Pixels:
        """Return height × width × channels, of an image of any size."""
        return resize(image, height, width, mode=self.resize_mode, method=self.resize_method, anchor=self.crop_anchor)

    def placement(self, signal: Signal) -> Placement:
        """Return where the pixels of a window come to lie in its features."""
        source = self._source(signal)
        height, width, _ = self.features(signal).shape
        if self.resize_mode == "squash":
            return Placement.stretched(source, (height, width))
        size = _size_in_frame(source, (height, width), self.resize_mode)
        top, left = _corner(size, (height, width), self._anchor())
        return Placement.stretched(source, size).then(Placement((1.0, 1.0), (-left, -top)))

    def _anchor(self) -> Anchor:
        return "middle-center" if self.resize_mode == "fit-long" else self.crop_anchor

    def cost(self, signal: Signal) -> BlockCost:
        """Integers throughout: rows first, then columns, then luma; the network's input takes the result."""
        source = self._source(signal)
        height, width, channels = self.features(signal).shape
        colours = len(signal.axes)
        operations, ram, table, code = Operations(), 0, 0, list[str]()
        if source != (height, width):
            operations, ram, table = self._resize_cost(source, (height, width), colours)
            code.append("resample" if self.resize_method != "nearest" else "nearest")
        if channels < colours:
            operations += Operations(integer=8 * height * width)
            code.append("grayscale")
        if not code:
            return BlockCost(Operations(move=height * width * channels), code_bytes=CODE_BYTES["gather"])
        return BlockCost(operations, ram_bytes=ram, code_shared=routines(*code), table_bytes=table)

    def _resize_cost(
        self, source: tuple[int, int], target: tuple[int, int], colours: int
    ) -> tuple[Operations, int, int]:
        """Operations, RAM and tables: a weighted sum of pixels for each value of a row, then of a column."""
        height, width = target
        resized = height * width * colours
        if self.resize_mode == "crop" or self.resize_method == "nearest":
            return Operations(integer=6 * resized), resized, 0
        support = _SUPPORT[self.resize_method]
        taps = [2 * int(np.ceil(support * max(1.0, old / new))) + 1 for old, new in zip(source, target, strict=True)]
        between = source[0] * width * colours
        total = Operations(integer=3 * (between * taps[1] + resized * taps[0]) + 6 * (between + resized))
        return total, between + resized, sum(2 * size * (tap + 2) for size, tap in zip(target, taps, strict=True))

    def _source(self, signal: Signal) -> tuple[int, int]:
        if signal.image is None:
            raise BuildError("image: the data set has no images", hint="use another block for series")
        if self.channels == "RGB" and len(signal.axes) != 3:
            raise BuildError(
                f"image: RGB needs three channels, the images have {len(signal.axes)}", hint="set channels to Grayscale"
            )
        if len(signal.axes) not in (1, 3):
            raise BuildError(f"image: expected images of one or three channels, got {len(signal.axes)}")
        return signal.image


def resize(
    image: Pixels,
    height: int,
    width: int,
    *,
    mode: ResizeMode = "squash",
    method: ResizeMethod = "lanczos3",
    anchor: Anchor = "middle-center",
) -> Pixels:
    """Return an image of another size, by Pillow.

    Args:
        image: height × width × channels.
        height: of the result.
        width: of the result.
        mode: "squash" changes the proportions; "fit-short" fills the frame and cuts off what sticks out; "fit-long"
            shows the whole image and fills up with black; "crop" cuts without scaling, and fills up with black.
        method: how pixels are interpolated.
        anchor: where the part that is kept, or the image in the frame, lies.
    """
    rows, columns = image.shape[:2]
    if mode == "squash":
        return _scaled(image, height, width, method)
    if mode != "crop":
        image = _scaled(image, *_size_in_frame((rows, columns), (height, width), mode), method)
    return _framed(image, height, width, "middle-center" if mode == "fit-long" else anchor)


def _size_in_frame(source: tuple[int, int], frame: tuple[int, int], mode: ResizeMode) -> tuple[int, int]:
    """Return height and width of an image as it is put into a frame, before what sticks out is cut off."""
    if mode == "crop":
        return source
    fit = max if mode == "fit-short" else min
    scale = fit(frame[0] / source[0], frame[1] / source[1])
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def _corner(size: tuple[int, int], frame: tuple[int, int], anchor: Anchor) -> tuple[int, int]:
    """Return the row and column of an image at which a frame begins; below 0 where the image is smaller."""
    down, across = (_PLACE[word] for word in anchor.split("-"))
    return round((size[0] - frame[0]) * down), round((size[1] - frame[1]) * across)


def grayscale(images: Pixels) -> Pixels:
    """Return the luma, … × 1, of … × 3 colours; equal to Pillow's mode "L"."""
    red, green, blue = (images[..., channel].astype(np.uint32) * _LUMA[channel] for channel in range(3))
    luma: Pixels = ((red + green + blue + (1 << 15)) >> 16).astype(np.uint8)
    return luma[..., None]


def _scaled(image: Pixels, height: int, width: int, method: ResizeMethod) -> Pixels:
    if image.shape[:2] == (height, width):
        return image
    single = image.shape[2] == 1
    scaled = Pillow.fromarray(image[..., 0] if single else image).resize((width, height), _FILTERS[method])
    pixels: Pixels = np.asarray(scaled)
    return pixels[..., None] if single else pixels


def _framed(image: Pixels, height: int, width: int, anchor: Anchor) -> Pixels:
    """Return the part of the image that lies in a frame, black where there is none."""
    frame = np.zeros((height, width, image.shape[2]), np.uint8)
    top, left = _corner(image.shape[:2], (height, width), anchor)
    rows = slice(max(0, top), min(image.shape[0], top + height))
    columns = slice(max(0, left), min(image.shape[1], left + width))
    part = image[rows, columns]
    y, x = max(0, -top), max(0, -left)
    frame[y : y + part.shape[0], x : x + part.shape[1]] = part
    return frame
