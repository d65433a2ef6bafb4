"""The page of `curves`: how many curves were fitted, how many reach an IC50, and pictures of some of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from drugresponse import plots
from drugresponse.curves import CurveFits
from drugresponse.curves.fits import FLAGS
from drugresponse.data.tables import Responses
from drugresponse.report.blocks import Block, Cell, Figure, Items, Part, Report, Row, Table, Verdict, Words
from drugresponse.report.html import Page, as_html
from drugresponse.report.page import count, number, percent
from drugresponse.report.pictures import BESIDE, Picture
from drugresponse.report.wording import as_sentence

__all__ = ["curves_report"]

PICTURES = 6
"""Drawings in each figure."""
_STEPS = 60
_MOST_DRUGS = 200
_SCALES = {
    "fraction": "viability, 1 for the control",
    "percent": "viability in percent of the control",
    "inhibition": "inhibition, 0 for the control",
    "inhibition-percent": "inhibition in percent, 0 for the control",
    "change-percent": "change in percent, 0 for the control",
    "signal": "a raw signal, divided by the median of its controls",
}
_MARKS = (
    "Dots: measured viability (replicates averaged; dots beyond the frame stand at its edge). Line: the fitted curve. "
    "Dashed: the IC50, where the doses reach it. Doses in uM, on a logarithmic axis."
)
_MEASURES = {
    "auc": "AUC, the mean of the fitted viability over the logarithm of the doses tested (1: no effect)",
    "ln_ic50": "the natural logarithm of the IC50 in uM",
    "log10_ic50_m": "the decadic logarithm of the IC50 in M",
    "pic50": "pIC50, minus the decadic logarithm of the IC50 in M",
    "activity_area": "activity area, the sum over the doses tested of 1 minus the measured viability",
    "emax": "Emax, the fitted viability at the highest dose",
}


def curves_report(fits: CurveFits, responses: Responses, inputs: Sequence[str] = ()) -> Page:
    """The page that sums up fitted curves.

    Parameters
    ----------
    fits
        As `fit_curves` gives them.
    responses
        What was written as responses.
    inputs
        Names of the files, for the foot of the page.

    Returns
    -------
    str
        One HTML page without scripts; the same input gives the same text.

    Examples
    --------
    >>> from drugresponse.curves import fit_curves, responses_from_fits
    >>> from drugresponse.data.responses.doses import Doses
    >>> dose = [0.01, 0.1, 1.0, 10.0]
    >>> rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": dose, "response": [1.0, 0.8, 0.2, 0.1]})
    >>> fits = fit_curves(Doses.build(rows))
    >>> curves_report(fits, responses_from_fits(fits.table, "auc"))[:15]
    '<!DOCTYPE html>'
    """
    table = fits.table
    lead = (
        f"{count(len(table), 'pair')} of {count(table['sample_id'].nunique(), 'sample')} and "
        f"{count(table['drug_id'].nunique(), 'drug')}, {count(fits.doses.n_points, 'measurement')}. "
        f"Written as response: {_MEASURES[responses.measure.name]}; {responses.measure.higher_words()}."
    )
    parts = (
        Part("", [_verdict(fits, responses)]),
        Part("Pictures of some curves", _figures(fits)),
        Part("What was read and fitted", _facts(fits, responses)),
        _quality_part(fits),
        _drugs_part(table),
        Part("Limits", [Items(_limits(fits, responses))]),
    )
    return as_html(Report("Dose-response report", lead, parts, as_sentence("research use only"), inputs))


def _fitted(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["rmse"].notna()]


def _share(part: float, whole: float) -> str:
    return percent(part / whole) if whole else number(None)


def _verdict(fits: CurveFits, responses: Responses) -> Verdict:
    fitted = _fitted(fits.table)
    inside = int((fitted["ic50_censor"] == "none").sum())
    is_potency = responses.measure.name in ("ln_ic50", "log10_ic50_m", "pic50")
    title = f"{_share(inside, len(fitted))} of the fitted curves cross half of the control within the doses tested"
    if 2 * inside >= len(fitted):
        kind, words = "better", "For these an IC50 can be read off; for the others only a limit is known."
    else:
        kind = "same"
        words = "For most pairs an IC50 is only known to lie beyond the doses tested. " + (
            "Consider the AUC instead, which needs no IC50."
            if is_potency
            else "The measure that was chosen does not need it."
        )
    return Verdict(kind, title, words)


def _facts(fits: CurveFits, responses: Responses) -> list[Block]:
    doses = fits.doses
    table = fits.table
    guessed = " (guessed from the controls or the lowest doses; check that it is right)" if doses.guessed else ""
    left = fits.n_fitted - len(responses)
    unfitted = len(table) - fits.n_fitted
    few = f"{count(unfitted, 'pair')} had fewer than {fits.minimum_doses} different doses and got none"
    items = [
        f"Responses were taken as {_SCALES[doses.scale]}{guessed}.",
        f"{count(fits.n_fitted, 'curve')} fitted" + (f"; {few}." if unfitted else ", one for every pair."),
        f"{count(len(responses), 'response')} written" + (f"; {left:,} left out for their misfit." if left else "."),
    ]
    if doses.n_controls or doses.n_missing:
        items.append(
            f"{count(doses.n_controls, 'row')} of controls (dose 0), which are no part of a curve, and "
            f"{count(doses.n_missing, 'row')} without a response."
        )
    several = fits.drugs_with_several_ranges()
    if several:
        items.append(
            f"{count(len(several), 'drug')} tested over different doses in different samples. AUC, activity area and "
            "Emax compare only over the same doses."
        )
    words = (
        "Each curve is viability = bottom + (top - bottom) / (1 + (dose / midpoint)^slope), fitted by robust least "
        "squares (Huber), replicates of a dose averaged first. The IC50 is the dose where the curve crosses half of "
        "the control, not the midpoint of the curve."
    )
    return [Items(items), Words(words, quiet=True)]


def _quality_part(fits: CurveFits) -> Part:
    rmse = _fitted(fits.table)["rmse"].quantile([0.5, 0.9, 0.99])
    words = Words(
        f"RMSE of the fits, as a share of the control: median {number(rmse[0.5])}, 90% below {number(rmse[0.9])}, 99% "
        f"below {number(rmse[0.99])}."
    )
    rows = [
        [flag, FLAGS[flag], f"{pairs:,}", _share(pairs, len(fits.table))] for flag, pairs in fits.flag_counts().items()
    ]
    return Part("Quality", [words, Table(["Flag", "What it means", "Curves", "Share"], rows, words=2)])


def _figures(fits: CurveFits) -> list[Block]:
    fitted = _fitted(fits.table)
    ordered = fitted.sort_values(["rmse", "sample_id", "drug_id"], kind="stable")
    falling = ordered[~ordered["flag"].str.contains("no-effect")]
    middle = max(len(ordered) // 2 - PICTURES // 2, 0)
    chosen = [
        ("Typical", "around the median RMSE", ordered.index[middle : middle + PICTURES]),
        ("Closest", "with an effect, the smallest RMSE first", falling.index[:PICTURES]),
        ("Worst", "the largest RMSE first", ordered.index[::-1][:PICTURES]),
    ]
    if len(ordered) <= PICTURES:
        chosen = [("All", "the smallest RMSE first", ordered.index)]
    figures: list[Block] = []
    for word, order, rows in chosen:
        if len(rows):
            drawings = dict(_picture(fits, row, word) for row in rows)
            figures.append(Figure(drawings, f"{word}: {order}.{'' if figures else f' {_MARKS}'}"))
    return figures


def _picture(fits: CurveFits, row: int, word: str) -> tuple[str, Picture]:
    sample, drug = (str(fits.table.loc[row, name]) for name in ("sample_id", "drug_id"))
    title = f"{word}: curve of {sample}, {drug}"
    return f"{word.lower()}-{sample}-{drug}", Picture(title, partial(plots.curve, fits, sample, drug), BESIDE)


def _drugs_part(table: pd.DataFrame) -> Part:
    rows: list[Row] = []
    for drug, all_rows in list(table.groupby("drug_id", sort=True))[:_MOST_DRUGS]:
        fitted = _fitted(all_rows)
        censor = fitted["ic50_censor"].value_counts()
        rows.append(
            [
                Cell(str(drug), kind="id"),
                f"{len(fitted):,}",
                *(_share(censor.get(side, 0), len(fitted)) for side in ("none", "right", "left")),
                number(fitted["auc"].median()),
                number(float(fitted["auc"].quantile(0.75) - fitted["auc"].quantile(0.25))),
                number(fitted["rmse"].median()),
            ]
        )
    columns = (
        "Drug",
        "Curves",
        "IC50 within doses",
        "above",
        "below",
        "AUC, median",
        "AUC, middle half",
        "RMSE, median",
    )
    left = table["drug_id"].nunique() - _MOST_DRUGS
    more = [Words(f"The table of fits has {left:,} more drugs.", quiet=True)] if left > 0 else []
    words = Words(
        "A drug whose IC50 lies above the doses tested in nearly all samples, or whose AUC hardly differs between "
        "samples, leaves little for a model to learn.",
        quiet=True,
    )
    return Part("Drug by drug", [words, Table(columns, rows), *more])


def _limits(fits: CurveFits, responses: Responses) -> list[str]:
    lines = [
        "A curve sums up one experiment. Without replicates on other days its error is not known; the RMSE tells only "
        "how well the doses agree with a curve.",
        "An IC50 near the end of the doses rests on few responses. Nothing here is extrapolated: beyond the doses "
        "tested the IC50 is their end, and is marked as censored.",
        "Viability after a fixed time mixes killing with slower growth: fast-growing samples can look more sensitive.",
    ]
    if responses.measure.name == "activity_area":
        lines.append("The activity area grows with the number of doses: compare it only within one design.")
    if fits.table["flag"].str.contains("not-monotone").any():
        lines.append("Where viability climbs with the dose, the curve cannot follow; look at these pairs before use.")
    return lines
