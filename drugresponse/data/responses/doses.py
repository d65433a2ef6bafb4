"""Viability at several doses of each sample and drug: what a dose-response curve is fitted to."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.frames import FrameLike, as_pandas
from drugresponse.data.ids import clean_ids, warn_of_alike
from drugresponse.data.responses._dose_checks import (
    PAIR,
    end_doses,
    refuse_bad_rows,
    refuse_bad_treated,
    refuse_logarithms,
    refuse_two_scales,
)
from drugresponse.errors import InputError, nearest, show_ids
from drugresponse.shown import Shown

__all__ = ["DOSE_SCALES", "SCALES", "Doses"]

logger = logging.getLogger(__name__)

SCALES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "fraction": (0.0, 1.0),
        "percent": (0.0, 0.01),
        "inhibition": (1.0, -1.0),
        "inhibition-percent": (1.0, -0.01),
        "change-percent": (1.0, 0.01),
        "signal": (0.0, 1.0),
    }
)
"""What a response may be: viability is the first number plus the second times the response; `signal` is divided by its
controls first."""
DOSE_SCALES = ("auto", "linear", "log10")
"""What a dose may be; `auto` is linear, unless it may be a logarithm."""
_SAME_DOSE = 6
"""Decimals of log10 dose beyond which two doses are one."""
_HALF_TO_TWICE = 0.5, 2.0
_BEYOND_NOISE = 5.0
"""Times the control that no viability reaches, but for a few bad wells."""
_CLIMB = 0.1
_ENDS: tuple[Literal["min"], Literal["max"]] = ("min", "max")


@dataclass(frozen=True, eq=False, repr=False)
class Doses(Shown):
    """Viability at each dose, replicates averaged.

    Attributes
    ----------
    table
        One row for each (sample, drug, dose), in this order: `sample_id, drug_id` (text), `dose` (float64, uM, above
        0), `viability` (float64, 1 is the untreated control, 0 is none left; noise may take it beyond both), `n`
        (int64, measurements averaged) and `spread` (float64, their standard deviation; 0 of a single one). Nothing is
        missing.
    scale
        What the responses were, one of `SCALES`.
    guessed
        Whether the scale was guessed.
    n_controls, n_missing
        Rows of dose 0, and rows without a response: neither is in the table.

    Examples
    --------
    >>> rows = pd.DataFrame({"sample_id": "s1", "drug_id": "d", "dose": [0.1, 0.1, 1.0], "response": [98.0, 102, 40]})
    >>> doses = Doses.build(rows)
    >>> doses.table["viability"].tolist(), doses.scale
    ([1.0, 0.4], 'percent')
    """

    table: pd.DataFrame
    scale: str
    guessed: bool = False
    n_controls: int = 0
    n_missing: int = 0

    @classmethod
    def build(
        cls,
        rows: FrameLike,
        *,
        scale: str = "auto",
        dose_scale: str = "auto",
        unit: NDArray[np.float64] | float = 1.0,
        where: str = "doses",
    ) -> Doses:
        """Check dose-response rows, bring them to viability, and average the replicates of a dose.

        Parameters
        ----------
        rows
            Columns `sample_id`, `drug_id` (may be empty where the dose is 0), `dose` (float64, 0 for controls),
            `response` (float64, NaN where missing) and perhaps `plate`.
        scale
            One of `SCALES`, or `auto`: viability as a fraction or in percent of the control, guessed from the controls
            or, without them, from the lowest doses.
        dose_scale
            `linear`; `log10`, where a dose of 1 is ten units and a control has minus infinity; or `auto`, linear
            unless the doses may be logarithms.
        unit
            uM in one unit of the doses, or in that of each row.
        where
            Names the source in errors.

        Raises
        ------
        InputError
            A dose is missing, negative or infinite, or may be a logarithm; an id is empty, a response is infinite, all
            responses are equal, the scale cannot be guessed, is not the one that was told or not one for all samples;
            controls are missing for a signal, or doses and responses seem to be swapped.
        """
        for name, value, choices in (("scale", scale, ["auto", *SCALES]), ("dose_scale", dose_scale, DOSE_SCALES)):
            if value not in choices:
                raise InputError(f'{name}: "{value}" is none of the choices. {nearest(value, choices)}')
        given = as_pandas(rows, where)
        given = given.assign(**{name: clean_ids(given[name], where) for name in PAIR if name in given.columns})
        for ids in (given[name] for name in PAIR):
            warn_of_alike(ids[ids != ""], where)
        if dose_scale == "log10":
            with np.errstate(over="ignore"):  # refused below, with its row
                given = given.assign(dose=10.0 ** given["dose"])
        elif dose_scale == "auto":
            refuse_logarithms(given, where)
        given = given.assign(dose=given["dose"] * unit)
        measured = given[given["response"].notna()]
        refuse_bad_rows(measured, where)
        is_control = (measured["dose"] == 0).to_numpy()
        treated, controls = measured[~is_control], measured[is_control]
        refuse_bad_treated(treated, where)
        refuse_two_scales(treated, controls, scale, where)
        known_scale = _guess_scale(treated, controls, where) if scale == "auto" else scale
        viability = _viability(treated, controls, known_scale, where)
        table = _averaged(treated.assign(viability=viability))
        _check_viability(table, controls, known_scale, where)
        return cls(table, known_scale, scale == "auto", len(controls), len(given) - len(measured))

    @property
    def n_points(self) -> int:
        """Measurements, before replicates were averaged."""
        return int(self.table["n"].sum())


def _median_climb(rows: pd.DataFrame, column: str) -> float:
    """How much higher the highest dose stands than the lowest, in the middle pair."""
    low, high = (end_doses(rows, end).groupby(PAIR)[column].mean() for end in _ENDS)
    return float((high - low).median())


def _guess_scale(treated: pd.DataFrame, controls: pd.DataFrame, where: str) -> str:
    """Untreated cells are 1 of the control, or 100 percent of it; anything else must be told."""
    source, untreated = ("controls", controls) if len(controls) else ("lowest doses", end_doses(treated, "min"))
    middle = float(untreated["response"].median())
    size = float(treated["response"].abs().quantile(0.95))
    climb = _median_climb(treated, "response")
    low, high = _HALF_TO_TWICE
    for name, whole in (("fraction", 1.0), ("percent", 100.0)):
        if low * whole <= middle <= high * whole and size <= _BEYOND_NOISE * whole and climb <= _CLIMB * whole:
            return name
    whole = 1.0 if size <= _BEYOND_NOISE else 100.0
    grows = climb > _CLIMB * whole
    hint = (
        "change-percent when 0 is the control" if middle < low * whole else "signal when controls of dose 0 are there"
    )
    if grows:
        hint = f"{'inhibition' if whole == 1 else 'inhibition-percent'} when 0 is the control"
    raise InputError(
        f"{where}: the median response of the {source} is {middle:.3g}{', and responses grow with the dose' * grows} "
        "(expected about 1 or 100 that falls with the dose, as viability does). "
        f"Say what the responses are with `response_scale`, for instance {hint}."
    )


def _viability(treated: pd.DataFrame, controls: pd.DataFrame, scale: str, where: str) -> np.ndarray:
    start, factor = SCALES[scale]
    response = treated["response"].to_numpy(dtype=np.float64)
    if scale == "signal":
        response = response / _control_signal(treated, controls, where)
    return start + factor * response


def _control_signal(treated: pd.DataFrame, controls: pd.DataFrame, where: str) -> np.ndarray:
    """The median control of the same sample, and plate where there are plates, for each treated row."""
    keys = ["sample_id", "plate"] if "plate" in treated.columns else ["sample_id"]
    medians = controls.groupby(keys)["response"].median()
    medians_of_rows = treated[keys].join(medians.rename("control"), on=keys)
    bad = ~(medians_of_rows["control"] > 0).to_numpy()
    if bad.any():
        without = medians_of_rows.loc[bad, keys].drop_duplicates().agg(" / ".join, axis=1)
        raise InputError(
            f"{where}: found no control above 0 for {show_ids(without)} (a signal is divided by the controls of its "
            f"{' and '.join(each.removesuffix('_id') for each in keys)}, rows whose dose is 0). "
            "Add the controls, or give viability."
        )
    return medians_of_rows["control"].to_numpy(dtype=np.float64)


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    same = rows.assign(step=np.log10(rows["dose"].to_numpy(dtype=np.float64)).round(_SAME_DOSE))
    grouped = same.groupby([*PAIR, "step"], sort=True)
    table = grouped.agg(
        dose=("dose", "first"), viability=("viability", "mean"), n=("viability", "size"), spread=("viability", "std")
    ).reset_index()
    table["spread"] = table["spread"].fillna(0.0)
    for name in PAIR:
        table[name] = table[name].astype(str).astype(object)
    return table[[*PAIR, "dose", "viability", "n", "spread"]]


def _check_viability(table: pd.DataFrame, controls: pd.DataFrame, scale: str, where: str) -> None:
    """A scale that was told wrongly is off by a factor of 100, or turned."""
    middle = float(end_doses(table, "min")["viability"].median())
    if middle > _BEYOND_NOISE or float(table["viability"].max()) < 0.05:
        raise InputError(
            f"{where}: read as {scale}, the median viability at the lowest doses is {middle:.3g} of the control "
            "(expected about 1). Correct `response_scale`."
        )
    if _median_climb(table, "viability") > _CLIMB:
        logger.warning("%s: read as %s, viability grows with the dose; check `response_scale`.", where, scale)
    if scale != "signal" and len(controls):
        start, factor = SCALES[scale]
        control = start + factor * float(controls["response"].median())
        if not 0.8 <= control <= 1.25:
            logger.warning(
                f"{where}: the median viability of the {len(controls)} controls is {control:.3g} (expected about 1); "
                "check `response_scale`."
            )
