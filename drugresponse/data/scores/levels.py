"""Scores of predicted distributions at three levels, beside the naive predictions: a table of metrics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.metrics import MINIMUM_ROWS
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.base import RowScores
from drugresponse.data.scores.binary import BinaryScores
from drugresponse.data.scores.interval import IntervalScores
from drugresponse.data.scores.labels import LOSS_METRICS, skill
from drugresponse.data.scores.losses import row_losses
from drugresponse.data.scores.ordinal import OrdinalScores
from drugresponse.data.scores.times import TimeScores
from drugresponse.data.scores.truth import FEWEST_EVENTS, Truth, count_events

__all__ = ["drugs_scored", "row_scores", "samples_scored", "score_outcome"]

Array = NDArray[np.float64]


def row_scores(
    truth: Truth,
    predicted: Distribution,
    *,
    called: NDArray[np.intp] | None = None,
    cost_of_miss: float | None = None,
) -> RowScores:
    """The metrics of one prediction of any kind of outcome.

    Parameters
    ----------
    truth, predicted
        Of the same rows.
    called
        `(n_rows,)` number of the class called, chosen without these rows; None calls the most probable class.
    cost_of_miss
        How many false alarms a missed event weighs; None gives no net benefit.

    Raises
    ------
    InputError
        A prediction is missing.
    """
    kind = truth.outcome.kind
    if kind == "binary":
        return BinaryScores(truth, predicted, called, cost_of_miss)
    if kind == "ordinal":
        return OrdinalScores(truth, predicted, called)
    return IntervalScores(truth, predicted) if kind == "interval" else TimeScores(truth, predicted)


def drugs_scored(truth: Truth) -> dict[str, NDArray[np.intp]]:
    """Rows of each drug that is scored by itself: 10 or more of them, and 10 or more that tell something."""
    groups = pd.Series(np.arange(len(truth))).groupby(truth.drug_ids.astype(str), sort=True)
    rows = {str(name): of_drug.to_numpy(dtype=np.intp) for name, of_drug in groups}
    return {name: at for name, at in rows.items() if _enough(truth, at)}


def samples_scored(truth: Truth) -> dict[str, NDArray[np.intp]]:
    """Rows of each sample that is scored by itself: 10 or more of them."""
    groups = pd.Series(np.arange(len(truth))).groupby(truth.sample_ids.astype(str), sort=True)
    rows = {str(name): of_sample.to_numpy(dtype=np.intp) for name, of_sample in groups}
    return {name: at for name, at in rows.items() if len(at) >= MINIMUM_ROWS}


def score_outcome(
    truth: Truth,
    predicted: Distribution,
    naive: Mapping[str, Distribution],
    *,
    called: NDArray[np.intp] | None = None,
    cost_of_miss: float | None = None,
) -> pd.DataFrame:
    """Score held-out rows pooled, within each drug and within each sample.

    Parameters
    ----------
    truth, predicted
        Of the same rows, of one fold or of several.
    naive
        Every naive prediction of the same rows; `skill` is against the best of them in each set.
    called
        `(n_rows,)` number of the class called, chosen without these rows; None calls the most probable class.
    cost_of_miss
        How many false alarms a missed event weighs; None gives no net benefit.

    Returns
    -------
    pandas.DataFrame
        Columns `level, id, metric, value`; level is `global`, `drug` or `sample`, id `mean` is the average over the
        drugs or samples that have their own. A drug with fewer than 10 rows or 10 events has none. A sample has its
        loss and its skill only.

    Raises
    ------
    InputError
        A prediction is missing.

    Examples
    --------
    >>> from drugresponse.data.outcomes.observed import Observed
    >>> from drugresponse.data.outcomes.outcome import Outcome
    >>> words, names = Outcome("binary", ("no", "yes")), np.array(["a", "b"], dtype=object)
    >>> truth = Truth(Observed(words), np.array([0.0, 1.0]), names, names, np.zeros(2, dtype=np.intp))
    >>> guess = Distribution(words, np.zeros(2), np.full((2, 2), 0.5))
    >>> good = Distribution(words, np.array([-2.0, 2.0]), np.array([[0.9, 0.1], [0.1, 0.9]]))
    >>> table = score_outcome(truth, good, {"drug mean": guess})
    >>> table.set_index("metric")["value"][["brier", "auroc", "skill"]].round(2).tolist()
    [0.01, 1.0, 0.96]
    """
    scores = row_scores(truth, predicted, called=called, cost_of_miss=cost_of_miss)
    of_naive = [row_losses(truth, baseline) for baseline in naive.values()]
    kind = truth.outcome.kind
    rows: list[tuple[str, str, str, float]] = []

    def against_naive(at: NDArray[np.intp]) -> float:
        best = min((float(losses[at].mean()) for losses in of_naive), default=float("nan"))
        return float(skill(kind, scores.losses[at].mean(), best))

    def add(level: str, units: Mapping[str, NDArray[np.intp]], names: tuple[str, ...]) -> None:
        table = {}
        for name, at in units.items():
            values = scores.of(at)[:, 0] if level != "sample" else [float(scores.losses[at].mean())]
            table[name] = [*(float(value) for value in values), against_naive(at)]
            rows.extend((level, name, metric, value) for metric, value in zip(names, table[name], strict=True))
        if level != "global" and table:
            rows.extend((level, "mean", *one) for one in zip(names, _means(list(table.values())), strict=True))

    add("global", {"all": np.arange(len(truth))}, (*scores.names, "skill"))
    add("drug", drugs_scored(truth), (*scores.names, "skill"))
    add("sample", samples_scored(truth), (LOSS_METRICS[kind], "skill"))
    return pd.DataFrame(rows, columns=["level", "id", "metric", "value"])


def _means(values: list[list[float]]) -> list[float]:
    """Over units, of the defined values."""
    table = np.array(values)
    defined = np.isfinite(table)
    with np.errstate(invalid="ignore"):
        return [float(value) for value in np.where(defined, table, 0.0).sum(axis=0) / defined.sum(axis=0)]


def _enough(truth: Truth, at: NDArray[np.intp]) -> bool:
    return len(at) >= MINIMUM_ROWS and count_events(truth.observed[at], truth.y[at]) >= FEWEST_EVENTS
