"""A program that sends the records of a BCF file as lines of VCF, or those alone that the reader wants.

A line of JSON comes before each part: `places` ask which records are wanted, and a byte for each of them is read;
`numbers` and `lengths` tell of the lines whose bytes follow; `after` and `wrong` say how it ended, and after how many.
"""

import json
import pathlib
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from drugresponse.readers.source.own_process import BEYOND_MEMORY, bytes_held, limit

_CELLS_AT_ONCE = 1 << 18
_SECONDS, _BYTES_A_SECOND = 60, 50_000


def main(path: str, left: int, waits: bool) -> None:
    """Send the records within the bytes that are left; at the end, what was wrong."""
    import cyvcf2

    getattr(sys.modules["cyvcf2.cyvcf2"], "set_htslib_log_level", lambda _level: None)(0)
    limit("RLIMIT_CORE", 0, 0)
    limit("RLIMIT_AS", bytes_held() + left, bytes_held() + left)
    seconds = _SECONDS + pathlib.Path(path).stat().st_size // _BYTES_A_SECOND
    limit("RLIMIT_CPU", seconds, seconds)
    counted = _Counted()
    wrong = "header"
    try:
        records = cyvcf2.VCF(path)
        at_once = max(1, _CELLS_AT_ONCE // max(1, len(records.samples)))
        wrong = "record"
        counted.records = iter(records)
        while batch := list(islice(counted, at_once)):
            _send(counted.number - len(batch) + 1, batch, waits)
        wrong = ""
    except MemoryError:
        sys.exit(BEYOND_MEMORY)
    except UnicodeError:
        wrong = "text"
    except Exception:  # the library raises bare Exception
        pass
    _write({"after": counted.number, "wrong": wrong})
    sys.stdout.buffer.flush()


class _Counted:
    """Records, and how many came."""

    def __init__(self) -> None:
        self.number = 0
        self.records: Iterator[Any] = iter(())

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        record = next(self.records)
        self.number += 1
        return record


def _send(first: int, batch: list[Any], waits: bool) -> None:
    numbered = list(enumerate(batch, start=first))
    if waits:
        _write({"places": [[record.CHROM for record in batch], [record.POS for record in batch]]})
        sys.stdout.buffer.flush()
        wanted = sys.stdin.buffer.read(len(batch))
        numbered = [each for each, is_wanted in zip(numbered, wanted, strict=True) if is_wanted]
    lines = [str(record).rstrip("\n").encode() for _, record in numbered]
    _write({"numbers": [number for number, _ in numbered], "lengths": list(map(len, lines))})
    sys.stdout.buffer.write(b"".join(lines))


def _write(part: Any) -> None:
    sys.stdout.buffer.write(json.dumps(part).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[3]), sys.argv[4] == "waits")
