"""Decoding images, for all readers of them."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Box, Float32, Recording
from tuner.data.description import Description
from tuner.data.folder import Folder, group_of
from tuner.data.reader import BadFileError, Scanned
from tuner.detection.placement import Placement

COLOURS: Final = ("red", "green", "blue")
GRAY: Final = ("gray",)
ENDINGS: Final = (".png", ".jpg", ".jpeg")


def scan_image(
    folder: Folder,
    name: str,
    description: Description,
    *,
    label: str = "",
    target: float | None = None,
    boxes: tuple[Box, ...] | None = None,
    split: str = "",
) -> Scanned:
    """Decode an image to see that it can be, and describe it.

    Raises:
        BadFileError: it cannot be decoded.
    """
    try:
        content = folder.path(name).read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot be read: {error.strerror or error}") from error
    wanted = description.axes
    if wanted is not None and wanted not in (COLOURS, GRAY):
        raise BadFileError(
            f"is an image, which has no axes {', '.join(wanted)}", "axes are [gray] or [red, green, blue]"
        )
    pixels = _decode(content, wanted)
    recording = Recording(
        id=name,
        shape=pixels.shape,
        frequency_hz=1.0,
        digest=hashlib.sha256(content).hexdigest(),
        label=label,
        target=target,
        boxes=boxes,
        group=group_of(name, description),
        split=split or folder.split_of(name, description),
        path=name,
        session=name,
    )
    return Scanned(recording, GRAY if pixels.shape[2] == 1 else COLOURS, sample_bytes=1)


def _decode(content: bytes, axes: tuple[str, ...] | None) -> NDArray[np.uint8]:
    """Return height × width × channels, turned upright as the camera noted it."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415  only images need it

    if not content:
        raise BadFileError("is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
                opened.load()
                image = ImageOps.exif_transpose(opened)
                if image.mode.startswith("I"):
                    pixels = (np.asarray(image) >> 8).astype(np.uint8)
                    image = Image.fromarray(pixels)
                is_gray = image.mode in {"1", "L", "LA"} if axes is None else axes == GRAY
                image = image.convert("L" if is_gray else "RGB")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadFileError(f"is too large an image: {error}") from error
    except UnidentifiedImageError as error:
        raise BadFileError("is neither a PNG nor a JPEG image") from error
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise BadFileError(f"is an image that cannot be decoded: {error}") from error
    pixels = np.asarray(image, np.uint8)
    return pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels


def load_image(path: Path, axes: tuple[str, ...]) -> Float32:
    """Decode an image; empty if it cannot be read any more."""
    try:
        return _decode(path.read_bytes(), axes).astype(np.float32)
    except (BadFileError, OSError):
        return np.empty((0, 0, 0), np.float32)


def placement(shape: tuple[int, ...], size: tuple[int, int]) -> Placement:
    """Return where the pixels of an image come to lie in what `fitted` makes of it."""
    return Placement.covering((shape[0], shape[1]), size)


def fitted(image: Float32, size: tuple[int, int]) -> Float32:
    """Scale and crop an image to a height and width, as if one camera had taken them all."""
    if image.shape[:2] == size:
        return image
    from PIL import Image, ImageOps  # noqa: PLC0415  only images need it

    height, width = size
    channels = [Image.fromarray(image[:, :, index]) for index in range(image.shape[2])]
    scaled = [ImageOps.fit(channel, (width, height), Image.Resampling.BILINEAR) for channel in channels]
    return np.stack([np.asarray(channel, np.float32) for channel in scaled], axis=2)
