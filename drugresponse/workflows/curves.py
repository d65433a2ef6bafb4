"""Curves: raw doses in; responses, fits and a page of pictures out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from drugresponse.curves import CurveFits, fit_curves
from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError, count
from drugresponse.outputs import output_files, write_table
from drugresponse.progress import doing
from drugresponse.readers.tables.doses import read_doses
from drugresponse.report import curves_report
from drugresponse.settings import CurvesSettings
from drugresponse.settings.input_files import input_names
from drugresponse.workflows.figures import write_report

__all__ = ["curves"]


def curves(settings: CurvesSettings) -> list[str]:
    """Fit a curve to each sample and drug and write what was asked for; returns what to tell the user.

    Raises
    ------
    InputError
        The doses cannot be read, or no curve can be fitted or kept.
    """
    if settings.plate_column and settings.response_scale != "signal":
        raise InputError(
            f'`plate_column`: found "{settings.plate_column}" beside `response_scale` {settings.response_scale} '
            "(plates matter for a raw signal only). Leave the option out, or give `response_scale` signal."
        )
    with output_files(settings.outputs(), folders=settings.folders()) as out:
        doing("reading the doses")
        doses = read_doses(
            settings.doses,
            sample_column=settings.sample_column,
            drug_column=settings.drug_column,
            dose_column=settings.dose_column,
            response_column=settings.response_column,
            plate_column=settings.plate_column or None,
            dose_unit=settings.dose_unit,
            dose_scale=settings.dose_scale,
            response_scale=settings.response_scale,
        )
        doing("fitting curves")
        fits = fit_curves(doses, minimum_doses=settings.minimum_doses, fit_top=settings.top == "fitted")
        responses = fits.responses(settings.measure, maximum_rmse=settings.maximum_rmse)
        write_table(responses.table[["sample_id", "drug_id", "response", "censor"]], out["responses"])
        if "fits" in out:
            write_table(fits.table, out["fits"])
        doing("writing")
        write_report(out, partial(curves_report, fits, responses, input_names(settings)))
        return _summary(fits, responses, settings.responses)


def _summary(fits: CurveFits, responses: Responses, path: Path) -> list[str]:
    fitted = fits.table[fits.table["rmse"].notna()]
    flags = [f"{flag} {pairs}" for flag, pairs in sorted(fits.flag_counts().items()) if pairs]
    guess = " (guessed)" if fits.doses.guessed else ""
    censor = fitted["ic50_censor"].value_counts()
    lines = [
        f"Fitted {fits.n_fitted} of {count(len(fits.table), 'curve')}: "
        f"{count(fits.table['sample_id'].nunique(), 'sample')}, {count(fits.table['drug_id'].nunique(), 'drug')}, "
        f"{count(fits.doses.n_points, 'measurement')}, responses taken as {fits.doses.scale}{guess}.",
        f"IC50 within the doses tested: {censor.get('none', 0)}; above the highest: {censor.get('right', 0)}; below "
        f"the lowest: {censor.get('left', 0)}.",
    ]
    if flags:
        lines.append(f"Flags: {', '.join(flags)}.")
    left = fits.n_fitted - len(responses)
    if left:
        lines.append(f"Left out of the responses for their misfit: {left}.")
    return [*lines, f"{count(len(responses), 'response')}: {path}. To train on them: {_options(responses.measure)}"]


def _options(measure: Measure) -> str:
    return f'--measure {measure.name} --unit "{measure.unit}" --higher-means {measure.higher_means}'
