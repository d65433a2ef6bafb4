"""An .h5ad or .h5mu file -> Genotypes: obs are samples, var are features, and each modality is a block."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.conversion.blocks import refuse_wrong_block_name
from drugresponse.data.conversion.features import describe_features
from drugresponse.data.conversion.observations import joined_observations, samples_of_observations
from drugresponse.data.conversion.sample_columns import feature_columns
from drugresponse.data.genotypes import FEATURE_COLUMNS, Genotypes
from drugresponse.data.stored_values import ColumnsInMemory, StoredValues, stays_stored
from drugresponse.errors import DrugResponseError, InputError, nearest, one_line, quoted, require
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.matrix._stored_columns import DenseColumns, SparseColumns, columns_of_chunks
from drugresponse.readers.source.hdf5_checks import checked_part, refuse_crashing, refuse_large_parts
from drugresponse.readers.source.source import AnySource, Source

__all__ = ["read_anndata", "read_observations"]

logger = logging.getLogger(__name__)

_BLOCK_CELLS = 1 << 22
_CELL_BYTES = 40
"""What a cell takes while a block becomes sparse, were none of them 0."""
_SPARSE = ("csr_matrix", "csc_matrix")
_OWN_IDS = "drugresponse_feature_id"
"""Column of `var` with the ids of the features, where this package had to make the names of `var` unique."""


def read_anndata(path: AnySource, *, layer: str | None = None, kind: str | None = None) -> Genotypes:
    """Read a matrix that anndata wrote; only the matrix, the names and what `var` says of the features are looked at.

    Parameters
    ----------
    path
        The file; its extension does not matter. Of .h5mu each modality is a block of its name.
    layer
        Layer to read; None takes `X`.
    kind
        Kind of the features whose kind `var` does not tell; None guesses it from each block.

    Returns
    -------
    Genotypes
        NaN is missing, in a sparse matrix too; a cell that a sparse matrix does not store is 0. A large matrix
        (`data.stored_values.stays_stored`), dense or of compressed sparse columns, stays in the file.

    Raises
    ------
    InputError
        The file is damaged, is other HDF5, leads to other files, lacks the layer, or does not hold numbers.

    Notes
    -----
    HDF5 can point into other files of the machine (external links, external and virtual data sets). Nothing of that
    kind is followed.

    Examples
    --------
    >>> import tempfile
    >>> import anndata
    >>> table = pd.DataFrame([[0.0, 1.0]], index=["s1"], columns=["TP53", "KRAS"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     anndata.AnnData(table).write_h5ad(Path(folder, "cohort.dat"))
    ...     genotypes = read_anndata(Path(folder, "cohort.dat"), kind="altered")
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['KRAS', 'TP53'], [[1.0, 0.0]])
    """
    file = Source.of(path).checked_path()
    with _opened(file) as (whole, modalities):
        if not modalities:
            return _genotypes(whole, layer, kind)
        return Genotypes.join([_genotypes(part, layer, kind) for part in modalities.values()])


def _genotypes(parts: _Stored, layer: str | None, kind: str | None) -> Genotypes:
    """Those of a file, or of one modality of it, which is a block unless its features tell theirs."""
    file = parts.file
    samples, features = parts.names("obs"), parts.names("var")
    table, own_ids = parts.feature_columns(features), parts.own_ids()
    values = parts.matrix(layer, (len(samples), len(features)))
    if isinstance(values, StoredValues):
        _refuse_infinite(values, file.name)
    kept = feature_columns(features, file.name)
    if not kept.all():
        at = np.flatnonzero(kept)
        features = list(itertools.compress(features, kept))
        values = values.take_columns(at) if isinstance(values, StoredValues) else sparse.csr_array(values)[:, at]
        table = None if table is None else table.iloc[at]
        own_ids = None if own_ids is None else list(itertools.compress(own_ids, kept))
    described = describe_features(features, values, table=table, kind=kind, where=file.name)
    if own_ids is not None:
        described = described.set_index(pd.Index(own_ids, name="feature_id", dtype=object))
    if parts.modality and (table is None or "block" not in table.columns):
        described = described.assign(block=refuse_wrong_block_name(parts.modality))
    return Genotypes.build(values, samples, described)


def read_observations(path: AnySource) -> pd.DataFrame:
    """What `obs` says of the samples, column by column, in .h5mu that of the modalities too; no matrix is read.

    Raises
    ------
    InputError
        As `read_anndata`.
    """
    with _opened(Source.of(path).checked_path()) as (whole, modalities):
        tables = [whole.observations(), *(part.observations() for part in modalities.values())]
    told = [samples_of_observations(table, modalities) for table in tables]
    joined = joined_observations(told) if modalities else None
    return tables[0] if joined is None else joined


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tuple[_Stored, dict[str, _Stored]]]:
    """The parts of a file, and of an .h5mu file those of each of its modalities, which are in their order."""
    library = require("h5py", "read .h5ad files")
    refuse_crashing(file)
    try:
        with library.File(file, "r", locking=False) as stored:
            names = _modalities(stored, file)
            yield _Stored(stored, file), {name: _Stored(stored, file, name) for name in names}
    except DrugResponseError:
        raise
    except Exception as error:  # of a damaged file, the libraries raise nearly everything there is
        raise InputError(
            f"{file.name}: this HDF5 file cannot be read ({quoted(one_line(error), 120)}). It is truncated or "
            "damaged, or not written by anndata; write it anew with AnnData.write_h5ad."
        ) from error


class _Stored:
    """The parts of an open file that are read, each looked at before it is."""

    def __init__(self, stored: Any, file: Path, modality: str = "") -> None:
        self._stored, self.file, self.modality = stored, file, modality
        self._within = f"mod/{modality}/" if modality else ""
        absent = [name for name in ("obs", "var") if f"{self._within}{name}" not in stored]
        if absent:
            raise InputError(
                f"{file.name}: this HDF5 file has no {' and no '.join(absent)} (expected .h5ad, which has obs, var and "
                "X). Write it with AnnData.write_h5ad."
            )

    def names(self, axis: str) -> list[str]:
        """The ids of obs or var."""
        frame = self._element(axis)
        if "_index" not in frame.attrs or not hasattr(frame, "keys"):
            raise InputError(
                f"{self.file.name}: {axis} is not stored as anndata 0.7 and later store it. "
                "Read it and write it anew with a newer anndata."
            )
        index = frame.attrs["_index"]
        return [str(name) for name in self._read(f"{axis}/{_as_text(index)}")]

    def feature_columns(self, features: list[str]) -> pd.DataFrame | None:
        """What var says of the features, in the columns that are known here."""
        frame = self._element("var")
        named = [name for name in FEATURE_COLUMNS if name in frame]
        columns = {name: self._read(f"var/{name}") for name in named}
        if not columns:
            return None
        return pd.DataFrame({name: pd.Series(column).to_numpy() for name, column in columns.items()}, index=features)

    def observations(self) -> pd.DataFrame:
        """Every column of obs but the ids, which are the index."""
        frame = self._element("obs")
        ids = pd.Index(self.names("obs"), name="sample_id", dtype=object)
        index = _as_text(frame.attrs["_index"])
        columns = {name: pd.Series(self._read(f"obs/{name}")).to_numpy() for name in frame if name != index}
        return pd.DataFrame(columns, index=ids)

    def own_ids(self) -> list[str] | None:
        """The ids of the features, where they are not the names of var."""
        is_stored = _OWN_IDS in self._element("var")
        return list(map(str, self._read(f"var/{_OWN_IDS}"))) if is_stored else None

    def matrix(self, layer: str | None, shape: tuple[int, int]) -> Any:
        """The numbers of X or a layer, as `scipy.sparse` where they are stored so, NaN where missing."""
        where = "X" if layer is None else f"layers/{layer}"
        if layer is not None:
            layers = list(self._element("layers")) if f"{self._within}layers" in self._stored else []
            if layer not in layers:
                hint = nearest(layer, layers) if layers else "It has none."
                raise InputError(f'{self.file.name}: found no layer "{layer}". {hint}')
        place = f"{self._within}{where}"
        if place not in self._stored or self._encoding(self._stored[place]) == "null":
            raise InputError(f"{self.file.name}: this file has no X. Name the layer that holds the genotypes.")
        stored = self._element(where)
        is_sparse = self._encoding(stored) in _SPARSE
        large = stays_stored(shape) and self._by_columns(stored, place, shape)
        if large:
            return large
        values = self._read(where) if is_sparse else stored
        _refuse_other_than_numbers(values.dtype, self.file.name)
        if tuple(values.shape) != shape:
            raise InputError(
                f"{self.file.name}: {where} is {' x '.join(map(str, values.shape))}, its names are {shape[0]} samples "
                f"x {shape[1]} features. Write the file anew."
            )
        if is_sparse:
            values.check_format(full_check=True)  # before the indices of a damaged file are trusted
        else:
            values = self._dense(stored, shape)
        return StoredValues.of(ColumnsInMemory(sparse.csc_array(values))) if stays_stored(shape) else values

    def _by_columns(self, stored: Any, where: str, shape: tuple[int, int]) -> StoredValues | None:
        """The numbers where they are, if their columns can be read; None if they cannot, or something is wrong."""
        encoding = self._encoding(stored)
        if encoding in _SPARSE:
            fits = tuple(stored.attrs.get("shape", ())) == shape and encoding == "csc_matrix"
            dtype, width = stored["data"].dtype, 1 if fits else None
        else:
            fits = stored.shape == shape
            dtype, width = stored.dtype, columns_of_chunks(stored) if fits else None
        if width is None or dtype.kind not in "fiub":
            return None
        if encoding in _SPARSE:
            return StoredValues.of(SparseColumns(self.file, where, shape))
        return StoredValues.of(DenseColumns(self.file, where, shape, width))

    def _dense(self, stored: Any, shape: tuple[int, int]) -> sparse.csr_array:
        if 0 in shape:
            return sparse.csr_array(shape)
        height, width = _tile(stored.chunks, shape)
        n_cells = min(height, shape[0]) * min(width, shape[1])
        bands = []
        for top in range(0, shape[0], height):
            tiles = []
            for left in range(0, shape[1], width):
                refuse_beyond_memory(n_cells * (stored.dtype.itemsize + _CELL_BYTES), self.file.name)
                cells = np.asarray(stored[top : top + height, left : left + width])
                with np.errstate(over="ignore"):  # what does not fit becomes infinite, which is refused later
                    tiles.append(sparse.csr_array(cells.astype(np.float32)))
            bands.append(self._together(tiles, sparse.hstack))
        return self._together(bands, sparse.vstack)

    def _together(self, parts: list[sparse.csr_array], stack: Callable[..., Any]) -> sparse.csr_array:
        if len(parts) == 1:
            return parts[0]
        refuse_beyond_memory(sum(part.data.nbytes + part.indices.nbytes for part in parts), self.file.name)
        return sparse.csr_array(stack(parts, format="csr"))

    def _read(self, where: str) -> Any:
        element = self._element(where)
        refuse_large_parts(element, self.file.name)
        return require("anndata.io", "read .h5ad files").read_elem(element)

    def _element(self, where: str) -> Any:
        """A part, after a look at all that it is made of."""
        part = checked_part(self._stored, f"{self._within}{where}", self.file)
        # columns of obs and var are looked at when they are read
        for name in part if hasattr(part, "keys") and where not in ("obs", "var") else ():
            self._element(f"{where}/{name}")
        return part

    @staticmethod
    def _encoding(part: Any) -> str:
        return _as_text(part.attrs.get("encoding-type", part.attrs.get("h5sparse_format", "")))


def _modalities(stored: Any, file: Path) -> list[str]:
    """The modalities of an .h5mu file, in their order; none of an .h5ad file."""
    if "mod" not in stored or "X" in stored:
        return []
    part = checked_part(stored, "mod", file)
    held, order = set(part), [_as_text(name) for name in part.attrs.get("mod-order", ())]
    names = [name for name in dict.fromkeys(order) if name in held] + sorted(held - set(order))
    for name in names:
        checked_part(stored, f"mod/{name}", file)  # before anything looks into it
    return names


def _refuse_infinite(values: StoredValues, where: str) -> None:
    """Refuse what `Genotypes.build` refuses of numbers in memory, by one pass over the file."""
    known = values.statistics()
    if np.isinf(known.low).any() or np.isinf(known.high).any():
        raise InputError(f"{where}: found an infinite value (expected a number or missing). Correct the input.")


def _tile(chunk: tuple[int, int] | None, shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns to read at once: whole chunks of the file, of which each part costs unpacking all."""
    height, width = chunk or (1, max(1, shape[1]))
    if height * shape[1] <= _BLOCK_CELLS:
        return height * (_BLOCK_CELLS // max(1, height * shape[1])), max(1, shape[1])
    return height, width * max(1, _BLOCK_CELLS // (height * width))


def _refuse_other_than_numbers(dtype: np.dtype[Any], where: str) -> None:
    if dtype.kind not in "fiub":
        raise InputError(f"{where}: the matrix holds {dtype} (expected real numbers). Write numbers.")


def _as_text(word: Any) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
