"""What is looked at in an HDF5 file before its library reads it, because that follows every pointer it finds."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from drugresponse.errors import InputError, require
from drugresponse.memory_limit import beyond_memory, memory_left, refuse_beyond_memory
from drugresponse.readers.source.own_process import BEYOND_MEMORY, command_apart, program_of

__all__ = ["checked_part", "refuse_crashing", "refuse_large_parts"]

_SMALL = 1 << 26
_MOST_EXPANDED = 2000
"""No filter of HDF5 that is in use packs numbers closer than this."""
_SECONDS = 60
_TEXT_BYTES = 100
_PROBE = program_of(__file__, "_hdf5_probe.py")
_LEAST_LEFT = 1 << 29


def refuse_crashing(file: Path) -> None:
    """Refuse a file in which the HDF5 library crashes or goes round for ever, found out in a process of its own.

    That costs a fraction of a second. What the library merely reports as wrong is left to the reader.

    Raises
    ------
    InputError
        The process was ended by a signal, or ran into the time limit.
    MemoryLimitError
        Names or other texts in it take more memory than is left: each of them can be stored once for many rows.
    """
    left = max(memory_left(), _LEAST_LEFT)
    try:
        done = subprocess.run(
            command_apart(_PROBE, file, left),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _damaged(file) from error
    except OSError:
        return  # no process can be started here: the reader goes on without
    if done.returncode < 0:
        raise _damaged(file)
    if done.returncode == BEYOND_MEMORY:
        raise beyond_memory(file.name, f"its texts take more memory than is left (expected less than {left >> 20} MB)")


def checked_part(stored: Any, where: str, file: Path) -> Any:
    """A group or data set of an open HDF5 file, when it and all above it lie inside this file.

    Raises
    ------
    InputError
        It leads to another file, or claims to be larger than the file can hold.
    KeyError
        There is no such part.
    """
    library = require("h5py", "read .h5ad files")
    parts = where.split("/")
    for depth in range(1, len(parts) + 1):
        link = stored.get("/".join(parts[:depth]), getlink=True)
        if link is None:
            raise KeyError(f"no {where}")
        if not isinstance(link, library.HardLink):
            raise _leads_outside(where, file)
    part = stored[where]
    if isinstance(part, library.Dataset):
        if part.external or part.is_virtual:
            raise _leads_outside(where, file)
        if part.nbytes > max(_SMALL, _MOST_EXPANDED * file.stat().st_size):
            raise InputError(
                f"{file.name}: {where} claims {part.nbytes} bytes, more than the file can hold. It is damaged; "
                "write it anew."
            )
    return part


def refuse_large_parts(part: Any, where: str) -> None:
    """Refuse a group or data set whose values would not fit into memory together.

    Raises
    ------
    MemoryLimitError
        They would not.
    """
    parts = [part[name] for name in part] if hasattr(part, "keys") else [part]
    refuse_beyond_memory(sum(_bytes_in_memory(part) for part in parts if hasattr(part, "nbytes")), where)


def _bytes_in_memory(part: Any) -> int:
    # without a width, texts are objects
    return int(part.size) * _TEXT_BYTES if part.dtype.kind == "O" else int(part.nbytes)


def _damaged(file: Path) -> InputError:
    return InputError(
        f"{file.name}: this HDF5 file is damaged in a way that stops its library. Copy it again, or write it anew."
    )


def _leads_outside(where: str, file: Path) -> InputError:
    return InputError(
        f"{file.name}: {where} is stored outside this file (expected all in one file). "
        "Read it and write it anew with AnnData.write_h5ad."
    )
