"""The real TensorFlow Lite Micro interpreter, in a process of its own."""

from tuner.tflm.client import ArenaReport, Tflm

__all__ = ["ArenaReport", "Tflm"]
