"""Shapley values of one leaf, by which of the inputs on its path a sample meets: a table of all coalitions."""

from __future__ import annotations

import numpy as np

from drugresponse.learners.state import Array

__all__ = ["DEEPEST", "coalition_tables"]

DEEPEST = 6
"""Inputs on one path; a table of 2 to this power is kept for each leaf."""
_POINTS, _POINT_WEIGHTS = np.polynomial.legendre.leggauss((DEEPEST + 1) // 2)
_POINTS, _POINT_WEIGHTS = (_POINTS + 1) / 2, _POINT_WEIGHTS / 2


def coalition_tables(shares: Array) -> Array:
    """The Shapley value of each input of a leaf of value 1, exactly as TreeSHAP defines it.

    The weight of a coalition of `s` among `n` others is the integral of t^s (1 - t)^(n - s) from 0 to 1, so that the
    sum over coalitions is the integral of a product of one factor for each of them, and exact at three points of Gauss
    and Legendre. Source: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI
    for trees", doi:10.1038/s42256-019-0138-9 (the path-dependent form, where an input that is not known takes each
    branch by its share of the training rows); the integral is Owen's, 1972, "Multilinear extensions of games",
    doi:10.1287/mnsc.18.5.64.

    Parameters
    ----------
    shares
        `(n_leaves, n_slots)` which share of the training rows takes the path's turns at each input, above 0; at most
        `DEEPEST` slots, 1 in those that a path does not use.

    Returns
    -------
    numpy.ndarray
        `(n_leaves, 2 ** n_slots, n_slots)`; the second dimension says which slots a sample meets: bit `j` is set where
        it meets slot `j`.

    Examples
    --------
    >>> coalition_tables(np.array([[0.25]])).ravel().round(6).tolist()
    [-0.25, 0.75]
    """
    n_slots = shares.shape[1]
    met = ((np.arange(2**n_slots)[:, None] >> np.arange(n_slots)) & 1).astype(np.float64)
    table = np.zeros((len(shares), 2**n_slots, n_slots))
    for point, weight in zip(_POINTS, _POINT_WEIGHTS, strict=True):
        factors = point * met + (1 - point) * shares[:, None]
        # no factor is 0, since each path was taken by some row
        table += weight * factors.prod(axis=2, keepdims=True) / factors
    return table * (met - shares[:, None])
