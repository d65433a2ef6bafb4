"""A Parquet file, read in parts: a kilobyte of it can stand for terabytes of equal rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow

from drugresponse.readers.memory_limit import memory_left, refuse_beyond_memory

if TYPE_CHECKING:
    from pyarrow.parquet import FileMetaData

__all__ = ["read_parquet_parts"]

_NUMBER_BYTES = 16
_MOST_ROWS = 1 << 16


def read_parquet_parts(path: Path, where: str) -> pyarrow.Table:
    """All of a Parquet file, unless its rows do not fit into memory.

    Parameters
    ----------
    path
        The file.
    where
        Its name, for messages.

    Raises
    ------
    MemoryLimitError
        The numbers that it declares, or the texts that come out of it, do not fit into the memory that is left.
    pyarrow.ArrowException
        The file is damaged.

    Notes
    -----
    How many rows there are stands in the file, but not how long their texts are, of which each is stored once. No text
    is longer than its part of the file unpacked, and so many rows are read at once as fit even if all were as long.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as stored:
        about = stored.metadata
        # once as read and once as it is handed on
        refuse_beyond_memory(_NUMBER_BYTES * about.num_rows * about.num_columns, where)
        n_rows = min(_MOST_ROWS, max(1, memory_left() // (4 * _longest_texts(about))))
        parts = []
        for part in stored.iter_batches(batch_size=n_rows, use_threads=False):
            parts.append(part)
            if part.nbytes > _MOST_ROWS:
                refuse_beyond_memory(0, where)
        table = pyarrow.Table.from_batches(parts, schema=stored.schema_arrow)
    refuse_beyond_memory(table.nbytes, where)
    return table


def _longest_texts(about: FileMetaData) -> int:
    """Bytes that the texts of a row can take at most, at least 1."""
    groups = [about.row_group(at) for at in range(about.num_row_groups)]
    longest = 1
    for column in range(about.num_columns):
        chunks = [group.column(column) for group in groups]
        if chunks and chunks[0].physical_type == "BYTE_ARRAY":
            longest += max(chunk.total_uncompressed_size for chunk in chunks)
    return longest
