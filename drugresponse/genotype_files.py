"""Genotypes as one .h5ad file, which is read back as the same genotypes and which other programs open too."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.covariates import typed_covariate
from drugresponse.data.genotypes import Genotypes, GenotypesLike
from drugresponse.data.stored_values import BLOCK_CELLS
from drugresponse.data.tables import index_by_id
from drugresponse.errors import require

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["ABOUT", "to_anndata", "write_genotypes"]

ABOUT = "drugresponse"
"""Key of `uns` under which the file says where it comes from."""
_OWN_IDS = "drugresponse_feature_id"
_PACKED: Mapping[str, Any] = {"compression": "gzip", "compression_opts": 1}
"""The lowest level: higher ones take several times as long and save a few per cent."""
_CHUNK_CELLS, _TALLEST = 1 << 20, 1 << 14
"""Cells of a chunk, which is read as a whole, and samples of one at most."""
_RESERVED = ("_index", "sample_id", "__categories")


def to_anndata(
    genotypes: GenotypesLike, *, samples: FrameLike | None = None, about: Mapping[str, Any] | None = None
) -> AnnData:
    """Genotypes as an AnnData.

    Parameters
    ----------
    genotypes
        Shared, not copied: the AnnData holds the same numbers. Those that stay where they are stored are read.
    samples
        Index `sample_id`, or a frame of another library with this column; its columns become those of `obs`, numeric
        where every present value is a number. Samples without genotypes are left out, those that the table lacks have
        empty cells.
    about
        What to remember of the origin, plain JSON values; stands in `uns["drugresponse"]` as JSON text.

    Returns
    -------
    anndata.AnnData
        `X` is `(n_samples, n_features)` float32, compressed sparse rows: a cell that is not stored is 0, a missing call
        is stored as NaN. `var` is the table of features. An id that several blocks share stands as `block:id` in
        `var_names`, and as it was in the column `drugresponse_feature_id`, which there is only then.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, float("nan")], [1, 2]], ["s1", "s2"], ["rs1", "rs2"], kind="dosage")
    >>> made = to_anndata(genotypes, samples=pd.DataFrame({"age": ["61", "70"]}, index=["s2", "s1"]))
    >>> made.obs["age"].tolist(), made.var["kind"].tolist(), made.X.toarray().tolist()
    ([70.0, 61.0], ['dosage', 'dosage'], [[0.0, nan], [1.0, 2.0]])
    """
    called = as_genotypes(genotypes)
    return _described(called, called.in_memory().values, samples, about)


def _described(
    genotypes: Genotypes, values: Any, samples: FrameLike | None, about: Mapping[str, Any] | None
) -> AnnData:
    library = require("anndata", "write .h5ad files")
    if samples is not None and not isinstance(samples, pd.DataFrame):
        samples = index_by_id(samples, "sample_id", where="samples")  # which have no index
    table = pd.DataFrame(index=genotypes.sample_ids) if samples is None else samples.reindex(genotypes.sample_ids)
    names = _stored_names([str(name) for name in table.columns])
    obs = pd.DataFrame(
        {name: typed_covariate(table.iloc[:, at]) for at, name in enumerate(names)},
        index=genotypes.sample_ids.rename("sample_id"),
    )
    notes = json.dumps({"format": 1, **(about or {})}, sort_keys=True, ensure_ascii=False)
    return library.AnnData(X=values, obs=obs, var=_stored_features(genotypes.features), uns={ABOUT: notes})


def write_genotypes(
    genotypes: GenotypesLike,
    path: str | os.PathLike[str],
    *,
    samples: FrameLike | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write genotypes to an .h5ad file; the same arguments give the same bytes.

    Parameters
    ----------
    genotypes, samples, about
        As for `to_anndata`; values that stay where they are stored are copied block by block, and become a dense matrix
        in compressed chunks of whole columns.
    path
        File to write; its suffix has no meaning.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from drugresponse.readers import read_genotypes
    >>> genotypes = Genotypes.from_dense([[0, float("nan")]], ["s1"], ["rs1", "rs2"], kind="dosage")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_genotypes(genotypes, Path(folder, "cohort.h5ad"))
    ...     read_genotypes(Path(folder, "cohort.h5ad")).equals(genotypes)
    True
    """
    called = as_genotypes(genotypes)
    described = _described(called, None if called.is_stored else called.values, samples, about)
    described.strings_to_categoricals()  # as AnnData's own writer does
    library = require("h5py", "write .h5ad files")
    with _FailingLater(path, "w+") as file:
        with library.File(file, "w") as stored:
            require("anndata", "write .h5ad files").io.write_elem(stored, "/", described, dataset_kwargs=_PACKED)
            if called.is_stored:
                _write_blocks(called, stored, file)
        file.raise_failed()


class _FailingLater(io.FileIO):
    """A file that takes what cannot be written as if it could: HDF5 ends the process where it cannot write its last."""

    failed: OSError | None = None

    def raise_failed(self) -> None:
        """Raise what went wrong first."""
        if self.failed is not None:
            raise self.failed

    def write(self, content: Any) -> int:
        """Write all of it; a disk that is full takes a part, and the rest fails."""
        rest = memoryview(content).cast("B")
        size = len(rest)
        while rest and self.failed is None:
            try:
                rest = rest[super().write(rest) or 0 :]
            except OSError as error:
                self.failed = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the size, which may be beyond what was written."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failed = self.failed or error
            return size or 0


def _write_blocks(genotypes: Genotypes, stored: Any, file: _FailingLater) -> None:
    """Put the values into a file that has all else."""
    n_samples, n_features = genotypes.shape
    height = min(n_samples, _TALLEST)
    width = max(1, min(_CHUNK_CELLS // height, n_features))
    step = width * max(1, BLOCK_CELLS // (n_samples * width))  # whole chunks: each is packed once
    if "X" in stored:
        del stored["X"]
    matrix = stored.create_dataset("X", genotypes.shape, "f4", chunks=(height, width), shuffle=True, **_PACKED)
    matrix.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
    for start in range(0, n_features, step):
        columns = np.arange(start, min(start + step, n_features))
        matrix[:, start : start + len(columns)] = genotypes.values.read(columns)
        file.raise_failed()


def _stored_features(features: pd.DataFrame) -> pd.DataFrame:
    """The feature table with an index that is unique over blocks, as AnnData wants it; `parent` where any has one."""
    if (features["parent"] == "").all():
        features = features.drop(columns="parent")
    repeated = features.index.duplicated(keep=False)
    if not repeated.any():
        return features.copy()
    ids = features.index.to_series().where(~repeated, features["block"] + ":" + features.index)
    # a joined id may be another feature's own
    while ids.duplicated().any():
        ids = ids.where(~ids.duplicated(), ids + "'")
    return features.assign(**{_OWN_IDS: features.index}).set_index(pd.Index(ids.to_numpy(), dtype=object))


def _stored_names(columns: list[str]) -> list[str]:
    """Names that HDF5 can hold: without slashes, never empty, each once."""
    names: list[str] = []
    for at, column in enumerate(columns):
        name = column.replace("/", "_").replace("\0", "_").strip(".") or f"column {at + 1}"
        if name in _RESERVED:
            name = f"{name} "
        while name in names:
            name += "'"
        names.append(name)
    return names
