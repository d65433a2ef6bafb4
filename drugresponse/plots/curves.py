"""Plots of dose-response curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drugresponse.curves.fits import CurveFits
from drugresponse.errors import InputError
from drugresponse.plots.canvas import chosen, cut, dashed, drawing_on, guide, refuse_other

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["curve"]

_STEPS = 60
_LOW, _HIGH = -0.08, 1.25
_RESIDUALS = 0.22
"""Share of the height that residuals take."""


def curve(
    fits: CurveFits,
    sample_id: str | None = None,
    drug_id: str | None = None,
    ax: Axes | None = None,
    *,
    residuals: bool = True,
    color: str | None = None,
    dot_color: str | None = None,
    size: float = 5.0,
) -> Axes:
    """A dose-response curve with what was measured, and the residuals below it.

    Parameters
    ----------
    fits
        What `fit_curves` returns.
    sample_id, drug_id
        Which curve; None takes the first sample, and its first drug.
    ax
        Where to draw; None makes a new figure.
    residuals
        Whether measured minus fitted viability is drawn in the lower part of the axes.
    color, dot_color
        Of the curve, and of what was measured (replicates averaged).
    size
        Of a dot, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Viability (1: control) over the logarithm of the dose; dots beyond the frame stand at its edge. Dashed: the
        IC50, where the doses reach it. The axes of residuals are its only child.

    Raises
    ------
    InputError
        They are no fits, or the pair is not among them or was not fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> import drugresponse as dr
    >>> dose = [0.01, 0.1, 1.0, 10.0]
    >>> rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": dose, "response": [1.0, 0.8, 0.2, 0.1]})
    >>> _, ax = dr.plots.figure()
    >>> dr.plots.curve(dr.fit_curves(rows), "s", "d", ax).get_ylabel()
    'viability'
    """
    refuse_other("curve", fits, (CurveFits,), "`fit_curves`")
    sample = chosen("curve", "sample_id", sample_id, fits.table["sample_id"])
    of_sample = fits.table[fits.table["sample_id"].astype(str) == sample]
    drug = chosen("curve", "drug_id", drug_id, of_sample["drug_id"])
    row = int(of_sample.index[of_sample["drug_id"].astype(str) == drug][0])
    fit = fits.table.loc[row].to_dict()
    if not np.isfinite(fit["rmse"]):
        raise InputError(f"plots.curve: found too few doses of {sample} and {drug} (nothing is fitted). Choose others.")
    points = fits.doses.table
    points = points[(points["sample_id"] == fit["sample_id"]) & (points["drug_id"] == fit["drug_id"])]
    dose, viability = (points[name].to_numpy(dtype=np.float64) for name in ("dose", "viability"))
    one = fits.curves.take(np.array([row]))
    steps = np.linspace(np.log10(dose.min()), np.log10(dose.max()), _STEPS)
    with drawing_on(ax, 3.2) as (ax, colours):
        shade, dots = color or colours.model, dot_color or colours.ink
        guide(ax, colours, y=0.5)
        ax.plot(10**steps, one.viability_at(steps[None])[0], color=shade)
        ax.plot(dose, np.clip(viability, _LOW + 0.03, _HIGH - 0.03), "o", color=dots, markersize=size, mew=0)
        if fit["ic50_censor"] == "none":
            ax.plot([fit["ic50"]] * 2, [_LOW, 0.5], **dashed(shade, 1.2))
        ax.set(xscale="log", ylim=(_LOW, _HIGH), ylabel="viability", yticks=[0.0, 0.5, 1.0])
        below = ax
        if residuals:
            ax.set_ylim(_LOW - (_HIGH - _LOW) * (_RESIDUALS + 0.06) / (1 - _RESIDUALS - 0.06), _HIGH)
            ax.spines["left"].set_bounds(_LOW, _HIGH)
            ax.spines["bottom"].set_visible(False)
            below = ax.inset_axes((0.0, 0.0, 1.0, _RESIDUALS), sharex=ax)
            off = viability - one.viability_at(np.log10(dose)[None])[0]
            widest = 1.25 * max(float(np.abs(off).max()), 0.05)
            below.vlines(dose, 0.0, off, color=dots, linewidth=1.0)
            below.plot(dose, off, "o", color=dots, markersize=0.7 * size, mew=0)
            below.axhline(0.0, color=shade, linewidth=1.0)
            below.set(ylim=(-widest, widest), yticks=[0.0], facecolor="none")
            below.set_ylabel("residual", fontsize=7.5)
            ax.tick_params(axis="x", which="both", bottom=False, labelbottom=False)
        below.set_xlabel("dose (uM)")
        below.xaxis.set_major_formatter(lambda dose, _: f"{dose:g}")
        for each in (ax, below):
            each.minorticks_off()
        ax.set_title(f"{cut(sample, 20)}, {cut(drug, 20)}")
        sign = {"none": "", "left": "< ", "right": "> "}[fit["ic50_censor"]]
        ic50 = float(f"{fit['ic50']:.2g}")
        words = f"IC50 {sign}{ic50:g} uM\nAUC {fit['auc']:.2f}"
        # beside the highest doses, on the side of the middle where the curve is not
        is_high = one.viability_at(steps[None])[0, -1] > 0.5
        y, va = (_LOW + 0.03, "bottom") if is_high else (_HIGH - 0.03, "top")
        at = ax.get_yaxis_transform()
        ax.text(0.98, y, words, transform=at, ha="right", va=va, color=colours.quiet, fontsize=8.0)
    return ax
