"""What looks like a table of measured responses and is none: words, and numbers that are no measurement."""

from __future__ import annotations

import logging
import re

import numpy as np
import pandas as pd

from drugresponse.data.column_names import name_words
from drugresponse.errors import InputError, count, show_ids

__all__ = [
    "is_named_for_drugs",
    "missing_codes",
    "refuse_classes",
    "refuse_code_beside_classes",
    "refuse_missing_code",
    "refuse_no_measurements",
    "refuse_two_values",
    "refuse_unnamed_drugs",
]

logger = logging.getLogger(__name__)

FEWEST_ROWS = 10
"""Rows below which two values, or whole numbers, may be chance."""
OF_ANOTHER_SCALE = 3.0
"""Times the range of all others that a number is far from them."""
_CODES = (-9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0)
"""Numbers by which programs mark a missing value."""
_CODES_OF_CLASSES = (8.0, 9.0, 77.0, 88.0, 98.0, 99.0, -1.0, -8.0, *_CODES)
"""The same beside numbers of classes, where a single digit says unknown or not done."""
_LEAST_ID = 10_000
_DRUG = re.compile(
    r"drugs?|compounds?|cpd|cmpd|substance|treatment|agent|chemical|molecule|medication|antibiotic|inhibitor|"
    r"therapy|regimen|antimicrobial|broad|cid|perturbagen|pert"
)


def refuse_classes(column: pd.Series, where: str) -> None:
    """Refuse responses that are words, such as R and S, or yes and no.

    Parameters
    ----------
    column
        Text or numbers; missing values stay out.

    Raises
    ------
    InputError
        None of its cells is a number.

    Examples
    --------
    >>> refuse_classes(pd.Series(["1.5", "low"]), "responses")
    """
    present = column.dropna()
    if present.dtype != bool:
        present = present.astype(str).str.strip()
        present = present[~present.str.lower().isin(["", "na", "n/a", "nan", "none", "null", ".", "-"])]
    levels = list(dict.fromkeys(present.head(10_000)))
    is_words = present.dtype == bool or not any(re.search(r"\d|inf", str(level), re.IGNORECASE) for level in levels)
    if levels and len(levels) <= 6 and is_words:
        raise InputError(
            f'{where}, column "{column.name}": found the words {show_ids(sorted(map(str, levels)))} (expected measured '
            "numbers). Choose the column of the numbers or, if these are the responses, the `outcome` that they are, "
            "such as binary."
        )


def is_named_for_drugs(name: object) -> bool:
    """Whether a column is named for drugs.

    Examples
    --------
    >>> is_named_for_drugs("Antibiotic"), is_named_for_drugs("tissue")
    (True, False)
    """
    return any(map(_DRUG.fullmatch, name_words(name)))


def refuse_unnamed_drugs(rows: pd.DataFrame, where: str) -> None:
    """Refuse rows of several drugs, under another name than `drug_id`, of which samples have more than one.

    Parameters
    ----------
    rows
        With a column `sample_id`; where each sample has one row, a warning tells that all count as of one drug.
    where
        Names the table in errors.

    Raises
    ------
    InputError
        They would be merged into one drug.

    Examples
    --------
    >>> refuse_unnamed_drugs(pd.DataFrame({"sample_id": ["s1", "s2"], "response": [1.0, 2.0]}), "responses")
    """
    if "drug_id" in rows.columns or "sample_id" not in rows.columns:
        return
    for name in rows.columns[[is_named_for_drugs(name) for name in rows.columns]]:
        drugs = rows[name].dropna().astype(str).unique()
        if len(drugs) > 1 and rows["sample_id"].duplicated().any():
            raise InputError(
                f'{where}: found no column "drug_id", but samples repeat and "{name}" has {len(drugs)} values '
                '(expected one drug). If it names the drug, rename it to "drug_id"; if all rows are of one drug, '
                "remove it."
            )
        if len(drugs) > 1:
            logger.warning(
                f'{where}: the column "{name}" ({show_ids(drugs)}) is not used, and all rows count as of one drug; if '
                'it names the drug, rename it to "drug_id".'
            )


def refuse_missing_code(table: pd.DataFrame, where: str) -> None:
    """Refuse a number such as -999 that repeats far from all other responses; a limit is none.

    Raises
    ------
    InputError
        There is one.

    Examples
    --------
    >>> refuse_missing_code(pd.DataFrame({"response": [0.5, 0.7], "censor": "none"}), "responses")
    """
    values = table.loc[table["censor"] == "none", "response"].to_numpy(dtype=np.float64)
    for code in missing_codes(values):
        others = values[values != code]
        raise InputError(
            f"{where}: found the response {code:g} in {count(int((values == code).sum()), 'row')}, and "
            f"{others.min():.4g} to {others.max():.4g} in all others ({code:g} seems to mark missing ones). Leave "
            'these cells empty or, if the number is a limit, say left or right in a column "censor".'
        )


def refuse_two_values(numbers: np.ndarray, where: str) -> None:
    """Refuse responses of two numbers that may be classes, and warn of three or four whole numbers in a row.

    Parameters
    ----------
    numbers
        `(n_rows,)` without missing ones; fewer than ten pass.

    Raises
    ------
    InputError
        There are two.

    Examples
    --------
    >>> refuse_two_values(np.arange(12.0), "responses")
    """
    values = np.unique(numbers)
    if len(numbers) < FEWEST_ROWS:
        return
    if 2 < len(values) <= 4 and (values % 1 == 0).all() and (np.diff(values) == 1).all():
        shown = ", ".join(f"{value:g}" for value in values)
        logger.warning(
            "%s: found the numbers %s only, and takes them as measured; if they are ordered classes, say `outcome` "
            "ordinal.",
            where,
            shown,
        )
    if len(values) == 2:
        shown, turned = (f"{values[a]:g}<{values[b]:g}" for a, b in ((0, 1), (1, 0)))
        raise InputError(
            f"{where}: found the two values {values[0]:g} and {values[1]:g} in all {len(numbers)} responses (expected "
            f"measured numbers, or 0 and 1). If they are classes, say which is the event, the last one: `classes` "
            f'"{shown}" or "{turned}"; if they are measured, `outcome` continuous.'
        )


def refuse_code_beside_classes(numbers: np.ndarray, where: str, *, most: int) -> None:
    """Refuse numbers that are classes but for one that marks missing values, such as 9 beside 0 and 1.

    Parameters
    ----------
    numbers
        `(n_rows,)` without missing ones; fewer than ten pass.
    where
        Names the table in errors.
    most
        Classes at most.

    Raises
    ------
    InputError
        There is one, which does not go on where the classes end.

    Examples
    --------
    >>> refuse_code_beside_classes(np.arange(12.0) % 2, "responses", most=5)
    """
    levels = np.unique(numbers)
    coded = np.isin(levels, _CODES_OF_CLASSES)
    classes = levels[~coded]
    in_a_row = len(classes) > 1 and classes[0] in (0, 1) and (np.diff(classes) == 1).all() and len(classes) <= most
    if not coded.any() or not in_a_row or (np.diff(levels) == 1).all() or len(numbers) < FEWEST_ROWS:
        return
    code, words = (", ".join(f"{each:g}" for each in some) for some in (levels[coded], classes))
    raise InputError(
        f"{where}: found {code} in {count(int(np.isin(numbers, levels[coded]).sum()), 'row')} beside {words} (expected "
        f"classes or measured numbers; {code} seems to mark missing ones). Leave these cells empty or, if all are "
        f'classes, list them: `classes` "{"<".join(f"{each:g}" for each in levels)}"; if they are measured, say '
        "`outcome` continuous."
    )


def missing_codes(values: np.ndarray) -> list[float]:
    """Numbers such as -999 that repeat far from all others, and negative ones among numbers that cannot be.

    Examples
    --------
    >>> missing_codes(np.array([*range(20, 40), -9, -9]))
    [-9.0]
    """
    codes = []
    for code in _CODES:
        coded = values == code
        others = values[~coded]
        if coded.sum() < 2 or len(others) < FEWEST_ROWS:
            continue
        far = float(np.abs(others - code).min()) > OF_ANOTHER_SCALE * float(np.ptp(others))
        if far or (code < 0 <= others.min()):
            codes.append(code)
    return codes


def refuse_no_measurements(table: pd.DataFrame, measure_name: str, where: str) -> None:
    """Refuse ids, ages and dates; a measure of its own name says that they are numbers.

    Parameters
    ----------
    table
        Columns `response` (float64) and `censor`.
    measure_name
        Of the responses; empty when not told.

    Raises
    ------
    InputError
        Ten rows or more have whole numbers like ids or dates.
    """
    values = np.unique(table["response"].to_numpy(dtype=np.float64))
    if measure_name or len(table) < FEWEST_ROWS or (table["censor"] != "none").any():
        return
    if (values % 1 == 0).all() and (_of_samples_alone(table) or _are_close(values)):
        raise InputError(
            f"{where}: found whole numbers from {values[0]:.10g} to {values[-1]:.10g} like ids, ages or dates "
            "(expected measured numbers, which differ between the drugs of a sample). Choose the column of the "
            "responses or, if they are measured, give a measure of a name of their own (`measure`)."
        )


def _of_samples_alone(table: pd.DataFrame) -> bool:
    """Whether each sample has a number of its own, the same for all drugs."""
    of_samples = table.groupby("sample_id")["response"].agg(["nunique", "size", "first"])
    several = of_samples[of_samples["size"] > 1]
    return bool(
        len(several) >= FEWEST_ROWS
        and (several["nunique"] == 1).all()
        and several["first"].nunique() * 3 > len(several)
    )


def _are_close(values: np.ndarray) -> bool:
    """Whether large numbers lie within a tenth of their size, as ids and dates do."""
    return bool(values[0] >= _LEAST_ID and values[-1] - values[0] < values[0] / 10)
