"""A native library in a process of its own: a damaged file that crashes it ends nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

__all__ = ["BEYOND_MEMORY", "command_apart"]

BEYOND_MEMORY = 4
"""What the program ends with when it ran out of memory."""
_BEFORE = """
import json, resource, sys
sys.path[:] = json.loads(sys.argv[2])
left = int(sys.argv[3])

def held(at):
    return int(open("/proc/self/statm").read().split()[at]) * resource.getpagesize()

def limit(kind, soft, hard):
    try:
        resource.setrlimit(kind, (soft, hard))
    except (OSError, ValueError, OverflowError):
        pass

limit(resource.RLIMIT_CORE, 0, 0)
"""


def command_apart(program: str, file: Path, left: int) -> list[str]:
    r"""The command that runs a program on a file.

    Parameters
    ----------
    program
        Python text, which finds `sys`, `resource`, `json` and this package's import path, the file as `sys.argv[1]`,
        the bytes that it may take as `left`, and the functions `held` (pages of memory: 0 virtual, 1 resident) and
        `limit` (`setrlimit` where the system has it).
    file
        The file to read.
    left
        Bytes that the program may take.

    Examples
    --------
    >>> import subprocess
    >>> subprocess.run(command_apart("print(left)", Path("a.h5ad"), 7), capture_output=True).stdout
    b'7\n'
    """
    search_path = json.dumps([folder for folder in sys.path if folder])
    return [sys.executable, "-I", "-c", _BEFORE + program, str(file.resolve()), search_path, str(left)]
