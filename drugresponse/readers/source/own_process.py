"""A native library in a process of its own: a damaged file that crashes it ends nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

__all__ = ["BEYOND_MEMORY", "bytes_held", "command_apart", "limit", "program_of"]

BEYOND_MEMORY = 4
"""What the program ends with when it ran out of memory."""
_PACKAGE = Path(__file__).parents[3]
_BEFORE = "import json, sys\nsys.path[:] = json.loads(sys.argv[2])\n"


def command_apart(program: str, file: Path, left: int) -> list[str]:
    r"""The command that runs a program on a file.

    Parameters
    ----------
    program
        Python text, which finds this package and all that it imports, the file as `sys.argv[1]`, and the bytes that it
        may take as `sys.argv[3]`.
    file
        The file to read.
    left
        Bytes that the program may take.

    Examples
    --------
    >>> import subprocess
    >>> subprocess.run(command_apart("print(sys.argv[3])", Path("a.h5ad"), 7), capture_output=True).stdout
    b'7\n'
    """
    search_path = json.dumps([*(folder for folder in sys.path if folder), str(_PACKAGE)])
    return [sys.executable, "-I", "-c", _BEFORE + program, str(file.resolve()), search_path, str(left)]


def program_of(module: str, name: str) -> str:
    """The text of a file beside a module, whose `__file__` is given, to be run as a program."""
    return Path(module).with_name(name).read_text("utf-8")


def bytes_held() -> int:
    """Virtual memory of this process."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


def limit(resource: str, soft: int, hard: int) -> None:
    """Set a limit of this process, such as `RLIMIT_CPU`, where the system has it."""
    with contextlib.suppress(ImportError, OSError, ValueError, OverflowError):
        import resource as limits

        limits.setrlimit(getattr(limits, resource), (soft, hard))
