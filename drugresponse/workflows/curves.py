"""Curves: raw doses in; responses, fits and a page of pictures out."""

from __future__ import annotations

import logging
from pathlib import Path

from drugresponse.curves import CurveFits, fit_curves, responses_from_fits
from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError, count
from drugresponse.outputs import output_files, write_table
from drugresponse.readers import read_doses
from drugresponse.report import curves_report

__all__ = ["curves"]

logger = logging.getLogger(__name__)

DOSE_RANGE_MATTERS = ("auc", "activity_area", "emax")
"""Measures that mean something only over the same doses."""


def curves(
    *,
    doses: Path,
    responses: Path,
    measure: str = "auc",
    response_scale: str = "auto",
    dose_unit: str | None = None,
    dose_scale: str = "auto",
    fits: Path | None = None,
    report: Path | None = None,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    dose_column: str = "dose",
    response_column: str = "response",
    plate_column: str | None = None,
    top: str = "control",
    minimum_doses: int = 4,
    maximum_rmse: float | None = None,
) -> list[str]:
    """Fit a curve to each sample and drug and write what was asked for; returns what to tell the user.

    Raises
    ------
    InputError
        The doses cannot be read, or no curve can be fitted or kept.
    """
    if plate_column and response_scale != "signal":
        raise InputError(
            f'`plate_column`: found "{plate_column}" beside `response_scale` {response_scale} (plates matter for a raw '
            "signal only). Leave the option out, or give `response_scale` signal."
        )
    with output_files({"responses": responses, "fits": fits, "report": report}, [doses]) as out:
        measured = read_doses(
            doses,
            sample_column=sample_column,
            drug_column=drug_column,
            dose_column=dose_column,
            response_column=response_column,
            plate_column=plate_column or None,
            dose_unit=dose_unit,
            dose_scale=dose_scale,
            response_scale=response_scale,
        )
        found = fit_curves(measured, minimum_doses=minimum_doses, fit_top=top == "fitted")
        _warn_of_different_doses(found, measure)
        made = responses_from_fits(found.table, measure, maximum_rmse=maximum_rmse)
        write_table(made.table[["sample_id", "drug_id", "response", "censor"]], out["responses"])
        if "fits" in out:
            write_table(found.table, out["fits"])
        if "report" in out:
            out["report"].write_text(curves_report(found, made), encoding="utf-8")
        return _told_of_curves(found, made, responses)


def _warn_of_different_doses(found: CurveFits, measure: str) -> None:
    uneven = found.drugs_with_several_ranges()
    if measure in DOSE_RANGE_MATTERS and uneven:
        logger.warning(
            "Tested over different doses in different samples: %d of %s; %s is comparable only over the same doses.",
            len(uneven),
            count(found.table["drug_id"].nunique(), "drug"),
            measure,
        )


def _told_of_curves(found: CurveFits, made: Responses, path: Path) -> list[str]:
    fitted = found.table[found.table["rmse"].notna()]
    flags = found.table["flag"].str.split(";").explode()
    counts = flags[flags != ""].value_counts()
    guess = " (guessed)" if found.doses.guessed else ""
    censor = fitted["ic50_censor"].value_counts()
    lines = [
        f"Fitted {found.n_fitted} of {count(len(found.table), 'curve')}: "
        f"{count(found.table['sample_id'].nunique(), 'sample')}, {count(found.table['drug_id'].nunique(), 'drug')}, "
        f"{count(found.doses.n_points, 'measurement')}, responses taken as {found.doses.scale}{guess}.",
        f"IC50 within the doses tested: {censor.get('none', 0)}; above the highest: {censor.get('right', 0)}; below "
        f"the lowest: {censor.get('left', 0)}.",
    ]
    if len(counts):
        lines.append("Flags: " + ", ".join(f"{word} {number}" for word, number in sorted(counts.items())) + ".")
    left = found.n_fitted - len(made)
    if left:
        lines.append(f"Left out of the responses for their misfit: {left}.")
    return [*lines, f"{count(len(made), 'response')}: {path}. To train on them: {_options(made.measure)}"]


def _options(measure: Measure) -> str:
    return f'--measure {measure.name} --unit "{measure.unit}" --higher-means {measure.higher_means}'
