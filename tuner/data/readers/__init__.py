"""One reader per format."""

from __future__ import annotations

from typing import Final

from tuner.data.reader import Reader
from tuner.data.readers.audio import AudioReader
from tuner.data.readers.coco import CocoReader
from tuner.data.readers.csv import CsvReader
from tuner.data.readers.edge_impulse import EdgeImpulseReader
from tuner.data.readers.images import ImageReader
from tuner.data.readers.npz import NpzReader
from tuner.data.readers.parquet import ParquetReader
from tuner.data.readers.ts import TsReader
from tuner.data.readers.voc import VocReader
from tuner.data.readers.yolo import YoloReader

ANNOTATED: Final[tuple[Reader, ...]] = (EdgeImpulseReader(), CocoReader(), VocReader(), YoloReader())
"""Formats told by files that speak about other files; they are looked for first."""

PLAIN: Final[tuple[Reader, ...]] = (
    CsvReader(),
    ParquetReader(),
    NpzReader(),
    TsReader(),
    AudioReader(),
    ImageReader(),
)
"""Formats told by the endings of their files; the one with the most files reads a folder."""
