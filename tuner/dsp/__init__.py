"""Preprocessing blocks, one per file: parameters, vectorised features, shape and cost on a device."""

from tuner.dsp.registry import BLOCKS, block

__all__ = ["BLOCKS", "block"]
