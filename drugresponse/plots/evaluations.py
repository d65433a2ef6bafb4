"""Plots of an evaluation: skill against naive predictions, verdicts on drugs, intervals, shuffled genotypes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from drugresponse.errors import InputError, count
from drugresponse.evaluation.drug_verdicts import HELPS, LEAKS
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.plots.canvas import cut, drawing_on, guide, head, refuse_other, spots
from drugresponse.plots.names import named, names_of
from drugresponse.plots.rows import Row, draw_rows, height_of
from drugresponse.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["coverage", "drug_verdicts", "is_skill_beyond", "permutation", "refuse_other_than_summary", "skill"]

_SMALLEST_AXIS = 0.05
_MOST_NAMED = 30
"""Drugs that are told by name; more are a crowd."""
_LEAST_ROWS = 20


def refuse_other_than_summary(plot: str, evaluation: object) -> None:
    """Refuse what `evaluate` did not give."""
    refuse_other(plot, evaluation, (EvaluationSummary,), "`drugresponse.evaluate`")


def skill(
    evaluation: EvaluationSummary,
    ax: Axes | None = None,
    *,
    color: str | None = None,
    naive_color: str | None = None,
    size: float = 7.0,
) -> Axes:
    """Skill of each learner and of each naive prediction on held-out rows, as a forest plot.

    Parameters
    ----------
    evaluation
        What `evaluate` returns.
    ax
        Where to draw; None makes a new figure.
    color, naive_color
        Of learners, and of naive predictions.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Learners from the best down, then naive predictions. Skill is the share saved of the squared error (or loss) of
        the naive prediction that was best in the fold, with its 95 % interval; what lies far below 0 is an arrow.

    Raises
    ------
    InputError
        It is no evaluation.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    >>> _, ax = dr.plots.figure()
    >>> [label.get_text() for label in dr.plots.skill(found, ax).get_yticklabels()][:2]
    ['ridge', 'covariates']
    """
    refuse_other_than_summary("skill", evaluation)
    held, pooled = evaluation.evaluation, _pooled_skill(evaluation)
    order = sorted(held.names, key=lambda name: (name not in held.learners, -_finite(pooled["value"].get(name))))
    with drawing_on(ax, height_of(len(order))) as (ax, colours):
        rows = []
        for name in order:
            bounds = pooled[["value", "lower", "upper"]].reindex([name]).to_numpy(dtype=np.float64)[0]
            colour = (color or colours.model) if name in held.learners else (naive_color or colours.naive)
            rows.append(Row.of(name, bounds, colour, _score(bounds[0])))
        draw_rows(ax, rows, colours, size, _ends_of_skill(pooled))
        guide(ax, colours, x=0.0)
        head(ax, "", "skill on held-out rows (0: no gain)")
    return ax


def is_skill_beyond(evaluation: EvaluationSummary) -> bool:
    """Whether the plot of skill shows any value as an arrow."""
    pooled = _pooled_skill(evaluation)
    low, high = _ends_of_skill(pooled)
    return bool(((pooled["value"] < low) | (pooled["value"] > high)).any())


def _pooled_skill(evaluation: EvaluationSummary) -> pd.DataFrame:
    """Over all folds, by learner and naive prediction."""
    table = evaluation.metrics
    of_skill = (table["level"] == "global") & (table["metric"] == "skill") & (table["fold"].astype(str) == "all")
    return table[of_skill].set_index("learner").reindex(evaluation.evaluation.names)


def _ends_of_skill(pooled: pd.DataFrame) -> tuple[float, float]:
    """Of the axis: a hopeless naive prediction must not squeeze the learners into a corner."""
    values = pooled[["value", "lower", "upper"]].to_numpy(dtype=np.float64)
    known = values[np.isfinite(values)]
    high = max([*known, _SMALLEST_AXIS])
    low = min(max(min([*known, 0.0]), -0.6 * high), -0.2 * high)
    return low - 0.04 * (high - low), high + 0.04 * (high - low)


def _finite(value: float | None) -> float:
    return float(value) if value is not None and math.isfinite(value) else -math.inf


def _score(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}") if abs(value) < 1 else number(value)


def drug_verdicts(
    evaluation: EvaluationSummary,
    ax: Axes | None = None,
    *,
    n_named: int = _MOST_NAMED,
    color: str | None = None,
    other_color: str | None = None,
    size: float = 6.0,
) -> Axes:
    """What genotype adds for each drug, with its 95 % interval, the best first.

    Parameters
    ----------
    evaluation
        What `evaluate` returns.
    ax
        Where to draw; None makes a new figure.
    n_named
        Up to so many drugs are rows with their names; more stand side by side without.
    color, other_color
        Of drugs for which genotype helps, and of the others.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Gain is the share of the squared error (or loss) of covariates alone that genotype saves. Chance alone also
        gives a slope from the first to the last; drugs whose gain is shown stand out by their colour.

    Raises
    ------
    InputError
        It is no evaluation, or no drug has a gain.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    >>> _, ax = dr.plots.figure()
    >>> len(dr.plots.drug_verdicts(found, ax).get_yticklabels())
    3
    """
    refuse_other_than_summary("drug_verdicts", evaluation)
    table = evaluation.drug_verdicts
    table = table[np.isfinite(table["gain"].to_numpy(dtype=np.float64))] if len(table) else table
    if table.empty:
        raise InputError(
            "plots.drug_verdicts: found no drug with a gain (expected one or more). Evaluate a learner that uses "
            "genotype, such as ridge, on drugs with more rows."
        )
    names = names_of(evaluation.evaluation.rows.pairs.drugs)
    helped = table["verdict"].isin((HELPS, LEAKS)).to_numpy()
    gains = table[["gain", "lower", "upper"]].to_numpy(dtype=np.float64)
    few = len(table) <= n_named
    with drawing_on(ax, height_of(len(table)) if few else 2.8) as (ax, colours):
        shades = [(color or colours.model) if good else (other_color or colours.naive) for good in helped]
        ends = _crowd_ends(gains)
        if few:
            rows = [
                Row.of(named(drug, names), gain, shade)
                for drug, gain, shade in zip(table["drug_id"], gains, shades, strict=True)
            ]
            draw_rows(ax, rows, colours, size, ends)
            guide(ax, colours, x=0.0)
            head(ax, "", "gain of genotype (0: none)")
        else:
            places = np.arange(len(gains), dtype=np.float64)
            for good, shade in ((False, other_color or colours.naive), (True, color or colours.model)):
                at = helped == good
                ax.vlines(places[at], gains[at, 1], gains[at, 2], color=shade, linewidth=0.8, alpha=0.6)
                spots(ax, places[at], gains[at, 0], shade, min(size, 4.0), zorder=3)
            guide(ax, colours, y=0.0)
            ax.set(ylim=ends, ylabel="gain of genotype", xlabel=f"{count(len(table), 'drug')}, the best first")
            ax.set_xticks([])
        if helped.any():
            word = LEAKS if (table["verdict"] == LEAKS).any() else HELPS
            title = f"{word}: {int(helped.sum())} of {count(len(table), 'drug')}"
            ax.set_title(title, color=color or colours.model, loc="right")
    return ax


def _crowd_ends(gains: np.ndarray) -> tuple[float, float]:
    """All values, and intervals as far as they do not dwarf these."""
    values = np.append(gains[:, 0], 0.0)
    room = 0.6 * max(float(np.ptp(values)), 1e-3)
    low = max(float(np.nanmin(gains, initial=0.0)), float(values.min()) - room)
    high = min(float(np.nanmax(gains, initial=0.0)), float(values.max()) + room)
    return low - 0.03 * (high - low), high + 0.03 * (high - low)


def coverage(
    evaluation: EvaluationSummary,
    ax: Axes | None = None,
    *,
    level: float = 0.9,
    color: str | None = None,
    drug_color: str | None = None,
    size: float = 7.0,
) -> Axes:
    """Which share of the held-out responses lies within their intervals, over all and drug by drug.

    Parameters
    ----------
    evaluation
        What `evaluate` returns.
    ax
        Where to draw; None makes a new figure.
    level
        The share that was asked for: a dashed line.
    color, drug_color
        Of the share over all rows, and of the shares of single drugs.
    size
        Of the dot of all rows, in points.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each learner; drugs with fewer than 20 held-out rows are left out.

    Raises
    ------
    InputError
        It is no evaluation, or one without intervals.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=3, shuffles=0, n_jobs=1)
    >>> _, ax = dr.plots.figure()
    >>> dr.plots.coverage(found, ax).get_xlabel()
    'responses within their 90% interval'
    """
    refuse_other_than_summary("coverage", evaluation)
    table = evaluation.coverage
    if table.empty or not (table["level"] == "all").any():
        raise InputError(
            "plots.coverage: found an evaluation without intervals (expected some). Hold out more groups, so that "
            "they can be calibrated."
        )
    whole = table[table["level"] == "all"].drop_duplicates("learner")
    single = table[(table["level"] == "drug") & (table["n"] >= _LEAST_ROWS)]
    with drawing_on(ax, height_of(len(whole)) + 0.1) as (ax, colours):
        for at, name in enumerate(whole["learner"]):
            of_drugs = single.loc[single["learner"] == name, "coverage"].to_numpy(dtype=np.float64)
            shift = 0.32 * ((np.arange(len(of_drugs)) * 0.618034) % 1.0 - 0.5)
            spots(ax, of_drugs, at + shift, drug_color or colours.naive, 3.5)
        rows = [
            Row(str(name), float(share), colour=color or colours.model, words=f"{100 * share:.1f}%")
            for name, share in zip(whole["learner"], whole["coverage"], strict=True)
        ]
        low = min(float(table["coverage"].min()), level - 0.1)
        draw_rows(ax, rows, colours, size, (low - 0.03 * (1 - low), 1 + 0.03 * (1 - low)))
        guide(ax, colours, x=level)
        ax.xaxis.set_major_formatter("{x:.0%}")
        head(ax, "", f"responses within their {level:.0%} interval")
    return ax


def permutation(
    evaluation: EvaluationSummary,
    ax: Axes | None = None,
    *,
    color: str | None = None,
    size: float = 7.0,
) -> Axes:
    """The gain with the true genotypes above the gains with genotypes shuffled between samples.

    Parameters
    ----------
    evaluation
        What `evaluate` returns, with `shuffles`.
    ax
        Where to draw; None makes a new figure.
    color
        Of the gain with the true genotypes.
    size
        Of its dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        A dot, and a short line for each shuffle.

    Raises
    ------
    InputError
        It is no evaluation, or one without shuffles.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=20, n_jobs=1)
    >>> _, ax = dr.plots.figure()
    >>> [label.get_text() for label in dr.plots.permutation(found, ax).get_yticklabels()]
    ['true genotypes', '20 shuffles']
    """
    refuse_other_than_summary("permutation", evaluation)
    check = evaluation.permutation
    if check is None:
        raise InputError(
            "plots.permutation: found an evaluation without shuffles (expected 20 or more). Evaluate with `shuffles`."
        )
    with drawing_on(ax, height_of(2)) as (ax, colours):
        rows = [
            Row("true genotypes", check.observed, colour=color or colours.model, words=_score(check.observed)),
            Row(f"{len(check.shuffled)} shuffles", math.nan, marks=[s for s in check.shuffled if math.isfinite(s)]),
        ]
        draw_rows(ax, rows, colours, size)
        guide(ax, colours, x=0.0)
        head(ax, "", f"gain of {cut(check.learner)} (p {number(check.p)})")
    return ax
