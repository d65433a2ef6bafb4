"""The options of `curves`: raw doses in, responses out."""

from __future__ import annotations

from dataclasses import replace

from drugresponse.settings import inputs, learning
from drugresponse.settings.parameter import Command, Parameter

__all__ = ["CURVES"]

_DOSES = Parameter(
    "doses",
    "input",
    label="Doses: the response at each dose of each sample and drug",
    help="Columns sample_id, drug_id, dose and response, one row a measurement. Replicates of a dose are averaged; "
    "rows of dose 0 are controls. A column dose_unit gives each row its own unit.",
    required=True,
    formats=inputs.TABLE_FORMATS,
)
_MEASURE = Parameter(
    "measure",
    "choice",
    label="Measure to write as response",
    help="An IC50 that lies beyond the doses tested is written as the end of the doses and marked in the column "
    "censor; the area under the curve needs no such thing.",
    default="auc",
    choices={
        "auc": "AUC: mean viability over the doses tested, 1 is no effect",
        "ln_ic50": "ln IC50, in uM",
        "log10_ic50_m": "log10 IC50, in M",
        "pic50": "pIC50: minus log10 IC50, in M",
        "activity_area": "Activity area: inhibition, summed over the doses",
        "emax": "Emax: viability at the highest dose",
    },
)
_SCALE = Parameter(
    "response_scale",
    "choice",
    label="What the responses are",
    help="Unless told, viability as a fraction or in percent is guessed from the controls or the lowest doses, and the "
    "guess is reported.",
    default="auto",
    choices={
        "auto": "Viability, as a fraction or in percent: guessed",
        "fraction": "Viability: 1 is the control",
        "percent": "Viability in percent: 100 is the control",
        "inhibition": "Inhibition: 0 is the control, 1 none left",
        "inhibition-percent": "Inhibition in percent: 0 is the control, 100 none left",
        "change-percent": "Change in percent: 0 is the control, -100 none left",
        "signal": "A raw signal, to be divided by that of the controls (dose 0)",
    },
)
_DOSE_UNIT = Parameter(
    "dose_unit",
    "choice",
    label="Unit of the doses",
    help="Unless given, a column of units (dose_unit) or the name of the dose column (such as conc_nM) tells it, else "
    "uM. An option that contradicts the table is refused.",
    choices={"pM": "pM", "nM": "nM", "uM": "uM", "mM": "mM", "M": "M"},
    unset="As the table says, else uM",
)
_DOSE_SCALE = Parameter(
    "dose_scale",
    "choice",
    label="Scale of the doses",
    help="Unless given, doses are linear; those that rise in equal steps, as logarithms do, are refused.",
    default="auto",
    choices={
        "auto": "Linear, unless they may be logarithms",
        "linear": "Linear: the doses themselves",
        "log10": "Decadic logarithms of the doses",
    },
    section="advanced",
)
_RESPONSES = Parameter(
    "responses",
    "output",
    label="responses",
    help="One response for each sample and drug, as train and evaluate read it.",
    required=True,
    formats=("tabular",),
)
_FITS = Parameter(
    "fits",
    "output",
    label="fits",
    help="Every fitted curve: IC50, areas, shape, quality and flags.",
    formats=("tabular",),
)
_DOSE_COLUMN = Parameter(
    "dose_column",
    "text",
    label="Column of doses",
    help="A column of the table of doses.",
    default="dose",
    section="columns",
    column_of=("doses",),
)
_PLATE_COLUMN = Parameter(
    "plate_column",
    "text",
    label="Column of plates",
    help="With a raw signal, each row is divided by the controls of its sample on its plate. Unless given, a column "
    "with plate in its name is taken where every plate of a sample has controls, else all controls of the sample.",
    section="columns",
    column_of=("doses",),
)
_TOP = Parameter(
    "top",
    "choice",
    label="Viability without drug",
    help="Fitted: between 0.8 and 1.2 of the control, for assays whose controls drift.",
    default="control",
    choices={"control": "That of the control, 1", "fitted": "Fitted for each curve"},
    section="advanced",
)
_MINIMUM_DOSES = Parameter(
    "minimum_doses",
    "integer",
    label="Fewest doses",
    help="A sample and drug with fewer different doses is not fitted.",
    default=4,
    minimum=3,
    maximum=100,
    section="advanced",
)
_MAXIMUM_RMSE = Parameter(
    "maximum_rmse",
    "number",
    label="Largest misfit",
    help="Curves that miss the responses by more (RMSE, as a share of the control) are left out of the responses. "
    "Unless given, all are kept; those above 0.2 are flagged.",
    minimum=0,
    maximum=10,
    section="advanced",
)

CURVES = Command(
    "curves",
    "Fit dose-response curves to raw doses, and write one response for each sample and drug.",
    (
        _DOSES,
        _MEASURE,
        _SCALE,
        _DOSE_UNIT,
        _RESPONSES,
        _FITS,
        learning.REPORT,
        *(
            replace(each, help=_DOSE_COLUMN.help, column_of=("doses",))
            for each in (inputs.SAMPLE_COLUMN, inputs.DRUG_COLUMN)
        ),
        _DOSE_COLUMN,
        replace(inputs.RESPONSE_COLUMN, help=_DOSE_COLUMN.help, column_of=("doses",)),
        _PLATE_COLUMN,
        _DOSE_SCALE,
        _TOP,
        _MINIMUM_DOSES,
        _MAXIMUM_RMSE,
        learning.CONFIG,
    ),
)
