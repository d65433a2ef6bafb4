"""A learner against each reference: paired bootstrap over samples, drug structures or tissues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.cache import NAIVE, Cache, Record, TestedRows
from benchmarks.cohorts import PUBLISHED
from benchmarks.scores import current_records
from drugresponse.data.metrics import METRICS, score
from drugresponse.errors import InputError
from drugresponse.evaluation.bootstrap import ResampledScores, draw_counts, percentile_interval

__all__ = ["LARGEST_DEFICIT", "compare_with"]

LARGEST_DEFICIT = 0.01
"""Of the correlation, and of the RMSE as a share of the other's."""
_MEASURES = {PUBLISHED: ("spearman", "normalised_pearson", "rmse")}
_USUAL = ("normalised_pearson", "rmse")
_COLUMNS = (
    "cohort",
    "scheme",
    "other",
    "n_folds",
    "score",
    "value",
    "other_value",
    "gain",
    "lower",
    "upper",
    "verdict",
)

Predictions = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Scored:
    """`(n_measures,)` scores of a prediction on a fold, and `(n_measures, n_draws)` those of every draw."""

    values: NDArray[np.float64]
    draws: NDArray[np.float64]


def compare_with(
    cache: Cache, learner: str, others: Iterable[str] = (), *, n_draws: int = 1000, random_state: int = 0
) -> pd.DataFrame:
    """The gain of a learner over every other one in each cohort and scheme of the cache.

    A score is the mean over the folds that both have; a draw takes the same groups (subjects; drug structures in
    new-drugs, tissues in new-tissues) in every repeat. An undefined correlation of a prediction that is the reference
    itself counts as 0.

    Parameters
    ----------
    learner
        Compared.
    others
        With these; none takes all that the cache holds.

    Returns
    -------
    pandas.DataFrame
        Columns `cohort, scheme, other, n_folds, score, value, other_value, gain, lower, upper, verdict`; a gain above 0
        speaks for the learner (less RMSE, more correlation), with its 95 % interval. The verdict is `worse` where the
        interval lies wholly below 0, `deficit` where the gain is below -0.01 (of the RMSE as a share), `better` where
        the interval lies wholly above 0, else `even`.

    Raises
    ------
    InputError
        The cache holds nothing of the learner.
    """
    places: dict[tuple[str, str], list[Record]] = {}
    for record in current_records(cache):
        if record.status == "done":
            places.setdefault((record.cohort, record.scheme), []).append(record)
    found = []
    for (cohort, scheme), records in places.items():
        folds = _folds(cache, records)
        if not any(learner in predictions for _, predictions in folds):
            continue
        measures, counts = _MEASURES.get(scheme, _USUAL), _draws(folds, n_draws, random_state)
        scored = [_scored(rows, predictions, measures, counts) for rows, predictions in folds]
        names = dict.fromkeys(name for each in scored for name in each)
        for other in [name for name in names if name != learner and (not others or name in others)]:
            shared = [(each[learner], each[other]) for each in scored if learner in each and other in each]
            gains = _gains(shared, measures) if shared else []
            found += [(cohort, scheme, other, len(shared), *gain) for gain in gains]
    if not found:
        raise InputError(f'--learner: the cache holds nothing to compare "{learner}" with. Run the benchmark first.')
    return pd.DataFrame(found, columns=list(_COLUMNS))


def _folds(cache: Cache, records: list[Record]) -> list[tuple[TestedRows, Predictions]]:
    """The rows and all predictions of each fold; the naive ones first."""
    parts: dict[tuple[int, int], Predictions] = {}
    rows: dict[tuple[int, int], TestedRows] = {}
    for record in sorted(records, key=lambda each: (each.repeat, each.fold, each.learner != NAIVE)):
        place = (record.repeat, record.fold)
        rows.setdefault(place, cache.rows(record))
        predictions = cache.predictions(record)
        naive = record.learner == NAIVE
        parts.setdefault(place, {}).update(predictions if naive else {record.learner: predictions[record.learner]})
    return [(rows[place], parts[place]) for place in parts]


def _draws(folds: list[tuple[TestedRows, Predictions]], n_draws: int, random_state: int) -> NDArray[np.int16]:
    """`(n_draws, n_groups)` how often each group occurs; the same in every fold and for every pair of learners."""
    present = np.unique(np.concatenate([rows.group for rows, _ in folds]))
    counts = np.zeros((n_draws, int(present.max()) + 1), dtype=np.int16)
    counts[:, present] = draw_counts(len(present), n_draws, random_state)
    return counts


def _scored(
    rows: TestedRows, predictions: Predictions, measures: Sequence[str], counts: NDArray[np.int16]
) -> dict[str, Scored]:
    """The scores of each prediction of a fold, and those of every draw."""
    reference, at = predictions[rows.reference], [METRICS.index(name) for name in measures]
    whole = np.zeros(len(rows.group), dtype=np.intp)
    sampler = ResampledScores(counts, rows.group, whole, 1, rows.measured, reference, reference[None])
    found = {}
    for name, predicted in predictions.items():
        scores = score(rows.measured, predicted, reference)
        # a prediction that is the reference itself has no correlation of its own
        values = np.nan_to_num([scores[measure] for measure in measures])
        found[name] = Scored(values, _defined(sampler.of(predicted)[at, :, 0]))
    return found


def _gains(
    folds: list[tuple[Scored, Scored]], measures: Sequence[str]
) -> list[tuple[str, float, float, float, float, float, str]]:
    values = np.array([[each.values for each in pair] for pair in folds]).mean(axis=0)
    drawn = np.array([[each.draws for each in pair] for pair in folds])
    # a draw may leave a fold without a row, and with few folds all of them
    known = np.isfinite(drawn).sum(axis=0)
    draws = np.where(known > 0, np.nansum(drawn, axis=0) / np.maximum(known, 1), np.nan)
    return [_row(name, values[:, at], draws[:, at]) for at, name in enumerate(measures)]


def _defined(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_measures, n_draws)`; a correlation that no draw defines is 0, a draw without a row of the fold stays NaN."""
    nowhere = np.isnan(draws).all(axis=1, keepdims=True)
    return np.where(nowhere, 0.0, draws)


def _row(
    name: str, value: NDArray[np.float64], drawn: NDArray[np.float64]
) -> tuple[str, float, float, float, float, float, str]:
    sign = -1.0 if name == "rmse" else 1.0
    gain = sign * float(value[0] - value[1])
    lower, upper = (float(each) for each in percentile_interval(sign * (drawn[0] - drawn[1]), np.array(gain)))
    least = -LARGEST_DEFICIT * (float(value[1]) if name == "rmse" else 1.0)
    verdict = "worse" if upper < 0 else "deficit" if gain < least else "better" if lower > 0 else "even"
    return name, float(value[0]), float(value[1]), gain, lower, upper, verdict
