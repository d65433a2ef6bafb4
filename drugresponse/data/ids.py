"""Ids as text, whatever they were read as."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["ids_as_text"]


def ids_as_text(column: pd.Series) -> pd.Series:
    """Ids as text: 7 and 7.0 become "7", missing becomes "".

    Examples
    --------
    >>> ids_as_text(pd.Series([1240121.0, None])).tolist(), ids_as_text(pd.Series(["007"])).tolist()
    (['1240121', ''], ['007'])
    """
    if pd.api.types.is_float_dtype(column.dtype):
        cells = ["" if pd.isna(each) else str(int(each)) if each == np.floor(each) else str(each) for each in column]
    else:
        cells = ["" if pd.isna(each) else str(each) for each in column]
    return pd.Series(cells, index=column.index, name=column.name, dtype=object)
