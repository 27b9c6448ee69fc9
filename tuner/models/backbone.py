"""The bodies of known image networks, cut off after some of their blocks: what detection and transfer build on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tuner.models.compose import Composer, divisible, inverted_residual, separable
from tuner.models.network import Conv2D

Backbone = Literal["mobilenet_v1", "mobilenet_v2"]

V1_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *(((512, 1),) * 5), (1024, 2), (1024, 1))
"""Separable blocks of MobileNetV1 (Howard et al. 2017): filters at full width, and stride."""

_V2_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
V2_BLOCKS = tuple(
    (expansion, filters, stride if repeat == 0 else 1)
    for expansion, filters, repeats, stride in _V2_STAGES
    for repeat in range(repeats)
)
"""Inverted residual blocks of MobileNetV2 (Sandler et al. 2018, table 2): expansion, filters at full width, stride."""

V2_STAGE_ENDS = tuple(itertools.accumulate(repeats for _, _, repeats, _ in _V2_STAGES))
"""How many blocks there are up to the end of each stage of MobileNetV2."""

BLOCKS: Mapping[Backbone, int] = MappingProxyType({"mobilenet_v1": len(V1_BLOCKS), "mobilenet_v2": len(V2_BLOCKS)})
"""How many blocks each has; a cut keeps the first few."""


@dataclass(frozen=True, slots=True)
class Tap:
    """The output of one block."""

    name: str
    """The layer."""
    channels: int


def append_backbone(composer: Composer, backbone: Backbone, *, width: float, cut: int) -> tuple[Tap, ...]:
    """Append the first convolution and the first `cut` blocks; return the outputs of all of them.

    Args:
        composer: where to; nothing is in it yet.
        backbone: which.
        width: filters as a share of the paper's (alpha).
        cut: blocks that are kept.
    """
    return _v1(composer, width, cut) if backbone == "mobilenet_v1" else _v2(composer, width, cut)


def _v1(composer: Composer, width: float, cut: int) -> tuple[Tap, ...]:
    channels = v1_filters(32, width)
    taps = [Tap(composer.normalized(Conv2D(channels, (3, 3), (2, 2)), "relu6"), channels)]
    for full, stride in V1_BLOCKS[:cut]:
        channels = v1_filters(full, width)
        taps.append(Tap(separable(composer, channels, stride, "relu6"), channels))
    return tuple(taps)


def v1_filters(full: int, width: float) -> int:
    """Return the filters of a layer of MobileNetV1 at some width."""
    return max(2, int(full * width))


def _v2(composer: Composer, width: float, cut: int) -> tuple[Tap, ...]:
    channels = divisible(32 * width)
    taps = [Tap(composer.normalized(Conv2D(channels, (3, 3), (2, 2)), "relu6"), channels)]
    for expansion, full, stride in V2_BLOCKS[:cut]:
        filters = divisible(full * width)
        block = inverted_residual(
            composer, taps[-1].name, channels, filters, expansion=expansion, kernel=3, stride=stride
        )
        taps.append(Tap(block, filters))
        channels = filters
    return tuple(taps)
