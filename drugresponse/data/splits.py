"""Split schemes: what is new about the rows that a model will be asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError, nearest

__all__ = ["SCHEMES", "Scheme", "find_scheme", "make_folds"]

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Scheme:
    """One deployment question, and the mean effects that exist in it.

    Attributes
    ----------
    name
        As on the command line.
    test_rows
        What the rows that are predicted have, in words.
    drug_effect, sample_effect
        Whether an effect fitted in training exists for the rows that are predicted.
    reference
        The naive prediction that normalised scores subtract.
    """

    name: str
    test_rows: str
    drug_effect: bool
    sample_effect: bool
    reference: str


_ALL = (
    Scheme("random-pairs", "seen samples and seen drugs", True, True, "mean effects"),
    Scheme("new-samples", "unseen samples and seen drugs", True, False, "drug mean"),
    Scheme("new-drugs", "seen samples and unseen drugs", False, True, "sample mean"),
    Scheme("new-tissues", "samples of unseen tissues and seen drugs", True, False, "drug mean"),
    Scheme("new-samples-and-drugs", "unseen samples and unseen drugs", False, False, "overall mean"),
)
SCHEMES = MappingProxyType({each.name: each for each in _ALL})


def find_scheme(name: str) -> Scheme:
    """The scheme of this name.

    Raises
    ------
    InputError
        No such scheme; the nearest name is suggested.

    Examples
    --------
    >>> find_scheme("new-samples").reference
    'drug mean'
    """
    if name not in SCHEMES:
        raise InputError(f'scheme: "{name}" is unknown. {nearest(name, SCHEMES)}')
    return SCHEMES[name]


def make_folds(pairs: Pairs, scheme: str, n_folds: int, random_state: int) -> list[Fold]:
    """Cut pairs into folds that ask the scheme's question.

    Samples of one subject, and drugs of one structure skeleton, stay together. Groups are dealt to folds by
    size (largest first), in random order among equals.

    Parameters
    ----------
    pairs
        Distinct (sample, drug) pairs.
    scheme
        Name of a scheme.
    n_folds
        2 or more; fewer are made when there are fewer groups.
    random_state
        Seed of the deal.

    Returns
    -------
    list of (train, test)
        Row numbers, ascending. In `new-samples-and-drugs` rows that share only a sample or only a drug with the test
        rows are in neither part.

    Raises
    ------
    InputError
        There are fewer than two groups to hold out.
    """
    rng = np.random.default_rng(random_state)
    kind = find_scheme(scheme).name
    if kind == "new-samples-and-drugs":
        by_sample = _deal(subject_of_pair(pairs), n_folds, rng, "subjects")
        by_drug = _deal(skeleton_of_pair(pairs), n_folds, rng, "drug structures")
        n = min(by_sample.max(), by_drug.max()) + 1
        return [_fold((by_sample != i) & (by_drug != i), (by_sample == i) & (by_drug == i)) for i in range(n)]
    group_of: dict[str, tuple[Callable[[Pairs], NDArray], str]] = {
        "random-pairs": (lambda each: np.arange(len(each)), "pairs"),
        "new-samples": (subject_of_pair, "subjects"),
        "new-drugs": (skeleton_of_pair, "drug structures"),
        "new-tissues": (tissue_of_pair, "tissues"),
    }
    group, words = group_of[kind]
    fold = _deal(group(pairs), n_folds, rng, words)
    return [_fold(fold != i, fold == i) for i in range(fold.max() + 1)]


def subject_of_pair(pairs: Pairs) -> NDArray:
    """`(n_pairs,)` subject number of each pair."""
    return pd.factorize(pairs.subjects)[0][pairs.sample_index]


def tissue_of_pair(pairs: Pairs) -> NDArray:
    """`(n_pairs,)` tissue number of each pair; a subject with samples of several tissues joins them.

    Raises
    ------
    InputError
        The covariates have no text column `tissue`.
    """
    if "tissue" not in pairs.covariates.columns:
        raise InputError(
            'samples: found no covariate column "tissue" (the scheme new-tissues needs it). '
            "Add the column, or choose another --scheme."
        )
    tissues = pd.factorize(pairs.covariates["tissue"], use_na_sentinel=False)[0]
    subjects = pd.factorize(pairs.subjects)[0]
    n_tissues, n_nodes = tissues.max() + 1, tissues.max() + subjects.max() + 2
    links = sparse.coo_array((np.ones(len(tissues)), (tissues, n_tissues + subjects)), shape=(n_nodes, n_nodes))
    joined = csgraph.connected_components(links, directed=False)[1]
    return joined[tissues][pairs.sample_index]


def skeleton_of_pair(pairs: Pairs) -> NDArray:
    """`(n_pairs,)` number of the drug's InChIKey skeleton, or of its SMILES or id where no key is known."""
    drugs = pairs.drugs
    keys = drugs["inchikey"] if "inchikey" in drugs.columns else pd.Series("", index=drugs.index)
    skeletons = keys.astype(object).where(keys.notna(), "").astype(str).str.split("-").str[0]
    smiles = drugs["smiles"]
    names = [key or structure or str(drug) for key, structure, drug in zip(skeletons, smiles, drugs.index, strict=True)]
    return pd.factorize(np.array(names, dtype=object))[0][pairs.drug_index]


def _deal(groups: NDArray, n_folds: int, rng: np.random.Generator, words: str) -> NDArray[np.intp]:
    """`(n_pairs,)` fold of each pair; whole groups, the largest first, each to the fold that has the least."""
    names, group_of_row = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise InputError(
            f"responses: found {len(names)} {words} to hold out (expected 2 or more). "
            "Add data or choose another --scheme."
        )
    n_folds = min(n_folds, len(names))
    sizes = np.bincount(group_of_row)
    shuffled = rng.permutation(len(names))
    if len(names) == len(groups):
        fold_of_group = np.empty(len(names), dtype=np.intp)
        fold_of_group[shuffled] = np.arange(len(names)) % n_folds
        return fold_of_group[group_of_row]
    fold_of_group = np.empty(len(names), dtype=np.intp)
    filled = np.zeros(n_folds)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of_group[group] = np.argmin(filled)
        filled[fold_of_group[group]] += sizes[group]
    return fold_of_group[group_of_row]


def _fold(train: NDArray[np.bool_], test: NDArray[np.bool_]) -> Fold:
    return np.flatnonzero(train).astype(np.intp), np.flatnonzero(test).astype(np.intp)
