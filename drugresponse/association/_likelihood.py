"""Likelihoods of one drug's outcome: what covariates alone say, and what a feature adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from drugresponse.data.pairs import Pairs
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of

__all__ = ["DrugLikelihood"]

Array = NDArray[np.float64]

_STEPS, _HALVINGS = 100, 30
_CLOSE = 1e-8
_SPREAD = 25.0
"""Variance of what a covariate is expected to add to a score: wide, but finite where covariates tell a class wholly."""
_NORMAL_95 = 1.959964


@dataclass(frozen=True, eq=False)
class DrugLikelihood:
    """The likelihood of one drug's rows, and where it is greatest with the constant and the covariates alone.

    Attributes
    ----------
    samples
        `(n_rows,)` number of the sample of each row.
    loss
        Of the rows.
    basis
        `(n_rows, n_columns)` orthonormal columns that span the constant and the covariates.
    scores
        `(n_rows,)` the most likely scores in that span.
    """

    samples: NDArray[np.intp]
    loss: RowLoss
    basis: Array
    scores: Array

    @classmethod
    def of(cls, pairs: Pairs, y: Array, basis: Array) -> DrugLikelihood:
        """Fit constant and covariates.

        Parameters
        ----------
        pairs, y
            Measured pairs of one drug, whose outcome is not continuous, and their responses.
        basis
            `(n_pairs, n_columns)`, as above.
        """
        loss = loss_of(pairs.compact(), y, np.ones(len(y)))
        scores = np.full(len(y), float(loss.start()[0]))
        # what the likelihood holds beside the scores goes with them
        for _ in range(2):
            loss = loss.adjusted(scores)
            scores = basis @ _most_likely(loss, basis, basis.T @ scores, n_priors=0)[0]
        return cls(pairs.sample_index, loss, basis, scores)

    def effect(self, feature: Array) -> tuple[float, float]:
        """What a unit of a feature adds to the score beside the covariates, and half of its 95 % interval.

        With a log-F(1, 1) prior of the effect, which is finite where a feature separates the classes. Source: Greenland
        and Mansournia 2015, "Penalization, bias reduction, and default priors in logistic and related categorical and
        survival regressions", doi:10.1002/sim.6537.

        Parameters
        ----------
        feature
            `(n_rows,)`, NaN where not called: those rows are left out.
        """
        called = np.flatnonzero(np.isfinite(feature))
        calls = feature[called]
        columns = np.column_stack([self.basis[called], calls - calls.mean()])
        start = np.append(self.basis.T @ self.scores, 0.0)
        at, variance = _most_likely(self.loss.take(called), columns, start, n_priors=1)
        return float(at[-1]), _NORMAL_95 * float(np.sqrt(variance[-1]))


def _most_likely(loss: RowLoss, columns: Array, start: Array, n_priors: int) -> tuple[Array, Array]:
    """Coefficients of columns, and their variances, by Newton's method with steps that are halved until they gain.

    The last `n_priors` have a log-F(1, 1) prior, the others a wide normal one.
    """
    pulls = np.full(len(start), 1.0 / (_SPREAD * len(columns)))
    pulls[len(start) - n_priors :] = 0.0
    bound = np.arange(len(start)) >= len(start) - n_priors

    def value(at: Array) -> float:
        prior = np.logaddexp(0.0, at[bound]) - at[bound] / 2
        return loss.total(columns @ at) + 0.5 * float(pulls @ at**2) + float(prior.sum())

    at, least = start, value(start)
    hessian = np.eye(len(start))
    for _ in range(_STEPS):
        slope, curvature = loss.derivatives(columns @ at)
        share = special.expit(at)
        hessian = (columns.T * curvature) @ columns + np.diag(pulls + bound * share * (1 - share))
        step = np.linalg.solve(hessian, columns.T @ slope + pulls * at + bound * (share - 0.5))
        for _ in range(_HALVINGS):
            if (new := value(at - step)) <= least:
                break
            step = step / 2
        gain, at, least = least - new, at - step, min(new, least)
        if gain < _CLOSE * (1 + abs(least)):
            break
    return at, np.diag(np.linalg.inv(hessian))
