"""Plots of what was measured of samples with each value of a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, count
from drugresponse.explanation.explain import Explanation
from drugresponse.plots.canvas import chosen, cut, drawing_on, legend_below, refuse_other, spots
from drugresponse.plots.names import named, names_of, scale_words
from drugresponse.plots.outcomes import kaplan_meier_of, survival_axes
from drugresponse.plots.palettes import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Measured", "carriers"]

_FEWEST = 2
"""Measurements of each of two kinds that a plot of them needs."""
_BEARING = ("without", "with")
_MOST_LEVELS = 4
_MOST_DOTS = 150


@dataclass(frozen=True, eq=False)
class Measured:
    """Which rows of a drug have which value of a feature; and the slope of their responses, of no number 0."""

    bands: list[tuple[str, NDArray[np.intp]]]
    slope: float

    @classmethod
    def of(cls, explanation: Explanation, drug: str, block: str, feature: str) -> Measured | None:
        """None where fewer than two kinds of samples have enough measurements to be drawn."""
        pairs = explanation.rows.pairs
        features = pairs.genotypes.features
        at = np.flatnonzero((features.index == feature) & (features["block"] == block))
        rows = np.flatnonzero(pairs.drug_ids == drug)
        if not len(at) or not len(rows):
            return None
        column = np.asarray(pairs.genotypes.values[:, [int(at[0])]].toarray(), dtype=np.float64).ravel()
        value = column[pairs.sample_index[rows]]
        rows, value = rows[np.isfinite(value)], value[np.isfinite(value)]
        bands = _bands(value, rows)
        if sum(len(band) >= _FEWEST for _, band in bands) < 2:
            return None
        is_slope = pairs.outcome.kind in ("continuous", "binary", "ordinal")
        return cls(bands, float((value - value.mean()) @ explanation.rows.y[rows]) if is_slope else 0.0)

    def opposes(self, effect: float) -> bool:
        """Whether the measurements as they are point the other way than the adjusted effect."""
        return self.slope * effect < 0


def _bands(value: NDArray[np.float64], rows: NDArray[np.intp]) -> list[tuple[str, NDArray[np.intp]]]:
    """The rows of each of few values; of many, those up to the median and those above it."""
    levels = np.unique(value)
    if set(levels) <= {0.0, 1.0}:
        return [(label, rows[value == level]) for level, label in enumerate(_BEARING) if (value == level).any()]
    if len(levels) <= _MOST_LEVELS:
        return [(f"with {level:g}", rows[value == level]) for level in levels]
    middle = float(np.median(value))
    halves = (("up to the median", value <= middle), ("above it", value > middle))
    return [(label, rows[inside]) for label, inside in halves if inside.any()]


def carriers(
    explanation: Explanation,
    drug_id: str | None = None,
    feature_id: str | None = None,
    ax: Axes | None = None,
    *,
    color: str | None = None,
    other_color: str | None = None,
    size: float = 3.5,
) -> Axes:
    """What was measured of samples with and without a feature, unadjusted.

    Parameters
    ----------
    explanation
        What `explain` returns.
    drug_id
        Which drug; None takes that of the smallest p.
    feature_id
        Which feature; None takes that of the drug's smallest p.
    ax
        Where to draw; None makes a new figure.
    color, other_color
        Of samples that bear the feature, and of those without.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Numbers as dots with the middle half and the median of each kind (of many, dots at equal steps of rank), classes
        as shares, and times to an event as Kaplan-Meier curves. A feature with many values is cut at its median.

    Raises
    ------
    InputError
        It is no explanation, the drug or the feature was not tested, or too few of one kind were measured.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> explanation = dr.explain(model, cohort.genotypes, cohort.responses, refits=0)
    >>> _, ax = dr.plots.figure()
    >>> [label.get_text()[:7] for label in dr.plots.carriers(explanation, "D001", ax=ax).get_yticklabels()]
    ['without', 'with (1']
    """
    refuse_other("carriers", explanation, (Explanation,), "`explain`")
    table = explanation.associations.table.sort_values(["p", "drug_id", "feature_id"], kind="stable")
    drug = chosen("carriers", "drug_id", drug_id, table["drug_id"])
    tested = table[table["drug_id"].astype(str) == drug]
    feature = chosen("carriers", "feature_id", feature_id, tested["feature_id"])
    block = str(tested.loc[tested["feature_id"].astype(str) == feature, "block"].iloc[0])
    measured = Measured.of(explanation, drug, block, feature)
    if measured is None:
        raise InputError(
            f"plots.carriers: found too few measurements of {drug} with or without {feature} (expected {_FEWEST} of "
            "each). Choose another feature."
        )
    rows, names = explanation.rows, names_of(explanation.rows.pairs.drugs)
    outcome, observed = rows.pairs.outcome, rows.pairs.observed
    with drawing_on(ax, 2.9) as (ax, colours):
        shades = (other_color or colours.naive, color or colours.model)
        if outcome.has_classes:
            _classes(ax, measured, rows.y, outcome.classes, colours)
        elif observed is not None and observed.happened is not None:
            last = 0.0
            for number, (label, at) in enumerate(measured.bands):
                words = f"{label} ({len(at):,}, {count(int(observed.happened[at].sum()), 'event')})"
                entry = None if observed.entry is None else observed.entry[at]
                kaplan_meier_of(ax, rows.y[at], observed.happened[at], entry, words, colours.groups[number])
                last = max(last, float(rows.y[at].max()))
            survival_axes(ax, last, explanation.measure.unit)
            legend_below(ax)
        else:
            for number, (_, at) in enumerate(measured.bands):
                _dots(ax, rows.y[at], number, shades[number > 0], size, colours)
            _label(ax, measured, colours)
            ax.set_xlabel(f"measured {cut(scale_words(outcome, explanation.measure), 40)}")
        # over the names of rows too: two of these stand side by side in a page
        ax.set_title(f"{cut(feature, 18)}, {cut(named(drug, names, 24), 24)}", loc="right")
    return ax


def _label(ax: Axes, measured: Measured, colours: Palette) -> None:
    labels = [f"{label} ({len(at):,})" for label, at in measured.bands]
    ax.set_yticks(range(len(labels)), labels, color=colours.ink)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)


def _dots(ax: Axes, values: NDArray[np.float64], row: int, colour: str, size: float, colours: Palette) -> None:
    """Dots in rank order, up and down in turn by a golden-ratio step, so that neighbours do not hide each other."""
    lower, middle, upper = np.quantile(values, [0.25, 0.5, 0.75])
    ax.barh(row, upper - lower, 0.6, lower, color=colour, alpha=0.3)
    ranked = np.sort(values)
    if len(ranked) > _MOST_DOTS:
        ranked = ranked[np.linspace(0, len(ranked) - 1, _MOST_DOTS).round().astype(int)]
    shift = 0.5 * ((np.arange(len(ranked)) * 0.618034) % 1.0 - 0.5)
    spots(ax, ranked, row + shift, colour, size)
    ax.plot([middle, middle], [row - 0.36, row + 0.36], color=colours.ink, linewidth=1.8)


def _classes(ax: Axes, measured: Measured, y: NDArray[np.float64], classes: Any, colours: Palette) -> None:
    """A bar for each band, cut by the shares of the classes."""
    left = np.zeros(len(measured.bands))
    for number, word in enumerate(classes):
        shares = np.array([float(np.mean(y[at] == number)) for _, at in measured.bands])
        colour = colours.groups[number % len(colours.groups)]
        edge: dict[str, Any] = {"edgecolor": colours.paper, "linewidth": 1.0}
        ax.barh(range(len(shares)), shares, 0.55, left, color=colour, label=cut(word, 14), **edge)
        left += shares
    _label(ax, measured, colours)
    ax.set(xlim=(0.0, 1.0), xlabel="share of the measured samples")
    ax.xaxis.set_major_formatter("{x:.0%}")
    legend_below(ax, len(classes))
