"""How much of each drug's prediction several maps have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from drugresponse.learners.factors.blocks import mix_shares
from drugresponse.learners.state import Array

__all__ = ["shares_by_drug"]

_SPREAD = 0.2
"""How far from those of all drugs the shares of one are expected to be, as a standard deviation."""


def shares_by_drug(left_out: Sequence[Array], targets: Array, weights: Array, groups: NDArray) -> Array:
    """Shares, 0 or more, of least error for each drug, pulled towards those that suit all drugs.

    One drug's response hangs on a single gene, another's on thousands: no share suits both. Each group of rows counts
    as one observation beside the prior, as in `auto`.

    Parameters
    ----------
    left_out
        Centred predictions of each map, `(n_samples, n_drugs)`.
    targets, weights, groups
        `(n_samples, n_drugs)`, centred, and `(n_samples,)`.

    Returns
    -------
    (n_maps, n_drugs) float64

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=(500, 2))
    >>> shares_by_drug([y * [1, 2]], y, np.ones(500), np.arange(500)).round(1).tolist()
    [[1.0, 0.5]]
    """
    n_maps, n_drugs = len(left_out), targets.shape[1]
    variances = np.average(targets**2, axis=0, weights=weights)
    even = np.divide(1.0, variances, out=np.zeros(n_drugs), where=variances > 0)
    common = mix_shares(left_out, targets, np.outer(weights, even))
    shares = np.tile(common[:, None], (1, n_drugs))
    if n_drugs == 1:
        return shares
    root = np.sqrt(weights / weights.mean())
    rows_a_group = len(groups) / len(np.unique(groups.astype(str)))
    for drug in np.flatnonzero(even):
        inputs = np.column_stack([table[:, drug] for table in left_out]) * root[:, None]
        aim = targets[:, drug] * root
        pull = np.sqrt(float(np.mean((aim - inputs @ common) ** 2)) * rows_a_group) / _SPREAD
        shares[:, drug] = nnls(np.vstack([inputs, pull * np.eye(n_maps)]), np.append(aim, pull * common))[0]
    return shares
