"""Plots of predictions: of one sample, of one drug, and of all samples and drugs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.errors import InputError, count
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.plots.canvas import areas, chosen, cut, drawing_on, figure_of, head, refuse_other
from drugresponse.plots.names import named, names_of
from drugresponse.plots.palettes import Palette
from drugresponse.plots.rows import Row, draw_rows, height_of
from drugresponse.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["best_learner", "heat_map", "learner_of", "ranked_drugs", "ranked_samples"]

Array = NDArray[np.float64]

_STEPS = 9
_OF_CLASS = "probability_"
"""Begins the names of columns that tell a class and, by their order, its rank."""
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


def _table_of(plot: str, predictions: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Predictions as numbers, with ids as text, and the classes that the numbers count, if they do."""
    refuse_other(plot, predictions, (pd.DataFrame,), "`predict`")
    absent = [name for name in ("sample_id", "drug_id", "prediction", "baseline") if name not in predictions.columns]
    if absent:
        raise InputError(
            f"plots.{plot}: found no column {absent[0]} (expected the table that `predict` returns). Give it whole."
        )
    table = predictions.astype({"sample_id": str, "drug_id": str})
    table = table[table["prediction"].notna()]
    if pd.api.types.is_numeric_dtype(predictions["prediction"]):
        return table, []
    classes = [name.removeprefix(_OF_CLASS) for name in table.columns if name.startswith(_OF_CLASS)]
    strange = sorted(set(table["prediction"].astype(str)) - set(classes))
    if strange:
        raise InputError(
            f"plots.{plot}: found the prediction {strange[0]} without a column {_OF_CLASS}{strange[0]} (expected the "
            "probability of each class, lowest class first). Give the table that `predict` returns."
        )
    codes = {word: float(code) for code, word in enumerate(classes)}
    coded = [name for name in ("prediction", "lower", "upper", "baseline") if name in table.columns]
    return table.assign(**{name: table[name].map(codes).astype(np.float64) for name in coded}), classes


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
    table, classes = _table_of("ranked_drugs", predictions)
    sample, names = chosen("ranked_drugs", "sample_id", sample_id, table["sample_id"]), names_of(drugs)
    rows = _from_one_end(table[table["sample_id"] == sample], n_drugs, highest_first)
    labels = [named(drug, names) for drug in rows["drug_id"]]
    return _ranked(ax, rows, classes, labels, sample, (color, baseline_color), size)


def ranked_samples(
    predictions: pd.DataFrame,
    drug_id: str | None = None,
    ax: Axes | None = None,
    *,
    drugs: pd.DataFrame | Mapping[str, str] | None = None,
    n_samples: int = 20,
    highest_first: bool = False,
    color: str | None = None,
    baseline_color: str | None = None,
    size: float = 6.5,
) -> Axes:
    """The samples of one drug, ranked by how far their prediction lies from the baseline.

    Parameters
    ----------
    predictions, ax, drugs, highest_first, color, baseline_color, size
        As for `ranked_drugs`.
    drug_id
        Which drug; None takes the first.
    n_samples
        Most samples that are shown.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each sample.

    Raises
    ------
    InputError
        It is no table of predictions, or the drug is not in it.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    >>> model = dr.DrugResponseModel("ridge").fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure()
    >>> ax = dr.plots.ranked_samples(model.predict(cohort.genotypes), "D001", ax, n_samples=10)
    >>> len(ax.get_yticklabels()), ax.get_title(loc="right")
    (10, 'D001')
    """
    table, classes = _table_of("ranked_samples", predictions)
    drug = chosen("ranked_samples", "drug_id", drug_id, table["drug_id"])
    rows = _from_one_end(table[table["drug_id"] == drug], n_samples, highest_first)
    title = named(drug, names_of(drugs), 40)
    return _ranked(ax, rows, classes, list(rows["sample_id"]), title, (color, baseline_color), size)


def _from_one_end(rows: pd.DataFrame, most: int, highest_first: bool) -> pd.DataFrame:
    """The rows that lie farthest from their baseline, in that order."""
    beyond = (rows["prediction"] - rows["baseline"]).fillna(0.0).to_numpy()
    return rows.iloc[np.argsort(-beyond if highest_first else beyond, kind="stable")[:most]]


def _ranked(
    ax: Axes | None,
    rows: pd.DataFrame,
    classes: list[str],
    labels: list[str],
    title: str,
    shades: tuple[str | None, str | None],
    size: float,
) -> Axes:
    """Rows with their bounds and baselines; the horizontal axis counts classes where there are some."""
    numbers = rows.reindex(columns=["prediction", "lower", "upper"]).to_numpy(dtype=np.float64)
    with drawing_on(ax, height_of(len(rows)) + 0.25) as (ax, colours):
        shown = [
            Row.of(label, of_row, shades[0] or colours.model) for label, of_row in zip(labels, numbers, strict=True)
        ]
        draw_rows(ax, shown, colours, size)
        places, usual = np.arange(len(rows)), rows["baseline"].to_numpy(dtype=np.float64)
        ax.plot(usual, places, "|", color=shades[1] or colours.ink, markersize=12, markeredgewidth=1.8, zorder=3)
        if classes:
            ax.set_xlim(-0.4, len(classes) - 0.6)
            ax.set_xticks(range(len(classes)), [cut(word, 12) for word in classes])
        what = "most probable class" if classes else "predicted response"
        head(ax, cut(title, 40), f"{what} (upright line: baseline)")
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
        their median. Classes are shown as they are.
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
    table, classes = _table_of("heat_map", predictions)
    usual = (len(classes) - 1) / 2 if classes else table["baseline"] if relative else table["prediction"].median()
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
        ends = (low_color or colours.model, high_color or colours.bad)
        if classes:
            _coloured(ax, values, ends, colours, "most probable class", classes)
        else:
            _coloured(ax, values, ends, colours, f"predicted minus {'baseline' if relative else 'median'}")
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


def _coloured(
    ax: Axes, values: Array, ends: tuple[str, str], colours: Palette, label: str, classes: Sequence[str] = ()
) -> None:
    """Cells in steps from one colour over the ground to the other, with their legend; a class is a step."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, to_rgba

    steps = len(classes) or _STEPS
    widest = steps / 2 if classes else float(np.nanquantile(np.abs(values), 0.98)) or 1.0
    # shades by opacity, so that they pale towards the ground of a page that is light or dark
    opacities = [(ends[0], 1.0), (ends[0], 0.0), (ends[1], 0.0), (ends[1], 1.0)]
    nodes = [(at, to_rgba(*end)) for at, end in zip((0.0, 0.499, 0.501, 1.0), opacities, strict=True)]
    shades = LinearSegmentedColormap.from_list("below and above", nodes, steps)
    norm = BoundaryNorm(np.linspace(-widest, widest, steps + 1), steps)
    known = np.isfinite(values)
    step = norm(np.clip(np.where(known, values, 0.0), -widest, 0.999 * widest))
    cell = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    for at in range(steps):
        shade = colours.card if 2 * at == steps - 1 else shades(at)  # the middle is told from what is missing
        areas(ax, np.argwhere(known & (step == at))[:, None, ::-1] + cell, shade)
    ax.set(xlim=(0, values.shape[1]), ylim=(values.shape[0], 0))
    bar = figure_of(ax).colorbar(ScalarMappable(norm, shades), ax=ax, location="top", shrink=0.7, aspect=30, pad=0.02)
    bar.set_label(label)
    ticks = np.linspace(-widest, widest, 2 * steps + 1)[1::2] if classes else np.array([-widest, 0.0, widest])
    bar.set_ticks(list(ticks), labels=[cut(word, 12) for word in classes] or [number(end) for end in ticks])
    if classes:
        bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
