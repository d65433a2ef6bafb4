"""Ordered classes: the cumulative logit of a latent place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array

__all__ = ["CumulativeLogitLoss"]

_PRIOR_ROWS = 2.0
"""Rows at the class shares over all drugs that a drug's own shares are averaged with: no share is 0."""
_GAP_PRECISION = 4.0
"""Precision of the logarithm of a gap between cuts of one drug around that of all drugs: that of some twenty rows."""
_GAPS = -6.0, 4.0
"""Logarithms between which a gap between two cuts stays."""
_LEAST_CURVATURE = 1e-6


@dataclass(frozen=True, eq=False)
class CumulativeLogitLoss(RowLoss):
    """Minus the log probability of the class, `P(y >= k) = expit(score - cut_k)` (McCullagh 1980).

    The cuts of a drug have mean 0, so that the score holds its level; what a drug's cuts are is drawn towards those of
    all drugs. doi:10.1111/j.2517-6161.1980.tb01109.x.

    Attributes
    ----------
    y
        `(n_rows,)` class of each row, 0 to K - 1.
    cuts
        `(n_drugs, K - 1)` ascending, of mean 0.
    level
        `(n_drugs,)` mean over k of the log odds of `y >= k`.

    Examples
    --------
    >>> loss = CumulativeLogitLoss.of(np.array([0.0, 1.0, 2.0, 1.0]), np.ones(4), np.zeros(4, dtype=np.intp), 3)
    >>> loss.cuts.round(2).tolist(), loss.values(np.zeros(4)).argmin().item()
    ([[-1.06, 1.06]], 1)
    """

    y: Array
    weights: Array
    drug_index: NDArray[np.intp]
    cuts: Array
    level: Array

    @classmethod
    def of(cls, y: Array, weights: Array, drug_index: NDArray[np.intp], n_classes: int) -> CumulativeLogitLoss:
        """The loss whose cuts suit each drug's class shares."""
        counts = np.zeros((int(drug_index.max()) + 1, n_classes))
        np.add.at(counts, (drug_index, y.astype(np.intp)), weights)
        pooled = counts.sum(axis=0) + 0.5
        shares = counts + _PRIOR_ROWS * pooled / pooled.sum()
        above = shares[:, ::-1].cumsum(axis=1)[:, ::-1]
        odds = logit(above[:, 1:] / above[:, :1])
        level = odds.mean(axis=1)
        return cls(y, weights, drug_index, level[:, None] - odds, level)

    def values(self, scores: Array) -> Array:
        """`(n_rows,)` minus log probability of the row's class."""
        lower, upper = self._limits(self.cuts)
        # expit(a) - expit(b) without the difference, which would be 0 far from the class
        return np.asarray(-log_expit(scores - lower) - log_expit(upper - scores) - np.log(-np.expm1(lower - upper)))

    def derivatives(self, scores: Array) -> tuple[Array, Array]:
        """`(n_rows,)` of the sum of two log losses, at the cut below and the cut above the class."""
        lower, upper = self._limits(self.cuts)
        below, above = expit(lower - scores), expit(scores - upper)
        curvature = np.maximum(below * (1 - below) + above * (1 - above), _LEAST_CURVATURE)
        return self.weights * (above - below), self.weights * curvature

    def start(self) -> Array:
        """`(n_drugs,)` mean log odds of being at or above each class but the lowest."""
        return self.level

    def adjusted(self, scores: Array) -> CumulativeLogitLoss:
        """The loss with the cuts that suit these scores best; those of one drug are drawn to those of all."""
        n_drugs, n_cuts = self.cuts.shape
        if n_cuts < 2:
            return self
        usual = np.log(np.diff(np.average(self.cuts, axis=0, weights=self._rows_of_drugs())))
        pooled = self._best_gaps(scores, usual[None, :])
        gaps = self._best_gaps(scores, np.repeat(pooled, n_drugs, axis=0))
        return replace(self, cuts=_cuts_of(gaps))

    def answers(self) -> NDArray[np.intp]:
        """`(n_rows,)` the class."""
        return self.y.astype(np.intp)

    def take(self, rows: Any) -> CumulativeLogitLoss:
        """The loss of some rows."""
        return replace(self, y=self.y[rows], weights=self.weights[rows], drug_index=self.drug_index[rows])

    def _rows_of_drugs(self) -> Array:
        return np.bincount(self.drug_index, self.weights, minlength=len(self.cuts)).astype(np.float64)

    def _limits(self, cuts: Array) -> tuple[Array, Array]:
        """`(n_rows,)` the cut below and above each row's class."""
        open_ = np.full((len(cuts), 1), np.inf)
        padded, classes = np.hstack([-open_, cuts, open_]), self.y.astype(np.intp)
        return padded[self.drug_index, classes], padded[self.drug_index, classes + 1]

    def _best_gaps(self, scores: Array, usual: Array) -> Array:
        """Logarithms of the gaps of one set of cuts for all drugs, or one for each, which are drawn to the usual."""
        shared = len(usual) == 1

        def penalised(flat: Array) -> tuple[float, Array]:
            gaps = flat.reshape(usual.shape)
            cuts = _cuts_of(gaps)
            of_drugs = np.broadcast_to(cuts, self.cuts.shape)
            by_cut = self._cut_slopes(scores, of_drugs)
            by_cut = by_cut.sum(axis=0, keepdims=True) if shared else by_cut
            # a gap moves every cut above it, and all cuts by the mean of that
            moved = by_cut[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
            share = np.arange(usual.shape[1], 0, -1) / (usual.shape[1] + 1)
            slopes = np.exp(gaps) * (moved - share * by_cut.sum(axis=1, keepdims=True))
            loss = replace(self, cuts=of_drugs).total(scores) + 0.5 * _GAP_PRECISION * float(
                ((gaps - usual) ** 2).sum()
            )
            return loss, (slopes + _GAP_PRECISION * (gaps - usual)).ravel()

        start = np.clip(usual, *_GAPS).ravel()
        best = minimize(penalised, start, jac=True, method="L-BFGS-B", bounds=[_GAPS] * usual.size)
        return np.asarray(best.x).reshape(usual.shape)

    def _cut_slopes(self, scores: Array, cuts: Array) -> Array:
        """`(n_drugs, K - 1)` slope of the total by each cut."""
        lower, upper = self._limits(cuts)
        # a class is as likely as the gap between its cuts is wide
        width = -np.expm1(lower - upper)
        ratio = self.weights * np.exp(lower - upper) / width
        of_lower = self.weights * expit(lower - scores) + ratio
        of_upper = -self.weights * expit(scores - upper) - ratio
        slopes, classes = np.zeros((len(cuts), cuts.shape[1] + 2)), self.y.astype(np.intp)
        np.add.at(slopes, (self.drug_index, classes), of_lower)
        np.add.at(slopes, (self.drug_index, classes + 1), of_upper)
        return slopes[:, 1:-1]


def _cuts_of(gaps: Array) -> Array:
    """`(n, K - 1)` cuts of mean 0 with these logarithms of gaps."""
    cuts = np.hstack([np.zeros((len(gaps), 1)), np.exp(gaps).cumsum(axis=1)])
    return np.asarray(cuts - cuts.mean(axis=1, keepdims=True))
