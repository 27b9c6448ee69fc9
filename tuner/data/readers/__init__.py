"""One reader per format, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from tuner.data.reader import Reader
from tuner.data.readers.csv import CsvReader
from tuner.data.readers.npz import NpzReader

READERS: Final[tuple[Reader, ...]] = (NpzReader(), CsvReader())
"""The more telling formats come first: an export is told by its own files before its parts are taken for tables."""
