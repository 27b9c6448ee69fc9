"""What of a network a compression does not reach, known before training and said by name."""

from __future__ import annotations

from tuner.compression import Compression
from tuner.models.network import LSTM, DepthwiseConv1D, DepthwiseConv2D, Network
from tuner.models.thinning import Computing, channels_of


def left_out(network: Network, compression: Compression) -> dict[str, tuple[str, ...]]:
    """Return the layers with weights that a setting leaves as they are, by setting, where there are any.

    The output's width is what the task asks for, so it is not listed.
    """
    found: dict[str, tuple[str, ...]] = {}
    if compression.width < 1:
        channels = channels_of(network)
        stays = [node.name for node in network.nodes[:-1] if isinstance(node.layer, Computing | LSTM)]
        found["width"] = tuple(name for name in stays if channels.layout[name][0] in channels.fixed)
    depthwise = tuple(node.name for node in network.nodes if isinstance(node.layer, DepthwiseConv1D | DepthwiseConv2D))
    for setting in ("sparsity", "clusters"):
        if getattr(compression, setting):
            found[setting] = depthwise
    return {setting: names for setting, names in found.items() if names}
