"""The one copy of a man's X in tables, which some write as 1 and PLINK as 2."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues
from drugresponse.data.variants.sexes import single_in_men
from drugresponse.errors import count
from drugresponse.readers.matrix._doubled_columns import DoubledColumns

__all__ = ["double_single_copies"]

logger = logging.getLogger(__name__)


def double_single_copies(genotypes: Genotypes, men: Collection[str], where: str) -> Genotypes:
    """Genotypes in which the one copy of a man's X or Y counts as two, as in every format that tells calls.

    Parameters
    ----------
    genotypes
        Of a table. Dosages of X and Y outside the parts that both share are looked at.
    men
        Ids of the samples that are male.
    where
        Name of the file.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"kind": "dosage", "chromosome": "X", "position": 9_000_000}
    >>> table = Genotypes.build([[1.0], [1.0]], ["man", "woman"], pd.DataFrame(row, index=["rs1"]))
    >>> double_single_copies(table, ["man"], "table.tsv").dense().tolist()
    [[2.0], [1.0]]
    """
    single = single_in_men(genotypes.features)
    male = genotypes.sample_ids.isin(list(men))
    if genotypes.is_stored:
        return _doubled_when_read(genotypes, male, single, where)
    values = genotypes.values
    rows = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    cells = male[rows] & single[values.indices] & ~np.isnan(values.data)
    if not cells.any() or values.data[cells].max() > 1:
        return genotypes
    _tell(male, where)
    doubled = values.copy()
    doubled.data[cells] *= 2
    return replace(genotypes, values=doubled)


def _doubled_when_read(
    genotypes: Genotypes, male: NDArray[np.bool_], single: NDArray[np.bool_], where: str
) -> Genotypes:
    """The same of values that stay where they are stored, of which the men's on X and Y are looked at."""
    of_men = genotypes.take(np.flatnonzero(male)).blocks(np.flatnonzero(single)) if male.any() else []
    most = max((float(np.nanmax(values, initial=0)) for _, values in of_men), default=0.0)
    if not 0 < most <= 1:
        return genotypes
    _tell(male, where)
    return replace(genotypes, values=StoredValues.of(DoubledColumns(genotypes.values, male, single)))


def _tell(male: NDArray[np.bool_], where: str) -> None:
    logger.warning(
        f"{where}: {count(int(male.sum()), 'male sample')} have no more than one copy of any allele of X and Y; it "
        "counts as two, as PLINK writes it."
    )
