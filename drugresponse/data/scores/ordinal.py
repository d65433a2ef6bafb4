"""Metrics of ordered classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores._parts import part
from drugresponse.data.scores.base import RowScores
from drugresponse.data.scores.labels import metrics_of
from drugresponse.data.scores.losses import row_losses
from drugresponse.data.scores.truth import Truth

__all__ = ["OrdinalScores"]

_LEAST_PROBABILITY = 1e-6

Array = NDArray[np.float64]


class OrdinalScores(RowScores):
    """Metrics of predicted shares of ordered classes, and of the class called.

    Ranked probability score; cumulative log loss, the mean over the cuts of the log loss of lying above; log loss of
    the class; Cohen's kappa with quadratic weights (Cohen 1968, doi:10.1037/h0026256); accuracy, exactly and within
    one class. For classes of a resistance laboratory: the share of rows of the highest class called lowest (very
    major error), of the lowest called highest (major error), of all rows where only one of truth and call lies between
    (minor error), and of rows called right (categorical agreement).

    Parameters
    ----------
    truth, predicted
        Of the same rows.
    called
        `(n_rows,)` number of the class called; None calls the most probable one.
    """

    def __init__(self, truth: Truth, predicted: Distribution, called: NDArray[np.intp] | None = None) -> None:
        self.names = metrics_of(truth.outcome)
        self.losses = row_losses(truth, predicted)
        shares = part(predicted.shares)
        self._n_classes = shares.shape[1]
        observed = truth.y.astype(np.intp)
        call = np.argmax(shares, axis=1) if called is None else called.astype(np.intp)
        above = np.clip(1 - np.cumsum(shares, axis=1)[:, :-1], _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
        is_above = observed[:, None] > np.arange(self._n_classes - 1)
        cumulative = -np.log(np.where(is_above, above, 1 - above)).mean(axis=1)
        share = np.clip(shares[np.arange(len(observed)), observed], _LEAST_PROBABILITY, 1.0)
        cells = np.eye(self._n_classes**2)[observed * self._n_classes + call]
        self._columns = np.column_stack([self.losses, cumulative, -np.log(share), cells])

    def weighted(self, at: NDArray[np.intp], weights: Array) -> dict[str, Array]:
        """Of rows `at`."""
        sums = weights @ self._columns[at]
        loss, cumulative, log_loss = sums[:, :3].T
        table = sums[:, 3:].reshape(-1, self._n_classes, self._n_classes)
        n = table.sum(axis=(1, 2))
        classes = np.arange(self._n_classes)
        distance = np.abs(classes[:, None] - classes)
        expected = table.sum(axis=2)[:, :, None] * table.sum(axis=1)[:, None, :] / n[:, None, None]
        right = table[:, distance == 0].sum(axis=1) / n
        last = self._n_classes - 1
        between = (classes > 0) & (classes < last)
        minor = between[:, None] != between
        disagreement = (table * distance**2).sum(axis=(1, 2)), (expected * distance**2).sum(axis=(1, 2))
        return {
            "ranked_probability": loss / n,
            "cumulative_log_loss": cumulative / n,
            "log_loss": log_loss / n,
            "weighted_kappa": np.where(disagreement[1] > 0, 1 - disagreement[0] / disagreement[1], np.nan),
            "accuracy": right,
            "accuracy_within_one": table[:, distance <= 1].sum(axis=1) / n,
            "very_major_error": table[:, last, 0] / table[:, last].sum(axis=1),
            "major_error": table[:, 0, last] / table[:, 0].sum(axis=1),
            "minor_error": table[:, minor].sum(axis=1) / n,
            "categorical_agreement": right,
        }
