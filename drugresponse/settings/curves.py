"""The options of `curves`: raw doses in, responses out."""

from __future__ import annotations

from drugresponse.settings.inputs import IdColumns, MeasuredResponses
from drugresponse.settings.learning import Report
from drugresponse.settings.option import InputTable, OutputTable, Settings, changed, option, options

__all__ = ["CurvesSettings"]

_COLUMN = "A column of the table of doses."


@options()
class DoseSettings:
    """Which doses are read, how they are fitted, and what is written."""

    doses: InputTable = option(
        "Doses: the response at each dose of each sample and drug",
        "Columns sample_id, drug_id, dose and response, one row a measurement. Replicates of a dose are averaged; "
        "rows of dose 0 are controls. A column dose_unit gives each row its own unit.",
    )
    measure: str = option(
        "Measure to write as response",
        "An IC50 that lies beyond the doses tested is written as the end of the doses and marked in the column "
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
    response_scale: str = option(
        "What the responses are",
        "Unless given, viability as a fraction or in percent is guessed from the controls or the lowest doses, and the "
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
    dose_unit: str | None = option(
        "Unit of the doses",
        "Unless given, a column of units (dose_unit) or the name of the dose column (such as conc_nM) tells it, else "
        "uM. An option that contradicts the table is refused.",
        choices={"pM": "pM", "nM": "nM", "uM": "uM", "mM": "mM", "M": "M"},
        unset="As the table says, else uM",
    )
    responses: OutputTable = option(
        "responses", "One response for each sample and drug, as train and evaluate read it."
    )
    fits: OutputTable | None = option("fits", "Every fitted curve: IC50, areas, shape, quality and flags.")
    sample_column: str = changed(IdColumns, "sample_column", help=_COLUMN, column_of=("doses",))
    drug_column: str = changed(IdColumns, "drug_column", help=_COLUMN, column_of=("doses",))
    dose_column: str = option("Column of doses", _COLUMN, default="dose", section="columns", column_of=("doses",))
    response_column: str = changed(MeasuredResponses, "response_column", help=_COLUMN, column_of=("doses",))
    plate_column: str | None = option(
        "Column of plates",
        "With a raw signal, each row is divided by the controls of its sample on its plate. Unless given, a column "
        "with plate in its name is taken where every plate of a sample has controls, else all controls of the sample.",
        section="columns",
        column_of=("doses",),
    )
    dose_scale: str = option(
        "Scale of the doses",
        "Unless given, doses are linear; those that rise in equal steps, as logarithms do, are refused.",
        default="auto",
        choices={
            "auto": "Linear, unless they may be logarithms",
            "linear": "Linear: the doses themselves",
            "log10": "Decadic logarithms of the doses",
        },
        section="advanced",
    )
    top: str = option(
        "Viability without drug",
        "Fitted: between 0.8 and 1.2 of the control, for assays whose controls drift.",
        default="control",
        choices={"control": "That of the control, 1", "fitted": "Fitted for each curve"},
        section="advanced",
    )
    minimum_doses: int = option(
        "Fewest doses",
        "A sample and drug with fewer different doses is not fitted.",
        default=4,
        limits=(3, 100),
        section="advanced",
    )
    maximum_rmse: float | None = option(
        "Largest residual error",
        "Curves whose residuals are larger (RMSE, as a share of the control) are left out of the responses. "
        "Unless given, all are kept; those above 0.2 are flagged.",
        limits=(0, 10),
        section="advanced",
    )


@options()
class CurvesSettings(DoseSettings, Report, Settings):
    """Settings of `curves`."""
