"""A rule from a file: what each feature, or each sample, counts for a drug."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drugresponse.data.column_names import find_column
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.tables.text_tables import read_table
from drugresponse.readers.text.column_numbers import column_named

__all__ = ["read_rule"]

_NAMES = {
    "feature_id": ("featureid", "feature", "mutation", "variant", "element"),
    "score": ("score", "penalty", "weight"),
    "class": ("class", "call", "category", "interpretation", "sir"),
}


def read_rule(path: str | Path, *, sample_column: str = "sample_id", drug_column: str = "drug_id") -> pd.DataFrame:
    r"""Read a rule.

    Parameters
    ----------
    path
        A table with a column of drugs (none, or an empty cell: every drug), one of features (`feature_id`, `feature`,
        `mutation`, `variant`, `element`) or of samples, and one of scores (`score`, `penalty`, `weight`) or classes
        (`class`, `call`, `category`, `interpretation`, `sir`).
    sample_column, drug_column
        The columns of ids: their names, or their numbers in this file, such as `"#1"`.

    Returns
    -------
    pandas.DataFrame
        Columns of text: `drug_id` where there is one, `feature_id` or `sample_id`, and `score` or `class`.

    Raises
    ------
    InputError
        As `read_table`; or a column is absent.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "hivdb.tsv")
    ...     _ = file.write_text("drug\tmutation\tpenalty\n3TC\tRT_184V\t60\n")
    ...     read_rule(file, drug_column="drug").values.tolist()
    [['3TC', 'RT_184V', '60']]
    """
    where = Path(path).name
    table = read_table(path)
    columns = [str(name) for name in table.columns]
    found = {name: find_column(columns, words) for name, words in _NAMES.items()}
    places = {name: columns[at] for name, at in found.items() if at is not None}
    ids = {"sample_id": sample_column, "drug_id": drug_column}
    for name, column_or_number in ids.items():
        column = column_named(table.columns, column_or_number, where)
        if column in table.columns:
            places[name] = column
    if "feature_id" in places:
        places.pop("sample_id", None)
    if not {"feature_id", "sample_id"} & places.keys() or not {"score", "class"} & places.keys():
        raise InputError(
            f"{where}: found the columns {show_ids(columns, 8)} (expected drug_id, feature_id or sample_id, and score "
            "or class). Rename them."
        )
    order = [name for name in ("drug_id", "feature_id", "sample_id", "score", "class") if name in places]
    return pd.DataFrame({name: table[places[name]] for name in order})
