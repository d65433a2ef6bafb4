"""A floor for carriers: features that few samples carry have no weight of their own, and count by their parents."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import Parents, is_parent
from drugresponse.errors import InputError, count

__all__ = ["count_carriers", "without_few_carriers"]

progress = logging.getLogger("drugresponse.progress")


def count_carriers(genotypes: Genotypes) -> NDArray[np.intp]:
    """`(n_features,)` samples whose value is called and not the usual one, which is the lower median.

    Where more than half of the samples have one value, these are the samples that differ from it; a feature without
    such a value, as one that is measured, is carried by about half of them. Stored values are read in blocks.

    Examples
    --------
    >>> altered = [[1, 0, 2], [1, 0, 2], [0, 1, 2], [1, float("nan"), 2]]
    >>> count_carriers(Genotypes.from_dense(altered, list("abcd"), ["KRAS", "TP53", "Y"])).tolist()
    [1, 1, 0]
    """
    carriers = np.zeros(genotypes.shape[1], dtype=np.intp)
    for columns, values in genotypes.blocks():
        n_called = (~np.isnan(values)).sum(axis=0)
        # missing ones stand last
        usual = np.sort(values, axis=0)[np.maximum(n_called - 1, 0) // 2, np.arange(values.shape[1])]
        carriers[columns] = n_called - (values == usual).sum(axis=0)
    return carriers


def without_few_carriers(genotypes: Genotypes, minimum: int) -> Genotypes:
    """Genotypes of a training without the features that fewer samples carry; those without a carrier go too.

    Their parents stay the sums that they were, so that what the rare children of a parent do is pooled in its weight.
    In new samples alleles that the model does not name count to the parents that they have.

    Parameters
    ----------
    genotypes
        Of the training samples, with their parents (`sums.with_parents`).
    minimum
        Carriers that a feature needs, parents included; below 2 nothing is left out.

    Raises
    ------
    InputError
        No feature has so many.

    Examples
    --------
    >>> from drugresponse.data.parents.sums import with_parents
    >>> import pandas as pd
    >>> table = pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=["qnrS1", "qnrS2", "qnrS4"])
    >>> calls = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], *[[0, 0, 0]] * 4]
    >>> families = with_parents(Genotypes.build(calls, list("abcdefgh"), table))
    >>> without_few_carriers(families, 2).features.index.tolist()
    ['qnrS1', 'qnrS (family)']
    """
    if minimum < 2:
        return genotypes
    kept = count_carriers(genotypes) >= minimum
    if not kept.any():
        raise InputError(
            f"`minimum_carriers`: found no feature that {minimum} or more of {count(genotypes.shape[0], 'sample')} "
            "carry (expected one at least). Lower it."
        )
    if not kept.all():
        _tell(genotypes.features, kept, minimum)
    return genotypes.select(np.flatnonzero(kept))


def _tell(features: pd.DataFrame, kept: NDArray[np.bool_], minimum: int) -> None:
    rare, parents = ~kept & ~is_parent(features), Parents.of(features)
    kept_parents = np.flatnonzero(parents.rows.index.isin(features.index[kept]))
    pooled = np.diff(sparse.csr_array(parents.members[:, kept_parents]).indptr) > 0
    progress.info(
        "%s of %s are carried by fewer than %d samples: no weight of their own, and %s of them count by a parent",
        f"{int(rare.sum()):,}",
        count(len(features), "feature"),
        minimum,
        f"{int((rare & pooled).sum()):,}",
    )
