"""Given folds: which sample, drug or pair is held out when."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drugresponse.data.ids import clean_ids
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.tables.text_tables import read_table, require_column
from drugresponse.readers.text.column_numbers import column_named

__all__ = ["read_splits"]

_PARTS = {"train": -1, "validation": -1, "test": 0}


def read_splits(path: str | Path, *, sample_column: str = "sample_id", drug_column: str = "drug_id") -> pd.DataFrame:
    """Read a table of folds.

    A row holds out a sample (in all its pairs), a drug, or one pair, by which of the ids it gives. Sample rows and drug
    rows together hold out pairs of which both are new. The fold is a whole number, or `train`, `validation` or
    `test`: then test rows are one fold, and the learners choose their own validation rows among the others.

    Parameters
    ----------
    path
        The file.
    sample_column, drug_column
        The columns of ids: their names, or their numbers in this file, such as `"#1"`.

    Returns
    -------
    pandas.DataFrame
        Columns `repeat, fold` (int; -1 is never held out), `sample_id, drug_id` (text, "" where the row is about all).

    Raises
    ------
    InputError
        As `read_table`; or there is no fold, or it is neither a number nor one of the three words.
    """
    where = Path(path).name
    table = read_table(path)
    require_column(table, "fold", None, where)
    folds = table["fold"].str.strip().str.lower()
    words = folds.isin(_PARTS)
    bad = folds[~words & ~folds.str.fullmatch(r"-?\d{1,9}")]
    if len(bad):
        raise InputError(
            f"{where}, line {int(bad.index[0]) + 2}: found fold {show_ids(bad[:1])} "
            "(expected a whole number, or train, validation or test). Correct it."
        )
    if words.any() and not words.all():
        raise InputError(f"{where}: found numbered folds beside train, validation and test. Use one way to name folds.")
    named = {"sample_id": sample_column, "drug_id": drug_column}
    ids = {name: _ids(table, column_named(table.columns, column, where), where) for name, column in named.items()}
    empty = (ids["sample_id"] == "") & (ids["drug_id"] == "")
    if empty.any():
        line = int(table.index[int(empty.to_numpy().argmax())]) + 2
        raise InputError(f"{where}, line {line}: found neither a sample nor a drug. Fill or remove the line.")
    numbers = folds.map(_PARTS) if words.all() else folds.astype(int)
    repeat = pd.Series(0, index=table.index)
    if "repeat" in table.columns:
        odd = table.index[~table["repeat"].str.strip().str.fullmatch(r"\d{1,9}")]
        if len(odd):
            raise InputError(f"{where}, line {int(odd[0]) + 2}: found a repeat that is no whole number. Correct it.")
        repeat = table["repeat"].astype(int)
    return pd.DataFrame({"repeat": repeat, "fold": numbers, **ids}).reset_index(drop=True)


def _ids(table: pd.DataFrame, column: str, where: str) -> pd.Series:
    return clean_ids(table[column], where) if column in table.columns else pd.Series("", index=table.index)
