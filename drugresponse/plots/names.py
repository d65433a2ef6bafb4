"""Names of drugs beside their ids, and what numbers are measured in."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.tables import Measure
from drugresponse.model.response_scales.response_scale import SCALES
from drugresponse.verdict import measure_words
from drugresponse.words import shortened

__all__ = ["named", "names_of", "scale_words"]


def names_of(drugs: pd.DataFrame | pd.Series | Mapping[str, str] | None) -> dict[str, str]:
    """Names of drugs by id, where they have one that is not their id.

    Parameters
    ----------
    drugs
        A table with the drugs' ids as index, or in a column `drug_id`, and a column `name`; or names by id; None knows
        none.

    Examples
    --------
    >>> names_of(pd.DataFrame({"drug_id": ["D1", "D2"], "name": ["aspirin", "D2"]}))
    {'D1': 'aspirin'}
    """
    if drugs is None:
        return {}
    if isinstance(drugs, pd.DataFrame):
        if "name" not in drugs.columns:
            return {}
        drugs = drugs.set_index("drug_id")["name"] if "drug_id" in drugs.columns else drugs["name"]
    pairs = drugs.dropna().items() if isinstance(drugs, pd.Series) else drugs.items()
    return {str(drug): str(name) for drug, name in pairs if str(name).strip() and str(name) != str(drug)}


def named(drug: object, names: Mapping[str, str], longest: int = 28) -> str:
    """A drug by its name and id, the name cut where both are long; or by its id.

    Examples
    --------
    >>> named("D1", {"D1": "aspirin"}), named("D2", {}), named("D1", {"D1": "acetylsalicylic"}, longest=12)
    ('aspirin (D1)', 'D2', 'acetyl… (D1)')
    """
    name, left = names.get(str(drug)), longest - len(str(drug)) - 3
    if not name or left < 2:
        return str(drug)
    return f"{shortened(name, left)} ({drug})"


def scale_words(outcome: Outcome, measure: Measure, response_scale: str = "identity") -> str:
    """What a score, and so an effect, is measured in.

    Parameters
    ----------
    outcome, measure
        What a response is, and means.
    response_scale
        On which the model learned measured numbers.

    Examples
    --------
    >>> scale_words(Outcome("binary", ("S", "R")), Measure("susceptibility"))
    'log odds of R'
    >>> scale_words(Outcome("interval", logarithm=2), Measure("mic", "mg/L"))
    'log2 of mic (mg/L)'
    >>> scale_words(Outcome("continuous"), Measure("dose", "mg"), "sqrt")
    'square root of dose (mg)'
    """
    name = measure_words(measure)
    if outcome.kind == "continuous" and response_scale != "identity":
        return f"{SCALES[response_scale]} of {name}"
    return {
        "continuous": name,
        "binary": f"log odds of {outcome.event}",
        "ordinal": f"log odds of a class nearer to {outcome.event}",
        "interval": f"log{outcome.logarithm} of {name}" if outcome.logarithm else name,
        "time-to-event": "log hazard of the event",
    }[outcome.kind]
