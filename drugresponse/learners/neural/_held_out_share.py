"""How much of a network to add to the ridge, by held-out rows that leave it unsure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array

__all__ = ["shrunken_share"]


def shrunken_share(gains: Array, shares: Array, weights: Array, groups: NDArray) -> tuple[float, float]:
    """The share of least loss on held-out rows, drawn to 0 by how unsure it is, and what it lowers the loss by.

    The loss is a parabola in the share (exactly where it is a square), whose least is at `w`, with a standard error `e`
    over groups. The share is `w * (1 - (e / w)^2)`, 0 where `w` is below `e`: the positive part of James and Stein's
    estimate (1961, "Estimation with quadratic loss"), which is never 0 for what is sure, and hardly more than 0 for
    noise. To take all of `w` or nothing by its gain in standard errors, above 1, asks for `w` above `2 * e`, and loses
    most where signals are weak.

    Parameters
    ----------
    gains
        `(n_shares, n_rows)` drop in loss by each share.
    shares
        `(n_shares,)` above 0.
    weights, groups
        `(n_rows,)` weights, and the group of each row; rows of one group err together.

    Returns
    -------
    share : float
        From 0 to 1.
    drop : float
        In mean loss.

    Examples
    --------
    >>> rng, shares = np.random.default_rng(0), np.linspace(0.1, 1, 10)
    >>> residual, network = rng.normal(size=4000), rng.normal(size=4000)
    >>> def share_of(residual):
    ...     gains = residual**2 - (residual - shares[:, None] * network) ** 2
    ...     return shrunken_share(gains, shares, np.ones(4000), np.arange(4000))[0]
    >>> round(share_of(residual + 0.5 * network), 1), share_of(residual - 0.5 * network)
    (0.5, 0.0)
    """
    basis = np.column_stack([shares, -(shares**2)])
    slopes, bends = np.linalg.lstsq(basis, gains, rcond=None)[0] * weights
    group = np.unique(groups, return_inverse=True)[1]
    slope, bend = np.bincount(group, slopes), np.bincount(group, bends)
    if slope.sum() <= 0 or bend.sum() <= 0:
        return 0.0, 0.0
    best = float(slope.sum() / (2 * bend.sum()))
    away = slope - 2 * best * bend
    n = len(slope)
    variance = float((away**2).sum()) * n / max(n - 1, 1) / (2 * float(bend.sum())) ** 2
    share = min(best * max(0.0, 1.0 - variance / best**2), 1.0)
    drop = (share * slope.sum() - share**2 * bend.sum()) / weights.sum()
    return share, float(drop)
