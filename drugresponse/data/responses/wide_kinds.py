"""A table of samples by drugs that holds columns of several kinds: MICs beside S, I and R, signs, or notes."""

from __future__ import annotations

import pandas as pd

from drugresponse.data.missing import is_missing
from drugresponse.data.outcomes.limits import are_limits, is_limit_or_number
from drugresponse.data.outcomes.requested import Requested
from drugresponse.data.responses.cells import LIMIT_SIGNS, plain_sign
from drugresponse.data.responses.wide import are_same_classes
from drugresponse.errors import InputError, show_ids

__all__ = ["refuse_several_kinds"]

_LIMITS, _CLASSES, _SIGNS, _NUMBERS, _OTHERS = "limits and numbers", "classes", "signs of limits", "numbers", "text"


def refuse_several_kinds(columns: pd.DataFrame, requested: Requested, where: str) -> None:
    """Refuse a table of which two or more columns hold limits or classes as those of drugs do, beside other ones.

    Parameters
    ----------
    columns
        Of a table of text without a column of responses or of drugs.
    requested
        What was said of the outcome.
    where
        Names the table in errors.

    Raises
    ------
    InputError
        There are such columns; it tells which hold what.

    Examples
    --------
    >>> refuse_several_kinds(pd.DataFrame({"mic": ["<=2", "16"], "sir": ["S", "R"]}), requested=Requested(), where="")
    """
    of_kind: dict[str, list[str]] = {}
    for name in columns.columns:
        of_kind.setdefault(_kind(columns[name], requested), []).append(str(name))
    drugs = next((of_kind[kind] for kind in (_LIMITS, _CLASSES, _SIGNS) if len(of_kind.get(kind, ())) > 1), [])
    if not drugs:
        return
    said = "; ".join(f"{kind} in {show_ids(names, 5)}" for kind, names in of_kind.items())
    drugs = of_kind.get(_NUMBERS, drugs) if drugs is of_kind.get(_SIGNS) else drugs
    signs = " write signs into the cells of their numbers, as in <=0.25;" if _SIGNS in of_kind else ""
    raise InputError(
        f'{where}: found no column "response", and columns of several kinds: {said} (expected rows of sample_id, '
        "drug_id and response, or sample ids and then one column of one kind for each drug). Keep the ids of the "
        f"samples, as sample_id, and the columns of one kind, such as {show_ids(drugs)};{signs} "
        "what is told of the samples goes to the samples table (`samples`)."
    )


def _kind(column: pd.Series, requested: Requested) -> str:
    present = column[~column.fillna("").astype(str).map(is_missing).astype(bool)]
    cells = list(map(str, present.unique()))
    if cells and all(plain_sign(cell) in LIMIT_SIGNS for cell in cells):
        return _SIGNS
    if cells and all(map(is_limit_or_number, cells)):
        return _LIMITS if are_limits(present) else _NUMBERS
    return _CLASSES if are_same_classes(pd.DataFrame({column.name: present}), requested) else _OTHERS
