"""Several blocks on groups of axes of one recording, their features side by side (sensor fusion)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Block
from tuner.dsp.block import BlockCost, Float32, PreprocessingBlock, RememberingBlock
from tuner.dsp.registry import block
from tuner.errors import BuildError, ConfigError, nearest
from tuner.signal import Features, Signal


def features_of(blocks: tuple[Block, ...], signal: Signal) -> Features:
    """Return what the blocks together yield for one window.

    Flat features are put one after the other; spectrograms and the like of equal leading dimensions are put side by
    side on the last one. Where several blocks name their features, the labels start with the block's type.

    Raises:
        BuildError: the parameters of a block do not fit the signal, or the blocks' features do not go together.
        ConfigError: a block's settings are wrong, or it reads an axis that the signal lacks.
    """
    parts = [made.features(part) for made, part in _parts(blocks, signal)]
    if len(parts) == 1:
        return parts[0]
    leading = {part.shape[:-1] for part in parts}
    if len(leading) > 1 or any(len(part.shape) > 2 for part in parts):
        found = ", ".join(
            f"{item.settings.type} {' × '.join(map(str, part.shape))}" for item, part in zip(blocks, parts, strict=True)
        )
        raise BuildError(
            f"the features of the blocks do not go together: {found}",
            hint="combine flat features with flat ones, and spectrograms with ones of as many frames",
        )
    return Features((*parts[0].shape[:-1], sum(part.shape[-1] for part in parts)), _labels(blocks, parts))


def extract_all(
    blocks: tuple[Block, ...], windows: Float32, signal: Signal, recordings: NDArray[np.int64] | None = None
) -> Float32:
    """Return N × the shape that `features_of` gives.

    Args:
        blocks: what to extract.
        windows: N × samples × axes, the axes as in `signal`.
        signal: what one window is.
        recordings: N numbers, equal for windows of one recording, which stand together and in their order; `None`
            where each window stands alone. Only blocks that remember the windows before ask for it.

    Raises:
        BuildError, ConfigError: as `features_of`.
        ValueError: the windows are not what `signal` says.
    """
    if windows.shape[1:] != (signal.samples, len(signal.axes)):
        raise ValueError(f"windows of {windows.shape[1:]} given, the signal is {signal.samples} × {len(signal.axes)}")
    expected = features_of(blocks, signal).shape
    columns = [
        made.extract_recordings(_picked(windows, signal, part), part, recordings)
        if recordings is not None and isinstance(made, RememberingBlock)
        else made.extract(_picked(windows, signal, part), part)
        for made, part in _parts(blocks, signal)
    ]
    features = columns[0] if len(columns) == 1 else np.concatenate(columns, axis=-1)
    if features.shape != (len(windows), *expected):
        raise BuildError(
            f"preprocessing gives {' × '.join(map(str, features.shape[1:]))} features, it announced "
            f"{' × '.join(map(str, expected))}"
        )
    return features


def cost_of(blocks: tuple[Block, ...], signal: Signal) -> tuple[BlockCost, ...]:
    """Return what each block needs on a device.

    Blocks run one after the other, so their working memory may be shared; their features may not.

    Raises:
        BuildError, ConfigError: as `features_of`.
    """
    return tuple(made.cost(part) for made, part in _parts(blocks, signal))


def _parts(blocks: tuple[Block, ...], signal: Signal) -> list[tuple[PreprocessingBlock, Signal]]:
    if not blocks:
        raise ConfigError("no preprocessing block given", hint="use 'raw' to feed the signal as it is")
    return [(block(item.settings), _part(item, signal)) for item in blocks]


def _part(item: Block, signal: Signal) -> Signal:
    for axis in item.axes:
        if axis not in signal.axes:
            message = f"preprocessing '{item.settings.type}': the signal has no axis '{axis}'"
            raise ConfigError(message, hint=nearest(axis, signal.axes))
    return replace(signal, axes=item.axes) if item.axes else signal


def _picked(windows: Float32, signal: Signal, part: Signal) -> Float32:
    if part.axes == signal.axes:
        return windows
    return windows[..., [signal.axes.index(axis) for axis in part.axes]]


def _labels(blocks: tuple[Block, ...], parts: list[Features]) -> tuple[str, ...]:
    if not all(part.labels for part in parts):
        return ()
    labels = [
        f"{item.settings.type} {label}" for item, part in zip(blocks, parts, strict=True) for label in part.labels
    ]
    counts = Counter(labels)
    if max(counts.values()) == 1:
        return tuple(labels)
    return tuple(
        f"{number} {item.settings.type} {label}"
        for number, (item, part) in enumerate(zip(blocks, parts, strict=True), start=1)
        for label in part.labels
    )
