"""Standard output and error as a command writes to them: to their end, or not at all where nobody reads."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from drugresponse.errors import InputError
from drugresponse.progress import rest

__all__ = ["forget", "hold_closed_streams", "say", "write_to_stderr"]


def say(text: str) -> None:
    """Write to standard output to its end, which may fail as any output may.

    Raises
    ------
    InputError
        It cannot be written to, as where a disk is full.
    """
    rest()
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        if sys.stdout is not None:
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        forget(sys.stdout)
        raise InputError(
            f"standard output: cannot be written ({error.strerror}). Files that were asked for are whole."
        ) from error


def write_to_stderr(text: str) -> None:
    """What went wrong may be that this cannot be written to: then the exit code has to do."""
    rest()
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        forget(sys.stderr)


def forget(stream: TextIO) -> None:
    """Nobody reads any more: keep Python from complaining when it flushes at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def hold_closed_streams() -> None:
    """Give the numbers of closed standard streams to nothing, lest a file get one and be written to as stderr."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process lives
