"""A program that sends a Parquet file in parts: its size as JSON on a line, then a stream of Arrow."""

import json
import os
import sys
from typing import Any

from drugresponse.readers.source.own_process import BEYOND_MEMORY, bytes_held, limit

_AT_FIRST = 1 << 29
_MOST_ROWS = 1 << 16
_MOST_BYTES = 1 << 28


def main(path: str, left: int) -> None:
    """Send all rows, within the bytes that are left, and no more of them than the file says that they take."""
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # whose memory counts towards the limit as it is taken
    import pyarrow
    from pyarrow.parquet import ParquetFile

    limit("RLIMIT_CORE", 0, 0)
    most = bytes_held() + left
    enough = bytes_held() + _AT_FIRST
    limit("RLIMIT_AS", min(most, enough), most)
    try:
        with ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as stored:
            about = stored.metadata
            groups = [about.row_group(at) for at in range(about.num_row_groups)]
            enough += 2 * max([0, *(group.total_byte_size for group in groups)])
            limit("RLIMIT_AS", min(most, enough), most)
            seconds = 60 + sum(max(0, group.total_byte_size) for group in groups) // 1000000
            limit("RLIMIT_CPU", seconds, seconds)
            output = sys.stdout.buffer
            output.write(json.dumps([about.num_rows, about.num_columns]).encode() + b"\n")
            n_rows = min(_MOST_ROWS, max(1, min(left, _MOST_BYTES) // _row_bytes(about, groups)))
            with pyarrow.ipc.new_stream(output, stored.schema_arrow) as stream:
                for part in stored.iter_batches(batch_size=n_rows, use_threads=False):
                    part.validate(full=True)
                    stream.write_batch(part)
            output.flush()
    except MemoryError:
        # more than it says it holds: it is damaged
        sys.exit(BEYOND_MEMORY if enough > most else 1)


def _row_bytes(about: Any, groups: list[Any]) -> int:
    # how long the texts are does not stand there: none is longer than its part of the file unpacked
    longest = 1
    for column in range(about.num_columns):
        chunks = [group.column(column) for group in groups]
        if chunks and chunks[0].physical_type == "BYTE_ARRAY":
            longest += max(chunk.total_uncompressed_size for chunk in chunks)
    return max(16 * about.num_columns, 4 * longest, 1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[3]))
