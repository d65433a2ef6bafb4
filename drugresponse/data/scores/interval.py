"""Metrics of values known between limits, such as minimum inhibitory concentrations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores._parts import part
from drugresponse.data.scores.base import RowScores
from drugresponse.data.scores.labels import metrics_of
from drugresponse.data.scores.losses import row_losses
from drugresponse.data.scores.truth import Truth

__all__ = ["IntervalScores"]

_ROUNDING = 1e-9

Array = NDArray[np.float64]


class IntervalScores(RowScores):
    """Metrics of predicted values, and of the normal distributions that they come from.

    Censored log loss over all rows, by location and spread. All else is of the value that is predicted. Of measured
    rows alone, whose value is exact or lies within one step of a series of doubling dilutions, and is taken at the
    middle of it: root mean squared error, bias (predicted less measured) in doublings, and essential agreement, the
    share predicted within one doubling of the step (ISO 20776-2). Of all other rows, whose value nobody knows: the
    share predicted no further than one doubling outside their limits.

    Parameters
    ----------
    truth, predicted
        Of the same rows.
    """

    def __init__(self, truth: Truth, predicted: Distribution) -> None:
        self.names = metrics_of(truth.outcome)
        self.losses = row_losses(truth, predicted)
        lower, upper = part(truth.observed.lower), part(truth.observed.upper)
        # numbers without a logarithm have no doubling: their bias is in their own unit
        doubling = np.log(2) / np.log(truth.outcome.logarithm) if truth.outcome.logarithm else 1.0
        step = doubling if truth.outcome.logarithm else 0.0
        measured = np.isfinite(lower) & np.isfinite(upper)
        measured[measured] = upper[measured] - lower[measured] <= step + _ROUNDING
        point = part(predicted.point)
        error = np.where(measured, point - np.where(measured, (lower + upper) / 2, 0.0), 0.0)
        outside = np.maximum(np.maximum(lower - point, point - upper), 0.0)
        within = outside <= doubling + _ROUNDING
        agrees = [measured & within, ~measured & within]
        columns = [np.ones(len(truth)), self.losses, measured, error / doubling, error**2, *agrees]
        self._columns = np.column_stack(columns).astype(np.float64)

    def weighted(self, at: NDArray[np.intp], weights: Array) -> dict[str, Array]:
        """Of rows `at`."""
        n, loss, measured, error, squared, agree, agree_with_limit = (weights @ self._columns[at]).T
        return {
            "censored_log_loss": loss / n,
            "essential_agreement": agree / measured,
            "limit_agreement": agree_with_limit / (n - measured),
            "bias": error / measured,
            "rmse_exact": np.sqrt(squared / measured),
        }
