"""Names of chromosomes, which are written with "chr" in some files and without in others."""

from __future__ import annotations

import re

__all__ = ["without_prefix"]

_PREFIX = re.compile("^chr", re.IGNORECASE)


def without_prefix(name: str) -> str:
    """The name without "chr", whatever its case.

    Examples
    --------
    >>> [without_prefix(each) for each in ("chr10", "CHRx", "MT")]
    ['10', 'x', 'MT']
    """
    return _PREFIX.sub("", name)
