"""Variants of a gene together: one feature for each gene and class of effect, instead of one for each variant."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import column_blocks
from drugresponse.data.variants.effects import ALTERING_EFFECTS
from drugresponse.errors import InputError, nearest

__all__ = ["to_genes"]

logger = logging.getLogger(__name__)

_ANY = "mutation"
_SHOWN = 0.5
"""Copies from which on a sample bears the alternate allele; expected dosages lie between whole numbers."""


def to_genes(
    genotypes: Genotypes,
    *,
    by_effect: bool = True,
    carrier: Literal["any", "count"] = "any",
    maximum_missing: float = 0.0,
    keep_others: bool = False,
    known_features: pd.DataFrame | None = None,
) -> Genotypes:
    """Aggregate variants to genes: a burden test's features.

    Parameters
    ----------
    genotypes
        Dosages with `gene`, and `effect` where known, in their feature table. Features of other kinds stay as they are.
    by_effect
        A feature for each class of effect, and one of all together where a gene has several; else that one alone.
    carrier
        `any`: whether a sample bears an alternate allele, kind `altered`, block `alterations`. `count`: the sum of its
        alternate alleles, kind `score`, block `burden`.
    maximum_missing
        Share of the variants of a feature that may lack a call, 0 to 1. Where more do, and no called one shows an
        alternate allele, the feature is missing: what was not assayed is not the reference.
    keep_others
        Keep variants that tell no gene or do not change a protein, one feature each.
    known_features
        Rows of `features` that a trained model holds: the features of all effects together that stand there are made
        for genes of one class, too.

    Returns
    -------
    Genotypes
        Ids are `GENE_effect` with effect lof, splice, inframe, missense, and mutation (any of them), and the block that
        of tables of alterations, so that a model trained on such a table can be given variants, and the reverse. Where
        no variant tells an effect, all of a gene count, as `GENE_mutation`.

    Raises
    ------
    InputError
        There are no dosages, no variant tells a gene, or an option is out of range.

    Notes
    -----
    Sums over variants that are not called are lower bounds.

    Examples
    --------
    >>> features = pd.DataFrame({"kind": "dosage", "gene": "TPMT", "effect": ["missense", "lof"]}, index=["v1", "v2"])
    >>> variants = Genotypes.build([[1, 0], [0, 0], [0, np.nan]], ["s1", "s2", "s3"], features)
    >>> genes = to_genes(variants)
    >>> genes.features.index.tolist()
    ['TPMT_lof', 'TPMT_missense', 'TPMT_mutation']
    >>> genes.dense().tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [nan, 0.0, nan]]
    """
    if carrier not in ("any", "count"):
        raise InputError(f'carrier: "{carrier}" is unknown. {nearest(carrier, ("any", "count"))}')
    if not 0 <= maximum_missing <= 1:
        raise InputError(f"maximum_missing: found {maximum_missing:g} (expected 0 to 1). Correct it.")
    table = genotypes.features
    is_variant = (table["kind"] == "dosage").to_numpy(dtype=bool)
    effects, counted = _effects(table, is_variant)
    names = _memberships(table[counted], effects[counted], by_effect, known_features)
    described = names.drop_duplicates("feature_id").set_index("feature_id")[["gene", "effect"]]
    members = sparse.csr_array(
        (
            np.ones(len(names), dtype=np.float32),
            (np.flatnonzero(counted)[names["variant"]], described.index.get_indexer(pd.Index(names["feature_id"]))),
        ),
        shape=(len(table), len(described)),
    )
    kind, block = ("altered", "alterations") if carrier == "any" else ("score", "burden")
    described = described.assign(kind=kind, block=block)
    kept, samples = np.flatnonzero(~is_variant | (~counted & keep_others)), list(genotypes.sample_ids)
    if genotypes.is_stored:
        genes = Genotypes.build(_stored_sums(genotypes, members, carrier == "any", maximum_missing), samples, described)
        return Genotypes.join([genes, genotypes.select(kept)]) if len(kept) else genes
    values = _sums(_Shown.of(genotypes.values, members), members, carrier == "any", maximum_missing)
    values = sparse.hstack([values, genotypes.values[:, kept]], format="csr")
    return Genotypes.build(values, samples, pd.concat([described, table.iloc[kept]]))


def _effects(table: pd.DataFrame, is_variant: NDArray[np.bool_]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """The class of effect of each feature, and which are variants that count for their gene."""
    with_gene = is_variant & (table["gene"] != "").to_numpy(dtype=bool)
    if not with_gene.any():
        what = "no variant tells its gene" if is_variant.any() else "found no dosages of variants"
        raise InputError(
            f"genotypes: {what} (expected variants with genes). Annotate the file with VEP or SnpEff, or give regions "
            "that name genes, such as a BED or GTF file."
        )
    effects = table["effect"].to_numpy(dtype=object)
    if (effects[with_gene] == "").all():
        effects = np.full(len(table), _ANY, dtype=object)
    counted = with_gene & np.isin(effects.astype(str), ALTERING_EFFECTS)
    if not counted.any():
        raise InputError(
            "genotypes: no variant changes a protein (expected effects such as lof or missense). Check the annotation."
        )
    logger.info(
        f"genotypes: {counted.sum()} variants are gathered by gene; {(is_variant & ~with_gene).sum()} tell no gene, "
        f"{(with_gene & ~counted).sum()} do not change a protein."
    )
    return effects, counted


def _memberships(
    variants: pd.DataFrame, effects: NDArray[np.object_], by_effect: bool, known_features: pd.DataFrame | None
) -> pd.DataFrame:
    """Which variant counts for which feature: rows `variant` (number), `gene, effect, feature_id`."""
    rows = pd.DataFrame({"variant": np.arange(len(variants)), "gene": variants["gene"].to_numpy(), "effect": effects})
    together = rows.assign(effect=_ANY)
    if by_effect:
        of_effects = rows[rows["effect"] != _ANY]
        n_classes = rows.groupby("gene")["effect"].transform("nunique")
        wanted = n_classes > 1
        wanted |= rows["effect"] == _ANY
        if known_features is not None:
            wanted |= (rows["gene"] + f"_{_ANY}").isin(known_features.index)
        together = pd.concat([of_effects, together[wanted]], ignore_index=True)
    return together.assign(feature_id=together["gene"] + "_" + together["effect"])


@dataclass(frozen=True, eq=False)
class _Shown:
    """`(n_samples, n_made)` how many variants of a feature show an alternate allele, lack a call, and their sums."""

    shown: sparse.csr_array
    absent: sparse.csr_array
    sums: sparse.csr_array

    @classmethod
    def of(cls, values: sparse.csr_array, members: sparse.csr_array) -> _Shown:
        missing = np.isnan(values.data)
        cells = (values.data >= _SHOWN, missing, np.where(missing, 0, values.data))
        return cls(*(_with(values, data) @ members for data in cells))

    def __add__(self, other: _Shown) -> _Shown:
        return _Shown(self.shown + other.shown, self.absent + other.absent, self.sums + other.sums)


def _stored_sums(
    genotypes: Genotypes, members: sparse.csr_array, as_carrier: bool, maximum_missing: float
) -> sparse.csr_array:
    """As `_sums`, some of the features at a time, of whose variants blocks are read."""
    parts = []
    for made in column_blocks((genotypes.shape[0], members.shape[1])):
        some = sparse.csr_array(members[:, made])
        variants = np.flatnonzero(np.diff(some.indptr))
        shown = [_Shown.of(sparse.csr_array(block), some[columns]) for columns, block in genotypes.blocks(variants)]
        parts.append(_sums(reduce(add, shown), some, as_carrier, maximum_missing))
    return sparse.csr_array(sparse.hstack(parts, format="csr"))


def _sums(of: _Shown, members: sparse.csr_array, as_carrier: bool, maximum_missing: float) -> sparse.csr_array:
    n_variants = members.sum(axis=0)
    lacking = of.absent.data > maximum_missing * n_variants[of.absent.indices]
    unknown = _with(of.absent, lacking)
    unknown = unknown - unknown.multiply(of.shown > 0)
    unknown.eliminate_zeros()
    unknown.data[:] = np.nan
    return sparse.csr_array(((of.shown > 0).astype(np.float32) if as_carrier else of.sums) + unknown)


def _with(matrix: sparse.csr_array, data: NDArray) -> sparse.csr_array:
    return sparse.csr_array((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
