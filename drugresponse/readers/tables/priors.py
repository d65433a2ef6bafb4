"""A prior from a file: what each feature is expected to do to the response to each drug."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drugresponse.readers.tables.text_tables import read_table
from drugresponse.readers.text.column_numbers import column_named

__all__ = ["read_prior"]


def read_prior(path: str | Path, *, drug_column: str = "drug_id") -> pd.DataFrame:
    r"""Read a prior, as `DrugResponseModel.fit` takes it.

    Parameters
    ----------
    path
        A table with the columns that `fit` tells of.
    drug_column
        The column of drugs: its name, or its number in this file, such as `"#1"`.

    Returns
    -------
    pandas.DataFrame
        Columns of text.

    Raises
    ------
    InputError
        As `read_table`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "effects.tsv")
    ...     _ = file.write_text("feature\tcompound\teffect\nTP53\tnutlin\t1.5\n")
    ...     read_prior(file, drug_column="compound").columns.tolist()
    ['feature', 'drug_id', 'effect']
    """
    table = read_table(path)
    return table.rename(columns={column_named(table.columns, drug_column, Path(path).name): "drug_id"})
