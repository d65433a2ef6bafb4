"""Plots of how far predicted classes and dilutions agree with those that came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.truth import Truth
from drugresponse.errors import count
from drugresponse.plots.canvas import cut, drawing_on
from drugresponse.plots.outcomes import HeldOut, one_learner, said_of, shares_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["classes", "dilutions", "dilutions_off"]

_MOST_DILUTIONS = 3


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
