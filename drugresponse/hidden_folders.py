"""Hidden folders for unfinished files, and the removal of those whose owner was killed."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["HiddenFolder"]

_NAME = re.compile(r"\.drugresponse-[0-9a-f]{16}")
_LOCK = "lock"
_LOCK_BEFORE = f"{_LOCK}.new"
"""What it is called until it is locked."""
_DAY = 24 * 3600
_OWN: set[str] = set()
"""Names of those of this process: on some network file systems it would be given their locks a second time."""


class HiddenFolder:
    """A folder `.drugresponse-...` beside the files that are being made.

    The run that owns it holds a lock on a file in it, which the system lets go when the run ends, however it ends. So a
    folder whose lock is free has no owner any more, on other machines with the same file system too. One that has none,
    since its run was killed as it took it or as it cleared away, is removed after a day. Where locks cannot be had,
    nothing is ever removed.

    Parameters
    ----------
    parent
        Folder to stand in.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = HiddenFolder(Path(parent))
    ...     folder.make()
    ...     HiddenFolder.remove_abandoned(Path(parent))
    ...     still_there = folder.path.is_dir()
    ...     folder.remove()
    ...     still_there, folder.path.is_dir()
    (True, False)
    """

    def __init__(self, parent: Path) -> None:
        self.path = parent / f".drugresponse-{secrets.token_hex(8)}"
        self._lock: int | None = None

    def make(self) -> None:
        """Make the folder, and take its lock where the file system has locks."""
        _OWN.add(self.path.name)
        self.path.mkdir()
        # under its final name, others may try to lock it
        unlocked = self.path / _LOCK_BEFORE
        self._lock = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        with suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unlocked.rename(self.path / _LOCK)

    def remove(self) -> None:
        """Remove the folder with all in it; nothing happens when it was never made."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        _OWN.discard(self.path.name)

    @staticmethod
    def remove_abandoned(parent: Path) -> None:
        """Remove the hidden folders in a folder that no living run owns."""
        with suppress(OSError):
            for folder in list(parent.iterdir()):
                if _NAME.fullmatch(folder.name) and folder.name not in _OWN:
                    with suppress(OSError):
                        _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    locks = [folder / name for name in (_LOCK, _LOCK_BEFORE) if (folder / name).exists()]
    if folder / _LOCK not in locks and time.time() - folder.stat().st_mtime < _DAY:
        return  # it may be about to take its lock
    if not locks:
        shutil.rmtree(folder, ignore_errors=True)
        return
    lock = os.open(locks[0], os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
