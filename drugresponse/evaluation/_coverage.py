"""Whether intervals hold: bounds of each fold calibrated on the other folds, and how often responses lie within."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.metrics import MINIMUM_ROWS
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.learners.baselines import tissue_of_samples
from drugresponse.model.held_out import METRIC_COLUMNS
from drugresponse.model.intervals.intervals import cross_conformal_bounds
from drugresponse.model.predictions import with_bounds

__all__ = [
    "COVERAGE_COLUMNS",
    "HeldOutBounds",
    "bounded_predictions",
    "coverage_metrics",
    "coverage_table",
    "cross_conformal",
]

COVERAGE_COLUMNS = ("learner", "level", "id", "n", "coverage", "median_width", "reference_width")


@dataclass(frozen=True, eq=False)
class HeldOutBounds:
    """Bounds of held-out rows.

    Attributes
    ----------
    coverage
        Share of rows that shall lie within.
    names
        The learners in the order of the evaluation, then its reference prediction.
    lower, upper
        `(n_names, n_repeats, n_rows)` float64; NaN where there are no bounds.
    """

    coverage: float
    names: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    def of(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`(n_repeats, n_rows)` lower and upper bounds of one model."""
        at = self.names.index(name)
        return self.lower[at], self.upper[at]


def cross_conformal(evaluation: Evaluation, *, coverage: float = 0.9) -> HeldOutBounds:
    """Bounds for every held-out row, calibrated on the held-out residuals of the other folds of its repeat.

    Parameters
    ----------
    evaluation
        Held-out predictions of two folds or more; with one there are no bounds.
    coverage
        Share of rows that shall lie within the bounds.

    Raises
    ------
    InputError
        The coverage is not between 0 and 1, or a held-out row has no prediction.
    """
    names = tuple(dict.fromkeys((*evaluation.learners, evaluation.reference)))
    rows = evaluation.rows
    bounds = np.full((2, len(names), *evaluation.fold.shape), np.nan)
    for i, name in enumerate(names):
        for repeat, (fold, predicted) in enumerate(zip(evaluation.fold, evaluation.of(name), strict=True)):
            bounds[:, i, repeat] = cross_conformal_bounds(
                rows.pairs,
                rows.y,
                predicted,
                fold,
                scheme=evaluation.scheme.name,
                coverage=coverage,
                weights=rows.weights,
            )
    return HeldOutBounds(coverage, names, bounds[0], bounds[1])


def coverage_table(evaluation: Evaluation, bounds: HeldOutBounds) -> pd.DataFrame:
    """How many held-out responses lie within their bounds, and how wide these are.

    Parameters
    ----------
    evaluation
        Held-out predictions.
    bounds
        Of the same evaluation.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, level, id, n, coverage, median_width, reference_width`, learners in their order and the
        reference prediction last; level is `all`, `drug` or `tissue`, the id of `all` is "all". `n` counts rows with
        bounds over all repeats; drugs and tissues with fewer than 10 are left out, and so is `all` with none.
        `reference_width` is the median width of the reference prediction's bounds on the same rows, NaN without any.
    """
    inside = (evaluation.rows.y >= bounds.lower) & (evaluation.rows.y <= bounds.upper)
    width = bounds.upper - bounds.lower
    reference = width[bounds.names.index(evaluation.reference)]
    ids = _ids_of_levels(evaluation)
    tables = []
    for i, name in enumerate(bounds.names):
        repeat, row = np.nonzero(np.isfinite(width[i]))
        rows = pd.DataFrame(
            {"inside": inside[i][repeat, row], "width": width[i][repeat, row], "reference": reference[repeat, row]}
        )
        for level, identity in ids.items():
            groups = rows.groupby(identity[row], sort=True)
            table = pd.DataFrame(
                {
                    "n": groups.size(),
                    "coverage": groups["inside"].mean(),
                    "median_width": groups["width"].median(),
                    "reference_width": groups["reference"].median(),
                }
            )
            if level != "all":
                table = table[(table["n"] >= MINIMUM_ROWS) & (table.index != "")]
            tables.append(table.rename_axis("id").reset_index().assign(learner=name, level=level))
    return pd.concat(tables, ignore_index=True)[list(COVERAGE_COLUMNS)]


def coverage_metrics(table: pd.DataFrame, scheme: str, *, of_sets: bool = False) -> pd.DataFrame:
    """Rows for the metrics table: `coverage` and size of all rows (level `global`) and of each drug.

    The size is the `width` of intervals, or the mean `set_size`, the number of classes.

    Parameters
    ----------
    table
        As `coverage_table` gives it.
    scheme
        Name of the scheme.
    of_sets
        Whether the outcome has classes, of which sets hold some.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, scheme, repeat, fold, level, id, metric, value, lower, upper`; all folds and repeats together,
        so that `repeat` and `fold` are `all`, and without intervals of their own.
    """
    size = {"median_width": "width", "mean_size": "set_size" if of_sets else "width"}
    shown = table[table["level"].isin(("all", "drug"))].rename(columns=size)
    metrics = ["coverage", *(name for name in ("width", "set_size") if name in shown)]
    long = shown.melt(["learner", "level", "id"], metrics, var_name="metric", value_name="value")
    long = long.assign(level=long["level"].replace("all", "global"), scheme=scheme, repeat="all", fold="all")
    return long.assign(lower=np.nan, upper=np.nan)[list(METRIC_COLUMNS)]


def bounded_predictions(table: pd.DataFrame, evaluation: Evaluation, bounds: HeldOutBounds) -> pd.DataFrame:
    """The table of held-out predictions with `lower` and `upper` of each row, and the flag of unclaimed coverage.

    Parameters
    ----------
    table
        Columns of `predict`, then `repeat, fold, learner, response`.
    evaluation, bounds
        Of the same rows.
    """
    pairs = evaluation.rows.pairs
    cells = pd.Index(pairs.sample_index * len(pairs.drugs) + pairs.drug_index)
    sample = pairs.genotypes.sample_ids.get_indexer(pd.Index(table["sample_id"]))
    asked = pd.Index(sample * len(pairs.drugs) + pairs.drugs.index.get_indexer(pd.Index(table["drug_id"])))
    if pairs.studies is not None:
        cells = pd.MultiIndex.from_arrays([cells, pairs.studies])
        asked = pd.MultiIndex.from_arrays([asked, table["study"]])
    row = cells.get_indexer(asked)
    at = pd.Index(bounds.names).get_indexer(pd.Index(table["learner"])), table["repeat"].to_numpy(dtype=np.intp), row
    return with_bounds(table, bounds.lower[at], bounds.upper[at], evaluation.scheme.name)


def _ids_of_levels(evaluation: Evaluation) -> dict[str, NDArray[np.object_]]:
    """`(n_rows,)` id of each row at each level; "" where it has none."""
    pairs = evaluation.rows.pairs
    levels = {"all": np.full(len(pairs), "all", dtype=object), "drug": pairs.drug_ids}
    tissues = tissue_of_samples(pairs)
    if tissues is not None:
        levels["tissue"] = tissues[pairs.sample_index]
    return levels
