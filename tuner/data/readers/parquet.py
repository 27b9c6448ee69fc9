"""Series as Parquet tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tuner.data.description import Description
from tuner.data.reader import BadFileError, Parsed, PartsReader
from tuner.data.table import parse_table

_MOST_VALUES = 1 << 29
"""4 GiB when read; a small file can promise any number."""


@dataclass(frozen=True)
class ParquetReader(PartsReader):
    """Files ending in .parquet: one recording each, or one long table with columns that tell recordings apart."""

    name: ClassVar[str] = "parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def parse(self, path: Path, description: Description) -> Parsed:
        """Read a table; a flaw is named by its row, counted from 0."""
        import pandas as pd  # noqa: PLC0415  half a second that `import tuner` must not take
        import pyarrow.parquet  # noqa: PLC0415

        try:
            size = pyarrow.parquet.read_metadata(path)
            frame = pd.read_parquet(path) if size.num_rows * size.num_columns <= _MOST_VALUES else None
        except (pyarrow.ArrowException, ValueError, OSError, TypeError, KeyError) as error:
            raise BadFileError(f"is not a Parquet table: {str(error).splitlines()[0][:200]}") from error
        if frame is None:
            raise BadFileError(f"holds {size.num_rows} rows of {size.num_columns} columns, too many to read at once")
        frame.columns = pd.Index([str(name) for name in frame.columns])
        return parse_table(frame.reset_index(drop=True), description, row_name="row", first_row=0)
