"""New features in the terms of a model's: found by id or by place, the dosage turned where alleles are swapped.

A feature is looked for by its id first. Where both sides know the alleles, they must agree, and so must the place;
else it is looked for by chromosome, position, reference and alternate. What contradicts is a conflict and counts as
missing: nothing is guessed.

- *Swapped* alleles turn the dosage: copies of the new reference are two less those of all its alternates. The
  single copy of X, Y or MT counts as two, so that it can be turned.
- *The other strand* is tried for single bases. A and T, or C and G, look alike from both: in the same order they are
  taken as they are, unless most other sites are from the other strand; swapped they are turned only where at least ten
  other sites were compared and none of them is from the other strand.
- *Insertions and deletions* are compared as they are written, and turned only where single bases are swapped too.
- *Another build* is told by positions: where most variants of the same id stand elsewhere on their chromosome, ids are
  trusted as long as the alleles agree, and places are not looked at.

That the other sites of a file tell the strand of its palindromic ones is the rule with which the GWAS Catalog and Open
Targets bring summary statistics to one orientation (https://github.com/opentargets/genetics-sumstat-harmoniser).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import KINDS, Genotypes
from drugresponse.data.parents.sums import is_parent
from drugresponse.data.variants.alleles import Relation, compare_alleles, complements
from drugresponse.errors import InputError, count, nearest, show_ids
from drugresponse.features.places import Variants, find_by_place, other_alternates

__all__ = ["Alignment", "align", "align_features", "refuse_other_blocks"]

_ENOUGH_SITES = 10
_BLOCK_CELLS = 1 << 22
_SWAPPED = (Relation.SWAPPED, Relation.FLIPPED_AND_SWAPPED)
_FLIPPED = (Relation.FLIPPED, Relation.FLIPPED_AND_SWAPPED)


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where each feature of a model stands among new ones, and what its number takes.

    Attributes
    ----------
    feature_ids
        `(n_trained,)` ids of the model's features.
    columns
        `(n_trained,)` column numbers of the new features; -1 where absent or in conflict.
    turned, flipped, conflict
        `(n_trained,)` whether the dosage is turned, the alleles are from the other strand, or they contradict.
    others
        Row numbers of features that are turned, and with each the column of another alternate of the same site, whose
        copies are no copies of the reference either.
    moved
        Share of the variants found by id that have another position, where that tells another genome build; else 0.
    """

    feature_ids: pd.Index
    columns: NDArray[np.intp]
    turned: NDArray[np.bool_]
    flipped: NDArray[np.bool_]
    conflict: NDArray[np.bool_]
    others: tuple[NDArray[np.intp], NDArray[np.intp]]
    moved: float

    @property
    def changed(self) -> bool:
        """Whether anything was not taken as it is for the sake of its alleles or place."""
        return bool(self.turned.any() or self.flipped.any() or self.conflict.any() or self.moved)

    def counts(self) -> dict[str, int]:
        """How many of the model's features were found in which way; ways that did not occur are left out.

        Examples
        --------
        >>> trained = Genotypes.from_dense(np.zeros((1, 3)), ["s"], ["a", "b", "c"]).features
        >>> align(trained.iloc[:2], trained).counts()
        {'found as they are': 2, 'absent': 1}
        """
        present, conflict = self.columns >= 0, self.conflict
        ways = {
            "found as they are": present & ~self.turned & ~self.flipped,
            "turned (reference and alternate are swapped)": self.turned & ~self.flipped,
            "read from the other strand": self.flipped,
            "absent": ~present & ~conflict,
            "in conflict and left out as missing": conflict,
        }
        return {words: int(chosen.sum()) for words, chosen in ways.items() if chosen.any()}

    def sentence(self, features: str = "features of the model") -> str:
        """The counts in one line, with the first features that are in conflict."""
        counted = ", ".join(f"{number:,} {way}" for way, number in self.counts().items())
        named = f": {show_ids(self.feature_ids[self.conflict])}" if self.conflict.any() else ""
        return f"of {len(self.columns):,} {features}: {counted}{named}"

    def values(self, genotypes: Genotypes, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """`(n_samples, n_rows)` numbers of these features of the model; NaN where missing, absent or in conflict."""
        at = self.columns[rows]
        numbers = np.full((genotypes.shape[0], len(rows)), np.nan)
        numbers[:, at >= 0] = genotypes.values[:, at[at >= 0]].toarray()
        turned = self.turned[rows]
        if not turned.any():
            return numbers
        place = np.full(len(self.columns), -1, dtype=np.intp)
        place[rows] = np.arange(len(rows))
        mine = place[self.others[0]]
        others = genotypes.values[:, self.others[1][mine >= 0]].toarray()
        np.add.at(numbers.T, mine[mine >= 0], others.T)
        # expected copies of several alternates may add up to a little more than two
        numbers[:, turned] = np.maximum(2.0 - numbers[:, turned], 0.0)
        return numbers

    def taken(self, genotypes: Genotypes) -> tuple[NDArray[np.intp], sparse.csr_array]:
        """Row numbers of the features that were found, and `(n_samples, n_found)` their numbers in this order."""
        present = self.columns >= 0
        as_is, turned = np.flatnonzero(present & ~self.turned), np.flatnonzero(present & self.turned)
        blocks = [genotypes.values[:, self.columns[as_is]]]
        # only what is turned is ever dense, and not all of it at once
        step = max(1, _BLOCK_CELLS // max(genotypes.shape[0], 1))
        for start in range(0, len(turned), step):
            values = self.values(genotypes, turned[start : start + step])
            blocks.append(sparse.csr_array(values, dtype=np.float32))
        return np.concatenate([as_is, turned]), sparse.csr_array(sparse.hstack(blocks, format="csr"))

    def missing(self, genotypes: Genotypes) -> sparse.csr_array:
        """`(n_samples, n_trained)` float64, 1 where the call of a feature that was found is missing."""
        here = np.flatnonzero(self.columns >= 0)
        rows, columns = np.concatenate([here, self.others[0]]), np.concatenate([self.columns[here], self.others[1]])
        picked = sparse.csr_array((np.ones(len(rows)), (columns, rows)), (genotypes.shape[1], len(self.columns)))
        counts = sparse.csr_array(genotypes.missing().astype(np.float64) @ picked)
        counts.data[:] = 1.0
        return counts


def align(features: pd.DataFrame, trained: pd.DataFrame) -> Alignment:
    """Find each feature of a model among new ones.

    Parameters
    ----------
    features, trained
        Feature tables as in `Genotypes`, of the new samples and of the model.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": "dosage", "chromosome": "1", "position": 7, "ref": "A", "alt": "C"}, index=["a"])
    >>> trained = Genotypes.build([[0.0]], ["s"], table)
    >>> new = Genotypes.build([[2.0], [1.0]], ["n1", "n2"], table.assign(ref="C", alt="A").set_axis(["b"]))
    >>> alignment = align(new.features, trained.features)
    >>> alignment.turned.tolist(), alignment.values(new, np.array([0])).tolist()
    ([True], [[0.0], [1.0]])
    """
    if features is trained or features.equals(trained):
        return _as_they_are(trained)
    known = Variants.of(trained)
    by_id = align_features(pd.MultiIndex.from_arrays([trained["block"], trained.index]), features)
    alike = _described_alike(features, trained, by_id)
    compared = _compare_by_id(known, features, by_id, alike)
    columns = np.where(compared.fits & ~compared.moved, by_id, -1)
    relation = np.where(columns >= 0, compared.relation, Relation.UNKNOWN).astype(np.int8)
    left = np.flatnonzero(columns < 0)
    columns[left], relation[left] = find_by_place(known.take(left), features)
    differ = compared.moved | compared.elsewhere
    n_ids, n_places = int((compared.fits & compared.moved).sum()), int((columns[differ] >= 0).sum())
    other_build = 2 * int(differ.sum()) > compared.n_placed and n_ids > n_places
    if other_build:
        columns = np.where(compared.fits, by_id, -1)
        relation = np.where(compared.fits, compared.relation, Relation.UNKNOWN).astype(np.int8)
    conflict = ((columns < 0) & (by_id >= 0)) | ((columns >= 0) & _unclear(relation, known))
    columns = np.where(conflict, -1, columns)
    turned = np.isin(relation, _SWAPPED) & ~conflict
    flipped = np.isin(relation, _FLIPPED) & ~conflict
    moved = float(differ.sum()) / compared.n_placed if other_build else 0.0
    others = other_alternates(features, columns, turned)
    return Alignment(trained.index, columns, turned, flipped, conflict, others, moved)


def align_features(wanted: pd.MultiIndex, features: pd.DataFrame) -> NDArray[np.intp]:
    """Where each wanted (block, id) stands among the features at hand; -1 where it does not.

    Ids are matched alone where the block is but guessed from values on either side, since guesses may differ between
    files; where both sides name it, or an id is not unique on either side, the block decides.

    Examples
    --------
    >>> have = Genotypes.from_dense([[0, 1]], ["s"], ["b", "a"]).features
    >>> align_features(pd.MultiIndex.from_tuples([("mut", "b"), ("mut", "c")]), have).tolist()
    [1, -1]
    """
    ids = wanted.get_level_values(1)
    ambiguous = ids.duplicated(keep=False) | ids.isin(features.index[features.index.duplicated()])
    at = np.full(len(wanted), -1, dtype=np.intp)
    unique = features.index.duplicated(keep=False)
    places = np.flatnonzero(~unique)
    matches = features.index[places].get_indexer(ids[~ambiguous])
    at[~ambiguous] = np.where(matches >= 0, places[np.maximum(matches, 0)] if len(places) else -1, -1)
    if ambiguous.any():
        have = pd.MultiIndex.from_arrays([features["block"], features.index])
        at[ambiguous] = have.get_indexer(wanted[ambiguous])
    # of text numpy looks for each of many in all of many; an index looks each up
    theirs = pd.Index(np.append(features["block"].to_numpy(dtype=object), "")[at])
    blocks = pd.Index(wanted.get_level_values(0), dtype=object)
    guessed, mine_guessed = theirs.isin(KINDS), blocks.isin(KINDS)
    # a name may be the word of a kind: one that both sides have is no guess beside another name
    known = theirs.isin(blocks) | blocks.isin(features["block"])
    may_differ = (guessed & mine_guessed) | ((guessed | mine_guessed) & ~known)
    at[(theirs != blocks) & ~may_differ] = -1
    return at


@dataclass(frozen=True, eq=False)
class _ComparedById:
    """`(n_trained,)` of the features that have the id: how their alleles are related, and whether the place agrees."""

    relation: NDArray[np.int8]
    fits: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]
    n_placed: int


def _described_alike(features: pd.DataFrame, trained: pd.DataFrame, by_id: NDArray[np.intp]) -> NDArray[np.bool_]:
    """`(n_trained,)` whether the id was found and place and alleles are written the same."""
    rows = np.flatnonzero(by_id >= 0)
    equal = np.ones(len(rows), dtype=bool)
    for name in ("chromosome", "ref", "alt"):
        equal &= trained[name].to_numpy(dtype=object)[rows] == features[name].to_numpy(dtype=object)[by_id[rows]]
    mine, theirs = (table["position"].fillna(-1).to_numpy(dtype=np.int64) for table in (trained, features))
    equal &= mine[rows] == theirs[by_id[rows]]
    alike = np.zeros(len(by_id), dtype=bool)
    alike[rows] = equal
    return alike


def _compare_by_id(
    known: Variants, features: pd.DataFrame, by_id: NDArray[np.intp], alike: NDArray[np.bool_]
) -> _ComparedById:
    relation = np.where(alike & known.known, Relation.SAME, Relation.UNKNOWN).astype(np.int8)
    rows = np.flatnonzero((by_id >= 0) & ~alike)
    mine, theirs = known.take(rows), Variants.of(features.iloc[by_id[rows]])
    relation[rows] = compare_alleles(mine.ref, mine.alt, theirs.ref, theirs.alt)
    # a gene's place or an id alone is no variant: it is never doubted
    placed = (relation[rows] != Relation.UNKNOWN) & mine.placed & theirs.placed
    apart = placed & (mine.chromosome != theirs.chromosome)
    moved, elsewhere = np.zeros_like(alike), np.zeros_like(alike)
    moved[rows] = placed & ~apart & (mine.position != theirs.position)
    elsewhere[rows] = apart
    fits = (by_id >= 0) & (relation != Relation.DIFFERENT) & ~elsewhere
    swapped = np.isin(relation[rows], _SWAPPED)
    fits[rows] &= ~swapped | (mine.counted & theirs.counted)
    n_placed = int(placed.sum()) + int((alike & known.known & known.placed).sum())
    return _ComparedById(relation, fits, moved, elsewhere, n_placed)


def _unclear(relation: NDArray[np.int8], known: Variants) -> NDArray[np.bool_]:
    """`(n_trained,)` variants that were found, of which the other variants do not tell how they are written."""
    single = np.asarray((complements(known.ref) != "") & (complements(known.alt) != ""), dtype=bool)
    doubtful, swapped = known.palindromic, relation == Relation.SWAPPED
    telling = single & ~doubtful
    forward = int((telling & np.isin(relation, (Relation.SAME, Relation.SWAPPED))).sum())
    reverse = int((telling & np.isin(relation, _FLIPPED)).sum())
    unclear = doubtful & (relation == Relation.SAME) & (reverse > forward)
    if reverse or forward < _ENOUGH_SITES:
        unclear |= doubtful & (swapped | (relation == Relation.ALTERNATES))
    if not (telling & np.isin(relation, _SWAPPED)).any():
        # beside one reference, A to AT and AT to A are an insertion and a deletion
        unclear |= ~single & swapped
    return unclear


def _as_they_are(trained: pd.DataFrame) -> Alignment:
    never = np.zeros(len(trained), dtype=bool)
    none = np.zeros(0, dtype=np.intp)
    return Alignment(trained.index, np.arange(len(trained)), never, never, never, (none, none), 0.0)


def refuse_other_blocks(features: pd.DataFrame, trained: pd.DataFrame, alignment: Alignment) -> None:
    """Refuse features that a model has in a block of another name, while that block is absent.

    Parameters
    ----------
    features, trained
        Of new samples and of the model.
    alignment
        Where the model's features stand among the new ones; those that were found elsewhere are not doubted.

    Raises
    ------
    InputError
        Names the blocks that the model asks for.
    """
    known, given = (pd.Index(table["block"]).unique() for table in (trained[~is_parent(trained)], features))
    absent, unknown = known.difference(given), given.difference(known)
    if not len(absent) or not len(unknown):
        return
    left = np.ones(len(features), dtype=bool)
    left[alignment.columns[alignment.columns >= 0]] = False
    lost = trained.index[trained["block"].isin(absent).to_numpy() & (alignment.columns < 0) & ~alignment.conflict]
    strange = features[left & features["block"].isin(unknown).to_numpy()]
    strange = strange[strange.index.isin(lost)]
    if strange.empty:
        return
    block = str(strange["block"].iloc[0])
    called = "a block without a name" if block in KINDS else f'the block "{block}"'
    hint = "" if block in KINDS else f" {nearest(block, list(map(str, absent)))}"
    raise InputError(
        f"genotypes: found {called} with {count(len(strange), 'feature')} that the model has in another one (expected "
        f"its blocks {show_ids(known, 8)}).{hint} Name the block of each source, such as {absent[0]}=FILE, in Python "
        "by a dict, in Galaxy by the name of the dataset or element; leave out a block that was not measured."
    )
