"""Plots of yes or no, and of times to an event: what is caught, and who is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.follow_up import kaplan_meier
from drugresponse.data.scores.truth import Truth
from drugresponse.errors import InputError
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.model.held_out_forecasts import HeldOutForecasts
from drugresponse.plots.canvas import cut, dashed, drawing_on, legend_below, refuse_other
from drugresponse.plots.palettes import Palette
from drugresponse.plots.predictions import best_learner

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "HeldOut",
    "kaplan_meier_of",
    "one_learner",
    "precision_recall",
    "roc",
    "said_of",
    "shares_of",
    "survival",
    "survival_axes",
]

Array = NDArray[np.float64]
HeldOut: TypeAlias = EvaluationSummary | HeldOutForecasts
"""What plots of outcomes take."""

_MOST_LEARNERS = 5
_MOST_POINTS = 400
_THIRDS = ("lowest third of the risk", "middle third", "highest third")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)), (0, (1, 1)), "-")


def said_of(plot: str, given: HeldOut, kinds: tuple[str, ...]) -> tuple[Truth, dict[str, Distribution]]:
    """What was observed of held-out rows, and what the learners said of them, the best first.

    Raises
    ------
    InputError
        It is something else, or of an outcome of another kind.
    """
    refuse_other(plot, given, (EvaluationSummary, HeldOutForecasts), "`evaluate`, or the model's `held_out_`")
    outcome = (given.evaluation.rows if isinstance(given, EvaluationSummary) else given.rows).pairs.outcome
    if outcome.kind not in kinds:
        raise InputError(
            f"plots.{plot}: found a {outcome.kind} outcome (expected {' or '.join(kinds)}). Choose another plot."
        )
    if isinstance(given, HeldOutForecasts):
        truth, said = given.pictured()
        return truth, {"model": said}
    layer, best = given.evaluation.layers[0], best_learner(given)
    names = sorted(given.evaluation.learners, key=lambda name: name != best)
    return layer.truth, {name: layer.said[name] for name in names[:_MOST_LEARNERS]}


def shares_of(said: Distribution) -> Array:
    """`(n_rows, n_classes)` probabilities."""
    if said.shares is None:
        raise ValueError("a prediction of classes has shares")
    return said.shares


def roc(
    evaluation: HeldOut, ax: Axes | None = None, *, colors: Mapping[str, str] | None = None, size: float = 1.8
) -> Axes:
    """Which share of the events is caught at which share of false alarms, of each learner.

    Parameters
    ----------
    evaluation
        What `evaluate` returns of a yes/no outcome, or `held_out_` of a model of one.
    ax
        Where to draw; None makes a new figure.
    colors
        Of learners, by name.
    size
        Width of a line, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Held-out rows of all drugs together; dashed: chance.

    Raises
    ------
    InputError
        It is something else, or of another outcome.

    Notes
    -----
    Drugs differ in how frequent events are, so this curve also tells drugs apart; the metrics drug by drug do not.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=2, n_features=20, outcome="binary")
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    >>> _, ax = dr.plots.figure(height=3.8)
    >>> dr.plots.roc(found, ax).get_xlabel()
    'false alarms (1 - specificity)'
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    truth, said = said_of("roc", evaluation, ("binary",))
    happened = truth.y == 1
    with drawing_on(ax, 3.9) as (ax, colours):
        ax.plot([0, 1], [0, 1], **dashed(colours.quiet))
        for number, (name, of_name) in enumerate(said.items()):
            scores = shares_of(of_name)[:, 1]
            alarms, caught, _ = roc_curve(happened, scores)
            words = f"{cut(name)}, area {roc_auc_score(happened, scores):.3f}"
            _line(ax, alarms, caught, words, _colour(colors, name, number, colours), number, size)
        _shares(ax, "false alarms (1 - specificity)", "events caught (sensitivity)")
        legend_below(ax)
    return ax


def precision_recall(
    evaluation: HeldOut, ax: Axes | None = None, *, colors: Mapping[str, str] | None = None, size: float = 1.8
) -> Axes:
    """Which share of the alarms is right at which share of the events caught, of each learner.

    Parameters
    ----------
    evaluation, ax, colors, size
        As for `roc`.

    Returns
    -------
    matplotlib.axes.Axes
        Held-out rows of all drugs together; dashed: how frequent events are, which is chance.

    Raises
    ------
    InputError
        It is something else, or of another outcome.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=2, n_features=20, outcome="binary")
    >>> model = dr.DrugResponseModel("ridge", folds=2).fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure(height=3.8)
    >>> dr.plots.precision_recall(model.held_out_, ax).get_ylabel()
    'alarms that are right (precision)'
    """
    from sklearn.metrics import precision_recall_curve

    truth, said = said_of("precision_recall", evaluation, ("binary",))
    happened = truth.y == 1
    with drawing_on(ax, 3.9) as (ax, colours):
        ax.plot([0, 1], [happened.mean()] * 2, **dashed(colours.quiet))
        for number, (name, of_name) in enumerate(said.items()):
            right, caught, _ = precision_recall_curve(happened, shares_of(of_name)[:, 1])
            _line(ax, caught, right, cut(name), _colour(colors, name, number, colours), number, size)
        _shares(ax, "events caught (recall)", "alarms that are right (precision)")
        legend_below(ax)
    return ax


def _colour(colors: Mapping[str, str] | None, name: str, number: int, colours: Palette) -> str:
    return (colors or {}).get(name) or colours.groups[number % len(colours.groups)]


def _line(ax: Axes, x: Array, y: Array, words: str, colour: str, number: int, size: float) -> None:
    """A line told apart by its dashes too, thinned out where it is long."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _MOST_POINTS)).round().astype(int))
    dashes = _DASHES[number % len(_DASHES)]
    ax.plot(x[kept], y[kept], color=colour, linewidth=size, linestyle=dashes, label=words)


def _shares(ax: Axes, x: str, y: str) -> None:
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=x, ylabel=y, xticks=ticks, yticks=ticks)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")


def survival(
    evaluation: HeldOut,
    ax: Axes | None = None,
    *,
    learner: str | None = None,
    colors: tuple[str, ...] | None = None,
    unit: str | None = None,
    size: float = 1.8,
) -> Axes:
    """Who was left without the event in each third of the predicted risk (Kaplan-Meier), and who was told to be.

    Parameters
    ----------
    evaluation
        What `evaluate` returns of times to an event, or `held_out_` of a model of such.
    ax
        Where to draw; None makes a new figure.
    learner
        Which learner of an evaluation; None takes the best.
    colors
        Of the three thirds, lowest risk first.
    unit
        Of the times; None takes that of the responses.
    size
        Width of a line, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Lines that lie apart say that the risk tells patients apart; dashed lines, the predicted ones, on their own
        colour say that the probabilities hold.

    Raises
    ------
    InputError
        It is something else, or of another outcome, or the learner was not evaluated.

    References
    ----------
    E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete observations, J. Am. Stat. Assoc. 53 (1958),
    doi:10.1080/01621459.1958.10501452.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=2, n_features=20, outcome="time-to-event")
    >>> model = dr.DrugResponseModel("ridge", folds=2).fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure(height=3.8)
    >>> dr.plots.survival(model.held_out_, ax).get_ylabel()
    'share without the event'
    """
    truth, told = said_of("survival", evaluation, ("time-to-event",))
    said = one_learner("survival", told, learner)
    happened = truth.observed.happened
    if happened is None or said.times is None or said.survival is None:
        raise ValueError("a time to an event has survival")
    third = np.searchsorted(np.quantile(said.scores, [1 / 3, 2 / 3]), said.scores, side="right")
    if unit is None:
        unit = evaluation.measure.unit if isinstance(evaluation, EvaluationSummary) else ""
    with drawing_on(ax, 4.1) as (ax, colours):
        for number, words in enumerate(_THIRDS):
            rows = np.flatnonzero(third == number)
            if not len(rows):
                continue
            colour = (colors or colours.groups)[number]
            entry = None if truth.observed.entry is None else truth.observed.entry[rows]
            words = f"{words} ({len(rows):,})"
            kaplan_meier_of(ax, truth.y[rows], happened[rows], entry, words, colour, size)
            told_left = np.append(1.0, said.survival[rows].mean(axis=0))
            ax.plot(np.append(0.0, said.times), told_left, **dashed(colour, 0.7 * size))
        survival_axes(ax, float(said.times[-1]), unit)
        legend_below(ax)
    return ax


def one_learner(plot: str, told: Mapping[str, Distribution], learner: str | None) -> Distribution:
    """What one learner said, or the best.

    Raises
    ------
    InputError
        It was not evaluated.
    """
    name = next(iter(told)) if learner is None else learner
    if name not in told:
        raise InputError(f"plots.{plot}, `learner`: found {name} (expected one of {', '.join(told)}). Name one.")
    return told[name]


def kaplan_meier_of(
    ax: Axes, time: Array, happened: NDArray[np.bool_], entry: Array | None, words: str, colour: str, size: float = 1.8
) -> None:
    """The curve of some rows as steps, to the last time that is known of any.

    Parameters
    ----------
    ax
        Where.
    time, happened, entry
        `(n_rows,)`, as in `Observed`.
    words, colour, size
        In the legend; of the line, and its width in points.
    """
    at, left = kaplan_meier(time, happened, entry)
    x, y = np.append(np.append(0.0, at), time.max()), np.append(1.0, left)
    ax.step(x, np.append(y, y[-1]), where="post", color=colour, linewidth=size, label=words)


def survival_axes(ax: Axes, last: float, unit: str) -> None:
    """From 0 to the last time, and from none to all."""
    ax.set(xlim=(0.0, 1.02 * last), ylim=(0.0, 1.03), ylabel="share without the event")
    ax.set_xlabel(f"time ({cut(unit)})" if unit else "time")
