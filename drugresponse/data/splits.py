"""Split schemes: what is new about the rows that a model will be asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.compounds import number_compounds
from drugresponse.data.identical_rows import joined_by
from drugresponse.data.pairs import Pairs
from drugresponse.data.studies.study_folds import deal_studies, train_apart
from drugresponse.errors import InputError, count, nearest

__all__ = [
    "SCHEMES",
    "Fold",
    "Scheme",
    "TooFewGroupsError",
    "deal_folds",
    "find_scheme",
    "groups_of_samples",
    "lineage_of_pair",
    "make_folds",
    "rows_of_folds",
    "study_of_pair",
    "units_of_error",
]

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


class TooFewGroupsError(InputError):
    """There are fewer than two groups (subjects, drug structures, tissues, lineages, studies) to hold out."""


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
            'samples: no column "tissue" serves as covariate (the scheme new-tissues needs one, of text with at most a '
            "third as many levels as samples). Add the column, group its levels, or choose another `scheme`."
        )
    tissues = pd.factorize(pairs.covariates["tissue"], use_na_sentinel=False)[0]
    subjects = pd.factorize(pairs.subjects)[0]
    return joined_by(tissues, subjects)[pairs.sample_index]


def lineage_of_pair(pairs: Pairs) -> NDArray[np.intp]:
    """`(n_pairs,)` lineage number of each pair; a subject with samples of several lineages joins them.

    Raises
    ------
    InputError
        The lineages of the samples are not known.
    """
    if pairs.lineages is None:
        raise InputError(
            "samples: no lineages are known (the scheme new-lineages holds out whole ones). Give `samples` with a "
            "column of lineages, `lineage_column`, or choose another `scheme`."
        )
    return joined_by(pairs.lineages, pd.factorize(pairs.subjects)[0])[pairs.sample_index]


def study_of_pair(pairs: Pairs) -> NDArray[np.intp]:
    """`(n_pairs,)` number of the study that each response comes from.

    Raises
    ------
    InputError
        The studies of the responses are not known.
    """
    if pairs.studies is None:
        raise InputError(
            "responses: no studies are known (the scheme new-studies holds out whole ones). Give responses with a "
            "column study, or choose another `scheme`."
        )
    return pd.factorize(pairs.studies, sort=True)[0].astype(np.intp)


def groups_of_samples(pairs: Pairs, scheme: str) -> NDArray:
    """`(n_samples,)` label of the samples that a learner leaves out together when it chooses a penalty.

    Subjects, and lineages where these are held out: near relatives would choose for what only they share.
    """
    if scheme != "new-lineages":
        return pairs.subjects
    groups = np.full(len(pairs.subjects), -1, dtype=np.intp)
    groups[pairs.sample_index] = lineage_of_pair(pairs)
    return groups


def compound_of_pair(pairs: Pairs) -> NDArray[np.intp]:
    """`(n_pairs,)` number of the drug's compound, which several ids may share."""
    return number_compounds(pairs.drugs)[pairs.drug_index]


@dataclass(frozen=True)
class Grouping:
    """What stands on one side of every split.

    Attributes
    ----------
    name
        What one group is called.
    dealt
        What the folds are dealt by: `sample`, `drug` or `pair`.
    of_pair
        Gives the number of each pair's group.
    """

    name: str
    dealt: str
    of_pair: Callable[[Pairs], NDArray]


_PAIRS = Grouping("pair", "pair", lambda pairs: np.arange(len(pairs)))
_SUBJECTS = Grouping("subject", "sample", subject_of_pair)
_STRUCTURES = Grouping("drug structure", "drug", compound_of_pair)
_TISSUES = Grouping("tissue", "sample", tissue_of_pair)
_LINEAGES = Grouping("lineage", "sample", lineage_of_pair)
_STUDIES = Grouping("study", "study", study_of_pair)
_BOTH = (_SUBJECTS, _STRUCTURES)


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
    held_out
        The groups that are held out as a whole; none where single pairs are.
    """

    name: str
    test_rows: str
    drug_effect: bool
    sample_effect: bool
    reference: str
    held_out: tuple[Grouping, ...] = ()

    @property
    def err_together(self) -> tuple[Grouping, ...]:
        """The groups whose rows err together, the first of which are the independent ones."""
        return (_SUBJECTS,) if self.held_out in ((), (_STUDIES,)) else self.held_out


_ALL = (
    Scheme("random-pairs", "seen samples and seen drugs", True, True, "mean effects"),
    Scheme("new-samples", "unseen samples and seen drugs", True, False, "drug mean", (_SUBJECTS,)),
    Scheme("new-drugs", "seen samples and unseen drugs", False, True, "sample mean", (_STRUCTURES,)),
    Scheme("new-tissues", "samples of unseen tissues and seen drugs", True, False, "drug mean", (_TISSUES,)),
    Scheme("new-lineages", "samples of unseen lineages and seen drugs", True, False, "drug mean", (_LINEAGES,)),
    Scheme("new-studies", "unseen samples of unseen studies and seen drugs", True, False, "drug mean", (_STUDIES,)),
    Scheme("new-samples-and-drugs", "unseen samples and unseen drugs", False, False, "overall mean", _BOTH),
)
SCHEMES = MappingProxyType({scheme.name: scheme for scheme in _ALL})


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

    Samples of one subject, and drugs of one compound, stay together, and in `new-lineages` samples of one lineage. In
    `new-studies` whole studies are held out, and what other studies measured of the tested samples is in neither part.
    Groups are dealt to folds the large ones first, each to the fold that has the least.

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
    TooFewGroupsError
        There are fewer than two groups to hold out.
    """
    return rows_of_folds(list(deal_folds(pairs, scheme, n_folds, random_state).values()), pairs)


def deal_folds(pairs: Pairs, scheme: str, n_folds: int, random_state: int) -> dict[str, NDArray[np.intp]]:
    """The fold of each pair, by what is dealt: `sample`, `drug`, both of them, `study`, or `pair`.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense([[0.0], [1.0]], ["s1", "s2"], ["TP53"])
    >>> pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    >>> sorted(deal_folds(pairs, "new-samples", 2, 0)["sample"].tolist())
    [0, 1]
    """
    rng = np.random.default_rng(random_state)
    groupings = find_scheme(scheme).held_out or (_PAIRS,)
    dealt = {grouping.dealt: _deal(grouping.of_pair(pairs), n_folds, rng, grouping.name) for grouping in groupings}
    if "study" in dealt:
        dealt["study"] = deal_studies(dealt["study"], subject_of_pair(pairs), rng)
    return dealt


def rows_of_folds(dealt: list[NDArray[np.intp]], pairs: Pairs) -> list[Fold]:
    """Train and test rows of each fold; a row is tested where all deals agree and trained on where none does.

    Where studies are told apart, rows that share the study or the subject of a test row are not trained on.
    """
    apart = () if pairs.studies is None else (study_of_pair(pairs), subject_of_pair(pairs))
    n_folds = min(int(fold.max()) for fold in dealt) + 1
    folds = []
    for number in range(n_folds):
        here = [fold == number for fold in dealt]
        train, test = ~np.logical_or.reduce(here), np.logical_and.reduce(here)
        tested = np.flatnonzero(test)
        folds.append((train_apart(np.flatnonzero(train), tested, apart), tested))
    return folds


def units_of_error(pairs: Pairs, scheme: str) -> NDArray:
    """`(n_pairs,)` number of the group whose rows err together: the compound where drugs are new, else the subject.

    Where lineages are new it is the lineage: members of a clone are much alike, and so are their errors.
    """
    if scheme == "new-lineages":
        return lineage_of_pair(pairs)
    return compound_of_pair(pairs) if scheme == "new-drugs" else subject_of_pair(pairs)


def _deal(groups: NDArray, n_folds: int, rng: np.random.Generator, name: str) -> NDArray[np.intp]:
    """`(n_pairs,)` fold of each pair; whole groups, the largest first, each to the fold that has the least."""
    names, group_of_row = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise TooFewGroupsError(
            f"responses: found {count(len(names), name)} to hold out (expected 2 or more). "
            "Add data or choose another `scheme`."
        )
    n_folds = min(n_folds, len(names))
    sizes = np.bincount(group_of_row)
    fold_of_group = np.empty(len(names), dtype=np.intp)
    if len(names) == len(groups):
        fold_of_group[rng.permutation(len(names))] = np.arange(len(names)) % n_folds
        return fold_of_group[group_of_row]
    filled = np.zeros(n_folds)
    # sizes are blurred, so that another seed deals other folds also where no two groups are of one size
    blurred = sizes * rng.uniform(0.5, 1.5, len(names))
    for group in np.argsort(-blurred, kind="stable"):
        fold_of_group[group] = np.argmin(filled)
        filled[fold_of_group[group]] += sizes[group]
    return fold_of_group[group_of_row]
