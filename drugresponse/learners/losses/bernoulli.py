"""Yes or no: the log loss of log odds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array

__all__ = ["BernoulliLoss"]

_PRIOR_ROWS = 2.0
"""Rows at the prevalence over all drugs that a drug's own is averaged with: no prevalence is 0 or 1."""
_LEAST_CURVATURE = 1e-6


@dataclass(frozen=True, eq=False)
class BernoulliLoss(RowLoss):
    """`log(1 + exp(score)) - y * score`.

    Attributes
    ----------
    y
        `(n_rows,)` 0 or 1.

    Examples
    --------
    >>> loss = BernoulliLoss(np.array([0.0, 1.0]), np.ones(2), np.zeros(2, dtype=np.intp))
    >>> loss.values(np.zeros(2)).round(3).tolist(), loss.derivatives(np.zeros(2))[0].tolist()
    ([0.693, 0.693], [0.5, -0.5])
    """

    y: Array
    weights: Array
    drug_index: NDArray[np.intp]

    def values(self, scores: Array) -> Array:
        """`(n_rows,)` log loss of each row."""
        return np.asarray(np.logaddexp(0.0, scores) - self.y * scores)

    def derivatives(self, scores: Array) -> tuple[Array, Array]:
        """`(n_rows,)` probability less response, and the variance of the response."""
        probability = expit(scores)
        curvature = np.maximum(probability * (1 - probability), _LEAST_CURVATURE)
        return self.weights * (probability - self.y), self.weights * curvature

    def start(self) -> Array:
        """`(n_drugs,)` log odds of the event."""
        overall = (self.weights @ self.y + 0.5) / (self.weights.sum() + 1.0)
        events = np.bincount(self.drug_index, self.weights * self.y) + _PRIOR_ROWS * overall
        return np.asarray(logit(events / (np.bincount(self.drug_index, self.weights) + _PRIOR_ROWS)))

    def answers(self) -> NDArray[np.intp]:
        """`(n_rows,)` the class."""
        return self.y.astype(np.intp)

    def take(self, rows: Any) -> BernoulliLoss:
        """The loss of some rows."""
        return replace(self, y=self.y[rows], weights=self.weights[rows], drug_index=self.drug_index[rows])
