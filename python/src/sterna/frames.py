"""Data frames of the kinds that people use, as Arrow and back."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any, Literal, Union

import pyarrow as pa

Kind = Literal["polars", "pandas", "arrow"]

# Rows of a batch on the wire: 2 to 4 MiB for market data, the size at which pyarrow is fastest and that every client
# of the server can receive.
BATCH_ROWS = 65_536

# Below this many rows per chunk, copying a table into whole chunks costs less than sending its chunks one by one.
_CHUNK_ROWS_MIN = 8_192


def to_arrow(frame: Any) -> Union[pa.Table, pa.RecordBatchReader]:
    """Any data frame as Arrow, without a copy where its library allows.

    Takes pyarrow Table, RecordBatch and RecordBatchReader, polars DataFrame and LazyFrame, pandas DataFrame, and
    whatever else offers the Arrow C stream interface, such as a DuckDB relation.
    """
    if isinstance(frame, pa.Table):
        return _in_chunks(frame)
    if isinstance(frame, pa.RecordBatchReader):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    # A frame of a library exists only where the library is imported already.
    polars = sys.modules.get("polars")
    if polars is not None:
        if isinstance(frame, polars.LazyFrame):
            frame = frame.collect()
        if isinstance(frame, polars.DataFrame):
            # Without view types, which older clients cannot read.
            return _in_chunks(frame.to_arrow(compat_level=polars.CompatLevel.oldest()))
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        return _in_chunks(pa.Table.from_pandas(frame))
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(frame)
    raise TypeError(f"Expected a data frame of polars, pandas or pyarrow, not {type(frame).__name__}")


def from_arrow(table: pa.Table, kind: Kind | None) -> Any:
    """An Arrow table as a polars or pandas data frame, or as it is."""
    kind = kind or default_kind()
    if kind == "arrow":
        return table
    if kind == "pandas":
        return table.to_pandas()
    if kind == "polars":
        import polars

        return polars.from_arrow(table)
    raise ValueError(f"Expected 'polars', 'pandas' or 'arrow', not {kind!r}")


def default_kind() -> Kind:
    """polars where it is installed, else pandas, else arrow."""
    if importlib.util.find_spec("polars") is not None:
        return "polars"
    return "pandas" if importlib.util.find_spec("pandas") is not None else "arrow"


def _in_chunks(table: pa.Table) -> pa.Table:
    chunks = max((column.num_chunks for column in table.columns), default=0)
    return table.combine_chunks() if chunks > 1 and table.num_rows / chunks < _CHUNK_ROWS_MIN else table
