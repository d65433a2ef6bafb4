"""What Dask loads into worker processes of `local`: an interrupt from the keyboard is left to the run that it ends."""

from __future__ import annotations

import signal

__all__ = ["dask_setup"]


def dask_setup(_worker: object) -> None:
    """Leave ctrl-C, which reaches every process of a terminal, to the run: it ends its workers without tracebacks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
