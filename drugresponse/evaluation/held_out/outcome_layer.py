"""What was said of the rows that one repeat held out, of an outcome that is not continuous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.base import RowScores
from drugresponse.data.scores.levels import row_scores
from drugresponse.data.scores.pooling import join_distributions, truth_of_folds
from drugresponse.data.scores.truth import Truth
from drugresponse.errors import InputError
from drugresponse.model.forecasts.head import Forecast
from drugresponse.model.forecasts.heads import cross_fitted
from drugresponse.model.forecasts.naive import NaiveForecasts
from drugresponse.shown import Shown

__all__ = ["OutcomeLayer", "called_classes", "naive_layers", "outcome_layer"]

Array = NDArray[np.float64]
_Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
_Told = Sequence[tuple[NDArray[np.intp], Forecast]]


@dataclass(frozen=True, eq=False, repr=False)
class OutcomeLayer(Shown):
    """One repeat of an evaluation.

    Attributes
    ----------
    rows
        `(n_held,)` numbers of the rows that were held out, ascending.
    truth
        What was observed of them.
    said
        What each learner and each naive model said of them, as distributions. The head of a fold's rows is learned on
        the scores of the other folds, a naive model on the fold's training rows.
    scores
        The metrics of each of them, with the classes called at thresholds that are chosen on the other folds.
    told
        Of each learner and of the reference, the row numbers of each fold and what the head told of them.
    """

    rows: NDArray[np.intp]
    truth: Truth
    said: Mapping[str, Distribution]
    scores: Mapping[str, RowScores]
    told: Mapping[str, _Told]


def outcome_layer(
    rows: TrainingRows,
    folds: _Folds,
    scores: Mapping[str, Array],
    *,
    scheme: str,
    reference: str,
    naive: Mapping[str, Distribution],
    cost_of_miss: float | None = None,
    horizon: float | None = None,
    called: Mapping[str, NDArray[np.intp]] | None = None,
) -> OutcomeLayer:
    """Turn the scores of one repeat into what they say.

    Parameters
    ----------
    rows
        All measured pairs.
    folds
        Row numbers of the training and of the test part of each.
    scores
        Of each learner `(n_rows,)` on the scale of the link; NaN where a row was not held out.
    scheme
        Of the folds.
    reference
        The naive model whose sets and bounds are shown beside those of the learners.
    naive
        What each naive model said of the held-out rows, in the order of their numbers.
    cost_of_miss
        How many false alarms a missed event weighs, or None.
    horizon
        Time up to which survival is told, or None.
    called
        Of a learner that calls classes itself `(n_rows,)` their numbers.

    Raises
    ------
    InputError
        A learner has no finite score for a held-out row.
    """
    tested, truth = truth_of_folds(rows.pairs, rows.y, folds, horizon)
    fold = np.full(len(rows.y), -1, dtype=np.intp)
    fold[tested] = truth.fold
    of_reference = np.full(len(rows.y), np.nan)
    of_reference[tested] = naive[reference].scores
    told: dict[str, _Told] = {}
    for name, of_name in {**scores, reference: of_reference}.items():
        missing = int((~np.isfinite(of_name[tested])).sum())
        if missing:
            raise InputError(
                f"evaluate, {name}: found {missing} missing predictions among the {len(tested)} held-out rows "
                "(expected one for every row). Mend the learner, or leave it out."
            )
        told[name] = cross_fitted(
            rows.pairs,
            rows.y,
            of_name,
            fold,
            rows.weights,
            scheme=scheme,
            cost_of_miss=cost_of_miss,
            horizon=horizon,
        )
    said = {name: _joined(told[name]) for name in scores} | dict(naive)
    calls = {name: called_classes(told[name], tested) for name in scores}
    calls |= {name: of_rows[tested] for name, of_rows in (called or {}).items()}
    made = {
        name: row_scores(
            truth,
            of_name,
            called=calls.get(name),
            cost_of_miss=cost_of_miss,
        )
        for name, of_name in said.items()
    }
    return OutcomeLayer(tested, truth, said, made, told)


def naive_layers(
    rows: TrainingRows, folds: _Folds, scheme: str, horizon: float | None = None
) -> dict[str, Distribution]:
    """What each naive model says of the held-out rows, in the order of their numbers; those that every fold has.

    Parameters
    ----------
    rows, folds, scheme, horizon
        As for `outcome_layer`.
    """
    parts = [
        NaiveForecasts.fit(
            rows.pairs[train], rows.y[train], rows.weights[train], scheme=scheme, horizon=horizon
        ).predict(rows.pairs[test])
        for train, test in folds
    ]
    tests = [test for _, test in folds]
    names = [name for name in parts[0] if all(name in part for part in parts)]
    return {name: join_distributions([part[name] for part in parts], tests) for name in names}


def called_classes(told: _Told, tested: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """`(n_held,)` 1 where the event is called, at the thresholds of the heads; None where there are none.

    Parameters
    ----------
    told
        Row numbers of each fold and what was told of them.
    tested
        Numbers of the rows that were held out, ascending.
    """
    called = np.zeros(len(tested), dtype=np.intp)
    for rows, forecast in told:
        shares, threshold = forecast.distribution.shares, forecast.threshold
        if threshold is None or shares is None:
            return None
        called[np.searchsorted(tested, rows)] = shares[:, 1] >= threshold
    return called


def _joined(told: _Told) -> Distribution:
    return join_distributions([forecast.distribution for _, forecast in told], [rows for rows, _ in told])
