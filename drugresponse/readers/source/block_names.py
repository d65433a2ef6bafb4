"""The name of a block before the path of a file, as in `expression=genes.parquet`."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["parted_block"]

_NAMED = re.compile(r"([A-Za-z][\w.-]*)=(.+)", re.DOTALL)
_ANY_NAME = re.compile(r"([^=/]+)=(.+)", re.DOTALL)


def parted_block(path: Path) -> tuple[str, Path]:
    """The block that is named before a path, and the path; no block where the path is a file itself.

    What is no name, before a file that is there, is one all the same: whoever reads the block refuses it by its name.

    Examples
    --------
    >>> parted_block(Path("expression=data/genes.parquet"))
    ('expression', PosixPath('data/genes.parquet'))
    >>> parted_block(Path("data/run=3.tsv"))
    ('', PosixPath('data/run=3.tsv'))
    """
    named = _NAMED.fullmatch(str(path))
    if named is None:
        named = _ANY_NAME.fullmatch(str(path))
        named = named if named and Path(named[2]).is_file() else None
    return ("", path) if named is None or path.exists() else (named[1], Path(named[2]))
