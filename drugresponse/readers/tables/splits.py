"""Folds from a file: which sample, drug or pair is held out when."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drugresponse.data.ids import clean_ids
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.tables.text_tables import line_of, read_table, required_column
from drugresponse.readers.text.column_numbers import column_named

__all__ = ["read_splits"]

_PARTS = {"train": -1, "validation": -1, "test": 0}


def read_splits(path: str | Path, *, sample_column: str = "sample_id", drug_column: str = "drug_id") -> pd.DataFrame:
    r"""Read a table of folds.

    A row holds out a sample (in all its pairs), a drug, or one pair, by which of the ids it gives. Sample rows and drug
    rows together hold out pairs of which both are new. In the scheme `new-studies` a row holds out a `study`, or one of
    its samples. The fold is a whole number, or `train`, `validation` or `test`: then test rows are one fold, and the
    learners choose their own validation rows among the others.

    Parameters
    ----------
    path
        The file.
    sample_column, drug_column
        The columns of ids: their names, or their numbers in this file, such as `"#1"`.

    Returns
    -------
    pandas.DataFrame
        Columns `repeat, fold` (int; -1 is never held out), `sample_id, drug_id` (text, "" where the row is about all),
        and `study` where the file has it.

    Raises
    ------
    InputError
        As `read_table`; or there is no fold, or it is neither a number nor one of the three words.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "table.tsv")
    ...     _ = file.write_text("sample_id\tfold\ns1\t0\ns2\t1\n")
    ...     read_splits(file)[["fold", "sample_id"]].values.tolist()
    [[0, 's1'], [1, 's2']]
    """
    where = Path(path).name
    table = read_table(path)
    required_column(table, "fold", None, where)
    folds = table["fold"].str.strip().str.lower()
    words = folds.isin(_PARTS)
    bad = ~words & ~folds.str.fullmatch(r"-?\d{1,9}")
    if bad.any():
        raise InputError(
            f"{where}, line {line_of(bad)}: found fold {show_ids(folds[bad][:1])} "
            "(expected a whole number, or train, validation or test). Correct it."
        )
    if words.any() and not words.all():
        raise InputError(f"{where}: found numbered folds beside train, validation and test. Use one way to name folds.")
    made = pd.DataFrame({"repeat": 0, "fold": folds.map(_PARTS) if words.all() else folds.astype(int)})
    if "repeat" in table.columns:
        bad = ~table["repeat"].str.strip().str.fullmatch(r"\d{1,9}")
        if bad.any():
            raise InputError(f"{where}, line {line_of(bad)}: found a repeat that is no whole number. Correct it.")
        made["repeat"] = table["repeat"].astype(int)
    for name, column_or_number in {"sample_id": sample_column, "drug_id": drug_column}.items():
        column = column_named(table.columns, column_or_number, where)
        made[name] = clean_ids(table[column], where) if column in table.columns else ""
    if "study" in table.columns:
        made["study"] = clean_ids(table["study"], where)
    bad = (made.drop(columns=["repeat", "fold"]) == "").all(axis=1)
    if bad.any():
        raise InputError(f"{where}, line {line_of(bad)}: found neither a sample nor a drug. Fill or remove the line.")
    return made.reset_index(drop=True)
