"""A unit on a worker: made as it would be at the client, and what it says brought back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drugresponse.threads import one_job, one_thread
from drugresponse.version import __version__

__all__ = ["Answer", "OtherVersionError", "make_unit"]

_PACKAGE = __name__.partition(".")[0]


class OtherVersionError(Exception):
    """A worker that joined later runs another version of this package, which is told."""


@dataclass(frozen=True)
class Answer:
    """What a unit made, and the warnings of this package while it did."""

    made: Any
    messages: list[tuple[str, int, str]]

    def say(self) -> None:
        for name, level, message in self.messages:
            logging.getLogger(name).log(level, "%s", message)


class _OfThisThread(logging.Handler):
    """Keeps what is logged by the thread that made it; a worker may run a unit in each of several."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()
        self.messages: list[tuple[str, int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            self.messages.append((record.name, record.levelno, record.getMessage()))


@one_thread()
def make_unit(version: str, work: Callable[..., Any], item: Any, names: list[str], *values: Any) -> Answer:
    """One unit, as it would be made at the client: on one thread, and with what it says kept for the client."""
    if version != __version__:
        raise OtherVersionError(__version__)
    ours, heard = logging.getLogger(_PACKAGE), _OfThisThread()
    ours.addHandler(heard)
    try:
        with one_job():
            return Answer(work(item, **dict(zip(names, values, strict=True))), heard.messages)
    finally:
        ours.removeHandler(heard)
