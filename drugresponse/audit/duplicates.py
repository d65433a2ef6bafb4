"""One compound under two drug ids, one person under two sample ids: what a split by ids cannot keep apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from drugresponse.audit._twins import compared_features, nearly_identical, telling_rows
from drugresponse.audit.findings import TWINS, Finding
from drugresponse.data.compounds import number_compounds
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.identical_rows import identical_rows, joined_by
from drugresponse.data.pairs import Pairs
from drugresponse.data.parents.sums import without_parents
from drugresponse.data.splits import compound_of_pair, find_scheme, tissue_of_pair
from drugresponse.data.surveys.survey import survey_of
from drugresponse.errors import count

__all__ = ["find_duplicates", "twins_together"]

Groups: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]

_SHOWN = 3
_FEW_TWINS = 0.02
"""Share of the samples up to which twins move no score that matters."""
_FEW_NEAR = 0.05
"""The same of nearly identical samples that folds part: a virus that is sequenced twice in a year is another sample."""
_known: WeakKeyDictionary[Genotypes, Groups] = WeakKeyDictionary()
"""Twins are looked for once where folds are dealt and where the audit tells of them."""


def find_duplicates(pairs: Pairs, scheme: str, together: NDArray | None = None) -> list[Finding]:
    """Structures under several drug ids, subjects with several samples, samples with equal or nearly equal genotypes.

    Each is a `leak` where the scheme may hold out one of the twins while the other is trained on. A few twins among
    many samples move no score, and are a `warning`.

    Parameters
    ----------
    pairs
        What is known of the samples: `subjects` as they were told.
    scheme
        That the folds ask.
    together
        `(n_samples,)` label of the samples that the folds keep together, as of `twins_together`; None is the subject.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense([[0.0], [1.0]], ["s1", "s2"], ["TP53"])
    >>> drugs = pd.DataFrame({"smiles": ["CCO", "OCC"]}, index=["d1", "d2"])
    >>> pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    >>> [(finding.check, finding.severity) for finding in find_duplicates(pairs, "random-pairs")]
    [('structures', 'leak')]
    """
    subjects = pd.factorize(pairs.subjects)[0]
    units = _sample_units(pairs, subjects if together is None else pd.factorize(together)[0], scheme)
    findings = [_structures(pairs, scheme), _subjects(pairs, subjects, units, scheme)]
    twins = [_between_lineages(pairs, units)] if scheme == "new-lineages" else _genotypes(pairs, subjects, units)
    return [finding for finding in [*findings, *twins] if finding]


def twins_together(pairs: Pairs, scheme: str = "new-samples") -> Pairs:
    """The same pairs, in which samples whose genotypes are identical, or nearly so, beyond chance are of one subject.

    What may be one person under two ids is then never on both sides of a split. In `new-lineages` nothing is joined:
    lineages tell who is related, and clones that carry the same genes would join all of them.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense(np.tile(np.arange(60.0).reshape(4, 15), (2, 1)), list("abcdefgh"), range(15))
    >>> pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    >>> twins_together(pairs).subjects.tolist()
    ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd']
    """
    if scheme == "new-lineages":
        return pairs
    subjects, names = pd.factorize(pairs.subjects)
    near = _twins(pairs)[1]
    if (near < 0).all():
        return pairs
    return replace(pairs, subjects=np.array(names, dtype=object)[_merged(subjects, near)])


def _merged(subjects: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """`(n_samples,)` the same numbers, where those of one group (-1 is none) have one."""
    merged = subjects.copy()
    for group in np.unique(groups[groups >= 0]):
        alike = np.unique(merged[groups == group])
        merged[np.isin(merged, alike)] = alike[0]
    return merged


def _twins(pairs: Pairs) -> Groups:
    """`(n_samples,)` groups of those that may be one person, -1 in none.

    Of those with identical genotypes, of those with identical or nearly identical ones, and of those that chance may
    have made equal.
    """
    groups = _known.get(pairs.genotypes)
    if groups is None:
        _known[pairs.genotypes] = groups = _twins_of(without_parents(pairs.genotypes))
    return groups


def _twins_of(genotypes: Genotypes) -> Groups:
    n = genotypes.shape[0]
    if not genotypes.shape[1]:
        return (np.full(n, -1),) * 3
    rows = _row_numbers(genotypes)
    first, size = np.unique(rows, return_index=True, return_counts=True)[1:]
    shared = np.flatnonzero(size > 1)
    genotypes = compared_features(genotypes)
    telling = np.isin(rows, shared[telling_rows(genotypes, genotypes.values[first[shared]])])
    one, another = nearly_identical(genotypes)
    same = np.where(telling, rows, len(first) + np.arange(n))
    links = sparse.coo_array((np.ones(len(one)), (same[one], same[another])), shape=(len(first) + n,) * 2)
    joined = csgraph.connected_components(links, directed=False)[1][same]
    near = np.where(np.bincount(joined)[joined] > 1, joined, -1)
    return np.where(telling, rows, -1), near, np.where((size[rows] > 1) & (near < 0), rows, -1)


def _row_numbers(genotypes: Genotypes) -> NDArray[np.intp]:
    """`(n_samples,)` number of each distinct genotype."""
    if genotypes.is_stored:
        return pd.factorize(survey_of(genotypes).row_keys)[0].astype(np.intp)
    return identical_rows(genotypes.values)


def _structures(pairs: Pairs, scheme: str) -> Finding | None:
    compounds = number_compounds(pairs.drugs)
    twins = _Twins(compounds, _drug_units(pairs, scheme), pairs.drugs.index)
    if not twins.n_groups:
        return None
    words = f"The same structure under several drug ids ({twins.shown()})"
    if twins.n_straddling:
        return Finding(
            "structures", "leak", f"{words}: a drug may be held out while its twin is trained on.", twins.n_groups
        )
    return Finding("structures", "note", f"{words}: each weighs as a drug of its own.", twins.n_groups)


def _subjects(pairs: Pairs, subjects: NDArray[np.intp], units: NDArray[np.intp], scheme: str) -> Finding | None:
    twins = _Twins(subjects, units, pairs.genotypes.sample_ids)
    if not twins.n_groups:
        return None
    words = "Several samples of one subject"
    if twins.n_straddling:
        return twins.finding("subjects", "leak", words, ", which this scheme does not keep together.")
    together = "they stand on one side of every split" if not find_scheme(scheme).sample_effect else "all are seen"
    return twins.finding("subjects", "note", words, f"; {together}.")


def _genotypes(pairs: Pairs, subjects: NDArray[np.intp], units: NDArray[np.intp]) -> list[Finding]:
    """Twins that are not known to be one subject, those that may be chance apart from those that cannot."""
    identical, near, by_chance = _twins(pairs)
    ids = pairs.genotypes.sample_ids
    # identical ones are told as such
    alike = _merged(subjects, identical)
    kinds = ((identical, subjects, "identical", _FEW_TWINS), (near, alike, "nearly identical", _FEW_NEAR))
    findings = []
    for groups, known, words, few_parted in kinds:
        twins = _Twins(groups, units, ids, known)
        if not twins.n_groups:
            continue
        repeated = f"Samples that are not known to be of one subject have {words} genotypes"
        meant = ": they may be one person, and one may be held out while the other is trained on."
        if not twins.n_straddling:
            meant = ": they may be one person, and are kept on one side of every split."
        many = twins.n_members > (few_parted if twins.n_straddling else _FEW_TWINS) * len(ids)
        severities = ("leak", "warning") if twins.n_straddling else ("warning", "note")
        severity = severities[0] if many else severities[1]
        way = " Give who is who as subject_id in --samples, or leave one of them out."
        findings.append(twins.finding(TWINS, severity, repeated, meant + way, twins.n_pairs))
    twins = _Twins(by_chance, units, ids, subjects)
    if twins.n_groups:
        repeated = "Samples with few or common alterations have equal genotypes"
        findings.append(twins.finding("equal genotypes", "note", repeated, ": this may be chance.", twins.n_pairs))
    return findings


def _between_lineages(pairs: Pairs, units: NDArray[np.intp]) -> Finding | None:
    """Equal genotypes in lineages that are held out apart: relatives are told by their lineage, these by nothing."""
    if not pairs.genotypes.shape[1]:
        return None
    twins = _Twins(_row_numbers(without_parents(pairs.genotypes)), units, pairs.genotypes.sample_ids, units)
    if not twins.n_groups:
        return None
    words = "Samples of different lineages have equal genotypes"
    meant = ": they are held out apart, as the lineages say that they are not related."
    return twins.finding("equal genotypes", "note", words, meant, twins.n_pairs)


class _Twins:
    """Groups (-1 is none) that hold several things; things of one `alike` label are no twins of each other."""

    def __init__(self, groups: NDArray, units: NDArray, ids: pd.Index, alike: NDArray | None = None) -> None:
        label = np.arange(len(groups)) if alike is None else alike
        things = pd.DataFrame({"group": groups, "unit": units, "label": label, "id": ids})[groups >= 0]
        things = things[things.groupby("group")["label"].transform("nunique") > 1]
        by_group = things.groupby("group", sort=False)
        self.n_groups, self.n_members = by_group.ngroups, len(things)
        self.n_straddling = int((by_group["unit"].nunique() > 1).sum())
        self.n_pairs = _n_pairs(by_group.size()) - _n_pairs(things.groupby(["group", "label"]).size())
        firsts = things.drop_duplicates(["group", "label"]).groupby("group", sort=False)["id"]
        self._examples = [f'"{ids.iloc[0]}" = "{ids.iloc[1]}"' for _, ids in islice(firsts, _SHOWN)]

    def finding(self, check: str, severity: str, words: str, meant: str, n: int | None = None) -> Finding:
        """Of samples: with their ids, and without."""
        message, number = f"{words} ({self.shown()}){meant}", self.n_groups if n is None else n
        return Finding(check, severity, message, number, f"{words} ({count(number, 'case')}){meant}")

    def shown(self) -> str:
        """The first few, with two members of each."""
        more = self.n_groups - len(self._examples)
        return ", ".join(self._examples) + (f" and {more} more" if more else "")


def _n_pairs(sizes: pd.Series) -> int:
    """Pairs within groups of these sizes."""
    return int((sizes * (sizes - 1) // 2).sum())


def _sample_units(pairs: Pairs, subjects: NDArray[np.intp], scheme: str) -> NDArray[np.intp]:
    """`(n_samples,)`: samples of one unit are never on two sides; all are one unit where no sample is held out."""
    kind = find_scheme(scheme).name
    if kind == "random-pairs":
        return np.arange(len(subjects))
    if kind == "new-drugs":
        return np.zeros(len(subjects), dtype=np.intp)
    if kind == "new-tissues":
        units = np.zeros(len(subjects), dtype=np.intp)
        units[pairs.sample_index] = tissue_of_pair(pairs)
        return units
    if kind == "new-lineages" and pairs.lineages is not None:
        return joined_by(pairs.lineages, subjects)
    return subjects


def _drug_units(pairs: Pairs, scheme: str) -> NDArray[np.intp]:
    """`(n_drugs,)` likewise."""
    kind, n = find_scheme(scheme), len(pairs.drugs)
    if kind.name == "random-pairs":
        return np.arange(n)
    units = np.zeros(n, dtype=np.intp)
    if not kind.drug_effect:
        units[pairs.drug_index] = compound_of_pair(pairs)
    return units
