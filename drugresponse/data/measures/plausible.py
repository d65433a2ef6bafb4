"""Whether the numbers of a response can be what their measure says."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.measures.known import CONCENTRATIONS, MEASURES, SHARES, plain_measure, refuse_misnamed_measure
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.responses.kinds import refuse_no_measurements, refuse_two_values
from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError, show_ids

__all__ = ["refuse_misread_responses"]

logger = logging.getLogger(__name__)

_MEDIANS = {"ln_ic50": (-25.0, 9.2), "log10_ic50_m": (-14.0, -2.0), "pic50": (2.0, 14.0)}
"""Half of the IC50s lie within 10 fM and 10 mM, in each of their words."""
_HIGHEST_LN = 16.0
"""ln of the uM in which no drug dissolves."""
_SKEWED, _FEWEST = 100.0, 20
"""Ratio of the 95th to the 5th percentile that positive logarithms hardly have, and rows to ask it of."""
_HIGHEST_SHARE = 3.0
"""Times the control that no mean viability reaches."""
_ADVICE = "Convert the responses, or correct `measure`."


def refuse_misread_responses(responses: Responses, measure: Measure | None = None) -> None:
    """Refuse responses that cannot be what their measure says, and warn of those that hardly can.

    Parameters
    ----------
    responses
        Which tell their measure, or nothing.
    measure
        Of the model that they are for, in place of one that they do not tell.

    Raises
    ------
    InputError
        The name of the measure and the rest of it contradict; or the numbers are of another scale, of two scales in
        different samples, or of two values only.

    Examples
    --------
    >>> rows = pd.DataFrame({"sample_id": ["s1", "s2"], "drug_id": "d", "response": [0.25, 3400.0]})
    >>> refuse_misread_responses(Responses.build(rows))
    """
    if measure is not None and not responses.measure.name:
        responses = replace(responses, measure=measure)
    measure, table = plain_measure(responses.measure), responses.table
    refuse_misnamed_measure(measure)
    values = table["response"].to_numpy(dtype=np.float64)
    known = measure.name in MEASURES or measure.name in SHARES
    if responses.outcome.has_classes or responses.outcome.kind == "time-to-event":
        _refuse_measured(responses.outcome, measure.name if known or measure.name in CONCENTRATIONS else "")
        return
    if responses.outcome.logarithm:
        return
    refuse_no_measurements(table, "" if known else measure.name, "responses")
    if known and responses.outcome.kind == "continuous" and (table["censor"] == "none").all():
        refuse_two_values(values, "responses")
    if measure.name in CONCENTRATIONS and values.min() < 0:
        raise InputError(
            f"responses: found {measure.name} from {values.min():.4g} to {values.max():.4g} (expected concentrations "
            f"above 0; they may be logarithms). {_ADVICE}"
        )
    if measure.name in _MEDIANS:
        _refuse_other_potency(measure.name, values)
    # what is told to be another area, or in percent, has a scale of its own
    is_share = measure.name in ("auc", "emax") and (not measure.unit or measure.unit.lower().startswith("fraction"))
    if is_share and np.quantile(values, 0.95) > _HIGHEST_SHARE:
        raise InputError(
            f"responses: found {measure.name} from {values.min():.3g} to {values.max():.3g} (expected fractions of the "
            "control, about 0 to 1). If they are percent or another area, give their `unit`; if samples differ in it, "
            "bring all to one."
        )
    _refuse_two_scales(table, measure.name)


def _refuse_measured(outcome: Outcome, name: str) -> None:
    """Refuse classes and times under the name of a measured number."""
    if name:
        what = f"the classes {' < '.join(outcome.classes)}" if outcome.has_classes else "times to an event"
        raise InputError(
            f"responses: found {what} and the measure {name} (expected measured numbers). Leave `measure` out, or "
            "choose the column of the measured numbers."
        )


def _refuse_other_potency(name: str, values: NDArray[np.float64]) -> None:
    low, high = _MEDIANS[name]
    middle, highest = float(np.median(values)), float(values.max())
    words = f"responses: found {name} from {values.min():.4g} to {highest:.4g}"
    if not low <= middle <= high:
        raise InputError(
            f"{words}, half of them {'above' if middle > high else 'below'} {middle:.4g} (expected a median within "
            f"{low:g} and {high:g}). They may be IC50s themselves, or logarithms of another base, unit or sign. "
            f"{_ADVICE}"
        )
    if name != "ln_ic50":
        return
    beyond = float((values > _HIGHEST_LN).mean())
    if beyond >= 0.01 or (beyond and values.min() >= 0):
        raise InputError(
            f"{words}; {_HIGHEST_LN:g} would be {np.exp(_HIGHEST_LN) / 1e6:.0f} M (expected natural logarithms of uM). "
            f"They seem to be IC50s themselves: take their logarithm, or correct `measure`."
        )
    ends = np.quantile(values, [0.05, 0.95])
    if len(values) >= _FEWEST and values.min() > 0 and ends[1] > _SKEWED * ends[0]:
        logger.warning("%s, all above 0 and far apart as IC50s in uM are, not their logarithms. %s", words, _ADVICE)


def _refuse_two_scales(table: pd.DataFrame, name: str) -> None:
    """Fractions in some samples and percent in others."""
    if table["response"].min() < -0.1 * table["response"].max():
        return
    middle = table.groupby("sample_id", sort=True)["response"].median()
    fractions, percent = middle.index[middle <= 1.5], middle.index[middle >= 15]
    if min(len(fractions), len(percent)) < 2 or len(fractions) + len(percent) < 0.95 * len(middle):
        return
    highest = table.loc[table["sample_id"].isin(fractions), "response"].quantile(0.99)
    if middle[fractions].median() < 0.1 or highest > 2 or middle[percent].max() > 200:
        return
    words = (
        f"responses: found numbers about 1 in {show_ids(fractions)} and about 100 in {show_ids(percent)} (expected one "
        "scale; fractions and percent seem to be mixed). Bring all samples to one."
    )
    if name in SHARES:
        raise InputError(words)
    logger.warning("%s", words)
