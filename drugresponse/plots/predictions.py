"""Plots of predictions: against what was measured, of one sample, and of all samples and drugs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.errors import InputError, count
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.plots.canvas import areas, chosen, cut, dashed, drawing_on, figure_of, head, refuse_other
from drugresponse.plots.evaluations import refuse_other_than_summary
from drugresponse.plots.names import named, names_of, scale_words
from drugresponse.plots.palettes import Palette
from drugresponse.plots.rows import Row, draw_rows, height_of
from drugresponse.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["best_learner", "heat_map", "predicted", "ranked_drugs"]

Array = NDArray[np.float64]

_MOST_DOTS = 400
"""More rows than this are a crowd of hexagons."""
_SHADES = (0.14, 0.28, 0.45, 0.65, 0.85, 1.0)
_STEPS = 9
_MOST_NAMED = 60


def best_learner(evaluation: EvaluationSummary) -> str:
    """The learner with the least loss over all held-out rows, rules left aside."""
    held = evaluation.evaluation
    losses = {name: float(np.nanmean(held.losses(name))) for name in held.trained}
    return min(losses, key=lambda name: losses[name])


def learner_of(plot: str, evaluation: EvaluationSummary, learner: str | None) -> str:
    """The learner asked for, or the best.

    Raises
    ------
    InputError
        It was not evaluated.
    """
    names = evaluation.evaluation.names
    if learner is None:
        return best_learner(evaluation)
    if learner not in names:
        raise InputError(f"plots.{plot}, `learner`: found {learner} (expected one of {', '.join(names)}). Name one.")
    return learner


def predicted(
    evaluation: EvaluationSummary,
    ax: Axes | None = None,
    *,
    learner: str | None = None,
    normalised: bool = False,
    most_dots: int = _MOST_DOTS,
    color: str | None = None,
    size: float = 4.0,
) -> Axes:
    """Predicted against measured responses of held-out rows; many as hexagons, darker where there are more.

    Parameters
    ----------
    evaluation
        What `evaluate` returns, of an outcome that is a number.
    ax
        Where to draw; None makes a new figure.
    learner
        A learner or naive prediction by name; None takes the best learner.
    normalised
        Subtract the reference (such as the drug mean) from both: drugs that differ in potency make the plain plot look
        good whatever is predicted.
    most_dots
        Up to so many rows are single dots.
    color
        Of dots, and of the densest hexagon.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Rows of the first repeat; the dashed line is where both agree. The axes hold the middle 99.8 % of the values,
        and the few beyond stand at their ends.

    Raises
    ------
    InputError
        It is no evaluation of numbers, or the learner was not evaluated.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    >>> _, ax = dr.plots.figure(height=4.2)
    >>> dr.plots.predicted(found, ax).get_ylabel()
    'predicted by ridge'
    """
    refuse_other_than_summary("predicted", evaluation)
    held = evaluation.evaluation
    if held.kind != "continuous":
        raise InputError(
            f"plots.predicted: found an evaluation of a {held.kind} outcome (expected measured numbers). Plot its "
            "`calibration` instead."
        )
    name = learner_of("predicted", evaluation, learner)
    rows = held.fold[0] >= 0
    measured, said = held.rows.y[rows], held.of(name)[0][rows]
    if normalised:
        reference = held.of(held.reference)[0][rows]
        measured, said = measured - reference, said - reference
    low, high = _ends(np.concatenate([measured, said]))
    inner = 0.02 * (high - low)
    measured, said = (np.clip(values, low + inner, high - inner) for values in (measured, said))
    with drawing_on(ax, 4.0) as (ax, colours):
        shade = color or colours.model
        ax.plot([low, high], [low, high], zorder=2.5, **dashed(colours.quiet))
        if len(measured) <= most_dots:
            ax.plot(measured, said, "o", color=shade, markersize=size, alpha=0.75, markeredgewidth=0)
        else:
            _hexagons(ax, measured, said, (low, high), shade)
        less = f" minus {held.reference}" if normalised else ""
        ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        ax.set_xlabel(f"measured {cut(scale_words(held.rows.pairs.outcome, evaluation.measure))}{less}")
        ax.set_ylabel(f"predicted by {cut(name)}{less}")
    return ax


def _ends(values: Array) -> tuple[float, float]:
    low, high = (float(end) for end in np.quantile(values, [0.001, 0.999]))
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _hexagons(ax: Axes, x: Array, y: Array, ends: tuple[float, float], colour: str) -> None:
    """Shades of one colour that grow with the logarithm of the number of rows."""
    from matplotlib.colors import to_rgba

    cells = ax.hexbin(x, y, gridsize=24, extent=(*ends, *ends), mincnt=1)
    rows = np.asarray(cells.get_array(), dtype=np.float64)
    share = np.log(rows) / max(float(np.log(rows.max())), 1e-9)
    shade = np.minimum((share * len(_SHADES)).astype(int), len(_SHADES) - 1)
    corners, centres = np.asarray(cells.get_paths()[0].vertices)[:6], np.asarray(cells.get_offsets())
    cells.remove()
    for step, opacity in enumerate(_SHADES):
        areas(ax, corners + centres[shade == step][:, None], to_rgba(colour, opacity))


def _table_of(plot: str, predictions: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Predictions as numbers, with ids as text; the probability where a class is predicted."""
    refuse_other(plot, predictions, (pd.DataFrame,), "`predict`")
    absent = [name for name in columns if name not in predictions.columns]
    if absent:
        raise InputError(
            f"plots.{plot}: found no column {absent[0]} (expected the table that `predict` returns). Give it whole."
        )
    table = predictions.astype({"sample_id": str, "drug_id": str})
    if not pd.api.types.is_numeric_dtype(table["prediction"]):
        raise InputError(
            f"plots.{plot}: found predictions that are classes in words (expected numbers). Give a table of their "
            "probabilities in the column `prediction`."
        )
    return table[table["prediction"].notna()]


def ranked_drugs(
    predictions: pd.DataFrame,
    sample_id: str | None = None,
    ax: Axes | None = None,
    *,
    drugs: pd.DataFrame | Mapping[str, str] | None = None,
    n_drugs: int = 20,
    highest_first: bool = False,
    color: str | None = None,
    baseline_color: str | None = None,
    size: float = 6.5,
) -> Axes:
    """The drugs of one sample, ranked by how far their prediction lies from the baseline.

    Parameters
    ----------
    predictions
        The table that `DrugResponseModel.predict` or `adapt` returns.
    sample_id
        Which sample; None takes the first.
    ax
        Where to draw; None makes a new figure.
    drugs
        The table of drugs, or names by id, for the names beside the ids.
    n_drugs
        Most drugs that are shown.
    highest_first
        Drugs whose prediction lies above the baseline come first; else those below it (where a lower response is a
        more sensitive one).
    color, baseline_color
        Of predictions with their bounds, and of the baseline, a short line.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each drug.

    Raises
    ------
    InputError
        It is no table of predictions, or the sample is not in it.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    >>> model = dr.DrugResponseModel("ridge").fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure()
    >>> ax = dr.plots.ranked_drugs(model.predict(cohort.genotypes), "L0001", ax, drugs=cohort.drugs)
    >>> len(ax.get_yticklabels()), ax.get_title(loc="right")
    (4, 'L0001')
    """
    table = _table_of("ranked_drugs", predictions, ("sample_id", "drug_id", "prediction", "baseline"))
    sample = chosen("ranked_drugs", "sample_id", sample_id, table["sample_id"])
    rows = table[table["sample_id"] == sample]
    beyond = (rows["prediction"] - rows["baseline"]).fillna(0.0)
    order = np.argsort(-beyond.to_numpy() if highest_first else beyond.to_numpy(), kind="stable")[:n_drugs]
    shown, names = rows.iloc[order], names_of(drugs)
    bounds = shown.reindex(columns=["prediction", "lower", "upper"]).to_numpy(dtype=np.float64)
    with drawing_on(ax, height_of(len(shown)) + 0.25) as (ax, colours):
        draw_rows(
            ax,
            [
                Row.of(named(drug, names), numbers, color or colours.model)
                for drug, numbers in zip(shown["drug_id"], bounds, strict=True)
            ],
            colours,
            size,
        )
        places, usual = np.arange(len(shown)), shown["baseline"].to_numpy(dtype=np.float64)
        ax.plot(usual, places, "|", color=baseline_color or colours.ink, markersize=12, markeredgewidth=1.8, zorder=3)
        head(ax, cut(sample, 40), "predicted response (upright line: baseline)")
    return ax


def heat_map(
    predictions: pd.DataFrame,
    ax: Axes | None = None,
    *,
    drugs: pd.DataFrame | Mapping[str, str] | None = None,
    relative: bool = True,
    low_color: str | None = None,
    high_color: str | None = None,
    size: float | None = None,
) -> Axes:
    """Predictions of samples (rows) and drugs (columns) as colours, like beside like.

    Parameters
    ----------
    predictions
        The table that `DrugResponseModel.predict` or `adapt` returns, of two or more pairs.
    ax
        Where to draw; None makes a new figure.
    drugs
        The table of drugs, or names by id, for the names beside the ids.
    relative
        Show predictions minus the baseline, so that drugs of different potency compare; else the predictions minus
        their median.
    low_color, high_color
        Of what lies farthest below and above.
    size
        Of the names, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Samples and drugs are in the order of the leaves of a tree of average linkage; where there are more than 60,
        their names are left out. A pair without a prediction is blank.

    Raises
    ------
    InputError
        It is no table of predictions, or holds fewer than two pairs.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=4, n_features=30)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure(height=5.0)
    >>> ax = dr.plots.heat_map(model.predict(cohort.genotypes), ax, drugs=cohort.drugs)
    >>> len(ax.get_xticklabels()), len(ax.get_yticklabels())
    (4, 40)
    """
    table = _table_of("heat_map", predictions, ("sample_id", "drug_id", "prediction", "baseline"))
    usual = table["baseline"] if relative else table["prediction"].median()
    grid = table.assign(beyond=table["prediction"] - usual).pivot_table(
        index="sample_id", columns="drug_id", values="beyond", aggfunc="mean"
    )
    if grid.size < 2:
        raise InputError(f"plots.heat_map: found {count(grid.size, 'pair')} with a prediction (expected 2 or more).")
    values = grid.to_numpy(dtype=np.float64)
    values = values[np.ix_(leaf_order(values), leaf_order(values.T))]
    samples, columns = grid.index[leaf_order(grid.to_numpy())], grid.columns[leaf_order(grid.to_numpy().T)]
    names = names_of(drugs)
    few_samples, few_drugs = len(samples) <= _MOST_NAMED, len(columns) <= _MOST_NAMED
    height = min(1.8 + 0.16 * len(samples), 9.0)
    with drawing_on(ax, height, min(max(4.2, 2.0 + 0.2 * len(columns)), 10.0)) as (ax, colours):
        _coloured(ax, values, low_color or colours.model, high_color or colours.bad, colours, relative)
        size = size or 7.5
        labels = [cut(named(drug, names, 24), 24) for drug in columns] if few_drugs else []
        ax.set_xticks(np.arange(len(labels)) + 0.5, labels, rotation=90, fontsize=size, color=colours.ink)
        labels = [cut(sample, 18) for sample in samples] if few_samples else []
        ax.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=size, color=colours.ink)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        if not few_drugs:
            ax.set_xlabel(count(len(columns), "drug"))
        if not few_samples:
            ax.set_ylabel(count(len(samples), "sample"))
    return ax


def leaf_order(values: Array) -> NDArray[np.intp]:
    """Rows in the order of the leaves of their tree; missing ones taken as nothing beyond the usual."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(values) < 3:
        return np.arange(len(values))
    return np.asarray(leaves_list(linkage(np.nan_to_num(values), "average")), dtype=np.intp)


def _coloured(ax: Axes, values: Array, low: str, high: str, colours: Palette, relative: bool) -> None:
    """Cells in nine steps from one colour over the ground to the other, with their legend."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, to_rgba

    widest = float(np.nanquantile(np.abs(values), 0.98)) or 1.0
    # shades by opacity, so that they pale towards the ground of a page that is light or dark
    ends = [(low, 1.0), (low, 0.0), (high, 0.0), (high, 1.0)]
    nodes = [(at, to_rgba(*end)) for at, end in zip((0.0, 0.499, 0.501, 1.0), ends, strict=True)]
    shades = LinearSegmentedColormap.from_list("below and above", nodes, _STEPS)
    norm = BoundaryNorm(np.linspace(-widest, widest, _STEPS + 1), _STEPS)
    known = np.isfinite(values)
    step = norm(np.clip(np.where(known, values, 0.0), -widest, 0.999 * widest))
    cell = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    for at in range(_STEPS):
        shade = colours.card if at == _STEPS // 2 else shades(at)  # the middle is told from what is missing
        areas(ax, np.argwhere(known & (step == at))[:, None, ::-1] + cell, shade)
    ax.set(xlim=(0, values.shape[1]), ylim=(values.shape[0], 0))
    label = "predicted minus baseline" if relative else "predicted minus median"
    bar = figure_of(ax).colorbar(ScalarMappable(norm, shades), ax=ax, location="top", shrink=0.7, aspect=30, pad=0.02)
    bar.set_label(label)
    bar.set_ticks([-widest, 0.0, widest], labels=[number(end) for end in (-widest, 0.0, widest)])
    bar.outline.set_visible(False)
