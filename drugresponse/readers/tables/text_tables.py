"""Files of samples, drugs, pairs and features -> tables of text, told by content, never by extension."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from drugresponse.data.conversion.numbers import to_numbers, with_decimal_points
from drugresponse.data.genotypes import FEATURE_COLUMNS
from drugresponse.data.ids import clean_ids, ids_as_text
from drugresponse.data.missing import is_missing
from drugresponse.data.tables import index_by_id
from drugresponse.errors import DrugResponseError, InputError, show_ids
from drugresponse.readers.source.foreign_formats import refuse_own_table
from drugresponse.readers.source.parquet_checks import damaged_parquet, read_parquet_parts
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.text.column_numbers import column_named
from drugresponse.readers.text.delimited import cut_rows
from drugresponse.readers.text.files import decode_file

__all__ = ["read_drugs", "read_features", "read_pairs", "read_parquet", "read_samples", "read_table"]

_MARKED = re.compile(r"[^\w.+-]|\..*\.")
"""What no number in the spelling of Python holds."""


def read_table(path: AnySource, *, where: str | None = None) -> pd.DataFrame:
    r"""Read any table as text: tabs, commas or semicolons, gzip or not, or Parquet.

    Parameters
    ----------
    path
        The file; its extension does not matter.
    where
        What to call it in errors; None takes the name of the file.

    Returns
    -------
    pandas.DataFrame
        Text columns (object), "" where missing, every cell kept as written. A row labelled `i` stands on line `i + 2`
        of the file.

    Raises
    ------
    InputError
        The file is absent, empty, binary or damaged, has no rows, rows of different length, or repeated names.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "drugs.dat")
    ...     _ = file.write_text("drug_id\tname\n007\tn/a\n")
    ...     read_table(file).to_dict("list")
    {'drug_id': ['007'], 'name': ['n/a']}
    """
    file = Source.of(path)
    where = where or file.name
    with file.opened(), file.naming_sheets():
        if file.content == "parquet":
            frame = read_parquet(file, where=where)
            return pd.DataFrame({name: ids_as_text(column) for name, column in frame.items()})
        text = cut_rows(decode_file(file), where)
    index = pd.Index(np.asarray(text.lines) - 2)
    # one block, not a column at a time: a table may have thousands of columns that nobody looks at
    return pd.DataFrame(np.array(text.rows, dtype=object), index=index, columns=text.header)


def read_samples(path: AnySource, *, sample_column: str = "sample_id") -> pd.DataFrame:
    r"""Read the samples table: index `sample_id`, text columns, "" where missing.

    Parameters
    ----------
    path
        The file.
    sample_column
        The column of ids: its name, or its number in this file, such as `"#1"`.

    Raises
    ------
    InputError
        As `read_table`; or the id column is absent, or an id is empty or repeated.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "table.tsv")
    ...     _ = file.write_text("sample_id\ttissue\ns1\tlung\ns2\t\n")
    ...     read_samples(file)["tissue"].to_dict()
    {'s1': 'lung', 's2': ''}
    """
    return _read_by_id(path, sample_column, "sample_id", "`sample_column`")


def read_drugs(path: AnySource, *, drug_column: str = "drug_id") -> pd.DataFrame:
    r"""Read the drugs table: index `drug_id`, text columns, "" where missing.

    Parameters
    ----------
    path
        The file.
    drug_column
        The column of ids: its name, or its number in this file, such as `"#1"`.

    Raises
    ------
    InputError
        As `read_table`; or the id column is absent, or an id is empty or repeated.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "table.tsv")
    ...     _ = file.write_text("drug\tsmiles\nd1\tCCO\n")
    ...     read_drugs(file, drug_column="drug")["smiles"].to_dict()
    {'d1': 'CCO'}
    """
    return _read_by_id(path, drug_column, "drug_id", "`drug_column`")


def read_pairs(path: AnySource, *, sample_column: str = "sample_id", drug_column: str = "drug_id") -> pd.DataFrame:
    r"""Read the pairs to predict.

    Parameters
    ----------
    path
        The file.
    sample_column, drug_column
        The columns of ids: their names, or their numbers in this file, such as `"#1"`.

    Returns
    -------
    pandas.DataFrame
        Columns `sample_id` and `drug_id`, text; without `drug_id` where the file has no such column.

    Raises
    ------
    InputError
        As `read_table`; or there is no sample column, or an id is empty.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "table.tsv")
    ...     _ = file.write_text("sample_id\tdrug_id\ns1\td2\n")
    ...     read_pairs(file).values.tolist()
    [['s1', 'd2']]
    """
    where = Source.of(path).name
    table = read_table(path)
    columns = {"sample_id": required_column(table, sample_column, "`sample_column`", where)}
    if drug_column in table.columns or drug_column != "drug_id":
        columns["drug_id"] = required_column(table, drug_column, "`drug_column`", where)
    pairs = pd.DataFrame({name: clean_ids(table[column], where) for name, column in columns.items()})
    for name, column in columns.items():
        empty = pairs[name] == ""
        if empty.any():
            raise InputError(
                f'{where}, line {line_of(empty)}: found an empty "{column}" or a word for missing. Fill it or remove '
                "it."
            )
    return pairs.reset_index(drop=True)


def read_features(path: AnySource) -> pd.DataFrame:
    """Read the features table that explains the columns of a matrix.

    Returns
    -------
    pandas.DataFrame
        Index `feature_id`; those of the columns `block, kind, gene, chromosome, position, ref, alt, effect, parent`
        that the file has: text ("" where unknown), and `position` as Int64 (NA where unknown). `kind` is kept as
        written.

    Raises
    ------
    InputError
        As `read_table`; or there is no `feature_id`, an id is empty or repeated, or a position is not a whole number.
    """
    where = Source.of(path).name
    table = _cleared(read_table(path))
    refuse_own_table(table.columns, where, "features")
    if "feature_id" not in table.columns:
        table = table.rename(columns={"": "feature_id"})
    if "position" in table.columns:
        positions = to_numbers(table["position"], where=where)
        odd = (positions % 1 != 0) & positions.notna() | (positions.abs() >= 2**31)
        if odd.any():
            raise InputError(
                f'{where}, line {line_of(odd)}, column "position": found a fraction or a number too large (expected a '
                "whole number). Correct the position."
            )
        table["position"] = positions.astype("Int64")
    features = index_by_id(table, "feature_id", where=where)
    return features[[name for name in FEATURE_COLUMNS if name in features.columns]]


def read_parquet(file: Source, *, where: str) -> pd.DataFrame:
    """A Parquet file as it is, with its index as columns where that holds ids.

    Raises
    ------
    InputError
        The file is damaged, or holds no row.
    MemoryLimitError
        It does not fit into the memory that is left.
    """
    try:
        frame = read_parquet_parts(file.path, where).to_pandas()
    except (DrugResponseError, MemoryError):
        raise
    except Exception as error:  # pyarrow raises many kinds; each means that the file is damaged
        raise damaged_parquet(where) from error
    if frame.empty:
        raise InputError(f"{where}: found no rows (expected at least one). Check the file.")
    if frame.index.name is not None or not pd.api.types.is_integer_dtype(frame.index.dtype):
        frame = frame.reset_index(names=frame.index.name or "")
    frame.columns = pd.Index([str(name) for name in frame.columns])
    return frame


def required_column(table: pd.DataFrame, column: str, option: str | None, where: str) -> str:
    """The name of a column that is given by its name or number, and that the table must have.

    Raises
    ------
    InputError
        As `column_named`; or the column is absent, or holds its own name: the first line is data, or is written again
        further down.
    """
    name = column_named(table.columns, column, where)
    if name not in table.columns:
        advice = f", or give its name or its number (such as #1) with {option}" if option else ""
        raise InputError(
            f'{where}: found no column "{name}" (its columns are {show_ids(table.columns, 8)}). Rename the '
            f"column{advice}."
        )
    again = table[name] == name
    if again.any():
        raise InputError(
            f'{where}, line {line_of(again)}: found "{name}", the name of its column, as a value (expected names in '
            "the first line alone). Where the first line is data, write the names of the columns above it; else remove "
            "this line."
        )
    return name


def line_of(marked: pd.Series) -> int:
    """The line of the file on which the first marked row of a table stands.

    Examples
    --------
    >>> line_of(pd.Series([False, True, True]))
    3
    """
    return int(marked.index[int(np.argmax(marked.to_numpy()))]) + 2


def _read_by_id(path: AnySource, id_column: str, id_name: str, option: str) -> pd.DataFrame:
    file = Source.of(path)
    where, table = file.name, read_table(file)
    refuse_own_table(table.columns, where, id_name.replace("_id", "s"))
    with file.naming_sheets():
        id_column = required_column(table, id_column, option, where)
    indexed = _cleared(index_by_id(table, id_column, where=where)).rename_axis(id_name)
    # few columns have to be looked at
    marked = {cell for cell in set(indexed.to_numpy().ravel()) if _MARKED.search(cell)}
    for name in indexed.columns[indexed.isin(marked).any().to_numpy()]:
        indexed[name] = with_decimal_points(indexed[name], where=where)
    return indexed


def _cleared(table: pd.DataFrame) -> pd.DataFrame:
    """Text with "" for every word for missing."""
    words = {cell for cell in set(table.to_numpy().ravel()) if is_missing(cell)}
    return table.where(~table.isin(words), "")
