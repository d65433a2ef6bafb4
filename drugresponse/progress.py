"""How far long work is: one line on a terminal that moves, in a pipe or a log a line for each tenth."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

__all__ = ["PROGRESS", "Count", "above_line", "counted", "doing", "moving_line", "rest"]

PROGRESS = "drugresponse.progress"
"""Name of the logger whose INFO lines, one a stage, are shown unless -q is given."""
_logger = logging.getLogger(PROGRESS)

_TICK = 0.5
_QUIET_FOR = 1.0
"""Seconds: what is done sooner shows nothing that moves."""
_LARGE = 20_000_000
"""Bytes of a file of which it is told how far it is read."""
_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt} of {total_fmt} [{elapsed}<{remaining}{postfix}]"
_MOST_RUNNING = 2


class Count:
    """How many of all units are done, and which run.

    Parameters
    ----------
    total
        Of all units.
    called
        What several of them are called; empty for units that are not counted aloud.
    n_done
        Of these, done before.
    each
        Whether a log has a line for each, and not for each tenth.
    logged
        Whether a log has lines of them at all.
    """

    def __init__(
        self, total: int, called: str = "", n_done: int = 0, *, each: bool = False, logged: bool = True
    ) -> None:
        self.total, self.called, self.n_done = total, called, n_done
        self.each, self.logged = each, logged and bool(called)
        self.n_before, self.started = n_done, time.monotonic()
        self.running: list[str] = []
        self._lock = threading.Lock()

    def begin(self, name: str = "") -> None:
        """One of them begins; it may have a name."""
        if name:
            with self._lock:
                self.running.append(name)

    def done(self, name: str = "") -> None:
        """One of them is done."""
        with self._lock:
            self.n_done += 1
            if name in self.running:
                self.running.remove(name)
            if self.logged and _line is None:
                self._log(name)

    def _log(self, name: str) -> None:
        tenth = max(1, -(-self.total // 10))
        if self.each:
            _logger.info("%s (%d of %d %s)", name, self.n_done, self.total, self.called)
        elif self.n_done % tenth == 0 or self.n_done == self.total:
            named = f": {name}" if name else ""
            _logger.info("%d of %d %s%s", self.n_done, self.total, self.called, named)


@contextmanager
def counted(total: int, called: str, n_done: int = 0, *, each: bool = False, logged: bool = True) -> Iterator[Count]:
    """Count units while they are made.

    Parameters
    ----------
    total, called, n_done, each, logged
        As for `Count`.

    Examples
    --------
    >>> with counted(2, "folds") as count:
    ...     for fold in ("first", "second"):
    ...         count.begin(fold)
    ...         count.done(fold)
    >>> count.n_done
    2
    """
    count, line = Count(total, called, n_done, each=each, logged=logged), _line
    if line is not None and called:
        line.counts.append(count)
    try:
        yield count
    finally:
        if line is not None and count in line.counts:
            line.counts.remove(count)


def doing(what: str) -> None:
    """Say what is done from here on, where a line moves; a log is told when it is done.

    Parameters
    ----------
    what
        Such as `reading the genotypes`.
    """
    if _line is not None:
        _line.begin(what)


@contextmanager
def above_line() -> Iterator[None]:
    """The moving line is cleared away inside, where something is written that stays; it comes again."""
    if _line is None:
        yield
        return
    with _line.lock:
        _line.clear()
        yield


def rest() -> None:
    """Clear the moving line away until more is done."""
    if _line is not None:
        _line.begin("")


@contextmanager
def moving_line(stream: TextIO) -> Iterator[None]:
    """Inside, a line at the end of this stream says what is done, how much of how much, and the time that is left.

    Parameters
    ----------
    stream
        A terminal, or what shows one, such as a notebook.
    """
    global _line
    if _line is not None:
        yield
        return
    _line = line = _Line(stream)
    line.thread.start()
    try:
        yield
    finally:
        _line = None
        line.end()


class _Line:
    """Drawn anew twice a second by a thread of its own, so that it moves also where nothing is counted."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.counts = stream, list[Count]()
        self.what, self.started, self.shown = "", time.monotonic(), False
        self.lock, self._ended = threading.Lock(), threading.Event()
        self.thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def begin(self, what: str) -> None:
        with self.lock:
            self.clear()
            self.what, self.started = what, time.monotonic()

    def clear(self) -> None:
        """By who holds the lock."""
        if self.shown:
            self._write("\r\x1b[K")
            self.shown = False

    def end(self) -> None:
        self._ended.set()
        self.thread.join(timeout=2)
        with self.lock:
            self.clear()

    def _run(self) -> None:
        while not self._ended.wait(_TICK):
            with self.lock:
                counts = list(self.counts)
                text = self._bar(counts) if counts else self._stage()
                if text and not self._ended.is_set():
                    self._write(f"\r{text}\x1b[K")
                    self.shown = True

    def _bar(self, counts: list[Count]) -> str:
        """The outermost count, and which units run."""
        from tqdm import tqdm

        count = counts[0]
        elapsed = time.monotonic() - count.started
        if elapsed < _QUIET_FOR:
            return ""
        running = ", ".join(list(count.running)[:_MOST_RUNNING])
        return tqdm.format_meter(
            count.n_done,
            count.total,
            elapsed,
            ncols=self._width(),
            prefix=count.called,
            bar_format=_BAR,
            postfix=running or None,
            initial=count.n_before,
        )

    def _stage(self) -> str:
        elapsed = time.monotonic() - self.started
        if not self.what or elapsed < _QUIET_FOR:
            return ""
        minutes, seconds = divmod(int(elapsed), 60)
        return f"{self.what}{_how_far_read()} [{minutes:02d}:{seconds:02d}]"[: self._width()]

    def _width(self) -> int:
        # a line that fills the terminal would wrap, and could not be cleared away
        return shutil.get_terminal_size().columns - 1

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self._ended.set()  # nobody looks any more


_line: _Line | None = None
"""The one that moves just now: a process has one terminal."""


def _how_far_read() -> str:
    """The share of a large file that is read just now, as the system tells it (on Linux)."""
    if not sys.platform.startswith("linux"):
        return ""
    installed = Path(sys.prefix).resolve()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            path = entry.readlink()
            # a library may hold a file of its own open, such as a font
            if path.is_relative_to(installed) or not path.is_file() or (size := path.stat().st_size) < _LARGE:
                continue
            lines = Path("/proc/self/fdinfo", entry.name).read_text("ascii").splitlines()
            about = dict(line.split(":", 1) for line in lines)
            place, mode = int(about["pos"]), int(about["flags"], 8) & os.O_ACCMODE
        except (OSError, ValueError, KeyError):
            continue
        if mode == os.O_RDONLY and 0 < place < size:
            return f": {path.name} {place / size:.0%}"
    return ""
