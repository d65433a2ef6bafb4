"""Where variants stand: their place and alleles in one spelling, and the search for a variant by both."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.alleles import (
    REPEAT,
    Relation,
    complements,
    inserted_or_deleted,
    may_be_one_change,
    palindromic,
    plain_alleles,
    without_shared_ends,
)
from drugresponse.data.variants.chromosomes import plain_chromosome
from drugresponse.errors import count

__all__ = ["Variants", "find_by_place", "other_alternates", "rows_near", "written_elsewhere"]

logger = logging.getLogger(__name__)

_KEY = ("chromosome", "position", "ref", "alt")
_IndelKey = tuple[str, int, int]
"""Chromosome, insertion or deletion, and how many bases."""


@dataclass(frozen=True, eq=False)
class Variants:
    """Places and alleles of features, spelt alike.

    Attributes
    ----------
    chromosome, ref, alt
        `(n,)` text, chromosomes without "chr" and all in capitals; "" where not known. Bases that both alleles share at
        an end are cut, as a record of several alternates writes them: AT to GT is A to G.
    position
        `(n,)` int64, of the first base that is left; -1 where not known.
    counted
        `(n,)` whether the number is copies of the alternate, so that swapped alleles can turn it.
    """

    chromosome: NDArray[np.object_]
    position: NDArray[np.int64]
    ref: NDArray[np.object_]
    alt: NDArray[np.object_]
    counted: NDArray[np.bool_]

    @classmethod
    def of(cls, features: pd.DataFrame) -> Variants:
        """The variants of a feature table, row for row.

        Examples
        --------
        >>> row = {"kind": "dosage", "chromosome": "chrM", "position": 7, "ref": "a", "alt": "."}
        >>> variants = Variants.of(pd.DataFrame(row, index=["v"]))
        >>> variants.chromosome.tolist(), variants.ref.tolist(), variants.alt.tolist()
        (['MT'], ['A'], [''])
        """
        codes, names = pd.factorize(features["chromosome"].astype(str))
        plain = np.array([plain_chromosome(name).upper() for name in names], dtype=object)
        position = features["position"].fillna(-1).to_numpy(dtype=np.int64)
        ref, alt = plain_alleles(features["ref"]), plain_alleles(features["alt"])
        for at in np.flatnonzero(_padded(ref, alt)).tolist():
            cut, ref[at], alt[at] = without_shared_ends(ref[at], alt[at])
            position[at] += cut if position[at] >= 0 else 0
        return cls(plain[codes], position, ref, alt, (features["kind"] == "dosage").to_numpy(dtype=bool))

    def take(self, rows: NDArray[np.intp]) -> Variants:
        """The variants at these row numbers."""
        return Variants(self.chromosome[rows], self.position[rows], self.ref[rows], self.alt[rows], self.counted[rows])

    @property
    def known(self) -> NDArray[np.bool_]:
        """`(n,)` whether both alleles are known."""
        return np.asarray((self.ref != "") & (self.alt != ""), dtype=bool)

    @property
    def placed(self) -> NDArray[np.bool_]:
        """`(n,)` whether chromosome and position are known."""
        return np.asarray((self.chromosome != "") & (self.position >= 0), dtype=bool)

    @property
    def palindromic(self) -> NDArray[np.bool_]:
        """`(n,)` whether both strands show the same two bases."""
        return palindromic(self.ref, self.alt)

    def frame(self) -> pd.DataFrame:
        """Columns `chromosome, position, ref, alt`."""
        return pd.DataFrame({name: getattr(self, name) for name in ("chromosome", "position", "ref", "alt")})


def find_by_place(variants: Variants, features: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.int8]]:
    """Look variants up by chromosome, position and alleles among counted variants.

    Tried in this order: the same alleles, swapped, from the other strand, both; then a site with a third allele as its
    reference, at which both alleles of the variant are alternates. Where the same variant stands in several columns the
    first is taken.

    Parameters
    ----------
    asked
        Variants to find; those without place, alleles or counts are not looked for.
    features
        Feature table of the new samples.

    Returns
    -------
    columns : (n,) intp
        Column numbers, -1 where not found.
    relation : (n,) int8
        Values of `Relation`; `UNKNOWN` where not found.
    """
    columns = np.full(len(variants.position), -1, dtype=np.intp)
    relation = np.full(len(columns), Relation.UNKNOWN, dtype=np.int8)
    wanted = variants.known & variants.placed & variants.counted
    here = _counted_at(features, variants.position[wanted])
    if here.empty:
        return columns, relation
    index = pd.MultiIndex.from_frame(here[list(_KEY)])
    turned_ref, turned_alt = complements(variants.ref), complements(variants.alt)
    single = np.asarray((turned_ref != "") & (turned_alt != ""), dtype=bool)
    ways = (
        (Relation.SAME, variants.ref, variants.alt, wanted),
        (Relation.SWAPPED, variants.alt, variants.ref, wanted),
        (Relation.FLIPPED, turned_ref, turned_alt, wanted & single),
        (Relation.FLIPPED_AND_SWAPPED, turned_alt, turned_ref, wanted & single),
    )
    for way, ref, alt, tried in ways:
        rows = np.flatnonzero(tried & (columns < 0))
        keys = (variants.chromosome[rows], variants.position[rows], ref[rows], alt[rows])
        matches = index.get_indexer(pd.MultiIndex.from_arrays(keys))
        columns[rows[matches >= 0]] = here["column"].to_numpy()[matches[matches >= 0]]
        relation[rows[matches >= 0]] = way
    rows = np.flatnonzero(wanted & (columns < 0))
    columns[rows] = _under_a_third_reference(variants.take(rows), here)
    relation[rows[columns[rows] >= 0]] = Relation.ALTERNATES
    return columns, relation


def other_alternates(
    features: pd.DataFrame, columns: NDArray[np.intp], turned: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The further alternates of the sites whose dosage is turned: their copies are no copies of the reference either.

    Parameters
    ----------
    features
        Feature table of the new samples.
    columns, turned
        `(n,)` column number of each feature of a model, -1 where there is none, and whether its dosage is turned.

    Returns
    -------
    rows, others : (n_others,) intp
        Row numbers among the model's features, and the columns to be counted with each.
    """
    rows = np.flatnonzero(turned)
    mine = Variants.of(features.iloc[columns[rows]]).frame().assign(row=rows, own=columns[rows])
    mine = mine[mine["position"] >= 0]
    here = _counted_at(features, mine["position"].to_numpy())
    both = mine.merge(here, on=["chromosome", "position", "ref"], suffixes=("", "_other"))
    both = both[both["alt"] != both["alt_other"]]
    return both["row"].to_numpy(dtype=np.intp), both["column"].to_numpy(dtype=np.intp)


def written_elsewhere(genotypes: Genotypes, sites: Variants, trained: Variants) -> NDArray[np.bool_]:
    """Where samples bear an insertion or deletion that may be one of a model, written at another place of a repeat.

    Programs that call variants write them as far to the left as the sequence lets them, or do not.

    Parameters
    ----------
    genotypes
        Of new samples.
    sites
        `(n_sites,)` variants of the model that they do not list.
    trained
        All variants of the model: one of these is no other one.

    Returns
    -------
    numpy.ndarray
        `(n_sites, n_samples)`.
    """
    elsewhere = np.zeros((len(sites.position), genotypes.shape[0]), dtype=bool)
    indels = _indels(sites, np.flatnonzero(sites.counted & sites.placed & _of_one_base(sites)))
    if not indels:
        return elsewhere
    longer = trained.take(np.flatnonzero(_several_bases(trained.ref) | _several_bases(trained.alt)))
    own = set(zip(longer.chromosome, longer.position, longer.ref, longer.alt, strict=True))
    near = _rows_beside(genotypes, sites.position[[row for rows in indels.values() for row, _ in rows]])
    listed = Variants.of(genotypes.features.iloc[near])
    for key, others in _indels(listed, np.flatnonzero(listed.counted & listed.placed)).items():
        for other, others_bases in others:
            if (listed.chromosome[other], listed.position[other], listed.ref[other], listed.alt[other]) in own:
                continue
            rows = [
                row
                for row, bases in indels.get(key, ())
                if may_be_one_change(bases, others_bases, int(listed.position[other] - sites.position[row]))
            ]
            if rows:
                elsewhere[rows] |= genotypes.values[:, [near[other]]].toarray()[:, 0] != 0
    if elsewhere.any():
        logger.warning(
            "genotypes: %s of the model may be written at another place of a repeat here, and stay missing where they "
            "may. Bring both files to one form (bcftools norm -f reference.fa).",
            count(int(elsewhere.any(axis=1).sum()), "indel"),
        )
    return elsewhere


def rows_near(features: pd.DataFrame, positions: NDArray[np.int64]) -> NDArray[np.intp]:
    """Row numbers of the variants that may stand at one of these positions, on any chromosome."""
    there = features["position"].isin(positions).to_numpy(dtype=bool)
    padded = _padded(features["ref"].to_numpy(dtype=object), features["alt"].to_numpy(dtype=object))
    return np.flatnonzero(there | padded)


def _padded(ref: NDArray[np.object_], alt: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether both alleles have several bases, so that they may share some."""
    return _several_bases(ref) & _several_bases(alt)


def _several_bases(alleles: NDArray[np.object_]) -> NDArray[np.bool_]:
    codes, written = pd.factorize(alleles)
    return np.fromiter((len(allele) > 1 and allele[0] != "<" for allele in written), bool, len(written))[codes]


def _counted_at(features: pd.DataFrame, positions: NDArray[np.int64]) -> pd.DataFrame:
    """Counted variants that stand at one of these positions on any chromosome, each once, with their `column`."""
    near = rows_near(features, positions)
    variants = Variants.of(features.iloc[near])
    known = variants.known & variants.placed & variants.counted
    return variants.frame().assign(column=near)[known].drop_duplicates(list(_KEY), ignore_index=True)


def _under_a_third_reference(variants: Variants, here: pd.DataFrame) -> NDArray[np.intp]:
    """Columns of variants whose two alleles are both alternates of a site, -1 where there is no such site."""
    mine = variants.frame().assign(row=np.arange(len(variants.position)))
    counted = mine.merge(here, on=["chromosome", "position", "alt"], suffixes=("", "_site"))
    beside = here.rename(columns={"alt": "ref", "ref": "ref_site"})[["chromosome", "position", "ref", "ref_site"]]
    matches = counted.merge(beside, on=["chromosome", "position", "ref", "ref_site"]).drop_duplicates("row")
    columns = np.full(len(mine), -1, dtype=np.intp)
    columns[matches["row"].to_numpy(dtype=np.intp)] = matches["column"].to_numpy(dtype=np.intp)
    return columns


def _of_one_base(variants: Variants) -> NDArray[np.bool_]:
    """Whether one allele has one base and the other several."""
    lengths = np.array([(len(ref), len(alt)) for ref, alt in zip(variants.ref, variants.alt, strict=True)])
    return np.asarray((lengths.reshape(-1, 2).min(axis=1) == 1) & (lengths.reshape(-1, 2).max(axis=1) > 1))


def _indels(variants: Variants, rows: NDArray[np.intp]) -> dict[_IndelKey, list[tuple[int, str]]]:
    """Rows that are insertions or deletions, with the bases, by what those of one change have in common."""
    indels: dict[_IndelKey, list[tuple[int, str]]] = defaultdict(list)
    for row in rows.tolist():
        bases, way = inserted_or_deleted(variants.ref[row], variants.alt[row])
        if way and not variants.alt[row].startswith("<"):
            indels[variants.chromosome[row], way, len(bases)].append((row, bases))
    return dict(indels)


def _rows_beside(genotypes: Genotypes, positions: NDArray[np.int64]) -> NDArray[np.intp]:
    """Row numbers of the features of several bases that stand in the reach of a repeat from one of the positions."""
    features = genotypes.features
    there = features["position"].fillna(-1).to_numpy(dtype=np.int64)
    ordered = np.sort(positions)
    after = np.append(ordered, np.iinfo(np.int64).max)[np.searchsorted(ordered, there - REPEAT)]
    ref, alt = features["ref"].to_numpy(dtype=object), features["alt"].to_numpy(dtype=object)
    return np.flatnonzero((after <= there + REPEAT) & (_several_bases(ref) | _several_bases(alt)))
