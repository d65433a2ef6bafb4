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
from drugresponse.readers.source._own_process import BEYOND_MEMORY, command_apart
from drugresponse.readers.source.memory_limit import beyond_memory, memory_left, refuse_beyond_memory

__all__ = ["damaged_parquet", "read_parquet_parts"]

_NUMBER_BYTES = 16
_LOOK_EVERY = 1 << 16
_LEAST_LEFT = 1 << 29
_READER = """
import os
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # whose memory counts towards the limit as it is taken
import pyarrow
from pyarrow.parquet import ParquetFile

most = held(0) + left
enough = held(0) + (1 << 29)
limit(resource.RLIMIT_AS, min(most, enough), most)
try:
    with ParquetFile(sys.argv[1], page_checksum_verification=True, pre_buffer=False) as stored:
        about = stored.metadata
        groups = [about.row_group(at) for at in range(about.num_row_groups)]
        unpacked = max([0, *(group.total_byte_size for group in groups)])
        enough += 2 * unpacked
        limit(resource.RLIMIT_AS, min(most, enough), most)
        seconds = 60 + sum(max(0, group.total_byte_size) for group in groups) // 1000000
        limit(resource.RLIMIT_CPU, seconds, seconds)
        # how long the texts are does not stand there: none is longer than its part of the file unpacked
        longest = 1
        for column in range(about.num_columns):
            chunks = [group.column(column) for group in groups]
            if chunks and chunks[0].physical_type == "BYTE_ARRAY":
                longest += max(chunk.total_uncompressed_size for chunk in chunks)
        a_row = max(16 * about.num_columns, 4 * longest, 1)
        n_rows = min(1 << 16, max(1, min(left, 1 << 28) // a_row))
        output = sys.stdout.buffer
        output.write(json.dumps([about.num_rows, about.num_columns]).encode() + b"\\n")
        with pyarrow.ipc.new_stream(output, stored.schema_arrow) as stream:
            for part in stored.iter_batches(batch_size=n_rows, use_threads=False):
                part.validate(full=True)
                stream.write_batch(part)
        output.flush()
except MemoryError:
    # more than it says it holds: it is damaged
    sys.exit(4 if enough > most else 1)
"""


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
