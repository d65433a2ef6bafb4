"""A Parquet file, read in parts by a process of its own.

A kilobyte of it can stand for terabytes of equal rows, and its library ends the process where some parts are damaged.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import IO, cast

import pyarrow

from drugresponse.errors import InputError
from drugresponse.memory_limit import beyond_memory, memory_left, refuse_beyond_memory
from drugresponse.readers.source.own_process import BEYOND_MEMORY, command_apart, program_of

__all__ = ["damaged_parquet", "read_parquet_parts"]

_NUMBER_BYTES = 16
_LOOK_EVERY = 1 << 16
_LEAST_LEFT = 1 << 29
_READER = program_of(__file__, "_parquet_parts.py")


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
    InputError
        The file is damaged.
    """
    command = command_apart(_READER, path, max(memory_left(), _LEAST_LEFT))
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reading:
        table = None
        try:
            table = _received(cast("IO[bytes]", reading.stdout), where)
        except (pyarrow.ArrowException, ValueError, OSError):
            pass  # it ended early, and its exit code says why
        except BaseException:
            reading.kill()
            raise
    if reading.returncode == BEYOND_MEMORY:
        raise beyond_memory(where, "its rows take more memory than is left (expected them to fit)")
    if reading.returncode or table is None:
        raise damaged_parquet(where)
    refuse_beyond_memory(table.nbytes, where)
    return table


def damaged_parquet(where: str) -> InputError:
    """The error for a Parquet file that cannot be read."""
    return InputError(f"{where}: the Parquet file is damaged or truncated. Write or copy it again.")


def _received(stream: IO[bytes], where: str) -> pyarrow.Table:
    n_rows, n_columns = json.loads(stream.readline())
    # once as read and once as it is handed on
    refuse_beyond_memory(_NUMBER_BYTES * n_rows * n_columns, where)
    parts = []
    with pyarrow.ipc.open_stream(stream) as received:
        for part in received:
            parts.append(part)
            if part.nbytes > _LOOK_EVERY:
                refuse_beyond_memory(0, where)
        return pyarrow.Table.from_batches(parts, schema=received.schema)
