"""The measures of drug response that are read off a curve: what each means, and which turn into one another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError, nearest

__all__ = [
    "CONCENTRATIONS",
    "MEASURES",
    "POTENCIES",
    "SHARES",
    "convert_responses",
    "plain_measure",
    "refuse_misnamed_measure",
    "refuse_mixed_measures",
    "responses_from_fits",
]

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        measure.name: measure
        for measure in (
            Measure("auc", "fraction of control", "resistant"),
            Measure("ln_ic50", "uM", "resistant"),
            Measure("log10_ic50_m", "M", "resistant"),
            Measure("pic50", "M", "sensitive"),
            Measure("activity_area", "doses", "sensitive"),
            Measure("emax", "fraction of control", "resistant"),
        )
    }
)
"""Every known measure by name: natural logarithm of the IC50 in uM, decadic one in M, its negative, and areas."""

SHARES = ("auc", "emax", "viability", "inhibition")
"""Measures that are a part of the control."""
CONCENTRATIONS = ("ic50", "ec50", "gi50", "ed50", "mic")
"""Measures that are a concentration, above 0."""
_MOLAR = -6.0
POTENCIES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"ln_ic50": (float(np.log(10.0)), 0.0), "log10_ic50_m": (1.0, _MOLAR), "pic50": (-1.0, -_MOLAR)}
)
"""Measures that are the IC50 in other words: factor and offset on log10 of the IC50 in uM."""
_CONCENTRATION = re.compile(r"(?<![A-Za-z])[pnum]?M(?![A-Za-z])")
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
    return Responses.build(rows, MEASURES[measure], where="fits")


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
    >>> converted = convert_responses(Responses.build(rows, MEASURES["ln_ic50"]), "pic50")
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
    return replace(responses, table=table, measure=MEASURES[measure], replicates=replicates)


def refuse_mixed_measures(measures: Iterable[Measure]) -> None:
    """Refuse measures that differ in name, unit or direction, as far as these are told.

    Raises
    ------
    InputError
        Two of them differ.

    Examples
    --------
    >>> refuse_mixed_measures([MEASURES["auc"], Measure("auc")])
    """
    known: dict[str, str] = {}
    for measure in measures:
        for name, value in measure.to_dict().items():
            if value and known.setdefault(name, value) != value:
                words = {"name": "measures", "unit": "units", "higher_means": "directions (a higher response means)"}
                raise InputError(
                    f'responses: found the {words[name]} "{known[name]}" and "{value}" (expected one). '
                    "Convert one of the two first; they are never mixed."
                )


def refuse_misnamed_measure(measure: Measure) -> None:
    """Refuse the name of a known measure beside another direction or, of an IC50, beside another concentration.

    Units are free text: `ln uM` and `\N{MICRO SIGN}M` are as good as `uM`, and what names no concentration is not
    looked at.

    Raises
    ------
    InputError
        The name and the rest contradict.

    Examples
    --------
    >>> refuse_misnamed_measure(Measure("ln_ic50", "log(uM)"))
    >>> refuse_misnamed_measure(Measure("viability", "percent", "sensitive"))
    """
    known, measure = MEASURES.get(plain_measure(measure).name), plain_measure(measure)
    if known is None:
        return
    if measure.higher_means and measure.higher_means != known.higher_means:
        raise InputError(
            f"measure: found {known.name} of which higher means {measure.higher_means} (expected "
            f"{known.higher_means}, as in every {known.name} here). Correct `higher_means`, or give the measure "
            "another name in `measure`."
        )
    unit = re.sub("[\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}]", "u", measure.unit)
    concentration = _CONCENTRATION.search(unit)
    if known.name in POTENCIES and concentration and concentration.group() != known.unit:
        raise InputError(
            f'measure: found {known.name} in "{measure.unit}" (expected {known.unit}, as every {known.name} here). '
            "Convert the responses, or give the measure another name in `measure`."
        )


def plain_measure(measure: Measure) -> Measure:
    """The measure under the name that is known here, whatever its case and marks; a unit in brackets is its unit.

    Examples
    --------
    >>> plain_measure(Measure("LN_IC50")).name, plain_measure(Measure("my score")).name
    ('ln_ic50', 'my score')
    >>> plain_measure(Measure("Viability (%)"))
    Measure(name='viability', unit='%', higher_means=None)
    """
    known = {re.sub("[^a-z0-9]", "", name): name for name in (*MEASURES, *SHARES, *CONCENTRATIONS)}
    bare, _, rest = measure.name.partition("(")
    unit = rest.rstrip(" )")
    # a unit in letters may belong to the name, as that of log10_ic50_m does
    for text, of_name in ((measure.name, "" if unit.isalnum() else unit), (bare, unit)):
        name = known.get(re.sub("[^a-z0-9]", "", text.lower()))
        if name:
            return replace(measure, name=name, unit=measure.unit or of_name)
    return measure


def _in_words(measure: str, log_dose: NDArray[np.float64], censor: pd.Series) -> tuple[NDArray[np.float64], pd.Series]:
    """A measure of the IC50 from log10 of the IC50 in uM, and its censoring."""
    factor, offset = POTENCIES[measure]
    return factor * log_dose + offset, censor.map(_TURNED) if factor < 0 else censor
