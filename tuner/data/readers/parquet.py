"""Series as Parquet tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tuner.data.description import Description
from tuner.data.reader import BadFileError, Parsed, PartsReader
from tuner.data.table import parse_table
from tuner.errors import DataError


@dataclass(frozen=True)
class ParquetReader(PartsReader):
    """Files ending in .parquet: one recording each, or one long table with columns that tell recordings apart."""

    name: ClassVar[str] = "parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def parse(self, path: Path, description: Description) -> Parsed:
        """Read a table; a flaw is named by its row, counted from 0."""
        import pandas as pd  # noqa: PLC0415  half a second that `import tuner` must not take

        try:
            import pyarrow  # noqa: PLC0415  an extra
        except ImportError as error:
            raise DataError(
                f"{path}: reading Parquet needs pyarrow", hint="pip install 'edge-tuner[parquet]'"
            ) from error
        try:
            frame = pd.read_parquet(path)
        except (pyarrow.ArrowException, ValueError, OSError, TypeError, KeyError) as error:
            raise BadFileError(f"is not a Parquet table: {str(error).splitlines()[0][:200]}") from error
        frame.columns = pd.Index([str(name) for name in frame.columns])
        return parse_table(frame.reset_index(drop=True), description, row_name="row", first_row=0)
