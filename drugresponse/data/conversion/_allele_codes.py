"""Numbers that are codes of alleles or of groups, such as 1 for the wild type and 2 for a carrier, and no counts."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored.number_summary import NumberSummary
from drugresponse.errors import InputError, show_ids

__all__ = ["refuse_allele_codes"]

logger = logging.getLogger(__name__)

_SURE, _LIKELY = 7.0, 3.0
"""How many samples without a copy are lacking; the chance of none where 7 are expected is `exp(-7)`."""
_FEWEST = 8
_TWO_DIGITS = np.array([10 * one + other for one, other in itertools.product(range(1, 5), repeat=2)])
_WAY_OUT = (
    "If 1 stands for what is absent (the wild type) and 2 for what is present, write 0 and 1, or no and yes; if they "
    "are copies of an allele or a gene, say so with `kind` dosage or `kind` copy_number"
)


def refuse_allele_codes(
    numbers: NumberSummary, values: Any, members: NDArray[np.intp], names: list[str], where: str
) -> None:
    """Refuse a block of guessed kind whose whole numbers are codes; warn of single columns of such.

    Where 1 and 2 are copies of an allele, Hardy and Weinberg's law tells how many samples have none: of `n` samples
    with `h` of one copy and `z` of none `(2 z + h)**2 / (4 n)`; strata and inbreeding make them more frequent.

    Parameters
    ----------
    numbers
        What is known of those of the block.
    values
        `(n_samples, n_features)` dense or sparse, NaN missing.
    members
        Columns of the block.
    names
        Their names.
    where
        File, and block where it has a name.

    Raises
    ------
    InputError
        Most columns with two values have 1 and 2 alone, and all are unlikely to be copies; or all numbers are two
        alleles by their numbers, such as 11, 12 and 22.

    Examples
    --------
    >>> refuse_allele_codes(NumberSummary.of(np.eye(2)), np.eye(2), np.arange(2), ["KRAS", "TP53"], "table.tsv")
    """
    if not (numbers.n and numbers.n_whole == numbers.n and numbers.low >= 0):
        return
    block = values if len(members) == values.shape[1] else values[:, members]
    if 11 <= numbers.high <= 44:
        _refuse_two_digits(block.data if hasattr(block, "tocsc") else block, where)
    if numbers.high == 2:
        _refuse_ones_and_twos(block, names, where)


def _refuse_two_digits(values: NDArray[Any], where: str) -> None:
    present = values[~np.isnan(values)]
    filled = present[present != 0]
    pairs = set(np.unique(filled).astype(int).tolist()) if np.isin(filled, _TWO_DIGITS).all() else set()
    if len(filled) >= _FEWEST and any(pair // 10 != pair % 10 for pair in pairs) and min(pairs, default=0) >= 11:
        raise InputError(
            f"{where}: found only {show_ids(map(str, sorted(pairs)))} (expected copies of an allele), which look like "
            "two alleles by their numbers. Write copies of the alternate allele (0, 1 or 2) or letters (A/G); if they "
            "are measured, say so with `kind` score."
        )


def _refuse_ones_and_twos(block: Any, names: list[str], where: str) -> None:
    if _all_have_zero(block):
        return
    zeros, ones, twos = (_counts(block, number) for number in (0, 1, 2))
    varied = (zeros > 0).astype(int) + (ones > 0) + (twos > 0) > 1
    without_zero = np.flatnonzero(varied & (zeros == 0))
    expected = np.where(varied, (2.0 * zeros + ones) ** 2 / (4.0 * np.maximum(zeros + ones + twos, 1)), 0.0)
    lacking = expected.sum() - zeros[varied].sum()
    are_most = 2 * len(without_zero) > varied.sum() and 2 * lacking > expected.sum()
    said = (
        f"{where}: found 1 and 2 and never 0 in {len(without_zero)} of the {varied.sum()} columns with several values"
    )
    if are_most and lacking > _SURE:
        raise InputError(f"{said} (expected some 0 among copies of an allele). {_WAY_OUT}.")
    sure = without_zero[expected[without_zero] > _SURE + np.log(len(names))]
    if len(sure) or (are_most and lacking > _LIKELY):
        shown = show_ids(names[at] for at in (sure if len(sure) else without_zero))
        logger.warning(f"{said}, such as {shown}; read as copies of an allele, of which some would be 0. {_WAY_OUT}.")


def _all_have_zero(block: Any) -> bool:
    """Whether a 0 stands in each column, as in nearly all tables: then they are looked at no further."""
    if hasattr(block, "tocsc"):
        return bool((np.diff(block.tocsc().indptr) < block.shape[0]).all())
    return bool((np.fmin.reduce(block, axis=0) == 0).all())


def _counts(block: Any, number: int) -> NDArray[np.intp]:
    """`(n_features,)` how many cells of each column are a number."""
    if not hasattr(block, "tocsc"):
        return np.asarray(np.count_nonzero(block == number, axis=0))
    columns = block.tocsc()
    at = np.repeat(np.arange(columns.shape[1]), np.diff(columns.indptr))
    stored = np.bincount(at[columns.data == number], minlength=columns.shape[1])
    return stored + (columns.shape[0] - np.diff(columns.indptr) if number == 0 else 0)
