"""Responses that seem to be on another scale than they are taken for: concentrations, other logarithms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from drugresponse.audit.findings import Finding, caution
from drugresponse.data.joining import TrainingRows
from drugresponse.data.measures.known import POTENCIES, SHARES, plain_measure
from drugresponse.data.tables import Measure

__all__ = ["scale_findings"]

_SKEWED, _FEWEST = 100.0, 20
"""Ratio of the 95th to the 5th percentile that numbers other than concentrations hardly have, and rows to ask it of."""
_FEWEST_DRUGS = 5
_LOW, _HIGH = -1.5, 3.0
"""ln of uM between which a screen of several drugs has some IC50s: 0.2 and 20."""


def scale_findings(rows: TrainingRows, measure: Measure) -> Iterator[Finding]:
    """Concentrations that are fitted as they are, and ln IC50s that look like logarithms to the base of ten.

    Parameters
    ----------
    rows
        The pairs that are evaluated; of what is no measured number nothing is said.
    measure
        What the responses are told to be.
    """
    if rows.pairs.outcome.kind != "continuous" or len(rows.y) < _FEWEST:
        return
    name, y = plain_measure(measure).name, rows.y
    low, high = np.quantile(y, [0.01, 0.99])
    if name == "ln_ic50" and len(rows.pairs.drugs) >= _FEWEST_DRUGS and (high < _LOW or low > _HIGH):
        side, seem = ("below 0.2", "log10 of M") if high < _LOW else ("above 20", "-log10 of M (pIC50)")
        message = (
            f"The ln_ic50 of {len(rows.pairs.drugs):,} drugs lie within {low:.3g} and {high:.3g}, all of them IC50s "
            f"{side} uM: they seem to be {seem}. Convert the responses, or correct --measure."
        )
        yield caution("scale of the responses", message, len(y))
    if name in POTENCIES or name in SHARES or y.min() <= 0:
        return
    tail = np.quantile(y, [0.05, 0.95])
    if tail[1] > _SKEWED * tail[0] and _is_nearer_as_logarithm(y, rows.pairs.drug_index):
        message = (
            f"The responses are all above 0 and lie from {y.min():.4g} to {y.max():.4g}, as concentrations do: squared "
            "errors are those of the few largest. Take their logarithm, and name it in --measure."
        )
        yield caution("scale of the responses", message, len(y))


def _is_nearer_as_logarithm(y: np.ndarray, drug: np.ndarray) -> bool:
    """Whether a log-normal distribution within each drug is likelier than a normal one (Box and Cox 1964)."""
    log = np.log(y)
    spreads = [pd.Series(values).groupby(drug).transform("std", ddof=0).to_numpy() for values in (y, log)]
    usable = (spreads[0] > 0) & (spreads[1] > 0)
    gain = np.log(spreads[0][usable]) - np.log(spreads[1][usable]) - log[usable]
    return bool(gain.sum() > 0)
