"""Responses of one measure, read off fitted curves or turned from another measure of the IC50."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.measures.known import MEASURES, POTENCIES, refuse_mixed_measures
from drugresponse.data.tables import Responses
from drugresponse.errors import InputError, nearest

__all__ = ["convert_responses", "responses_from_fits"]

_TURNED = {"left": "right", "right": "left", "none": "none"}


def responses_from_fits(fits: pd.DataFrame, measure: str, *, maximum_rmse: float | None = None) -> Responses:
    """Responses of one measure from the table of fits; pairs that were not fitted are left out.

    Parameters
    ----------
    fits
        `CurveFits.table`.
    measure
        One of `MEASURES`. An IC50 beyond the doses tested is the end of the doses, censored.
    maximum_rmse
        Also leave out pairs whose curve misses the responses by more; None keeps them.

    Raises
    ------
    InputError
        The measure is unknown, or nothing is left.

    Examples
    --------
    >>> row = {"sample_id": ["s"], "drug_id": ["d"], "ic50": [10.0], "ic50_censor": ["right"], "rmse": [0.1]}
    >>> responses_from_fits(pd.DataFrame(row), "pic50").table[["response", "censor"]].to_dict("list")
    {'response': [5.0], 'censor': ['left']}
    """
    if measure not in MEASURES:
        raise InputError(f'measure: "{measure}" is none of the choices. {nearest(measure, MEASURES)}')
    kept = fits[fits["rmse"] <= (np.inf if maximum_rmse is None else maximum_rmse)]
    if kept.empty:
        raise InputError(
            f"fits: found no curve with an RMSE of {maximum_rmse} or less among {len(fits)} (expected at least one). "
            "Raise `maximum_rmse`, and look at the report."
        )
    rows = kept[["sample_id", "drug_id"]].copy()
    if measure in POTENCIES:
        log_dose = np.log10(kept["ic50"].to_numpy(dtype=np.float64))
        rows["response"], rows["censor"] = _in_words(measure, log_dose, kept["ic50_censor"])
    else:
        rows["response"], rows["censor"] = kept[measure], "none"
    # a table of measurements, whose limits stay in the column censor
    return Responses.build(rows, MEASURES[measure], where="fits", outcome="continuous")


def convert_responses(responses: Responses, measure: str) -> Responses:
    """The same responses in another measure of the IC50; censoring turns where the direction does.

    Raises
    ------
    InputError
        The measure of the responses is not told, or the two are not both measures of the IC50: areas and effects
        depend on the doses tested, and nothing turns one of them into another.

    Examples
    --------
    >>> rows = pd.DataFrame({"sample_id": ["s"], "drug_id": ["d"], "response": [0.0], "censor": ["right"]})
    >>> measured = Responses.build(rows, MEASURES["ln_ic50"], outcome="continuous")
    >>> converted = convert_responses(measured, "pic50")
    >>> converted.table["response"].tolist(), converted.table["censor"].tolist(), converted.measure.unit
    ([6.0], ['left'], 'M')
    """
    if measure not in MEASURES:
        raise InputError(f'measure: "{measure}" is none of the choices. {nearest(measure, MEASURES)}')
    known = MEASURES.get(responses.measure.name)
    if known is None:
        named = f'"{responses.measure.name}"' if responses.measure.name else "no name"
        raise InputError(f"measure: found {named} (expected one that is known). {nearest('', MEASURES)}")
    refuse_mixed_measures([responses.measure, known])
    if known.name == measure:
        return replace(responses, measure=known)
    if known.name not in POTENCIES or measure not in POTENCIES:
        raise InputError(
            f'measure: "{known.name}" cannot be turned into "{measure}" (expected two of {", ".join(POTENCIES)}; the '
            "others depend on the doses tested). Fit the curves again with the measure you need."
        )
    factor, offset = POTENCIES[known.name]
    log_dose = (responses.table["response"].to_numpy(dtype=np.float64) - offset) / factor
    censor = responses.table["censor"].map(_TURNED) if factor < 0 else responses.table["censor"]
    response, censor = _in_words(measure, log_dose, censor)
    scale = POTENCIES[measure][0] / factor
    replicates = responses.replicates.assign(variance=responses.replicates["variance"] * scale**2)
    table = responses.table.assign(response=response, censor=censor)
    return replace(responses, table=table, measure=MEASURES[measure], replicates=replicates, by_study=None)


def _in_words(measure: str, log_dose: NDArray[np.float64], censor: pd.Series) -> tuple[NDArray[np.float64], pd.Series]:
    """A measure of the IC50 from log10 of the IC50 in uM, and its censoring."""
    factor, offset = POTENCIES[measure]
    return factor * log_dose + offset, censor.map(_TURNED) if factor < 0 else censor
