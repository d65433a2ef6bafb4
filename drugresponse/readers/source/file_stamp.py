"""Whether a file that is read block by block is still the one that it was when reading began."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drugresponse.errors import InputError

__all__ = ["FileStamp"]


@dataclass(frozen=True)
class FileStamp:
    """Size in bytes, and nanosecond of the last change, of a file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "cohort.bed")
    ...     _ = file.write_bytes(b"abc")
    ...     FileStamp.of(file).size
    3
    """

    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """Of a file that is there.

        Raises
        ------
        OSError
            It is not.
        """
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns)

    def refuse_changed(self, path: Path) -> None:
        """Refuse a file that changed, or is not there any more.

        Raises
        ------
        InputError
            Says which of both.
        """
        try:
            if FileStamp.of(path) == self:
                return
            problem = "is not the file any more that it was when reading began"
        except OSError:
            problem = "is not there any more"
        raise InputError(
            f"{path.name}: the file {problem} (expected it to stay while it is read). Run again, and leave it as it is "
            "meanwhile."
        )
