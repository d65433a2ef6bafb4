"""Whether predictions mean what they say: calibration of numbers and of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.model.held_out_forecasts import HeldOutForecasts
from drugresponse.plots.canvas import cut, dashed, drawing_on, legend_below, refuse_other
from drugresponse.plots.names import scale_words
from drugresponse.plots.outcomes import said_of, shares_of
from drugresponse.plots.predictions import learner_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["calibration"]

Array = NDArray[np.float64]

_BINS = 10


def calibration(
    evaluation: EvaluationSummary | HeldOutForecasts,
    ax: Axes | None = None,
    *,
    learner: str | None = None,
    at_least: str | None = None,
    n_bins: int = _BINS,
    colors: tuple[str, ...] | None = None,
    size: float = 5.0,
) -> Axes:
    """What came where so much was predicted, in bins of equal counts.

    Parameters
    ----------
    evaluation
        What `evaluate` returns of numbers or classes, or `held_out_` of a model of classes.
    ax
        Where to draw; None makes a new figure.
    learner
        Which learner; None takes the best of numbers, and all of classes (the first five).
    at_least
        Of more than two classes, the one that came or a higher one; None takes the highest.
    n_bins
        How many bins; rows of one prediction stay in one.
    colors
        Of the learners.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Of classes how often one came against its predicted probability, with exact 95 % intervals; of numbers the mean
        of what was measured against the mean of what was predicted, with the middle half of what was measured. Dashed:
        right.

    Raises
    ------
    InputError
        It is something else, or the learner was not evaluated.

    References
    ----------
    C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26 (1934), doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    >>> _, ax = dr.plots.figure(height=3.8)
    >>> dr.plots.calibration(found, ax).get_xlabel()
    'predicted by ridge'
    """
    refuse_other(
        "calibration", evaluation, (EvaluationSummary, HeldOutForecasts), "`evaluate`, or the model's `held_out_`"
    )
    is_number = isinstance(evaluation, EvaluationSummary) and evaluation.evaluation.kind == "continuous"
    with drawing_on(ax, 3.9) as (ax, colours):
        shades = colors or ((colours.model,) if is_number else colours.groups)
        if isinstance(evaluation, EvaluationSummary) and is_number:
            low, high = _of_numbers(ax, evaluation, learner, n_bins, shades[0], size)
            ax.plot([low, high], [low, high], zorder=0.9, **dashed(colours.quiet))
            return ax
        ax.plot([0, 1], [0, 1], zorder=0.9, **dashed(colours.quiet))
        _of_shares(ax, evaluation, learner, at_least, n_bins, shades, size)
    return ax


def _of_numbers(
    ax: Axes, evaluation: EvaluationSummary, learner: str | None, n_bins: int, colour: str, size: float
) -> tuple[float, float]:
    """The least and the greatest prediction that a bin stands at."""
    held = evaluation.evaluation
    name = learner_of("calibration", evaluation, learner)
    rows = held.fold[0] >= 0
    measured, predicted = held.rows.y[rows], held.of(name)[0][rows]
    bins = _bins(predicted, n_bins)
    centres, means, quarters = [], [], []
    for number in np.unique(bins):
        of_bin = measured[bins == number]
        centres.append(float(predicted[bins == number].mean()))
        means.append(float(of_bin.mean()))
        quarters.append(np.quantile(of_bin, [0.25, 0.75]))
    ax.vlines(centres, *np.transpose(quarters), color=colour, linewidth=1.2, alpha=0.6)
    ax.plot(centres, means, "o-", color=colour, markersize=size, linewidth=1.2)
    ax.set_xlabel(f"predicted by {cut(name)}")
    ax.set_ylabel(f"measured {cut(scale_words(held.rows.pairs.outcome, evaluation.measure))}")
    return min(centres), max(centres)


def _of_shares(
    ax: Axes,
    evaluation: EvaluationSummary | HeldOutForecasts,
    learner: str | None,
    at_least: str | None,
    n_bins: int,
    shades: tuple[str, ...],
    size: float,
) -> None:
    from scipy.stats import beta

    truth, told = said_of("calibration", evaluation, ("continuous", "binary", "ordinal"))
    kinds = list(truth.outcome.classes)
    cut_at = kinds.index(at_least) if at_least in kinds[1:] else len(kinds) - 1
    happened = truth.y >= cut_at
    names = [name for name in told if learner in (None, name)] or list(told)[:1]
    for at, name in enumerate(names):
        values = shares_of(told[name])[:, cut_at:].sum(axis=1)
        bins = _bins(values, n_bins)
        n = np.bincount(bins)
        n, events, sums = n[n > 0], np.bincount(bins, happened)[n > 0], np.bincount(bins, values)[n > 0]
        lower = np.where(events > 0, beta.ppf(0.025, np.maximum(events, 0.5), n - events + 1), 0.0)
        upper = np.where(events < n, beta.ppf(0.975, events + 1, np.maximum(n - events, 0.5)), 1.0)
        shade = shades[at % len(shades)]
        ax.vlines(sums / n, lower, upper, color=shade, linewidth=1.0, alpha=0.8)
        ax.plot(sums / n, events / n, "o-", color=shade, markersize=size, linewidth=1.2, label=cut(name))
    event = kinds[cut_at] + (" or higher" if cut_at + 1 < len(kinds) else "")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.set(xlabel=f"predicted probability of {cut(event)}", ylabel="how often it came")
    legend_below(ax)


def _bins(values: Array, n_bins: int) -> NDArray[np.intp]:
    """`(n,)` number of the bin of each; those of one value are in one."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, n_bins + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, values, side="right"), dtype=np.intp)
