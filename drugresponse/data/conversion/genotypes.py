"""Genotypes from objects in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.conversion.features import describe_features
from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.conversion.sample_columns import feature_columns
from drugresponse.data.genotypes import FEATURE_COLUMNS, Genotypes, GenotypesLike, refuse_complex
from drugresponse.data.ids import ids_as_text
from drugresponse.errors import InputError, nearest

__all__ = ["as_float32", "as_genotypes", "frame_values"]


def as_genotypes(data: GenotypesLike, *, layer: str | None = None, kind: str | None = None) -> Genotypes:
    """Genotypes from an object in memory: Genotypes, a DataFrame, or AnnData.

    Parameters
    ----------
    data
        `Genotypes` come back as they are. Of a DataFrame, rows are samples, with ids in the index or in a column
        `sample_id`. Of an AnnData, obs are samples, var are features, and columns of `var` such as `kind` or `gene` are
        taken. NaN is missing. Nothing is changed in place.
    layer
        Layer of the AnnData; None takes `X`.
    kind
        Kind of the features whose kind is not told; None guesses it from each block.

    Raises
    ------
    InputError
        The object is of another type, lacks the layer, or holds text.

    Examples
    --------
    >>> as_genotypes(pd.DataFrame({"TP53": [1, 0]}, index=["s1", "s2"])).features["kind"].tolist()
    ['altered']
    """
    if isinstance(data, Genotypes):
        return data
    if isinstance(data, pd.DataFrame):
        return _from_frame(data, kind)
    if all(hasattr(data, name) for name in ("obs_names", "var_names", "X", "layers")):
        return _from_anndata(data, layer, kind)
    raise InputError(
        f"genotypes: found {type(data).__name__} (expected Genotypes, a DataFrame or AnnData). "
        "Read a file with read_genotypes."
    )


def frame_values(frame: pd.DataFrame, where: str) -> NDArray[np.float32]:
    """The cells of a frame as `(n_rows, n_columns)` float32, NaN where missing; text is read as numbers.

    Raises
    ------
    InputError
        A cell is not a number.
    """
    for name in frame.columns[[dtype.kind == "c" for dtype in frame.dtypes]]:
        raise InputError(f'{where}, column "{name}": found complex numbers (expected real ones). Write real numbers.')
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes):
        with np.errstate(over="ignore"):
            return frame.to_numpy(dtype=np.float32, na_value=np.nan)
    columns = [
        to_numbers(
            column if pd.api.types.is_numeric_dtype(column.dtype) else ids_as_text(column).reset_index(drop=True),
            where=where,
            column_name=str(name),
        )
        for name, column in frame.items()
    ]
    return as_float32(np.column_stack([column.to_numpy() for column in columns]))


def as_float32(numbers: NDArray[Any]) -> NDArray[np.float32]:
    """Numbers in single precision; what does not fit becomes infinite, which is refused later with its place."""
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32)


def _from_frame(data: pd.DataFrame, kind: str | None) -> Genotypes:
    frame = data.set_index("sample_id") if "sample_id" in data.columns else data
    if "IID" in frame.columns and isinstance(frame.index, pd.RangeIndex):
        frame = frame.set_index("IID")  # as pandas reads what PLINK writes
    samples = ids_as_text(frame.index.to_series())
    frame = frame.loc[:, feature_columns([str(name) for name in frame.columns], "genotypes")]
    features = [str(name) for name in frame.columns]
    values = frame_values(frame, "genotypes")
    return Genotypes.build(values, list(samples), describe_features(features, values, kind=kind))


def _from_anndata(data: Any, layer: str | None, kind: str | None) -> Genotypes:
    if layer is not None and layer not in data.layers:
        raise InputError(f'genotypes: found no layer "{layer}". {nearest(layer, map(str, data.layers))}')
    values = data.X if layer is None else data.layers[layer]
    if values is None:
        raise InputError("genotypes: this AnnData has no X. Name the layer that holds the genotypes.")
    refuse_complex(values)
    if not sparse.issparse(values):
        values = as_float32(np.asarray(values))
    names = [name for name in FEATURE_COLUMNS if name in data.var.columns]
    table = data.var[names] if names else None
    kept = np.flatnonzero(feature_columns([str(name) for name in data.var_names], "genotypes"))
    values = sparse.csr_array(values)[:, kept] if sparse.issparse(values) else values[:, kept]
    table = None if table is None else table.iloc[kept]
    described = describe_features(list(data.var_names[kept]), values, table=table, kind=kind)
    return Genotypes.build(values, list(data.obs_names), described)
