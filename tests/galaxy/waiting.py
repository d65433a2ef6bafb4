"""Waiting for what a loaded machine does slowly: as long as it moves on, up to a generous end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LONGEST_SECONDS = 3600
"""The end of every wait: an hour, far beyond what a machine that does anything needs."""
STALLED_SECONDS = 300
PAUSE_SECONDS = 0.5
PROCESSOR_SECONDS = 10
"""Steps in which processor time is counted: an idle Galaxy uses less than this while a wait is stalled."""


class StalledError(RuntimeError):
    """What was waited for has not come; the message says for how long nothing moved."""


def wait_while_moving(
    is_done: Callable[[], bool],
    work: Callable[[], object],
    *,
    stalled: float = STALLED_SECONDS,
    longest: float = LONGEST_SECONDS,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Return when `is_done`; give up when `work` returns the same for `stalled` seconds, or after `longest`."""
    start = moved = time.monotonic()
    before = work()
    while not is_done():
        now, seen = time.monotonic(), work()
        if seen != before:
            before, moved = seen, now
        elif now - moved > stalled:
            raise StalledError(f"nothing moved for {now - moved:.0f} s")
        if now - start > longest:
            raise StalledError(f"it had not ended after {now - start:.0f} s")
        time.sleep(pause)


def processor_steps(sessions: set[int], processes: Path = Path("/proc")) -> int:
    """Steps of processor time that the living processes of these sessions have used; 0 where there is no /proc."""
    ticks = 0
    for each in processes.glob("[0-9]*/stat"):
        try:
            # the name of the program, in brackets, may hold blanks
            fields = each.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[3]) in sessions:
            ticks += int(fields[11]) + int(fields[12])
    return ticks // (100 * PROCESSOR_SECONDS)
