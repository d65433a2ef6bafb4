"""One fitted curve for each sample and drug: potency with its censoring, areas, quality and what to beware of."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.curves.hill import HillCurves
from drugresponse.curves.least_squares import fit_hill
from drugresponse.curves.measures import responses_from_fits
from drugresponse.data.conversion.frames import as_pandas, is_frame
from drugresponse.data.responses.doses import Doses
from drugresponse.data.tables import Responses
from drugresponse.errors import InputError, count
from drugresponse.shown import Shown

__all__ = ["FIT_COLUMNS", "FLAGS", "CurveFits", "fit_curves"]

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]

NUMBERS = (
    "ic50",
    "ec50",
    "hill_slope",
    "top",
    "bottom",
    "emax",
    "auc",
    "activity_area",
    "r2",
    "rmse",
    "lowest_dose",
    "highest_dose",
)
FIT_COLUMNS = ("sample_id", "drug_id", "ic50", "ic50_censor", *NUMBERS[1:], "n_points", "n_doses", "flag")
POOR_FIT, CLIMB, NO_EFFECT, ABOVE, APART = 0.2, 0.4, 0.9, 1.2, 0.2
FLAGS = {
    "few-doses": "Fewer different doses than asked for: nothing is fitted.",
    "poor-fit": f"The responses miss the curve by more than {POOR_FIT:.0%} of the control (RMSE).",
    "not-monotone": f"Viability climbs with the dose somewhere, by more than {CLIMB:.0%} of the control.",
    "no-effect": f"The curve stays above {NO_EFFECT:.0%} of the control at all doses tested.",
    "replicates-differ": f"Replicates scatter by more than {APART:.0%} of the control (standard deviation) at two or "
    "more doses: their mean may be the curve of none of them.",
    "above-control": f"The median response lies above {ABOVE:.0%} of the control: are its controls right?",
}
"""What each flag means."""
_FLAT = 1e-12
LEAST_DOSES = 3
_OF_THE_DOSES = ("auc", "activity_area", "emax")
"""Measures that mean something only over the same doses."""


@dataclass(frozen=True, eq=False, repr=False)
class CurveFits(Shown):
    """Fitted curves and what is read off them.

    Attributes
    ----------
    table
        One row for each (sample, drug), ordered by both, with `FIT_COLUMNS`. Doses are in uM: `ic50`, where the curve
        crosses half of the control, or the end of the doses tested where `ic50_censor` says that it lies beyond
        (`left`: below the lowest, `right`: above the highest, else `none`); `ec50`, the midpoint of the curve, missing
        (as `hill_slope` is) where it lies outside the doses tested or nothing happens. Viability as a fraction of the
        control: `top, bottom` (asymptotes), `emax` (at the highest dose), `auc` (mean over the logarithms of the doses
        tested), `rmse`. `activity_area` is the sum over doses of 1 - measured viability, each between 0 and 1. `r2` is
        missing where the responses do not differ. `flag` is a `;` list of `FLAGS`. Not fitted: NaN.
    curves
        The curve of each row; NaN where not fitted.
    doses
        What they were fitted to.
    minimum_doses
        Fewest different doses that were fitted.

    Examples
    --------
    >>> dose = [0.01, 0.1, 1.0, 10.0]
    >>> rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": dose, "response": [1.0, 0.8, 0.2, 0.1]})
    >>> fits = fit_curves(Doses.build(rows))
    >>> round(float(fits.table["ic50"].iloc[0]), 1), fits.table["ic50_censor"].iloc[0]
    (0.3, 'none')
    """

    table: pd.DataFrame
    curves: HillCurves
    doses: Doses
    minimum_doses: int

    def _headline(self) -> str:
        return f"CurveFits: {self.n_fitted:,} of {count(len(self.table), 'curve')} fitted"

    @property
    def n_fitted(self) -> int:
        """How many sample-drug pairs had enough doses."""
        return int(self.table["rmse"].notna().sum())

    def flag_counts(self) -> dict[str, int]:
        """Pairs that bear each of `FLAGS`, 0 where none does; a pair may bear several."""
        counts = self.table["flag"].str.split(";").explode().value_counts()
        return {flag: int(counts.get(flag, 0)) for flag in FLAGS}

    def drugs_with_several_ranges(self) -> list[str]:
        """Drugs whose fitted curves differ in the number of doses or in their lowest or highest dose."""
        fitted = self.table[self.table["rmse"].notna()]
        ranges = fitted[["drug_id", "n_doses"]].copy()
        for name in ("lowest_dose", "highest_dose"):
            ranges[name] = np.log10(fitted[name].to_numpy(dtype=np.float64)).round(4)
        ranges = ranges.drop_duplicates()
        return sorted(ranges.loc[ranges["drug_id"].duplicated(), "drug_id"].unique())

    def responses(self, measure: str = "auc", *, maximum_rmse: float | None = None) -> Responses:
        """Responses of one measure, for a model to be trained on.

        Parameters
        ----------
        measure, maximum_rmse
            As `responses_from_fits` takes them.

        Raises
        ------
        InputError
            The measure is unknown, or nothing is left.

        Examples
        --------
        >>> dose = [0.01, 0.1, 1.0, 10.0]
        >>> rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": dose, "response": [1.0, 0.8, 0.2, 0.1]})
        >>> fit_curves(rows).responses("ln_ic50").table["response"].round(1).tolist()
        [-1.3]
        """
        uneven = self.drugs_with_several_ranges()
        if measure in _OF_THE_DOSES and uneven:
            logger.warning(
                "Tested over different doses in different samples: %d of %s; %s is comparable only over the same "
                "doses.",
                len(uneven),
                count(self.table["drug_id"].nunique(), "drug"),
                measure,
            )
        return responses_from_fits(self.table, measure, maximum_rmse=maximum_rmse)


def fit_curves(doses: Doses | pd.DataFrame, *, minimum_doses: int = 4, fit_top: bool = False) -> CurveFits:
    """Fit a Hill curve to each sample and drug.

    Parameters
    ----------
    doses
        What `read_doses` gives; or a DataFrame with `sample_id`, `drug_id`, `dose` in uM (0 for controls) and
        `response`, as `Doses.build` takes it.
    minimum_doses
        Pairs with fewer different doses are not fitted; 3 or more.
    fit_top
        Fit the viability without drug; else it is that of the control.

    Raises
    ------
    InputError
        No pair has enough doses, or `minimum_doses` is below 3.

    Examples
    --------
    >>> dose = [0.01, 0.1, 1.0, 10.0]
    >>> rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": dose, "response": [1.0, 0.8, 0.2, 0.1]})
    >>> fits = fit_curves(rows)
    >>> fits.n_fitted, fits.table["flag"].tolist()
    (1, [''])
    """
    if minimum_doses < LEAST_DOSES:
        raise InputError(
            f"`minimum_doses`: found {minimum_doses} (expected {LEAST_DOSES} or more). Give a higher number."
        )
    doses = doses if isinstance(doses, Doses) else _built(doses)
    table = doses.table
    n_doses = table.groupby(["sample_id", "drug_id"], sort=False)["dose"].transform("size")
    if n_doses.max() < minimum_doses:
        raise InputError(
            f"doses: found at most {n_doses.max()} different {'dose' if n_doses.max() == 1 else 'doses'} for a sample "
            f"and drug (expected {minimum_doses} or more). Check which columns hold samples, drugs and doses."
        )
    parts = [_fit_equally_many(rows, int(n), minimum_doses, fit_top) for n, rows in table.groupby(n_doses)]
    fits = pd.concat([part for part, _ in parts], ignore_index=True)
    shapes = np.concatenate([shape for _, shape in parts])
    order = np.lexsort((fits["drug_id"].to_numpy(dtype=str), fits["sample_id"].to_numpy(dtype=str)))
    return CurveFits(fits.iloc[order].reset_index(drop=True), HillCurves(*shapes[order].T.copy()), doses, minimum_doses)


def _built(rows: Any) -> Doses:
    """Doses of a DataFrame that has the columns, with numbers where numbers stand."""
    if not is_frame(rows):
        raise InputError(
            f"`doses`: found {type(rows).__name__} (expected Doses or a DataFrame). Read a file with read_doses."
        )
    rows = as_pandas(rows, "doses")
    absent = [name for name in ("sample_id", "drug_id", "dose", "response") if name not in rows.columns]
    if absent:
        raise InputError(f"`doses`: found no column {absent[0]} (expected it beside the others). Add or rename it.")
    texts = [name for name in ("dose", "response") if not pd.api.types.is_numeric_dtype(rows[name])]
    if texts:
        raise InputError(f"`doses`: found no numbers in the column {texts[0]} (expected numbers). Convert it.")
    return Doses.build(rows)


def _fit_equally_many(rows: pd.DataFrame, n: int, minimum: int, fit_top: bool) -> tuple[pd.DataFrame, Array]:
    """Rows of the fits for pairs with `n` doses each, and `(n_pairs, 4)` their curves."""
    dose, viability = (rows[name].to_numpy(dtype=np.float64).reshape(-1, n) for name in ("dose", "viability"))
    part = rows.iloc[::n][["sample_id", "drug_id"]].reset_index(drop=True)
    part["n_points"] = rows["n"].to_numpy().reshape(-1, n).sum(axis=1)
    part["n_doses"] = n
    if n < minimum:
        part[list(NUMBERS)] = np.nan
        part["lowest_dose"], part["highest_dose"] = dose.min(axis=1), dose.max(axis=1)
        part["ic50_censor"], part["flag"] = "none", "few-doses"
        return part[list(FIT_COLUMNS)], np.full((len(part), 4), np.nan)
    curves = fit_hill(np.log10(dose), viability, fit_top=fit_top)
    apart = (rows["spread"].to_numpy(dtype=np.float64).reshape(-1, n) > APART).sum(axis=1) > 1
    part = part.assign(**_read_off(curves, dose, viability, apart))
    shape = np.stack([curves.midpoint, curves.slope, curves.top, curves.bottom], axis=1)
    return part[list(FIT_COLUMNS)], shape


def _read_off(curves: HillCurves, dose: Array, viability: Array, apart: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    low, high = np.log10(dose.min(axis=1)), np.log10(dose.max(axis=1))
    fitted = curves.viability_at(np.log10(dose))
    emax = curves.viability_at(high[:, None])[:, 0]
    half = curves.log_dose_at(0.5)
    squares = ((viability - fitted) ** 2).sum(axis=1)
    spread = ((viability - viability.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    rmse = np.sqrt(squares / dose.shape[1])
    climb = (viability - np.minimum.accumulate(viability, axis=1)).max(axis=1)
    flags = {
        "poor-fit": rmse > POOR_FIT,
        "not-monotone": climb > CLIMB,
        "no-effect": emax > NO_EFFECT,
        "replicates-differ": apart,
        "above-control": np.median(viability, axis=1) > ABOVE,
    }
    located = (curves.midpoint >= low) & (curves.midpoint <= high) & ~flags["no-effect"]
    return {
        "ic50": np.clip(10.0 ** np.clip(half, low, high), dose.min(axis=1), dose.max(axis=1)),
        "ic50_censor": np.select([half < low, half > high], ["left", "right"], "none").astype(object),
        "ec50": np.where(located, 10.0**curves.midpoint, np.nan),
        "hill_slope": np.where(located, curves.slope, np.nan),
        "top": curves.top,
        "bottom": curves.bottom,
        "emax": emax,
        "auc": curves.mean_between(low, high),
        "activity_area": np.clip(1.0 - viability, 0.0, 1.0).sum(axis=1),
        "r2": np.where(spread > _FLAT, 1.0 - squares / np.where(spread > _FLAT, spread, 1.0), np.nan),
        "rmse": rmse,
        "lowest_dose": dose.min(axis=1),
        "highest_dose": dose.max(axis=1),
        "flag": _joined(flags, len(dose)),
    }


def _joined(flags: dict[str, NDArray[np.bool_]], n: int) -> NDArray[np.object_]:
    words = np.full(n, "", dtype=object)
    for name, bears in flags.items():
        words[bears] += np.where(words[bears] == "", name, ";" + name)
    return words
