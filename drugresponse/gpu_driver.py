"""Whether there is a driver of a GPU, told without the library that would use it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["has_driver"]

_DRIVERS = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def has_driver() -> bool:
    """Whether this machine has a driver of a GPU that torch might use; to ask torch takes seconds."""
    return any(Path(path).exists() for path in _DRIVERS)
