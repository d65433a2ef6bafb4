"""Calls of alternate alleles: how many copies, and which are not known."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONFLICT",
    "HALF",
    "MISSING",
    "NO_ALLELE",
    "SPANNED",
    "copies_of",
    "expected_copies",
    "merge_calls",
    "symbolic_allele",
    "tell_of_calls",
]

logger = logging.getLogger(__name__)

SPANNED = ("*", "<*:DEL>")
"""A deletion that spans the site, as it is written now, and as GATK 3 wrote it."""
NO_ALLELE = (*SPANNED, "<*>", "<NON_REF>", ".", "")
"""What may stand in the place of an allele: a deletion that spans the site, any other allele (in gVCF), or nothing."""
_MOST_COPIES = 8
"""Of an octoploid: 9 and 99 mark missing calls."""
MISSING = -1
"""No call; a later record of the same allele may give one, and it may be told to mean the reference."""
HALF = -2
"""One allele of the call is missing; a later record may give the whole."""
CONFLICT = -3
"""Two records of the same allele contradict each other. Every negative number is missing in the end."""


def copies_of(alleles: NDArray[np.integer], n_alternates: int) -> NDArray[np.int8]:
    """Copies of each alternate allele.

    Parameters
    ----------
    alleles
        `(n_samples, ploidy)` numbers of alleles, 0 the reference; -1 is a missing allele, and less is padding where
        another sample has more copies of the chromosome.
    n_alternates
        How many alternate alleles there are.

    Returns
    -------
    numpy.ndarray
        `(n_alternates, n_samples)` int8, or `MISSING` or `HALF`.

    Examples
    --------
    >>> copies_of(np.array([[0, 1], [2, 2], [-1, -1], [-1, 1], [1, -2]]), 2).tolist()
    [[1, 0, -1, -2, 1], [0, 2, -1, -2, 0]]
    """
    absent = (alleles < 0).all(axis=1)
    half = (alleles == -1).any(axis=1) & ~absent
    copies = np.stack([(alleles == at + 1).sum(axis=1, dtype=np.int8) for at in range(n_alternates)])
    copies[:, half] = HALF
    copies[:, absent] = MISSING
    return copies


def expected_copies(expected: NDArray[np.float32]) -> NDArray[np.float32]:
    """Expected copies (DS) with `MISSING` for NaN.

    Raises
    ------
    ValueError
        One is negative, or of more copies than any plant has.
    """
    if (expected < 0).any() or (expected > _MOST_COPIES).any():
        wrong = expected[(expected < 0) | (expected > _MOST_COPIES)][0]
        raise ValueError(f"found a DS of {wrong:g} (expected 0 to 2, and . for a missing one).")
    return np.where(np.isnan(expected), np.float32(MISSING), expected)


def symbolic_allele(allele: str, position: int, lengths: str | None, end: str | None, number: int = 0) -> str:
    """A symbolic allele with its length, by which those of one place are told apart; any other allele as it is.

    Parameters
    ----------
    allele
        As ALT has it.
    position, lengths, end
        POS, SVLEN (of all alternates, or of one) and END.
    number
        Which of the alternates it is, from 0.

    Examples
    --------
    >>> symbolic_allele("<DEL>", 1000, "-500", None), symbolic_allele("<CN0>", 1000, None, "1500")
    ('<DEL:500>', '<CN0:500>')
    >>> symbolic_allele("<INS>", 1000, None, "1000"), symbolic_allele("G", 1000, None, "1500")
    ('<INS>', 'G')
    """
    if not allele.startswith("<") or allele in NO_ALLELE:
        return allele
    per_allele = (lengths or "").split(",")
    written = per_allele[number if number < len(per_allele) else 0].lstrip("+-")
    length = int(written) if written.isdecimal() else int(end) - position if end and end.isdecimal() else 0
    return f"{allele[:-1]}:{length}>" if length > 0 else allele


def merge_calls(calls: NDArray[np.number], later: NDArray[np.number]) -> int:
    """Put the calls of a later record of the same allele beside the first ones, in place.

    Returns
    -------
    int
        How many contradict each other, and are now `CONFLICT`.

    Examples
    --------
    >>> calls = np.array([-1, 1, 1, -2, -1], dtype=np.int8)
    >>> merge_calls(calls, np.array([2, 1, 0, -1, -2], dtype=np.int8)), calls.tolist()
    (1, [2, 1, -3, -2, -2])
    """
    differ = (calls >= 0) & (later >= 0) & (calls != later)
    take = (calls < 0) & (calls != CONFLICT) & ((later >= 0) | (calls == MISSING))
    calls[take] = later[take]
    calls[differ | (later == CONFLICT)] = CONFLICT
    return int(differ.sum())


def tell_of_calls(
    where: str, *, n_samples: int, n_alleles: int, n_missing: int, n_conflicts: int, absent_means: str
) -> None:
    """Log how many calls were read; warn of conflicts, and of a file that may list only what differs."""
    if n_conflicts:
        logger.warning(
            "%s: %d calls contradict an earlier record of the same allele and are missing.", where, n_conflicts
        )
    share = n_missing / max(n_samples * n_alleles, 1)
    if share > 0.5 and absent_means == "missing":
        logger.warning(
            f"{where}: {100 * share:.0f} % of the calls are missing. If the file lists only what differs from the "
            "reference, read it with `absent_means` reference."
        )
    logger.info("%s: %d samples, %d alternate alleles, %.1f %% missing.", where, n_samples, n_alleles, 100 * share)
