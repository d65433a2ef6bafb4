"""Plots of genotypes before anything is trained: principal components, what is missing, how frequent alleles are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.errors import InputError, count
from drugresponse.genotype_qc.overview import GenotypeOverview
from drugresponse.genotype_qc.principal_components import PrincipalComponents
from drugresponse.plots.canvas import cut, drawing_on, legend_below, refuse_other, spots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["colour_groups", "components", "frequencies", "missingness"]

OTHERS = "others"
_GROUPS = 6
_BINS = 20
_ENDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_MARKERS = "os^Dv<"


def colour_groups(labels: pd.Series) -> list[tuple[str, NDArray[np.bool_]]]:
    """The largest groups, one for each colour, and the others together.

    Parameters
    ----------
    labels
        `(n_samples,)` text; "" is not known.

    Returns
    -------
    list
        Name and `(n_samples,)` bool; the largest first, equal ones by name, the others (and those not known) last.

    Examples
    --------
    >>> [(name, int(rows.sum())) for name, rows in colour_groups(pd.Series(["b", "a", "a", ""]))]
    [('a', 2), ('b', 1), ('others', 1)]
    """
    counts = labels[labels != ""].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in counts.index[:_GROUPS]]
    groups = [(name, (labels == name).to_numpy(dtype=bool)) for name in names]
    left = ~labels.isin(names).to_numpy(dtype=bool)
    return [*groups, (OTHERS, left)] if left.any() else groups


def components(
    overview: GenotypeOverview | PrincipalComponents,
    ax: Axes | None = None,
    *,
    axes: tuple[int, int] = (1, 2),
    groups: pd.Series | None = None,
    new: Iterable[str] = (),
    colors: tuple[str, ...] | None = None,
    size: float = 3.5,
) -> Axes:
    """Samples on two principal components, coloured by a column, and new samples over those of the training.

    Parameters
    ----------
    overview
        What `overview_of` returns, or its `components`; of training and new samples together, join their genotypes
        first.
    ax
        Where to draw; None makes a new figure.
    axes
        Numbers of the components, from 1.
    groups
        Text by `sample_id`, such as a column of the samples table: the six largest groups have a colour.
    new
        Ids of samples that are drawn as rings over the others.
    colors
        Of the groups.
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Each dot is a sample; in brackets the share of the variance.

    Raises
    ------
    InputError
        It is no overview, or has no such components.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort("germline", n_samples=60, n_features=60)
    >>> _, ax = dr.plots.figure(height=3.8)
    >>> dr.plots.components(dr.overview_of(cohort.genotypes), ax, groups=cohort.samples["ancestry"]).get_xlabel()[:5]
    'PC1 ('
    """
    refuse_other("components", overview, (GenotypeOverview, PrincipalComponents), "`overview_of`")
    parts = overview.components if isinstance(overview, GenotypeOverview) else overview
    if parts.scores.shape[1] < max(axes) or min(axes) < 1:
        raise InputError(
            f"plots.components, `axes`: found {axes[0]} and {axes[1]} (expected two of {parts.scores.shape[1]} "
            "components). Name others; with few samples or features there are none."
        )
    x, y = (parts.scores.iloc[:, at - 1].to_numpy(dtype=np.float64) for at in axes)
    labels = None if groups is None else groups.astype(object).reindex(parts.scores.index).fillna("").astype(str)
    kinds = [("", np.ones(len(x), dtype=bool))] if labels is None else colour_groups(labels)
    is_new = parts.scores.index.isin([str(sample) for sample in new])
    with drawing_on(ax, 4.1 if labels is not None else 3.8) as (ax, colours):
        shades = colors or colours.groups
        for number, (name, rows) in enumerate(kinds):
            shade = colours.naive if name == OTHERS else shades[number % len(shades)] if name else colours.model
            kept = rows & ~is_new
            words = f"{cut(name, 20)} ({int(rows.sum()):,})" if name else None
            marks = {"marker": _MARKERS[number % _GROUPS], "alpha": 0.85, "zorder": 2.0 - (name == OTHERS)}
            spots(ax, x[kept], y[kept], shade, size, label=words, **marks)
        if is_new.any():
            ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": colours.ink, "markeredgewidth": 1.4}
            words = count(int(is_new.sum()), "new sample")
            ax.plot(x[is_new], y[is_new], "o", markersize=1.8 * size, label=words, **ring)
        names = [f"{parts.scores.columns[at - 1]} ({parts.shares[at - 1]:.1%})" for at in axes]
        ax.set(xlabel=names[0], ylabel=names[1])
        if labels is not None or is_new.any():
            legend_below(ax, 2)
    return ax


def missingness(
    overview: GenotypeOverview,
    ax: Axes | None = None,
    *,
    of: str = "samples",
    color: str | None = None,
    size: float = 0.9,
) -> Axes:
    """How many samples, or features, lack which share of their calls.

    Parameters
    ----------
    overview
        What `overview_of` returns.
    ax
        Where to draw; None makes a new figure.
    of
        `samples` or `features`.
    color
        Of the columns.
    size
        Width of a column, as a share of its place.

    Returns
    -------
    matplotlib.axes.Axes
        20 columns from none to a round share that none exceeds.

    Raises
    ------
    InputError
        It is no overview, or `of` is something else.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort("germline", n_samples=60, n_features=60)
    >>> _, ax = dr.plots.figure()
    >>> len(dr.plots.missingness(dr.overview_of(cohort.genotypes), ax).patches)
    20
    """
    refuse_other("missingness", overview, (GenotypeOverview,), "`overview_of`")
    summary = overview.summary
    known = {"samples": summary.samples["missing"].to_numpy(dtype=np.float64), "features": summary.feature_missing}
    if of not in known:
        raise InputError(f"plots.missingness, `of`: found {of} (expected samples or features). Name one of them.")
    shares = known[of]
    end = next(end for end in _ENDS if end >= shares.max(initial=0.0))
    numbers, edges = np.histogram(shares, bins=_BINS, range=(0.0, end))
    with drawing_on(ax, 2.6) as (ax, colours):
        wide = end / _BINS
        ax.bar(edges[:-1], numbers, size * wide, color=color or colours.model, align="edge")
        ax.xaxis.set_major_formatter("{x:.1%}" if end < 0.1 else "{x:.0%}")
        ax.set(xlim=(0.0, end), ylabel=of, xlabel="share of calls missing")
        ax.locator_params(axis="y", integer=True)
        ax.set_title(f"{count(int((shares > 0).sum()), of[:-1])} with a missing call, of {len(shares):,}")
    return ax


def frequencies(
    overview: GenotypeOverview,
    ax: Axes | None = None,
    *,
    block: str | None = None,
    kind: str | None = None,
    color: str | None = None,
    size: float = 0.9,
) -> Axes:
    """Features by the frequency of their minor allele, or of their carriers.

    Parameters
    ----------
    overview
        What `overview_of` returns.
    ax
        Where to draw; None makes a new figure.
    block, kind
        Which block of features, and which kind in it (`dosage` or `altered`); None takes the first.
    color
        Of the columns.
    size
        Width of a column, as a share of its place.

    Returns
    -------
    matplotlib.axes.Axes
        A column for each bin, under the number of its features; the one at 0 has those without a minor allele or
        carrier.

    Raises
    ------
    InputError
        It is no overview, or has no such features.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort("germline", n_samples=60, n_features=60)
    >>> _, ax = dr.plots.figure()
    >>> dr.plots.frequencies(dr.overview_of(cohort.genotypes), ax).get_xlabel()
    'minor allele frequency, up to %'
    """
    refuse_other("frequencies", overview, (GenotypeOverview,), "`overview_of`")
    table = overview.summary.spectrum
    rows = table[((table["block"] == block) | (block is None)) & ((table["kind"] == kind) | (kind is None))]
    if rows.empty:
        raise InputError(
            "plots.frequencies: found no dosages or alterations of this block (expected some). Name a block and kind "
            "of `overview.summary.spectrum`."
        )
    first = rows.iloc[0]
    rows = rows[(rows["block"] == first["block"]) & (rows["kind"] == first["kind"])]
    numbers = rows["n_features"].to_numpy(dtype=np.int64)
    with drawing_on(ax, 2.6) as (ax, colours):
        ax.bar(range(len(rows)), numbers, size, color=color or colours.model)
        for at, number in enumerate(numbers):
            if number:
                ax.text(at, number, _short(int(number)), ha="center", va="bottom", fontsize=7.5, color=colours.ink)
        ax.set_xticks(range(len(rows)), [f"{100 * to:g}" for to in rows["to"]])
        ax.set_ylim(0, 1.12 * max(int(numbers.max()), 1))
        is_dosage = first["kind"] == "dosage"
        ax.set_xlabel("minor allele frequency, up to %" if is_dosage else "share of carriers, up to %")
        ax.set_ylabel("features")
        ax.locator_params(axis="y", integer=True)
        ax.set_title(cut(first["block"], 40))
    return ax


def _short(number: int) -> str:
    """A number that is not wider than a column."""
    if number < 10_000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 1_000_000 else f"{number / 1e6:.1f}M"
