"""Columns of chosen types out of long plain text, at the speed of pyarrow and pandas: quotes have no meaning there."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv
from numpy.typing import NDArray

from drugresponse.data.missing import MISSING_CELLS

__all__ = ["float_columns", "typed_columns"]

_ARROW = {
    "category": pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
    "int64": pyarrow.int64(),
    "text": pyarrow.string(),
}
_PANDAS = {"text": "object"}
_BLANKS = r"\s+"
_MISSING = sorted({spelling for word in MISSING_CELLS for spelling in (word, word.upper(), word.title(), "NaN")})


def typed_columns(
    content: bytes, names: Sequence[str], types: Mapping[str, str], separator: str | None
) -> pd.DataFrame:
    r"""Some columns of lines without a header.

    Parameters
    ----------
    content
        UTF-8.
    names
        Of all columns, in their order; a line may have fewer or more.
    types
        `category`, `int64` or `text`, by the names of the columns that are wanted.
    separator
        Of the columns; None is any number of blanks.

    Raises
    ------
    ValueError
        A cell is not of its type, or the content is no UTF-8.

    Examples
    --------
    >>> typed_columns(b"1\trs7\t10\n1\trs8\t12\n", ["chromosome", "name", "position"], {"position": "int64"}, "\t")
       position
    0        10
    1        12
    """
    try:
        return _even(content, names, types)
    except ValueError:
        return _uneven(content, names, types, separator)


def float_columns(
    lines: Sequence[str], columns: Sequence[int], separator: str | None, *, short: bool = False
) -> NDArray[np.float32]:
    """`(n_lines, n_columns)` plain numbers, NaN where missing.

    `short` ones, such as copies of an allele, have too few digits to be rounded wrongly, and are read faster.

    Raises
    ------
    ValueError
        A cell is neither a plain number nor a word for missing.

    Examples
    --------
    >>> float_columns(["s1;1;0.5", "s2;NA;2"], [1, 2], ";")
    array([[1. , 0.5],
           [nan, 2. ]], dtype=float32)
    """
    try:
        with np.errstate(over="ignore"):  # what is beyond single precision becomes infinite, for others to refuse
            frame = pd.read_csv(
                io.BytesIO("\n".join(lines).encode()),
                sep=separator or _BLANKS,
                header=None,
                usecols=list(columns),
                dtype=np.float32,
                na_values=_MISSING,
                keep_default_na=False,
                quoting=csv.QUOTE_NONE,
                float_precision=None if short else "round_trip",
                engine="c",
            )
    except OverflowError as error:
        raise ValueError(str(error)) from error
    return frame.to_numpy(dtype=np.float32)


def _even(content: bytes, names: Sequence[str], types: Mapping[str, str]) -> pd.DataFrame:
    """Lines of equally many cells between single tabs, as programs write them; a ValueError for others."""
    table = pyarrow.csv.read_csv(
        pyarrow.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(column_names=list(names), use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(types),
            column_types={name: _ARROW[kind] for name, kind in types.items()},
            null_values=[],
        ),
    )
    # texts are rarely looked at: as Python objects they would take more memory than all the rest
    return table.unify_dictionaries().to_pandas(types_mapper={_ARROW["text"]: pd.ArrowDtype(_ARROW["text"])}.get)


def _uneven(content: bytes, names: Sequence[str], types: Mapping[str, str], separator: str | None) -> pd.DataFrame:
    try:
        return pd.read_csv(
            io.BytesIO(content),
            sep=separator or _BLANKS,
            header=None,
            names=list(names),
            usecols=list(types),
            index_col=False,
            dtype={name: _PANDAS.get(kind, kind) for name, kind in types.items()},
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
            engine="c",
        )
    except OverflowError as error:
        raise ValueError(str(error)) from error
