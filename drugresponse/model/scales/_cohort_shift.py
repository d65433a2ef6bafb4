"""Whether most features of new samples lie elsewhere than in training: another scale of few genes, another allele."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.errors import count
from drugresponse.model.scales._blocks import Block

__all__ = ["tell_of_counts_elsewhere", "tell_of_values_elsewhere"]

logger = logging.getLogger(__name__)

_FEWEST_SAMPLES, _FEWEST_FEATURES = 10, 5
_MEASURED_SHIFT, _COUNTED_SHIFT = 1.0, 1.5
"""Standard deviations of the training by which the mean of half of the features is off."""
_WIDER, _NARROWER = 2.5, 0.35

Array = NDArray[np.float64]
Singles = NDArray[np.float32]


def tell_of_values_elsewhere(values: Array, block: Block, centre: Singles, size: Singles) -> None:
    """Warn where the values of most features are shifted, spread or crowded beside those of the training.

    A block that has too few features for `TrainedScales` to judge each sample by itself, such as a panel of six genes,
    is judged by its cohort.

    Parameters
    ----------
    values
        `(n_samples, n_columns)`, NaN where missing.
    block
        Whose values they are.
    centre, size
        `(n_columns,)` mean, and root mean square of those that are not 0, in training.
    """
    enough = np.isfinite(values).sum(axis=0) >= _FEWEST_SAMPLES
    spread = np.sqrt(np.maximum(size.astype(np.float64) ** 2 - centre.astype(np.float64) ** 2, 0.0))
    judged = enough & np.isfinite(spread) & (spread > 0)
    if judged.sum() < _FEWEST_FEATURES:
        return
    shift = np.median(np.abs(np.nanmean(values[:, judged], axis=0) - centre[judged]) / spread[judged])
    ratio = np.median(np.nanstd(values[:, judged], axis=0) / spread[judged])
    if shift > _MEASURED_SHIFT or not _NARROWER <= ratio <= _WIDER:
        logger.warning(
            'genotypes, block "%s": most of %s lie elsewhere than in training (half of their means are off by %.1f '
            "standard deviations or more, and their spread is %.1f times as large). If that is another scale, platform "
            "or batch, the predictions are wrong, and their bounds do not show it: give the training's values.",
            block.name,
            count(int(judged.sum()), "feature"),
            shift,
            ratio,
        )


def tell_of_counts_elsewhere(values: sparse.csr_array, block: Block, centre: Singles) -> None:
    """Warn where most alterations or alleles are much more or less frequent than in training.

    Parameters
    ----------
    values
        `(n_samples, n_columns)` of the block.
    block
        Whose values they are.
    centre
        `(n_columns,)` mean in training.
    """
    most = 2.0 if block.kind == "dosage" else 1.0
    n_columns = len(centre)
    known = np.isfinite(values.data)
    n_called = len(values.indptr) - 1 - np.bincount(values.indices[~known], minlength=n_columns)
    share = centre.astype(np.float64) / most
    spread = np.sqrt(most * np.clip(share * (1.0 - share), 0.0, None))
    judged = (n_called >= _FEWEST_SAMPLES) & np.isfinite(spread) & (spread > 0)
    if judged.sum() < _FEWEST_FEATURES:
        return
    mean = np.bincount(values.indices[known], values.data[known], n_columns)[judged] / n_called[judged]
    shift = np.median(np.abs(mean - centre[judged]) / spread[judged])
    turned = np.mean((mean / most > 0.5) != (share[judged] > 0.5))
    if shift > _COUNTED_SHIFT or turned > 0.5:
        logger.warning(
            'genotypes, block "%s": most of %s are not as frequent as in training (half of their means are off by %.1f '
            "standard deviations or more). If 1 and 0 are exchanged, or the other allele is counted, the "
            "predictions are wrong: give them as the training had them.",
            block.name,
            count(int(judged.sum()), "feature"),
            shift,
        )
