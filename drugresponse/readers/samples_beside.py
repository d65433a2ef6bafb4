"""What files of genotypes tell of their samples beside the genotypes: obs of .h5ad, and columns of a list of files."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from drugresponse.data.conversion.observations import samples_of_observations
from drugresponse.errors import InputError
from drugresponse.readers.matrix.anndata_file import read_observations
from drugresponse.readers.source.source import Source
from drugresponse.readers.vcf.patients import sample_names

__all__ = ["samples_beside"]


def samples_beside(sources: Sequence[Source]) -> tuple[pd.DataFrame | None, list[Source]]:
    """The samples table that comes with genotypes, and the files that bring it.

    Parameters
    ----------
    sources
        Of genotypes, lists of files among them replaced by their files.

    Returns
    -------
    samples : pandas.DataFrame or None
        Index `sample_id`, text columns, "" where missing; None where no file tells anything.
    files : list of Source
        Those that do.

    Raises
    ------
    InputError
        A list gives covariates for a file of several samples, or a sample stands in two files with other values.
    """
    tables: list[pd.DataFrame] = []
    files: list[Source] = []
    for source in sources:
        table = _table_of(source)
        if table is not None and len(table.columns):
            tables.append(table)
            files.append(source)
    if not tables:
        return None, []
    return _together(tables, files), files


def _table_of(source: Source) -> pd.DataFrame | None:
    if source.covariates:
        samples = sample_names(source) if source.sample_id is None else (source.sample_id,)
        if len(samples) > 1:
            raise InputError(
                f"{source.name}: found {len(samples)} samples (expected one, for the covariates of the list). Give a "
                "file for each sample, or the covariates as `samples`."
            )
        return pd.DataFrame([source.covariates], index=pd.Index(samples, name="sample_id", dtype=object))
    if not source.path.is_file() or source.content != "hdf5":
        return None
    return samples_of_observations(read_observations(source))


def _together(tables: Sequence[pd.DataFrame], files: Sequence[Source]) -> pd.DataFrame:
    stacked = pd.concat(tables).fillna("")
    stacked.index = stacked.index.astype(object)
    told = stacked.where(stacked != "").groupby(level=0, sort=False)
    differ = (told.nunique() > 1).stack()
    if differ.any():
        sample, column = differ.index[differ.to_numpy()][0]
        named = [file.name for file, table in zip(files, tables, strict=True) if sample in table.index]
        raise InputError(
            f'{" and ".join(named[:2])}: sample "{sample}" has two values of "{column}" (expected one). Correct one, '
            "or give `samples`, which wins."
        )
    return told.first().fillna("").rename_axis("sample_id")
