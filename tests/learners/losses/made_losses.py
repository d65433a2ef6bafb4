"""Made-up rows of each kind of outcome, and slopes by differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.bernoulli import BernoulliLoss
from drugresponse.learners.losses.cox import CoxLoss
from drugresponse.learners.losses.cumulative_logit import CumulativeLogitLoss
from drugresponse.learners.losses.interval_normal import IntervalNormalLoss

Array = NDArray[np.float64]
KINDS = ("binary", "ordinal", "interval", "time", "late entry")


def made_loss(kind: str, rows: int = 60, n_drugs: int = 3, seed: int = 0, repeats: NDArray | None = None) -> RowLoss:
    """A loss of random rows, which stand there as often as `repeats` says, or have these as weights."""
    rng = np.random.default_rng(seed)
    drug, weights = np.arange(rows) % n_drugs, rng.uniform(0.5, 2, rows)
    latent, times = rng.normal(drug, 1.5, rows), np.ceil(rng.exponential(8, rows))
    happened, entry = rng.random(rows) < 0.7, times * rng.uniform(0, 0.9, rows)
    kinds = rng.integers(0, 4, rows)
    at = np.arange(rows)
    if repeats is not None:
        at, weights = np.repeat(at, repeats), np.ones(int(repeats.sum()))
    lower = np.where(kinds == 1, -np.inf, np.where(kinds == 3, np.floor(latent), latent))[at]
    upper = np.where(kinds == 2, np.inf, np.where(kinds == 3, np.floor(latent) + 1, latent))[at]
    return of_rows(kind, (latent[at], lower, upper, times[at], happened[at], entry[at]), weights, drug[at])


def of_rows(kind: str, values: tuple, weights: Array, drug: NDArray[np.intp]) -> RowLoss:
    """The loss of these rows."""
    latent, lower, upper, times, happened, entry = values
    if kind == "binary":
        return BernoulliLoss((latent > 1).astype(float), weights, drug)
    if kind == "ordinal":
        return CumulativeLogitLoss.of(np.digitize(latent, [-1, 0.5, 2]).astype(float), weights, drug, 4)
    if kind == "interval":
        return IntervalNormalLoss.of(lower, upper, weights, drug)
    return CoxLoss(times, happened, entry if kind == "late entry" else np.zeros(len(times)), weights, drug)


def by_differences(loss: RowLoss, scores: Array, step: float = 1e-4) -> tuple[Array, Array]:
    """Slope and curvature of the total by each score."""
    slopes, curvatures = np.empty(len(scores)), np.empty(len(scores))
    for row in range(len(scores)):
        moved = np.zeros(len(scores))
        moved[row] = step
        up, here, down = loss.total(scores + moved), loss.total(scores), loss.total(scores - moved)
        slopes[row], curvatures[row] = (up - down) / (2 * step), (up - 2 * here + down) / step**2
    return slopes, curvatures
