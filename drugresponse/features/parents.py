"""Parents of features in new samples: sums over their children as a training made them, unseen alleles included."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.naming import parents_by_name
from drugresponse.data.parents.sums import Parents, child_sums, join_parents, split_parents
from drugresponse.data.stored_values import StoredValues
from drugresponse.errors import count, show_ids
from drugresponse.features.aligned_columns import AlignedColumns
from drugresponse.features.alignment import Alignment, align

__all__ = ["borne_by_parent_alone", "has_known_parent", "with_parents_of"]

logger = logging.getLogger(__name__)


def with_parents_of(genotypes: Genotypes, trained: pd.DataFrame, *, absent_as_reference: bool = False) -> Genotypes:
    """Genotypes with the parents that the features of a training have.

    Children that the training had are taken as the training names their parents. A feature that it had not counts to
    every parent that it has by the table at hand, else by known naming, and that the training knows: of an allele never
    seen, what its family does is known.

    Parameters
    ----------
    genotypes
        Of new samples. Parents that they have already are left as they are.
    trained
        Feature table of the training.
    absent_as_reference
        Whether a child that the genotypes do not have at all is 0; else it is missing.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=["qnrS1", "qnrS2"])
    >>> trained = Genotypes.build([[1, 0], [0, 1]], ["s1", "s2"], table)
    >>> new = Genotypes.from_dense([[0, 1], [0, 0]], ["n1", "n2"], ["qnrS1", "qnrS13"])
    >>> with_parents_of(new, trained.features).dense()[:, 2].tolist()
    [1.0, 0.0]
    """
    parents = Parents.of(trained)
    parents = parents.take(~parents.stand_in(genotypes.features))
    if not len(parents.names):
        return genotypes
    alignment = align(genotypes.features, trained)
    new, adopted = _adopted(genotypes.features, trained, parents, alignment)
    if genotypes.is_stored:
        # of very many features only those that have a parent are read
        rows = np.flatnonzero((alignment.columns >= 0) & (np.diff(parents.members.indptr) > 0))
        values = StoredValues.of(AlignedColumns.of(genotypes, alignment)).take_columns(rows).in_memory()
        has_parent = np.flatnonzero(np.diff(adopted.indptr) > 0)
        new, adopted = new[has_parent], adopted[has_parent]
    else:
        rows, values = alignment.taken(genotypes)
    members = sparse.csr_array(sparse.vstack([parents.members[rows], adopted], format="csr"))
    values = sparse.csr_array(sparse.hstack([values, genotypes.values[:, new]], format="csr"))
    present = np.zeros(len(trained), dtype=bool)
    present[rows] = True
    counted = ~alignment.conflict if absent_as_reference else present
    n_children = np.asarray(parents.members.sum(axis=0))
    if absent_as_reference:
        n_children = n_children - np.asarray(parents.members[np.flatnonzero(counted & ~present)].sum(axis=0))
    else:
        # of a parent none of whose children the training names (`few_carriers`) nothing is known without a child
        n_children = np.maximum(n_children, 1)
    joined = join_parents(genotypes, parents.rows, child_sums(values, members, n_children))
    _tell(joined, trained)
    return joined


def has_known_parent(features: pd.DataFrame, trained: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_features,)` which features of new samples are new to a training that knows a parent of theirs."""
    known = np.zeros(len(features), dtype=bool)
    parents = Parents.of(trained)
    if len(parents.names):
        new, adopted = _adopted(features, trained, parents, align(features, trained))
        known[new] = np.diff(adopted.indptr) > 0
    return known


def borne_by_parent_alone(genotypes: Genotypes, trained: pd.DataFrame) -> tuple[list[str], int]:
    """Alleles that the training never saw and that count by their family alone, as far as any sample bears them.

    Parameters
    ----------
    genotypes, trained
        Of new samples, and the feature table of the training.

    Returns
    -------
    names : list of str
    n_samples : int
        How many samples bear one of them.
    """
    at = np.flatnonzero(has_known_parent(genotypes.features, trained))
    borne = sparse.csr_array(genotypes.values[:, at])
    borne.data = (np.isfinite(borne.data) & (borne.data != 0)).astype(np.float32)
    names = genotypes.features.index[at[np.asarray(borne.sum(axis=0)) > 0]]
    return list(map(str, names)), int((np.asarray(borne.sum(axis=1)) > 0).sum())


def _tell(genotypes: Genotypes, trained: pd.DataFrame) -> None:
    names, n_samples = borne_by_parent_alone(genotypes, trained)
    if names:
        is_named = np.asarray(Parents.of(trained).members.sum(axis=0)) > 0
        who = "the training never saw" if is_named.all() else "the model does not name"
        logger.warning(
            f"genotypes: {who} {show_ids(names)}; in {count(n_samples, 'sample')} "
            f"{'it counts' if len(names) == 1 else 'they count'} by the family or another parent alone."
        )


def _adopted(
    features: pd.DataFrame, trained: pd.DataFrame, parents: Parents, alignment: Alignment
) -> tuple[NDArray[np.intp], sparse.csr_array]:
    """Column numbers of the features that are new to the training, and `(n_new, n_parents)` of which they are."""
    known = np.isin(np.arange(len(features)), alignment.columns) | features.index.isin(trained.index)
    known[alignment.others[1]] = True
    new = np.flatnonzero(~known)
    children: list[int] = []
    at: list[int] = []
    unknown = features.iloc[new]
    named_cells = unknown["parent"].where(unknown["parent"] != "", parents_by_name(unknown))
    number_of = {name: number for number, name in enumerate(parents.names)}
    for child, (feature_id, named) in enumerate(zip(unknown.index, named_cells, strict=True)):
        names = {feature_id, *(name for name, _ in split_parents(named))}
        at += sorted(number_of[name] for name in names if name in number_of)
        children += [child] * (len(at) - len(children))
    return new, sparse.csr_array((np.ones(len(at)), (children, at)), shape=(len(new), len(parents.names)))
