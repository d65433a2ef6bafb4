"""Plots of how far predicted numbers, classes and dilutions agree with those that came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.truth import Truth
from drugresponse.errors import InputError, count
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.plots.canvas import areas, cut, dashed, drawing_on
from drugresponse.plots.evaluations import refuse_other_than_summary
from drugresponse.plots.names import scale_words
from drugresponse.plots.outcomes import HeldOut, one_learner, said_of, shares_of
from drugresponse.plots.predictions import learner_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["classes", "dilutions", "dilutions_off", "predicted"]

_MOST_DILUTIONS = 3
_MOST_DOTS = 400
"""More rows than this are a crowd of hexagons."""
_SHADES = (0.14, 0.28, 0.45, 0.65, 0.85, 1.0)

Array = NDArray[np.float64]


def dilutions(
    evaluation: HeldOut,
    ax: Axes | None = None,
    *,
    learner: str | None = None,
    color: str | None = None,
    near_color: str | None = None,
    size: float = 0.8,
) -> Axes:
    """How many dilutions predictions of measured rows are off; limits are told apart, in the title.

    Parameters
    ----------
    evaluation
        What `evaluate` returns of dilutions, or `held_out_` of a model of such.
    ax
        Where to draw; None makes a new figure.
    learner
        Which learner of an evaluation; None takes the best.
    color, near_color
        Of columns more than one dilution off, and of those within one (essential agreement).
    size
        Width of a column, as a share of its place.

    Returns
    -------
    matplotlib.axes.Axes
        A column for each dilution, to three or more.

    Raises
    ------
    InputError
        It is something else, or of another outcome, or the learner was not evaluated.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=2, n_features=20, outcome="interval")
    >>> model = dr.DrugResponseModel("ridge", folds=2).fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure()
    >>> [label.get_text() for label in dr.plots.dilutions(model.held_out_, ax).get_xticklabels()][3]
    '0'
    """
    truth, told = said_of("dilutions", evaluation, ("interval",))
    said = one_learner("dilutions", told, learner)
    steps, unit = dilutions_off(truth, said)
    places = np.arange(-_MOST_DILUTIONS, _MOST_DILUTIONS + 1)
    shares = np.array([float(np.mean(steps == step)) if len(steps) else 0.0 for step in places])
    with drawing_on(ax, 3.0) as (ax, colours):
        near, far = near_color or colours.model, color or colours.naive
        ax.bar(places, shares, size, color=[near if abs(step) <= 1 else far for step in places])
        for step, share in zip(places.tolist(), shares.tolist(), strict=True):
            ax.text(step, share, f"{share:.0%}", ha="center", va="bottom", color=colours.ink)
        minus = "\N{MINUS SIGN}"
        words = [f"{'+' if step > 0 else minus if step < 0 else ''}{abs(step)}" for step in places]
        words[0], words[-1] = f"\N{LESS-THAN OR EQUAL TO} {words[0]}", f"\N{GREATER-THAN OR EQUAL TO} {words[-1]}"
        ax.set_xticks(places, words)
        ax.set_ylim(0.0, 1.15 * max(float(shares.max()), 0.1))
        ax.yaxis.set_major_formatter("{x:.0%}")
        ax.set(xlabel=f"predicted minus measured, in {unit}s", ylabel="share of measured rows")
        agreed = float(shares[np.abs(places) <= 1].sum())
        ax.set_title(f"{agreed:.0%} within one {unit}, of {count(len(steps), 'row')}")
    return ax


def dilutions_off(truth: Truth, said: Distribution) -> tuple[NDArray[np.intp], str]:
    """Steps by which predictions of measured rows are off, at most three either way, and what a step is called."""
    lower, upper = truth.observed.lower, truth.observed.upper
    if lower is None or upper is None or said.point is None:
        raise ValueError("an interval outcome has limits, and a value that is predicted")
    exact = np.isfinite(lower) & np.isfinite(upper)
    off = np.clip(np.ceil(said.point[exact]) - upper[exact], -_MOST_DILUTIONS, _MOST_DILUTIONS)
    return off.astype(np.intp), "dilution" if truth.outcome.logarithm else "unit"


def classes(
    evaluation: HeldOut,
    ax: Axes | None = None,
    *,
    learner: str | None = None,
    color: str | None = None,
    size: float = 9.0,
) -> Axes:
    """Which class came, and which was the most probable one: a table as colours.

    Parameters
    ----------
    evaluation
        What `evaluate` returns of classes, or `held_out_` of a model of such.
    ax
        Where to draw; None makes a new figure.
    learner
        Which learner of an evaluation; None takes the best.
    color
        Of the fullest cell.
    size
        Of the numbers, in points.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each class that came, with the share of its rows that were called each class.

    Raises
    ------
    InputError
        It is something else, or of another outcome, or the learner was not evaluated.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=2, n_features=20, outcome="ordinal")
    >>> model = dr.DrugResponseModel("ridge", folds=2).fit(cohort.genotypes, cohort.responses)
    >>> _, ax = dr.plots.figure()
    >>> [label.get_text() for label in dr.plots.classes(model.held_out_, ax).get_xticklabels()]
    ['S', 'I', 'R']
    """
    from matplotlib.colors import to_rgba

    truth, told = said_of("classes", evaluation, ("binary", "ordinal"))
    said, words = one_learner("classes", told, learner), [cut(word, 12) for word in truth.outcome.classes]
    counts = np.zeros((len(words), len(words)), dtype=np.int64)
    np.add.at(counts, (truth.y.astype(np.intp), shares_of(said).argmax(axis=1)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with drawing_on(ax, 1.2 + 0.55 * len(words)) as (ax, colours):
        for came, called in np.ndindex(*counts.shape):
            share = float(shares[came, called])
            corner: dict[str, Any] = {"color": to_rgba(color or colours.model, 0.75 * share), "linewidth": 0}
            ax.bar(called, 1.0, 1.0, came - 0.5, **corner)
            number = f"{counts[came, called]:,}\n{share:.0%}"
            ax.text(called, came, number, ha="center", va="center", fontsize=size, color=colours.ink)
        ax.set(xlim=(-0.5, len(words) - 0.5), ylim=(len(words) - 0.5, -0.5), xlabel="most probable", ylabel="came")
        ax.set_xticks(range(len(words)), words)
        ax.set_yticks(range(len(words)), words)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return ax


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
