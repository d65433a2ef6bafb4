"""What a command says on stderr: progress and warnings, one line each, never a raw warning of a library."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from drugresponse.errors import one_line
from drugresponse.progress import PROGRESS, above_line, moving_line

__all__ = ["messages_to_stderr", "show_progress"]


class _OneLine(logging.Formatter):
    def __init__(self, program: str, shown: Callable[[str], str]) -> None:
        super().__init__()
        self.program, self.shown = program, shown

    def format(self, record: logging.LogRecord) -> str:
        text = one_line(record.getMessage())
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"{self.program}: {level}{self.shown(text)}"


class _AboveTheLine(logging.StreamHandler):
    """Writes above the line that moves, not into it."""

    def emit(self, record: logging.LogRecord) -> None:
        with above_line():
            super().emit(record)


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
    program: str,
    verbose: int = 0,
    quiet: bool = False,
    shown: Callable[[str], str] = str,
    *,
    moves: bool | None = None,
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
    moves
        Whether a line moves while work is long; None where stderr is a terminal.

    Examples
    --------
    >>> with messages_to_stderr("drugresponse train", quiet=True):
    ...     logging.getLogger("drugresponse").warning("not shown")
    """
    handler = _AboveTheLine(sys.stderr)
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
    if moves is None:
        moves = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    try:
        with moving_line(sys.stderr) if moves and not quiet else nullcontext():
            yield
    finally:
        logging.captureWarnings(False)
        warnings.showwarning = before_capture
        for log, (level, propagate) in zip(loggers, before, strict=True):
            log.removeHandler(handler)
            log.setLevel(level)
            log.propagate = propagate


def show_progress(verbose: int = 0) -> AbstractContextManager[None]:
    """Inside, what this package has to say while it works stands on stderr, as on the command line.

    In Python nothing is said unless asked for. A line that moves tells what is done, how much of how much and the time
    that is left, in notebooks too; a line stays for each stage and each warning.

    Parameters
    ----------
    verbose
        0 shows stages and warnings, 1 also information, 2 everything.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=3, n_features=20)
    >>> with dr.show_progress():
    ...     model = dr.DrugResponseModel("ridge").fit(cohort.genotypes, cohort.responses)
    """
    in_notebook = "ipykernel" in sys.modules
    return messages_to_stderr("drugresponse", verbose, moves=True if in_notebook else None)
