"""What a command says on stderr: progress and warnings, one line each, never a raw warning of a library."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from drugresponse.errors import one_line

__all__ = ["PROGRESS", "messages_to_stderr"]

PROGRESS = "drugresponse.progress"
"""Name of the logger whose INFO lines, one a stage, are shown unless -q is given."""


class _OneLine(logging.Formatter):
    def __init__(self, program: str, shown: Callable[[str], str]) -> None:
        super().__init__()
        self.program, self.shown = program, shown

    def format(self, record: logging.LogRecord) -> str:
        text = one_line(record.getMessage())
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"{self.program}: {level}{self.shown(text)}"


class _Shown(logging.Filter):
    """What passes at a loudness: everything, information, warnings and progress, or errors."""

    def __init__(self, verbose: int, quiet: bool) -> None:
        super().__init__()
        levels = (logging.WARNING, logging.INFO, logging.DEBUG)
        self.least = logging.ERROR if quiet else levels[min(verbose, 2)]
        self.progress = not quiet

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "py.warnings":
            return self.least <= logging.DEBUG
        return record.levelno >= self.least or (self.progress and record.name == PROGRESS)


@contextmanager
def messages_to_stderr(
    program: str, verbose: int = 0, quiet: bool = False, shown: Callable[[str], str] = str
) -> Iterator[None]:
    """Show this package's log on stderr while a command runs; warnings of libraries only when all is asked for.

    Parameters
    ----------
    program
        Begins every line.
    verbose
        0 shows warnings and progress, 1 also information, 2 everything.
    quiet
        Show errors only.
    shown
        Makes of a message what is shown.

    Examples
    --------
    >>> with messages_to_stderr("drugresponse train", quiet=True):
    ...     logging.getLogger("drugresponse").warning("not shown")
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(program, shown))
    handler.addFilter(_Shown(verbose, quiet))
    loggers = [logging.getLogger(name) for name in ("drugresponse", "py.warnings")]
    before = [(log.level, log.propagate) for log in loggers]
    for log in loggers:
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
        log.propagate = False
    before_capture = warnings.showwarning
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        warnings.showwarning = before_capture
        for log, (level, propagate) in zip(loggers, before, strict=True):
            log.removeHandler(handler)
            log.setLevel(level)
            log.propagate = propagate
