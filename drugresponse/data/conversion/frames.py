"""Tables of other libraries (polars, pyarrow and what else narwhals knows) as pandas frames: the one door for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, Union

import pandas as pd

from drugresponse.errors import InputError, one_line

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

__all__ = ["FrameLike", "as_pandas", "is_frame"]

FrameLike: TypeAlias = Union[pd.DataFrame, "IntoFrame"]
"""What functions take for a table: of pandas, polars (also a lazy one), pyarrow, or another that narwhals knows."""
_LIBRARIES = ("polars", "pyarrow", "modin", "cudf", "dask", "duckdb", "pyspark", "ibis", "narwhals")


def is_frame(table: object) -> bool:
    """Whether an object is a table of one of the libraries that are known, without loading any of them.

    Examples
    --------
    >>> is_frame(pd.DataFrame()), is_frame({"sample_id": ["s1"]})
    (True, False)
    """
    kind = type(table)
    of_others = kind.__module__.partition(".")[0] in _LIBRARIES and hasattr(kind, "columns")
    return isinstance(table, pd.DataFrame) or of_others


def as_pandas(table: Any, where: str, expected: str = "") -> pd.DataFrame:
    """A table as a pandas frame; whole numbers of which some are missing stay whole.

    Parameters
    ----------
    table
        As `FrameLike`; a frame of pandas comes back as it is.
    where
        What to call it in errors.
    expected
        What its columns are to be, in words after "a DataFrame".

    Raises
    ------
    InputError
        It is no table, or cannot be read.

    Examples
    --------
    >>> import polars
    >>> as_pandas(polars.DataFrame({"sample_id": ["s1", "s2"], "age": [50, None]}), "samples")
      sample_id   age
    0        s1    50
    1        s2  <NA>
    """
    if isinstance(table, pd.DataFrame):
        return table
    if not is_frame(table):
        raise InputError(f"{where}: found {type(table).__name__} (expected a DataFrame{expected}). Make one of it.")
    import narwhals  # only where a table of another library is given

    try:
        frame = narwhals.from_native(table)
        whole = frame.collect() if isinstance(frame, narwhals.LazyFrame) else frame
        stored = whole.to_arrow()
        return stored.to_pandas(types_mapper=_whole_numbers(stored).get)
    except Exception as error:  # each library has errors of its own
        raise InputError(
            f"{where}: the {type(table).__module__.partition('.')[0]} table cannot be read ({one_line(error)}). Make a "
            "pandas DataFrame of it."
        ) from error


def _whole_numbers(stored: Any) -> dict[Any, Any]:
    """Types of pandas for those whose columns may lack values, which else become numbers with a point."""
    import pyarrow

    numbers = {getattr(pyarrow, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)}
    lacking = {column.type for column in stored.columns if column.null_count}
    mapped = {kind: pd.Int64Dtype() for kind in numbers & lacking}
    return mapped | ({pyarrow.bool_(): pd.BooleanDtype()} if pyarrow.bool_() in lacking else {})
