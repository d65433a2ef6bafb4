"""Values of new samples that no count of alleles, and no alteration, can have."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError, count

__all__ = ["refuse_impossible", "tell_of_carriers"]

logger = logging.getLogger(__name__)

_COPIES = 2.05
"""Copies of an allele, at most; expected ones of several alternates may add up to a little more than two."""
_FEWEST, _FEWEST_SHARES = 5, 20
_EXPECTED_PAIRS = 30.0


def refuse_impossible(
    known: Genotypes, weights: NDArray[np.float64], low: NDArray[np.float32], high: NDArray[np.float32]
) -> None:
    """Values that no count of copies, and no alteration, can have."""
    kinds = known.features["kind"].to_numpy(dtype=object)
    data, columns = known.values.data, known.values.indices
    for kind, words in (("dosage", "0 to 2 copies of an allele"), ("altered", "0 or 1")):
        counted = kinds == kind
        if not counted.any():
            continue
        least = float(np.nan_to_num(low[counted]).min(initial=0.0))
        most = float(np.nan_to_num(high[counted]).max(initial=0.0))
        present = counted[columns] & (weights[columns] > 0) & np.isfinite(data) & (data != 0)
        wrong = present & ((data < least - 0.05) | (data > max(most, _COPIES)))
        # one coding for another: all carriers as 2, or a share of the reads in place of yes
        other = present & (data != 1)
        coded = kind == "altered" and most <= 1 and other.sum() == present.sum() and _is_other_coding(data[other])
        if wrong.any() or coded:
            those = np.flatnonzero(wrong if wrong.any() else other)
            at = those[0]
            raise InputError(
                f"genotypes: found {count(len(those), 'value')} such as {data[at]:g} in "
                f'feature "{known.features.index[columns[at]]}" (expected {words}, as in training). '
                "Give the values as the training had them, or train again with these."
            )


def tell_of_carriers(known: Genotypes, high: NDArray[np.float32], centre: NDArray[np.float32]) -> None:
    """Say that no call has two copies, where hundreds of calls make that next to impossible."""
    common = (known.features["kind"] == "dosage").to_numpy() & (high > 1)
    values = known.values[:, np.flatnonzero(common)]
    called = values.data[np.isfinite(values.data)]
    missing = known.missing()[:, np.flatnonzero(common)].sum(axis=0)
    expected = float(((known.shape[0] - np.asarray(missing).ravel()) * (centre[common] / 2.0) ** 2).sum())
    if expected >= _EXPECTED_PAIRS and called.max(initial=0.0) <= 1 and (called == np.rint(called)).all():
        logger.warning(
            "genotypes: no call has two copies of an allele, where about %.0f are usual after the training. If 1 "
            "says that an allele is borne, and not how often, the predictions are wrong: give copies.",
            expected,
        )


def _is_other_coding(values: NDArray[np.float32]) -> bool:
    """Whether values that should be 1 are all 2, or fractions that are not near 1 as expected copies would be."""
    near = np.abs(values - np.rint(values)) < 0.1
    return len(values) >= _FEWEST and bool((values == 2).all() or (len(values) >= _FEWEST_SHARES and near.mean() < 0.2))
