"""Names of chromosomes, which every program writes in its own way: `chr23`, `23` and `NC_000023.11` are X."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["are_human", "plain_chromosome", "without_prefix"]

_PREFIX = re.compile("^chr(?:omosome[ _]?|om)?(?=.)", re.IGNORECASE)
_CODES = {"23": "X", "24": "Y", "25": "X", "26": "MT", "XY": "X", "PAR1": "X", "PAR2": "X", "M": "MT"}
"""Numbers that PLINK gives to chromosomes, and its names for the parts that X and Y share."""
_PLAIN = {"X": "X", "Y": "Y", "MT": "MT", "M": "MT"}
_LAST_CODE = 26
_ACCESSION = re.compile(r"NC_0000(0[1-9]|1[0-9]|2[0-4])\.\d+")
_MITOCHONDRION = re.compile(r"NC_012920\.\d+")


def without_prefix(name: str) -> str:
    """The name without "chr", whatever its case.

    Examples
    --------
    >>> [without_prefix(name) for name in ("chr10", "CHRx", "MT")]
    ['10', 'x', 'MT']
    """
    return _PREFIX.sub("", name)


def are_human(names: Iterable[str]) -> bool:
    """Whether no chromosome has a number that the codes of human chromosomes lack.

    Examples
    --------
    >>> are_human(["chr1", "23", "X"]), are_human(["23", "29"])
    (True, False)
    """
    return all(int(bare) <= _LAST_CODE for name in names if (bare := without_prefix(name)).isdecimal())


@lru_cache(maxsize=4096)
def plain_chromosome(name: str, *, human: bool = True) -> str:
    """The name without "chr" and blanks; X, Y and MT for their codes, accessions and other spellings.

    Parameters
    ----------
    name
        As a file writes it.
    human
        Whether 23 to 26 are codes; they are chromosomes of their own where a file has numbers beyond them.

    Examples
    --------
    >>> [plain_chromosome(name) for name in ("chr10", "CHRx", "chrM", "NC_000023.11", "23", "chr26", "01")]
    ['10', 'X', 'MT', 'X', 'X', 'MT', '1']
    >>> plain_chromosome("23", human=False), plain_chromosome("chrUn_KI270302v1")
    ('23', 'Un_KI270302v1')
    """
    bare = without_prefix(name.strip()).removesuffix(".0")
    if accession := _ACCESSION.fullmatch(bare):
        return plain_chromosome(accession[1])
    if _MITOCHONDRION.fullmatch(bare):
        return "MT"
    if bare.isdecimal() and bare.isascii():
        bare = bare.lstrip("0") or "0"
    upper = bare.upper()
    return (_CODES if human else _PLAIN).get(upper, upper if upper in _PLAIN else bare)
