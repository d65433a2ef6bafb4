"""How much each column counts in a Gaussian kernel, learned from what the kernel predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize

from drugresponse.learners.state import Array

__all__ = ["RelevanceKernel", "learn_automatic_relevance"]

_NOISE = 10.0 ** np.arange(-3, 3.01, 0.25)
"""Noise tried for each target, relative to the kernel's own variance."""
_PULL = 0.5
"""How hard each column's width is pulled towards 0, relative to the width that it starts from."""
_STEPS = 8
_FIRST_LINEAR = 0.1
_FARTHEST = (-7.0, 4.0)
"""Limits of the logarithm of what a width may be multiplied by."""


@dataclass(frozen=True, eq=False)
class RelevanceKernel:
    """A kernel `exp(-|u - v|^2) + linear * u @ v` of columns multiplied by widths.

    Attributes
    ----------
    widths
        `(n_columns,)`, 0 or more; a column of width 0 does not count.
    linear
        How loud the linear part is.
    """

    widths: Array
    linear: float


def learn_automatic_relevance(
    columns: Array, targets: Array, first: Array, *, n_draws: int, n_rows: int, random_state: int
) -> list[RelevanceKernel]:
    """Widths of most marginal likelihood under a Gaussian process, each on other rows.

    All targets share the kernel, and each has a variance and a noise of its own. Many draws of few rows are quicker
    than one of all, and the mean of their kernels predicts better than one kernel; so do few steps, where the targets
    say little. Source: MacKay 1996, "Bayesian methods for backpropagation networks" (automatic relevance
    determination); Rasmussen and Williams 2006, "Gaussian processes for machine learning", section 5.1.

    Parameters
    ----------
    columns
        `(n_samples, n_columns)`, no missing.
    targets
        `(n_samples, n_targets)`, no missing.
    first
        `(n_columns,)` widths to start from; a column that starts at 0 stays there.
    n_draws, n_rows
        How many times, and on how many rows at most, the widths are learned.
    random_state
        Seed of the rows.
    """
    used = np.flatnonzero(first > 0)
    spread = targets.std(axis=0)
    standard = targets[:, spread > 0] / spread[spread > 0]
    if not len(used) or not standard.shape[1]:
        return [RelevanceKernel(first, _FIRST_LINEAR)] * n_draws
    rng = np.random.default_rng(random_state)
    kernels = []
    for _ in range(n_draws):
        rows = np.sort(rng.permutation(len(columns))[:n_rows])
        aim = standard[rows] - standard[rows].mean(axis=0)
        learned, linear = _most_likely(columns[np.ix_(rows, used)], aim, first[used])
        widths = np.zeros(len(first))
        widths[used] = learned
        kernels.append(RelevanceKernel(widths, linear))
    return kernels


def _most_likely(columns: Array, targets: Array, first: Array) -> tuple[Array, float]:
    start = np.log(np.append(first, _FIRST_LINEAR))
    limits = [(width + _FARTHEST[0], width + _FARTHEST[1]) for width in start]
    optimum = minimize(
        _minus_log_likelihood,
        start,
        args=(columns, targets, first),
        jac=True,
        method="L-BFGS-B",
        bounds=limits,
        options={"maxiter": _STEPS},
    )
    widths = np.exp(optimum.x)
    return widths[:-1], float(widths[-1])


def _minus_log_likelihood(logarithms: Array, columns: Array, targets: Array, first: Array) -> tuple[float, Array]:
    """Minus the marginal log likelihood plus the pull, and its gradient.

    Each target's variance is the one that suits it best, and its noise the best of `_NOISE`: at those the likelihood is
    flat, so that they do not enter the gradient.
    """
    widths, linear = np.exp(logarithms[:-1]), float(np.exp(logarithms[-1]))
    scaled = columns * widths
    squares, products = (scaled**2).sum(axis=1), scaled @ scaled.T
    waves = np.exp(-np.maximum(squares[:, None] + squares - 2 * products, 0.0))
    values, vectors = eigh(waves + linear * products, driver="evd")
    values = np.maximum(values, 1e-10)
    projected = vectors.T @ targets
    inverse = 1.0 / (values[:, None] + _NOISE)
    # a target may be flat in the rows that were drawn
    variance = np.maximum((projected**2).T @ inverse / len(columns), 1e-12)
    losses = 0.5 * len(columns) * np.log(variance) - 0.5 * np.log(inverse).sum(axis=0)
    best = losses.argmin(axis=1)
    kept = inverse[:, best]
    solved = vectors @ (projected * kept / np.sqrt(variance[np.arange(len(best)), best]))
    slope = 0.5 * ((vectors * kept.sum(axis=1)) @ vectors.T - solved @ solved.T)
    by_waves = slope * waves
    # a squared distance's slope in the logarithm of a width is twice its part in that column
    apart = by_waves.sum(axis=1) @ scaled**2 - (scaled * (by_waves @ scaled)).sum(axis=0)
    along = 2 * linear * (scaled * (slope @ scaled)).sum(axis=0)
    pull = _PULL * widths / first
    gradient = np.append(along - 4 * apart + pull, linear * (slope * products).sum())
    return float(losses.min(axis=1).sum() + pull.sum()), gradient
