"""Columns of chosen types out of long plain text, at the speed of pyarrow and pandas: quotes have no meaning there."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import partial

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
    "float32": pyarrow.float32(),
    "bool": pyarrow.bool_(),
}
_PANDAS = {"text": "object", "category": "object"}
"""Categories are made afterwards: those that pandas 3 reads are numbers where all look like such, and 01 is 1."""
_SMALL_BLOCK, _LARGE_BLOCK, _LARGEST_BLOCK = 1 << 20, 1 << 26, 2**31 - 1
_TRUE, _FALSE = ["TRUE", "True", "true"], ["FALSE", "False", "false"]
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
        table = _even(content, names, types).unify_dictionaries()
    except ValueError:
        return _uneven(content, names, types, separator)
    # texts are rarely looked at: as Python objects they would take more memory than all the rest
    return table.to_pandas(types_mapper={_ARROW["text"]: pd.ArrowDtype(_ARROW["text"])}.get)


def float_columns(lines: Sequence[str], columns: Sequence[int], separator: str) -> NDArray[np.float32]:
    """`(n_lines, n_columns)` plain numbers of lines of equally many cells, NaN where missing.

    A column of truth values alone, as R writes them, has 1 and 0. What is beyond single precision is infinite.

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
    content = "\n".join(lines).encode()
    names = [str(at) for at in range(lines[0].count(separator) + 1)]
    kinds = {names[at]: "float32" for at in columns}
    block_size = min(max(_LARGE_BLOCK, 2 * max(map(len, lines))), _LARGEST_BLOCK)
    parse = partial(_even, content, names, separator=separator, missing=_MISSING, block_size=block_size)
    try:
        table = parse(kinds)
    except ValueError:
        truth = {*_TRUE, *_FALSE}
        if not any(word.encode() in content for word in truth):
            raise
        cells = (cell for line in lines for cell in zip(names, line.split(separator), strict=True))
        kinds |= {name: "bool" for name, cell in cells if cell in truth and name in kinds}
        table = parse(kinds).cast(pyarrow.schema(dict.fromkeys(kinds, _ARROW["float32"])))
    # pandas 3 gives what it still holds, which nobody may write to
    return np.require(table.to_pandas().to_numpy(dtype=np.float32), requirements="W")


def _even(
    content: bytes,
    names: Sequence[str],
    types: Mapping[str, str],
    *,
    separator: str = "\t",
    missing: Sequence[str] = (),
    block_size: int = _SMALL_BLOCK,
) -> pyarrow.Table:
    """Lines of equally many cells between single separators, as programs write them; a ValueError for others."""
    return pyarrow.csv.read_csv(
        pyarrow.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(column_names=list(names), use_threads=False, block_size=block_size),
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator, quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(types),
            column_types={name: _ARROW[kind] for name, kind in types.items()},
            null_values=list(missing),
            true_values=_TRUE,
            false_values=_FALSE,
        ),
    )


def _uneven(content: bytes, names: Sequence[str], types: Mapping[str, str], separator: str | None) -> pd.DataFrame:
    few = [name for name, kind in types.items() if kind == "category"]
    try:
        read = pd.read_csv(
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
    return read.astype(dict.fromkeys(few, "category"))
