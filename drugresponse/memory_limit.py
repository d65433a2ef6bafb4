"""How much memory is left, so that what does not fit, such as a small file that unpacks to a large one, is refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from drugresponse.errors import InputError, MemoryLimitError

__all__ = ["beyond_memory", "memory_left", "refuse_beyond_memory"]

_NEVER_REFUSED = 1 << 26
"""Bytes that may always be taken: a small input is for others to refuse."""
_STATUS, _MACHINE = Path("/proc/self/statm"), Path("/proc/meminfo")


def memory_left() -> int:
    """Bytes that this process may still take.

    Returns
    -------
    int
        What `GALAXY_MEMORY_MB` grants less what is held, at least 0. Without that variable, what the machine can still
        give; the largest whole number where it does not tell, as outside Linux.

    Raises
    ------
    InputError
        The variable is no number.

    Examples
    --------
    >>> memory_left() >= 0
    True
    """
    granted = os.environ.get("GALAXY_MEMORY_MB", "")
    if not granted:
        return _available()
    if not granted.isdigit():
        raise InputError(f'GALAXY_MEMORY_MB: "{granted}" is not a number of megabytes. Correct or unset the variable.')
    return max(0, (int(granted) << 20) - _held())


def refuse_beyond_memory(needed: int, where: str) -> None:
    """End before memory is taken that there is not.

    Parameters
    ----------
    needed
        Bytes that reading on takes at least; 0 asks only whether there is anything left.
    where
        Name of the file, for the message.

    Raises
    ------
    MemoryLimitError
        More is needed than is left.

    Examples
    --------
    >>> refuse_beyond_memory(1000, "responses.tsv")
    """
    if 0 < needed <= _NEVER_REFUSED:
        return
    left = memory_left()
    if needed < left:
        return
    if not needed:
        raise beyond_memory(where, "what was read of it has filled the memory (expected it to fit)")
    raise beyond_memory(
        where, f"reading it takes at least {needed >> 20} MB (expected less than the {left >> 20} MB that are left)"
    )


def beyond_memory(where: str, problem: str) -> MemoryLimitError:
    """The error for a file that does not fit.

    Parameters
    ----------
    where
        Name of the file.
    problem
        What it takes, and what there is.
    """
    return MemoryLimitError(
        f"{where}: {problem}. Check that the file is what it should be; if it is, ask for more memory, or give a part "
        "of it."
    )


def _held() -> int:
    try:
        return int(_STATUS.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _available() -> int:
    try:
        lines = _MACHINE.read_text(encoding="ascii").splitlines()
        sizes = dict(line.split(":", 1) for line in lines)
        return int(sizes["MemAvailable"].split()[0]) << 10
    except (OSError, ValueError, KeyError):
        return sys.maxsize
