"""A program that walks through an .h5ad file and ends well where the HDF5 library does."""

import resource
import sys
from typing import Any

from drugresponse.readers.source.own_process import BEYOND_MEMORY, bytes_held, limit

_PARTS = ("obs", "var", "layers", "X", "mod")
_SMALL = 1 << 26


def main(path: str, left: int) -> None:
    """Look at every part of a file that is read, within the bytes that are left."""
    import h5py

    def look(_name: str, part: Any) -> None:
        dict(part.attrs)
        if isinstance(part, h5py.Dataset) and not (part.external or part.is_virtual) and part.nbytes < _SMALL:
            part[()]

    limit("RLIMIT_CORE", 0, 0)
    limit("RLIMIT_AS", bytes_held() + left, bytes_held() + left)
    try:
        with h5py.File(path, "r", locking=False) as stored:
            for name in _PARTS:
                if isinstance(stored.get(name, getlink=True), h5py.HardLink):
                    look(name, stored[name])
                    if hasattr(stored[name], "visititems"):
                        stored[name].visititems(look)
    except Exception as error:
        if isinstance(error, MemoryError) or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 > left // 2:
            sys.exit(BEYOND_MEMORY)
        raise


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[3]))
