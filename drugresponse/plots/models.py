"""Plots of a model's held-out check: its error beside naive predictions, and what pilot measurements gain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from drugresponse.data.metrics import METRIC_LABELS
from drugresponse.data.scores.labels import LOSS_METRICS, OUTCOME_METRIC_LABELS
from drugresponse.errors import InputError
from drugresponse.learners.baselines import NAIVE_NAMES
from drugresponse.model.model import DrugResponseModel
from drugresponse.plots.canvas import dashed, drawing_on, head, refuse_other
from drugresponse.plots.rows import Row, draw_bars, height_of
from drugresponse.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["losses", "pilots"]

_MOST_RINGS = 10


def losses(
    model: DrugResponseModel | pd.DataFrame,
    ax: Axes | None = None,
    *,
    color: str | None = None,
    naive_color: str | None = None,
    size: float = 0.55,
) -> Axes:
    """The held-out error (or loss) of a model and of each naive prediction, with that of each fold.

    Parameters
    ----------
    model
        A fitted `DrugResponseModel` that was checked, or its `metrics_`.
    ax
        Where to draw; None makes a new figure.
    color, naive_color
        Of the model, and of naive predictions.
    size
        Height of a bar, as a share of its row.

    Returns
    -------
    matplotlib.axes.Axes
        Lower is better; rings: folds; dashed: the best naive prediction.

    Raises
    ------
    InputError
        It is no model, or one that was not checked on held-out rows.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=2).fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure()
    >>> dr.plots.losses(model, ax).get_xlabel()
    'RMSE on held-out rows'
    """
    refuse_other("losses", model, (DrugResponseModel, pd.DataFrame), "`DrugResponseModel.fit`")
    table = model if isinstance(model, pd.DataFrame) else model.metrics_
    if table is None or not {"level", "learner", "fold", "metric", "value"} <= set(table.columns):
        raise InputError(
            "plots.losses: found no held-out scores (expected those of a model that was trained just now, with "
            "`folds` above 0). Plot right after training, or give its table of metrics."
        )
    metric = next(each for each in LOSS_METRICS.values() if (table["metric"] == each).any())
    rows = table[(table["level"] == "global") & (table["metric"] == metric)]
    pooled = rows[rows["fold"].astype(str) == "all"].set_index("learner")["value"].astype(np.float64)
    naive = pooled[pooled.index.isin(NAIVE_NAMES)].sort_values(kind="stable")
    folds = rows[rows["fold"].astype(str) != "all"].groupby("learner")["value"].agg(list)
    with drawing_on(ax, height_of(len(pooled))) as (ax, colours):
        shown = []
        for name in [*pooled.index.difference(naive.index, sort=False), *naive.index]:
            shade = (naive_color or colours.naive) if name in naive.index else (color or colours.model)
            rings = folds.get(name, []) if len(folds.get(name, [])) <= _MOST_RINGS else []
            loss = float(pooled[name])
            shown.append(Row(str(name), loss, colour=shade, words=number(loss), marks=rings))
        draw_bars(ax, shown, colours, size, best=float(naive.iloc[0]) if len(naive) else None)
        label = (METRIC_LABELS | OUTCOME_METRIC_LABELS).get(metric, metric)
        head(ax, "", f"{label} on held-out rows")
    return ax


def pilots(
    model: DrugResponseModel | Mapping[str, Any],
    ax: Axes | None = None,
    *,
    color: str | None = None,
    before_color: str | None = None,
    size: float = 6.0,
) -> Axes:
    """What pilot measurements of a new sample gain for its other drugs, tried on held-out samples at training.

    Parameters
    ----------
    model
        A fitted `DrugResponseModel`, or its `manifest_`.
    ax
        Where to draw; None makes a new figure.
    color, before_color
        Of the error after the correction, and of the model's own.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Root mean squared error of the other drugs over the number of pilot drugs, with the share of squared error
        saved.

    Raises
    ------
    InputError
        It is no model, or pilots were not tried on its held-out samples.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=6, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=3).fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure()
    >>> dr.plots.pilots(model, ax).get_xlabel()
    'pilot drugs measured'
    """
    refuse_other("pilots", model, (DrugResponseModel, Mapping), "`DrugResponseModel.fit`")
    manifest = model if isinstance(model, Mapping) else model.manifest_
    tried = (manifest.get("adaptation") or {}).get("tried") or []
    if not tried:
        raise InputError(
            "plots.pilots: found no trial of pilot measurements (expected one, by held-out samples that have several "
            "measured drugs). Train with more samples and drugs, and `folds` above 0."
        )
    # by name, since a stored manifest has its keys in another order
    keys = ("pilots", "rmse_before", "rmse_after")
    n, before, after = (np.array([trial[key] for trial in tried], dtype=np.float64) for key in keys)
    with drawing_on(ax, 3.0) as (ax, colours):
        line = dashed(before_color or colours.naive)
        ax.plot(n, before, marker="s", markersize=0.7 * size, label="the model alone", **line)
        ax.plot(n, after, "o-", color=color or colours.model, label="corrected by pilots", markersize=size)
        for at, (old, new) in enumerate(zip(before, after, strict=True)):
            saved = f"{1 - (new / old) ** 2:.0%}" if old > 0 else ""
            ax.annotate(saved, (n[at], new), (0, -6), textcoords="offset points", ha="center", va="top", fontsize=8.0)
        ax.set(xscale="log", xlabel="pilot drugs measured", ylabel="RMSE of the other drugs")
        ax.set_xticks(n, [f"{each:g}" for each in n], minor=False)
        ax.minorticks_off()
        low, high = float(min(before.min(), after.min())), float(max(before.max(), after.max()))
        room = max(high - low, 0.05 * high) or 1.0
        ax.set_ylim(low - 0.25 * room, high + 0.1 * room)
        ax.margins(x=0.08)
        ax.legend(loc="upper right", bbox_to_anchor=(1.0, 1.16), ncols=2)
    return ax
