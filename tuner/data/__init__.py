"""Data sets: readers, splits, windows."""

from tuner.data.dataset import Box, BrokenFilesError, Dataset, Problem, Recording
from tuner.data.opening import open_dataset

__all__ = ["Box", "BrokenFilesError", "Dataset", "Problem", "Recording", "open_dataset"]
