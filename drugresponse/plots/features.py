"""Plots of what goes with a response: associations, effects in a model, parts of one prediction, carriers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from drugresponse.association.associations import Associations
from drugresponse.errors import InputError
from drugresponse.explanation.explain import Explanation
from drugresponse.plots._labels import label_points
from drugresponse.plots.canvas import chosen, cut, drawing_on, guide, head, refuse_other, spots
from drugresponse.plots.names import named, names_of, scale_words
from drugresponse.plots.rows import Row, draw_rows, height_of
from drugresponse.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["effects", "volcano", "waterfall"]

_LEAST = 1e-300
_LEVEL = 0.05
_PART = 1e-4
"""A part that is so small beside the largest is not drawn."""


def volcano(
    associations: Associations | Explanation,
    drug_id: str | None = None,
    ax: Axes | None = None,
    *,
    level: float = _LEVEL,
    n_named: int = 5,
    color: str | None = None,
    other_color: str | None = None,
    size: float = 3.0,
) -> Axes:
    """The effect of every tested feature on a drug, and how surprising it would be by chance.

    Parameters
    ----------
    associations
        What `associate` or `explain` returns.
    drug_id
        Which drug; None takes that of the smallest p.
    ax
        Where to draw; None makes a new figure.
    level
        False-discovery rate; features that reach it stand out above a dashed line.
    n_named
        Most of them that are named, the smallest p first.
    color, other_color
        Of those that stand out, and of the others.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Effects to the right, -log10 p upwards.

    Raises
    ------
    InputError
        It is neither, or the drug was not tested.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> _, ax = dr.plots.figure()
    >>> dr.plots.volcano(dr.associate(cohort.genotypes, cohort.responses), "D001", ax).get_ylabel()
    '-log10 p'
    """
    refuse_other("volcano", associations, (Associations, Explanation), "`associate` or `explain`")
    explained = associations if isinstance(associations, Explanation) else None
    table = associations.associations.table if isinstance(associations, Explanation) else associations.table
    table = table[np.isfinite(table["effect"]) & np.isfinite(table["p"])]
    drug = chosen("volcano", "drug_id", drug_id, table.sort_values(["p", "drug_id"], kind="stable")["drug_id"])
    tested = table[table["drug_id"].astype(str) == drug]
    effect = tested["effect"].to_numpy(dtype=np.float64)
    height = -np.log10(np.maximum(tested["p"].to_numpy(dtype=np.float64), _LEAST))
    found = (tested["q"] <= level).to_numpy()
    with drawing_on(ax, 3.6) as (ax, colours):
        widest = 1.08 * float(np.abs(effect).max()) or 1.0
        ax.set(xlim=(-widest, widest), ylim=(-0.02 * max(height.max(), 2.0), max(float(height.max()) * 1.12, 2.0)))
        ax.axvline(0.0, color=colours.rule, linewidth=1.0, zorder=0.5)
        others, marked = other_color or colours.naive, color or colours.model
        spots(ax, effect[~found], height[~found], others, size)
        spots(ax, effect[found], height[found], marked, 1.7 * size, zorder=3)
        if found.any():
            below = height[~found & (height < height[found].min())]
            guide(ax, colours, y=(float(height[found].min()) + float(below.max(initial=0.0))) / 2)
        leading = [at for at in np.argsort(-height, kind="stable")[:n_named] if found[at]]
        words = [cut(feature, 20) for feature in tested["feature_id"].iloc[leading]]
        label_points(ax, words, effect[leading], height[leading], colours)
        names = names_of(explained.rows.pairs.drugs) if explained else {}
        scale = scale_words(explained.rows.pairs.outcome, explained.measure) if explained else "the response"
        ax.set_title(cut(named(drug, names, 40), 40))
        ax.set(xlabel=f"effect on {cut(scale, 40)}", ylabel="-log10 p")
    return ax


def effects(
    explanation: Explanation,
    drug_id: str | None = None,
    ax: Axes | None = None,
    *,
    n_features: int = 8,
    color: str | None = None,
    size: float = 6.5,
) -> Axes:
    """What the model adds to the prediction for each unit of a feature, the weightiest first.

    Parameters
    ----------
    explanation
        What `explain` returns.
    drug_id
        Which drug; None takes the first of the attributions.
    ax
        Where to draw; None makes a new figure.
    n_features
        Most that are shown.
    color
        Of the dots and whiskers.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each feature with its carriers; whiskers tell how far the effect moves when the model is fitted
        without a part of the subjects, where `explain` made refits.

    Raises
    ------
    InputError
        It is no explanation, the drug is not in it, or no genotype moves its predictions.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> explanation = dr.explain(model, cohort.genotypes, cohort.responses, refits=0)
    >>> _, ax = dr.plots.figure()
    >>> len(dr.plots.effects(explanation, "D001", ax, n_features=4).get_yticklabels())
    4
    """
    refuse_other("effects", explanation, (Explanation,), "`explain`")
    table = explanation.attributions
    drug = chosen("effects", "drug_id", drug_id, table["drug_id"])
    rows = table[(table["drug_id"].astype(str) == drug) & (table["kind"] == "genotype") & (table["importance"] > 0)]
    rows = rows[np.isfinite(rows["effect"].to_numpy(dtype=np.float64))].head(n_features)
    if rows.empty:
        raise InputError(f"plots.effects: found no feature that moves predictions of {drug}. Choose another drug.")
    with drawing_on(ax, height_of(len(rows)) + 0.2) as (ax, colours):
        shown = [
            Row.of(
                _bearer(row),
                [row[name] for name in ("effect", "lower", "upper")],
                color or colours.model,
                number(row["effect"], sign=True) + (" (noise)" if _within_noise(row) else ""),
            )
            for row in rows.to_dict("records")
        ]
        draw_rows(ax, shown, colours, size)
        guide(ax, colours, x=0.0)
        scale = scale_words(explanation.rows.pairs.outcome, explanation.measure, explanation.response_scale)
        title = named(drug, names_of(explanation.rows.pairs.drugs), 40)
        head(ax, cut(title, 40), f"effect in the model on {cut(scale, 32)}")
    return ax


def _bearer(row: dict[Any, Any]) -> str:
    arm = f" x {row['arm']}" if row["arm"] else ""
    return f"{cut(row['feature_id'], 18)}{arm} ({int(row['n_carriers'])})"


def _within_noise(row: dict[Any, Any]) -> bool:
    return bool(pd.notna(row["above_noise"]) and not row["above_noise"])


def waterfall(
    explanation: Explanation | pd.DataFrame,
    sample_id: str | None = None,
    drug_id: str | None = None,
    ax: Axes | None = None,
    *,
    n_features: int = 6,
    color: str | None = None,
    lower_color: str | None = None,
    size: float = 0.55,
) -> Axes:
    """How named parts lead from a mean to one prediction: each begins where the last one ended.

    Parameters
    ----------
    explanation
        What `explain` returns with `selected_samples`, or its table `reasons`.
    sample_id, drug_id
        Which prediction; None takes the first.
    ax
        Where to draw; None makes a new figure.
    n_features
        Most features told one by one; the weaker are one part.
    color, lower_color
        Of parts that raise the prediction, and of those that lower it.
    size
        Height of a bar, as a share of its row.

    Returns
    -------
    matplotlib.axes.Axes
        The mean of such rows in training on top, the prediction (of an outcome that is no number its score) below.

    Raises
    ------
    InputError
        It is neither, or holds no reasons of this prediction.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> explanation = dr.explain(model, cohort.genotypes, cohort.responses, refits=0, selected_samples=["L0001"])
    >>> _, ax = dr.plots.figure()
    >>> dr.plots.waterfall(explanation, "L0001", "D002", ax).get_yticklabels()[-1].get_text()
    'predicted'
    """
    refuse_other("waterfall", explanation, (Explanation, pd.DataFrame), "`explain`")
    table = explanation.reasons if isinstance(explanation, Explanation) else explanation
    names = names_of(explanation.rows.pairs.drugs) if isinstance(explanation, Explanation) else {}
    if table.empty or not {"sample_id", "drug_id", "kind", "feature_id", "value", "contribution"} <= set(table.columns):
        raise InputError(
            "plots.waterfall: found no reasons (expected some). Name samples in `selected_samples` of `explain`."
        )
    sample = chosen("waterfall", "sample_id", sample_id, table["sample_id"])
    rows = table[table["sample_id"].astype(str) == sample]
    drug = chosen("waterfall", "drug_id", drug_id, rows["drug_id"])
    rows = rows[rows["drug_id"].astype(str) == drug]
    start = float(rows.loc[rows["kind"] == "mean", "contribution"].sum())
    parts = shortened_parts(rows[rows["kind"] != "mean"], n_features)
    added = parts["contribution"].to_numpy(dtype=np.float64)
    totals = start + np.concatenate([[0.0], np.cumsum(added)])
    labels = ["mean in training", *map(_part, parts.to_dict("records")), "predicted"]
    with drawing_on(ax, height_of(len(labels)) + 0.2) as (ax, colours):
        raised, lowered = color or colours.model, lower_color or colours.bad
        places = np.arange(1, len(added) + 1)
        ax.barh(places, added, size, totals[:-1], color=np.where(added >= 0, raised, lowered))
        ends = np.array([0, len(labels) - 1])
        ax.plot(totals[[0, -1]], ends, "D", color=colours.ink, markersize=6, clip_on=False)
        for at, total in enumerate(totals):
            ax.plot([total, total], [at, at + 1], color=colours.quiet, linewidth=0.8, zorder=0.8)
        draw_rows(ax, [Row(label, np.nan) for label in labels], colours, 0)
        words = [number(start), *(number(part, sign=True) for part in added), number(float(totals[-1]))]
        for at, word in enumerate(words):
            ax.text(1.02, at, word, transform=ax.get_yaxis_transform(), va="center", color=colours.ink)
        room = 0.05 * float(np.ptp(totals)) or 0.5
        ax.set_xlim(totals.min() - room, totals.max() + room)
        head(ax, f"{cut(sample, 20)}, {cut(named(drug, names))}", "response, from the mean to the prediction")
    return ax


def shortened_parts(parts: pd.DataFrame, n_features: int) -> pd.DataFrame:
    """The strongest features one by one, all others in one; what is next to nothing is left out.

    Parameters
    ----------
    parts
        Reasons of one prediction, but the mean.
    n_features
        Most features.
    """
    weaker = parts[(parts["kind"] == "genotype").to_numpy()].iloc[n_features:]
    kept = parts.drop(index=weaker.index)
    other = (kept["kind"] == "other").to_numpy()
    if len(weaker) and other.any():
        kept.loc[other, "contribution"] += weaker["contribution"].sum()
        kept.loc[other, "feature_id"] = "all other features"
    elif len(weaker):
        rest = weaker.iloc[[0]].assign(
            kind="other", feature_id="all other features", value=np.nan, contribution=weaker["contribution"].sum()
        )
        kept = pd.concat([kept, rest])
    strength = kept["contribution"].abs()
    return kept[strength > _PART * strength.max()]


def _part(row: dict[Any, Any]) -> str:
    return f"{row['feature_id']} = {row['value']:g}" if np.isfinite(row["value"]) else str(row["feature_id"])
