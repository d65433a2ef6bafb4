"""The measures of drug response: what each means, and names that contradict the rest of a measure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from drugresponse.data.tables import Measure
from drugresponse.errors import InputError

__all__ = [
    "CONCENTRATIONS",
    "MEASURES",
    "POTENCIES",
    "SHARES",
    "is_logarithm",
    "plain_measure",
    "refuse_misnamed_measure",
    "refuse_mixed_measures",
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
_LOGARITHM = re.compile(r"(?<![a-z])(ln|log|log2|log10|p(ic|ec|gi|ed)50|pki|pmic)(?![a-z0-9])")
_CONCENTRATION = re.compile(r"(?<![A-Za-z])[pnum]?M(?![A-Za-z])")


def is_logarithm(measure: Measure) -> bool:
    """Whether a measure is a logarithm by its name or unit.

    Examples
    --------
    >>> [is_logarithm(measure) for measure in (Measure("ln_ic50"), Measure("fold", "log2"), Measure("dose", "mg"))]
    [True, True, False]
    """
    words = f"{plain_measure(measure).name} {measure.name} {measure.unit}".lower()
    return _LOGARITHM.search(words) is not None


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
