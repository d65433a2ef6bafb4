"""Metrics of a yes or no: how well probabilities rank, how far they hold, and what calling them costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores._parts import part
from drugresponse.data.scores.base import RowScores
from drugresponse.data.scores.labels import metrics_of
from drugresponse.data.scores.losses import row_losses
from drugresponse.data.scores.ranking import area_under_curve, average_precision
from drugresponse.data.scores.truth import Truth

__all__ = ["BINS", "BinaryScores", "calibration_line", "clipped_logit"]

BINS = 10
"""Equal steps of probability from 0 to 1 over which the expected calibration error is averaged."""
_LEAST_PROBABILITY = 1e-6
_LEAST_SPREAD = 1e-6
"""Log odds that vary by less than this within every fold and drug have no calibration slope."""
_NEWTON_STEPS = 50
_STEEPEST = 1e3

Array = NDArray[np.float64]


class BinaryScores(RowScores):
    """Metrics of predicted probabilities and of the classes called.

    Brier score; log loss (probabilities clipped at 1e-6); area under the receiver operating characteristic over pairs
    of one fold; average precision over all folds; the slope of a logistic regression on the predicted log odds with an
    intercept for each fold, and the intercept over all folds with slope 1 (Van Calster et al. 2016,
    doi:10.1016/j.jclinepi.2015.12.005): a fold with more events than others has training rows with fewer, which over
    all folds would pass for probabilities that are too extreme; expected calibration error
    over 10 equal steps of probability; sensitivity, specificity and their mean of the classes called. For classes
    of a resistance laboratory: the share of resistant rows called susceptible (very major error), of susceptible rows
    called resistant (major error), and of rows called right (categorical agreement). With a cost: net benefit
    (Vickers and Elkin 2006, doi:10.1177/0272989X06295361).

    Parameters
    ----------
    truth, predicted
        Of the same rows.
    called
        `(n_rows,)` the class called, 0 or 1; None calls the event from a probability of one half.
    cost_of_miss
        How many false alarms a missed event weighs; None gives no net benefit.
    """

    def __init__(
        self,
        truth: Truth,
        predicted: Distribution,
        called: NDArray[np.intp] | None = None,
        cost_of_miss: float | None = None,
    ) -> None:
        self.names = metrics_of(truth.outcome, cost_of_miss=cost_of_miss)
        self.losses = row_losses(truth, predicted)
        self._event, self._fold, self._ranks = truth.y > 0, truth.fold, predicted.scores
        self._probability = part(predicted.shares)[:, 1]
        self._odds, self._cost = clipped_logit(self._probability), cost_of_miss
        called_event = self._probability >= 0.5 if called is None else called > 0
        self._columns = np.column_stack(
            [
                np.ones(len(truth)),
                self.losses,
                np.logaddexp(0.0, self._odds) - self._event * self._odds,
                self._event & called_event,
                self._event & ~called_event,
                ~self._event & called_event,
                ~self._event & ~called_event,
            ]
        ).astype(np.float64)

    def weighted(self, at: NDArray[np.intp], weights: Array) -> dict[str, Array]:
        """Of rows `at`."""
        n, loss, log_loss, hit, missed, alarm, passed = (weights @ self._columns[at]).T
        event, probability = self._event[at], self._probability[at]
        slope, intercept = self._calibration(at, weights)
        sensitivity, specificity = hit / (hit + missed), passed / (passed + alarm)
        return {
            "brier": loss / n,
            "log_loss": log_loss / n,
            "auroc": area_under_curve(event, self._ranks[at], weights, self._fold[at]),
            "average_precision": average_precision(event, probability, weights),
            "calibration_slope": slope,
            "calibration_intercept": intercept,
            "calibration_error": self._calibration_error(at, weights) / n,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "balanced_accuracy": (sensitivity + specificity) / 2,
            "very_major_error": 1 - sensitivity,
            "major_error": 1 - specificity,
            "categorical_agreement": (hit + passed) / n,
            "net_benefit": (hit - alarm / (self._cost or 1.0)) / n,
        }

    def _calibration_error(self, at: NDArray[np.intp], weights: Array) -> Array:
        """`(n_draws,)` sum over the steps of how far the events are from those predicted."""
        step = np.minimum((self._probability[at] * BINS).astype(np.intp), BINS - 1)
        gaps = np.zeros((len(at), BINS))
        gaps[np.arange(len(at)), step] = self._event[at] - self._probability[at]
        return np.abs(weights @ gaps).sum(axis=1)

    def _calibration(self, at: NDArray[np.intp], weights: Array) -> tuple[Array, Array]:
        """Slope and intercept; of a draw by one step of Newton's from those of the rows as they are.

        One step is as good as all for the width of an interval: Moulton and Zeger 1991, Computational Statistics and
        Data Analysis 11, 53-63.
        """
        odds, event = self._odds[at], self._event[at].astype(np.float64)
        undefined = np.full(len(weights), np.nan)
        if event.all() or not event.any():
            return undefined, undefined
        intercept = _one_step(np.ones((len(at), 1)), odds, event, weights)[0]
        columns, kept = _within_folds(odds, event, self._fold[at])
        if not columns.size or _constant(odds[kept], self._fold[at][kept]):
            return undefined, intercept
        return _one_step(columns, np.zeros(len(kept)), event[kept], weights[:, kept])[0], intercept


def clipped_logit(probability: Array) -> Array:
    """Log odds of probabilities that are kept from 0 and 1.

    Examples
    --------
    >>> clipped_logit(np.array([0.5, 1.0])).round(1).tolist()
    [0.0, 13.8]
    """
    return np.asarray(logit(np.clip(probability, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)))


def calibration_line(event: Array, odds: Array) -> tuple[float, float]:
    """Slope and intercept of a logistic regression of events on log odds; NaN where it has none.

    Examples
    --------
    >>> odds = np.repeat([-1.0, 1.0], 100)
    >>> event = np.repeat([0.0, 1.0, 0.0, 1.0], [73, 27, 27, 73])
    >>> [round(value, 1) + 0.0 for value in calibration_line(event, odds)]
    [1.0, 0.0]
    """
    columns = np.column_stack([odds, np.ones(len(odds))])
    slope, intercept = _fitted(columns, np.zeros(len(odds)), event)
    return float(slope), float(intercept)


def _one_step(columns: Array, offset: Array, event: Array, weights: Array) -> Array:
    """`(n_columns, n_draws)` coefficients of a logistic regression."""
    start = _fitted(columns, offset, event)
    if not np.isfinite(start).all():
        return np.full((columns.shape[1], len(weights)), np.nan)
    probability = expit(offset + columns @ start)
    n_columns = columns.shape[1]
    curvature = (probability * (1 - probability))[:, None, None] * columns[:, :, None] * columns[:, None, :]
    slopes = weights @ ((event - probability)[:, None] * columns)
    curvatures = (weights @ curvature.reshape(len(event), -1)).reshape(-1, n_columns, n_columns)
    usable = np.linalg.cond(curvatures) < 1e12
    step = np.full(slopes.shape, np.nan)
    step[usable] = np.linalg.solve(curvatures[usable], slopes[usable][:, :, None])[:, :, 0]
    return (start + step).T


def _fitted(columns: Array, offset: Array, event: Array) -> Array:
    """Coefficients of a logistic regression by Newton's steps; NaN where events are separated."""
    beta = np.zeros(columns.shape[1])
    if columns.shape[1] > 1:
        beta[0] = 1.0
    for _ in range(_NEWTON_STEPS):
        probability = expit(offset + columns @ beta)
        curvature = (columns.T * (probability * (1 - probability))) @ columns
        if not np.isfinite(curvature).all() or np.linalg.cond(curvature) > 1e12:
            break
        step = np.linalg.solve(curvature, columns.T @ (event - probability))
        # a long first step must not leave the range in which a step means something
        beta = beta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(beta).max()) > _STEEPEST:
            break
        if float(np.abs(step).max()) < 1e-9:
            return beta
    return np.full(columns.shape[1], np.nan)


def _within_folds(odds: Array, event: Array, fold: NDArray[np.intp]) -> tuple[Array, NDArray[np.intp]]:
    """Log odds and a column for each fold that has both answers, of the rows of these folds; and which these are."""
    both = [number for number in np.unique(fold) if 0 < event[fold == number].mean() < 1]
    kept = np.flatnonzero(np.isin(fold, both))
    return np.column_stack([odds[kept], *(fold[kept] == number for number in both)]), kept


def _constant(odds: Array, fold: NDArray[np.intp]) -> bool:
    """Whether log odds are the same within each fold: between folds they tell only what was held out."""
    groups = [odds[fold == number] for number in np.unique(fold)]
    return all(float(np.ptp(group)) < _LEAST_SPREAD for group in groups)
