"""Genotypes from objects in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.conversion.blocks import joined_blocks
from drugresponse.data.conversion.features import describe_features
from drugresponse.data.conversion.frames import FrameLike, as_pandas, is_frame
from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.conversion.sample_columns import feature_columns
from drugresponse.data.genotypes import FEATURE_COLUMNS, Genotypes, GenotypesLike, refuse_complex
from drugresponse.data.ids import ids_as_text, warn_of_other_case
from drugresponse.errors import InputError, nearest, show_ids

__all__ = ["as_float32", "as_genotypes", "frame_values", "is_anndata", "modalities_of"]

_ID_COLUMNS = {"sample_id", "IID"}


def as_genotypes(data: GenotypesLike, *, layer: str | None = None, kind: str | None = None) -> Genotypes:
    """Genotypes from an object in memory: Genotypes, a frame, AnnData or MuData, or several of them as named blocks.

    Parameters
    ----------
    data
        A mapping of names to such objects makes a block of each, such as `{"expression": frame, "mutation": other}`:
        features of one name in two blocks are two features, and a sample that a block lacks is missing there.
        `Genotypes` come back as they are. Of a DataFrame, rows are samples, with ids in the index or in a column
        `sample_id`; frames of polars, pyarrow and others have the column. Of an AnnData, obs are samples, var are
        features, and columns of `var` such as `kind` or `gene` are taken. Of a MuData, each modality is a block of its
        name, and a sample that one lacks is missing there; `data["rna"]` is one alone. NaN is missing. Nothing is
        changed in place.
    layer
        Layer of the AnnData, or of each modality; None takes `X`.
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
    genotypes = _from_object(data, layer, kind)
    warn_of_other_case(genotypes.features, "genotypes")
    return genotypes


def _from_object(data: Any, layer: str | None, kind: str | None) -> Genotypes:
    if isinstance(data, Mapping):
        parts = {
            name: part if isinstance(part, Genotypes) else _from_object(part, layer, kind)
            for name, part in data.items()
        }
        return joined_blocks(parts)
    if is_frame(data):
        return _from_frame(data, kind)
    if modalities := modalities_of(data):
        return Genotypes.join([_from_anndata(part, layer, kind, block) for block, part in modalities.items()])
    if is_anndata(data):
        return _from_anndata(data, layer, kind)
    raise InputError(
        f"genotypes: found {type(data).__name__} (expected Genotypes, a DataFrame, AnnData or MuData). Read a file "
        "with read_genotypes; blocks are a dict of such objects."
    )


def is_anndata(data: object) -> bool:
    """Whether an object has what is read of an AnnData."""
    return all(hasattr(data, name) for name in ("obs_names", "var_names", "X", "layers"))


def modalities_of(data: object) -> dict[str, Any]:
    """The AnnData of each modality of a MuData; nothing of anything else."""
    modalities = getattr(data, "mod", None)
    if not hasattr(data, "obsmap") or not isinstance(modalities, Mapping):
        return {}
    return {str(name): part for name, part in modalities.items()}


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


def _from_frame(data: FrameLike, kind: str | None) -> Genotypes:
    frame = as_pandas(data, "genotypes")
    if (
        not isinstance(data, pd.DataFrame)
        and isinstance(frame.index, pd.RangeIndex)
        and not _ID_COLUMNS & {*frame.columns}
    ):
        raise InputError(
            f'genotypes: found no column "sample_id" (its columns are {show_ids(frame.columns, 8)}). Rename the column '
            "that holds the ids of the samples."
        )
    if {*map(str, frame.columns)} - {"sample_id"} == {"drug_id"}:
        raise InputError(
            "genotypes: found pairs of sample_id and drug_id (expected genotypes). Where scikit-learn gives pairs as "
            "X, bind the model to its genotypes first: model.as_estimator(genotypes)."
        )
    frame = frame.set_index("sample_id") if "sample_id" in frame.columns else frame
    if "IID" in frame.columns and isinstance(frame.index, pd.RangeIndex):
        frame = frame.set_index("IID")  # as pandas reads what PLINK writes
    samples = ids_as_text(frame.index.to_series())
    frame = frame.loc[:, feature_columns([str(name) for name in frame.columns], "genotypes")]
    features = [str(name) for name in frame.columns]
    values = frame_values(frame, "genotypes")
    return Genotypes.build(values, list(samples), describe_features(features, values, kind=kind))


def _from_anndata(data: Any, layer: str | None, kind: str | None, block: str | None = None) -> Genotypes:
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
    if block is not None and "block" not in names:
        described = described.assign(block=block)
    return Genotypes.build(values, list(data.obs_names), described)
