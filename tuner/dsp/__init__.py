"""Preprocessing blocks, one per file: parameters, vectorised features, shape and cost on a device."""

from tuner.dsp.parameters import Parameters
from tuner.dsp.registry import BLOCKS, block, register

__all__ = ["BLOCKS", "Parameters", "block", "register"]
