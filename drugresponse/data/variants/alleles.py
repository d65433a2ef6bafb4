"""Alleles of the same variant in two tables: the same, swapped, or written from the other strand."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "REPEAT",
    "Relation",
    "compare_alleles",
    "complements",
    "inserted_or_deleted",
    "may_be_one_change",
    "palindromic",
    "plain_alleles",
    "without_shared_ends",
]

_COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
_UNKNOWN = ("0", ".", "N")
REPEAT = 50
"""Bases between two places at which one insertion or deletion in a repeat may be written, at most."""


class Relation(IntEnum):
    """How the two alleles of a variant are written in one table, compared with another.

    `ALTERNATES`: both are alternates of one site, whose reference is a third allele.
    """

    UNKNOWN = 0
    SAME = 1
    SWAPPED = 2
    FLIPPED = 3
    FLIPPED_AND_SWAPPED = 4
    DIFFERENT = 5
    ALTERNATES = 6


def plain_alleles(column: pd.Series) -> NDArray[np.object_]:
    """Alleles in capitals; the empty string where `0`, `.`, `N` or nothing says that an allele is not known.

    Examples
    --------
    >>> plain_alleles(pd.Series(["a", "0", "<DEL>"], dtype=object)).tolist()
    ['A', '', '<DEL>']
    """
    # of millions of variants most alleles are one of four bases
    codes, written = pd.factorize(column, use_na_sentinel=False)
    text = np.array([str(allele).upper() for allele in written], dtype=object)
    return np.where(np.isin(text, _UNKNOWN), "", text)[codes]


def without_shared_ends(ref: str, alt: str) -> tuple[int, str, str]:
    """Two alleles without the bases that they share at an end, and how many were cut at the first; one base is left.

    Examples
    --------
    >>> without_shared_ends("TAC", "TGC"), without_shared_ends("ATT", "AT"), without_shared_ends("AC", "GT")
    ((1, 'A', 'G'), (0, 'AT', 'A'), (0, 'AC', 'GT'))
    """
    while min(len(ref), len(alt)) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    cut = 0
    while cut < min(len(ref), len(alt)) - 1 and ref[cut] == alt[cut]:
        cut += 1
    return cut, ref[cut:], alt[cut:]


def inserted_or_deleted(ref: str, alt: str) -> tuple[str, int]:
    """The bases that are inserted (1) or deleted (-1) behind the first; "" and 0 of any other change.

    Examples
    --------
    >>> inserted_or_deleted("CAA", "C"), inserted_or_deleted("G", "GTT"), inserted_or_deleted("CA", "T")
    (('AA', -1), ('TT', 1), ('', 0))
    """
    if min(len(ref), len(alt)) != 1 or len(ref) == len(alt) or ref[0] != alt[0]:
        return "", 0
    return (ref[1:], -1) if len(ref) > len(alt) else (alt[1:], 1)


def may_be_one_change(bases: str, others: str, distance: int) -> bool:
    """Whether bases that are inserted or deleted may be others so many bases further on, as in a repeat.

    Without the sequence between it is not proved: CAAA to CA is the deletion that is written AAA to A two bases on.

    Examples
    --------
    >>> may_be_one_change("AA", "AA", 2), may_be_one_change("CAG", "AGC", 4), may_be_one_change("CAG", "AGC", 3)
    (True, True, False)
    """
    turned = distance % max(len(bases), 1)
    return 0 < abs(distance) <= REPEAT and others == bases[turned:] + bases[:turned]


def complements(alleles: NDArray[np.object_]) -> NDArray[np.object_]:
    """What stands on the other strand; the empty string for anything longer than one base, which is not turned round.

    Examples
    --------
    >>> complements(np.array(["A", "CT", ""], dtype=object)).tolist()
    ['T', '', '']
    """
    return pd.Series(alleles, dtype=object).map(_COMPLEMENT).fillna("").to_numpy(dtype=object)


def palindromic(ref: NDArray[np.object_], alt: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether both strands show the same two bases (A and T, C and G), so that a swap looks like the other strand.

    Examples
    --------
    >>> palindromic(np.array(["A", "A"], dtype=object), np.array(["T", "G"], dtype=object)).tolist()
    [True, False]
    """
    return np.asarray((complements(ref) == alt) & (alt != ""), dtype=bool)


def compare_alleles(
    ref: NDArray[np.object_], alt: NDArray[np.object_], other_ref: NDArray[np.object_], other_alt: NDArray[np.object_]
) -> NDArray[np.int8]:
    """How the second pair of alleles is related to the first, row by row.

    Alleles of several bases are compared as they are written: they are neither turned to the other strand nor brought
    to a normal form. Of a palindromic pair, swapped is told and flipped never, though it may be either.

    Parameters
    ----------
    ref, alt, other_ref, other_alt
        `(n,)` text as `plain_alleles` gives it.

    Returns
    -------
    (n,) int8
        Values of `Relation`.

    Examples
    --------
    >>> trained = [np.array(list(alleles), dtype=object) for alleles in ("AAAAAA", "GGGGGT")]
    >>> new = [np.array(list(alleles), dtype=object) for alleles in ("AGTCAT", "GACTCA")]
    >>> [Relation(way).name for way in compare_alleles(*trained, *new)]
    ['SAME', 'SWAPPED', 'FLIPPED', 'FLIPPED_AND_SWAPPED', 'DIFFERENT', 'SWAPPED']
    """
    turned_ref, turned_alt = complements(ref), complements(alt)
    single = (turned_ref != "") & (turned_alt != "")
    # without a reference, another counted allele is swapped where it is the other side's reference, and else unlike
    half = ((ref == "") | (other_ref == "")) & (alt != "") & (other_alt != "")
    unknown = ((ref == "") | (alt == "") | (other_ref == "") | (other_alt == "")) & ~(half & (alt != other_alt))
    conditions = [
        unknown,
        half & ((alt == other_ref) | (ref == other_alt)),
        half,
        (ref == other_ref) & (alt == other_alt),
        (ref == other_alt) & (alt == other_ref),
        single & (turned_ref == other_ref) & (turned_alt == other_alt),
        single & (turned_ref == other_alt) & (turned_alt == other_ref),
    ]
    ways = [Relation.UNKNOWN, Relation.SWAPPED, Relation.DIFFERENT, *list(Relation)[1:5]]
    relation = np.select([np.asarray(condition, dtype=bool) for condition in conditions], ways, Relation.DIFFERENT)
    return relation.astype(np.int8)
