"""What speaks against a table of doses before anything is made of it."""

from __future__ import annotations

import logging
from typing import Literal

import numpy as np
import pandas as pd

from drugresponse.errors import InputError, show_ids

__all__ = ["PAIR", "end_doses", "refuse_bad_rows", "refuse_bad_treated", "refuse_logarithms", "refuse_two_scales"]

logger = logging.getLogger(__name__)

PAIR = ["sample_id", "drug_id"]
"""The columns that name a curve."""
_HIGHEST_LOGARITHM = 9.0
"""log10 of a mM in pM; no dose has a higher logarithm in any unit."""
_FEWEST_STEPS = 4
_UNEVEN = 0.45
"""Variation of the steps between doses, as a share of their mean, below which they are equal but for rounding."""
_LEAST_CURVES = 3
_ENDLESS = 1e15
"""No dose and no signal is as large."""
_TWICE = 2.0


def refuse_bad_rows(rows: pd.DataFrame, where: str) -> None:
    """Refuse rows without a dose or an id, and doses and responses that are negative or without end."""
    if rows.empty:
        raise InputError(f"{where}: found no measured response (expected at least one). Fill the response column.")
    dose = rows["dose"].to_numpy(dtype=np.float64)
    _refuse_where(
        rows, np.isnan(dose), "found a response without a dose (expected one; 0 for a control). Fill it", where
    )
    negative = dose < 0
    if negative.any():
        row = int(rows.index[int(np.argmax(negative))]) + 1
        raise InputError(
            f"{where}, row {row}: found dose {dose[negative][0]:g} ({int(negative.sum())} are negative; expected doses "
            "on a linear scale, 0 for controls). If they are decadic logarithms, say so with `dose_scale` log10."
        )
    infinite = ~((dose < _ENDLESS) & (np.abs(rows["response"].to_numpy(dtype=np.float64)) < _ENDLESS))
    _refuse_where(rows, infinite, "found an infinite dose or response (expected finite numbers). Correct it", where)
    for name in PAIR:
        empty = (rows[name].fillna("").astype(str) == "").to_numpy() & ((dose > 0) | (name == "sample_id"))
        _refuse_where(rows, empty, f'found an empty "{name}" (only controls may lack a drug). Fill it', where)


def refuse_logarithms(rows: pd.DataFrame, where: str) -> None:
    """Doses that rise in equal steps, and not in equal ratios, may be logarithms; a control without a drug is none."""
    dose = rows["dose"]
    if (
        not dose.max() <= _HIGHEST_LOGARITHM
        or (dose < 0).any()
        or ((dose == 0) & (rows["drug_id"].fillna("") == "")).any()
    ):
        return
    designs = rows[dose.notna()].groupby(PAIR, sort=False)["dose"].apply(lambda doses: tuple(sorted(set(doses))))
    designs = designs[designs.map(len) >= _FEWEST_STEPS].value_counts()
    equal = [_rises_in_steps(np.array(design)) for design in designs.index]
    if len(designs) and 2 * designs[equal].sum() >= designs.sum():
        shown = ", ".join(f"{dose:g}" for dose in designs.index[int(np.argmax(equal))][:5])
        raise InputError(
            f"{where}: the doses rise in equal steps ({shown} ...), as decadic logarithms of doses do and doses seldom "
            "(expected doses on a linear scale). Say which they are: `dose_scale` log10 or `dose_scale` linear."
        )


def _rises_in_steps(dose: np.ndarray) -> bool:
    steps, ratios = np.diff(dose), np.diff(np.log10(dose[dose > 0]))
    uneven = [float(gaps.std() / gaps.mean()) for gaps in (steps, ratios)]
    return uneven[0] <= _UNEVEN and uneven[0] < uneven[1]


def refuse_two_scales(treated: pd.DataFrame, controls: pd.DataFrame, scale: str, where: str) -> None:
    """Fractions in some samples, drugs or plates and percent in others."""
    if scale not in ("auto", "fraction", "percent", "inhibition", "inhibition-percent", "change-percent"):
        return
    of_control = scale in ("auto", "fraction", "percent")
    for key in [name for name in (*PAIR, "plate") if name in treated.columns]:
        size = treated["response"].abs().groupby(treated[key]).quantile(0.95)
        level = size
        if of_control:
            # controls seldom name a drug or a plate; where they do not, the lowest doses tell
            level = end_doses(treated, "min").groupby(key)["response"].median()
            if key in controls.columns:
                level.update(controls.groupby(key)["response"].median())
        climb = treated.groupby(key)["response"].agg(lambda values: values.max() - values.min())
        # a drug that leaves one percent at every dose is no fraction
        low, high = (0.7, 1.4) if key == "drug_id" else (0.4, _TWICE)
        fractions = size.index[(level >= low) & (level <= high) & (size <= high) & (climb >= 0.2)]
        percent = size.index[(level >= (40 if of_control else 20)) & (level <= 250)]
        if not len(fractions) or not len(percent):
            continue
        words = (
            f"{where}: found responses about 1 in {show_ids(fractions)} and about 100 in {show_ids(percent)} (expected "
            "one scale; fractions and percent seem to be mixed). Bring all to one scale"
        )
        if scale.endswith("percent"):
            logger.warning("%s; as %s was said, the former are next to nothing.", words, scale)
        else:
            settled = ", or say `response_scale` percent if the former are next to nothing" if scale == "auto" else ""
            raise InputError(f"{words}{settled}.")


def _refuse_where(rows: pd.DataFrame, bad: np.ndarray, words: str, where: str) -> None:
    if bad.any():
        row = int(rows.index[int(np.argmax(bad))]) + 1
        raise InputError(f"{where}, row {row}: {words} or remove the row.")


def refuse_bad_treated(treated: pd.DataFrame, where: str) -> None:
    """Refuse doses without a response to tell of, and doses and responses that are swapped."""
    if treated.empty:
        raise InputError(f"{where}: found controls only, all doses are 0 (expected doses above 0). Check the doses.")
    if len(treated) > 1 and treated["response"].nunique() == 1:
        raise InputError(
            f"{where}: found the response {treated['response'].iloc[0]:g} in all {len(treated)} rows with a dose "
            "(expected responses that differ). Check which column holds the responses."
        )
    if _repeats(treated, "response") and not _repeats(treated, "dose"):
        raise InputError(
            f"{where}: the responses are the same numbers for every sample and drug, and the doses are not "
            "(expected it the other way round). Doses and responses seem to be swapped: exchange the two columns."
        )


def _repeats(rows: pd.DataFrame, column: str) -> bool:
    """Whether most pairs hold the same numbers, as doses do by design and responses never."""
    sets = rows.groupby(PAIR, sort=False)[column].apply(lambda values: str(sorted(set(values))))
    if len(sets) < _LEAST_CURVES or rows[column].nunique() < _LEAST_CURVES:
        return False
    return bool(sets.value_counts().iloc[0] >= 0.8 * len(sets))


def end_doses(rows: pd.DataFrame, end: Literal["min", "max"]) -> pd.DataFrame:
    """The rows of the lowest (`min`) or highest (`max`) dose of each pair."""
    return rows[rows["dose"] == rows.groupby(PAIR)["dose"].transform(end)]
