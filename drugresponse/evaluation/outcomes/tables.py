"""What was told of held-out rows, as tables: predictions with their bounds, and how often sets and bounds hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.metrics import MINIMUM_ROWS
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.decision_curve import decision_curve
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.held_out.outcome_layer import OutcomeLayer
from drugresponse.learners.baselines import tissue_of_samples

__all__ = ["OUTCOME_COVERAGE_COLUMNS", "decision_curve_of", "outcome_coverage", "outcome_table"]

OUTCOME_COVERAGE_COLUMNS = ("learner", "level", "id", "n", "coverage", "mean_size", "reference_size")


def outcome_table(
    table: pd.DataFrame, layer: OutcomeLayer, rows: NDArray[np.intp], learner: str, reference: str
) -> pd.DataFrame:
    """The predictions of a fold with what was told of its rows, in the columns of `predict` and, last, more of them.

    Parameters
    ----------
    table
        Columns of `predict` with scores as predictions, then `repeat, fold, learner, response`.
    layer
        Of the fold's repeat.
    rows
        `(n_test,)` numbers of the rows, in the order of the table.
    learner, reference
        Whose predictions these are, and the naive model that the column `baseline` shows.
    """
    columns: dict[str, pd.Series] = {}
    for told_rows, forecast in layer.told[learner]:
        here = np.flatnonzero(np.isin(rows, told_rows))
        at = np.searchsorted(told_rows, rows[here])
        told = {"prediction": forecast.prediction, "lower": forecast.lower, "upper": forecast.upper}
        for name, values in {**told, **forecast.columns}.items():
            numbers = np.issubdtype(np.asarray(values).dtype, np.number)
            empty = pd.Series(np.nan if numbers else None, index=table.index, dtype=float if numbers else object)
            columns.setdefault(name, empty).iloc[here] = np.asarray(values)[at]
    said = layer.said[reference][np.searchsorted(layer.rows, rows)]
    observed = layer.truth.observed
    response = table["response"]
    if observed.outcome.has_classes:
        words = np.array(observed.outcome.classes, dtype=object)
        response = pd.Series(words[response.to_numpy(dtype=np.intp)], index=table.index)
    return table.assign(baseline=_point(said), response=response, **columns)


def outcome_coverage(evaluation: Evaluation) -> pd.DataFrame:
    """How often the sets of classes, or the bounds, of held-out rows hold what came, and how large they are.

    Parameters
    ----------
    evaluation
        With layers.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, level, id, n, coverage, mean_size, reference_size`; level is `all`, `drug`, `tissue` or
        `class`, the class that came. `mean_size` is the mean number of classes of a set, or width of the bounds, and
        `reference_size` that of the reference prediction. Units with fewer than 10 rows are left out. Empty for times,
        whose bounds are those of a mean.
    """
    names = (*evaluation.learners, evaluation.reference)
    tables = [_covered(layer, name).assign(learner=name) for name in names for layer in evaluation.layers]
    rows = pd.concat(tables, ignore_index=True)
    if rows["covered"].isna().all():
        return pd.DataFrame({name: pd.Series(dtype=object) for name in OUTCOME_COVERAGE_COLUMNS})
    made = []
    for level, ids in _ids_of_levels(evaluation).items():
        known = rows.assign(level=level, id=ids[rows["row"].to_numpy()]).query("id != ''")
        grouped = known.groupby(["learner", "level", "id"], sort=True)
        table = grouped.agg(n=("covered", "size"), coverage=("covered", "mean"), mean_size=("size", "mean"))
        made.append(table[(table["n"] >= MINIMUM_ROWS) | (level == "all")].reset_index())
    table = pd.concat(made, ignore_index=True)
    keys = ["level", "id"]
    beside = table[table["learner"] == evaluation.reference].set_index(keys)["mean_size"].rename("reference_size")
    order = {name: at for at, name in enumerate(names)}
    table = table.join(beside, on=keys).assign(order=table["learner"].map(order))
    return table.sort_values("order", kind="stable", ignore_index=True)[list(OUTCOME_COVERAGE_COLUMNS)]


def decision_curve_of(evaluation: Evaluation, cost_of_miss: float | None) -> pd.DataFrame:
    """The net benefit of every learner and naive model by threshold, in the first repeat; else empty.

    Parameters
    ----------
    evaluation
        Of any outcome.
    cost_of_miss
        How many false alarms a missed event weighs; None gives no table.
    """
    if cost_of_miss is None or evaluation.kind != "binary":
        return pd.DataFrame()
    layer = evaluation.layers[0]
    shares = {name: said.shares[:, 1] for name, said in layer.said.items() if said.shares is not None}
    return decision_curve(layer.truth.y > 0, shares, cost_of_miss)


def _covered(layer: OutcomeLayer, name: str) -> pd.DataFrame:
    """Columns `row, covered, size`, of each held-out row; NaN where bounds are those of a mean."""
    tables = []
    for rows, forecast in layer.told[name]:
        at = np.searchsorted(layer.rows, rows)
        covered = forecast.covers(layer.truth.observed[at], layer.truth.y[at])
        held = np.full(len(rows), np.nan) if covered is None else covered.astype(np.float64)
        tables.append(pd.DataFrame({"row": rows, "covered": held, "size": forecast.size()}))
    return pd.concat(tables, ignore_index=True)


def _ids_of_levels(evaluation: Evaluation) -> dict[str, NDArray[np.object_]]:
    """`(n_rows,)` id of each row at each level; "" where it has none."""
    pairs = evaluation.rows.pairs
    levels = {"all": np.full(len(pairs), "all", dtype=object), "drug": pairs.drug_ids}
    tissues = tissue_of_samples(pairs)
    if tissues is not None:
        levels["tissue"] = tissues[pairs.sample_index]
    if pairs.outcome.has_classes:
        levels["class"] = np.array(pairs.outcome.classes, dtype=object)[evaluation.rows.y.astype(np.intp)]
    return levels


def _point(said: Distribution) -> NDArray[Any]:
    """The prediction that a naive distribution comes to, of the kind of the column `prediction`."""
    if said.outcome.kind == "binary" and said.shares is not None:
        return said.shares[:, 1]
    if said.shares is not None:
        return np.array(said.outcome.classes, dtype=object)[said.shares.argmax(axis=1)]
    if said.point is not None:
        return said.point
    if said.times is None or said.survival is None:
        raise ValueError("a prediction of times has survival")
    # the mean time up to the last one: the area below the steps
    steps = np.column_stack([np.ones(len(said)), said.survival[:, :-1]])
    return np.asarray(steps @ np.diff(said.times, prepend=0.0))
