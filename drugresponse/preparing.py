"""Genotypes as a model is to have them: only what is wanted, gene by gene, or in the features of a training."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import Genotypes, GenotypesLike
from drugresponse.data.parents.sums import with_parent_rows
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError, count, nearest
from drugresponse.features.parents import with_parents_of
from drugresponse.features.places import Variants
from drugresponse.features.reference_sites import count_sites, sites_filled, with_reference_sites
from drugresponse.features.same_features import with_features_of
from drugresponse.features.unseen_alleles import without_unseen_alleles
from drugresponse.genotype_qc.burden import to_genes
from drugresponse.readers.variants.site_filter import SiteFilter, filter_genotypes

__all__ = ["BY_GENE", "features_of_training", "prepare", "reshape"]

logger = logging.getLogger(__name__)

BY_GENE = ("no", "any", "effect")
_ABSENT_MEANS = ("missing", "reference")


def prepare(
    genotypes: GenotypesLike,
    *,
    site_filter: SiteFilter | None = None,
    by_gene: str = "no",
    like: GenotypesLike | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    """Leave out what is not wanted, join variants by gene, and bring genotypes to the features of a training.

    Parameters
    ----------
    genotypes
        `Genotypes`, a DataFrame or an AnnData. `read_genotypes` filters files while it reads them.
    site_filter
        What is kept, as `SiteFilter` tells; None keeps everything.
    by_gene
        `no` keeps variants; `any` makes one feature of those of a gene, `effect` one for each class of effect.
    like
        Genotypes that a model was trained on: their features, with their alleles, are those of the answer.
    absent_means
        `reference` takes features of the training that are absent here for the reference; `missing`, also None, takes
        them for missing.

    Returns
    -------
    Genotypes
        For `write_genotypes`, `DrugResponseModel.fit`, or, with `like`, `DrugResponseModel.predict`.

    Raises
    ------
    InputError
        Nothing is left, nothing of the training's features is found, or `like` stands beside a filter of frequencies or
        missing calls.

    Examples
    --------
    >>> import drugresponse as dr
    >>> trained = dr.Genotypes.from_dense([[0, 2], [1, 0]], ["s1", "s2"], ["rs1", "rs2"], kind="dosage")
    >>> new = dr.Genotypes.from_dense([[1, 1]], ["n1"], ["rs2", "rs3"], kind="dosage")
    >>> dr.prepare(new, like=trained).dense().tolist()
    [[nan, 1.0]]
    >>> dr.prepare(trained, site_filter=dr.SiteFilter(minimum_frequency=0.3)).features.index.tolist()
    ['rs2']
    """
    for name, value, choices in (("by_gene", by_gene, BY_GENE), ("absent_means", absent_means, _ABSENT_MEANS)):
        if value not in choices and (value is not None or name == "by_gene"):
            raise InputError(f'`{name}`: "{value}" is unknown. {nearest(str(value), choices)}')
    if not isinstance(site_filter, SiteFilter | None):
        raise InputError(
            f"`site_filter`: found {type(site_filter).__name__} (expected a SiteFilter or None). Make one."
        )
    trained = None if like is None else features_of_training(as_genotypes(like).features, site_filter)
    kept = as_genotypes(genotypes)
    if site_filter is not None:
        kept = filter_genotypes(kept, site_filter)
    return reshape(kept, trained, site_filter, by_gene, absent_means)


def features_of_training(trained: pd.DataFrame, site_filter: SiteFilter | None) -> pd.DataFrame:
    """The table of features of a training, which a filter of frequencies and missing calls would contradict."""
    if site_filter is not None and site_filter.looks_at_calls:
        raise InputError(
            "`like`: found a limit of frequency or missing calls too (expected none: which features are kept was "
            "decided at the training). Leave out `minimum_frequency` and `maximum_missing`."
        )
    return trained


def reshape(
    genotypes: Genotypes,
    trained: pd.DataFrame | None,
    site_filter: SiteFilter | None,
    by_gene: str,
    absent_means: str | None,
) -> Genotypes:
    """Genotypes that were filtered, gene by gene where that is wanted, and in the features of a training if any.

    Parameters
    ----------
    genotypes
        What the filter kept.
    trained
        The feature table of the training.
    site_filter, by_gene, absent_means
        As in `prepare`.
    """
    if by_gene != "no":
        genotypes = to_genes(genotypes, by_effect=by_gene == "effect", known_features=trained)
    if trained is None:
        return genotypes
    return _as_in_training(_unknown_outside(genotypes, trained, site_filter), trained, absent_means)


def _unknown_outside(genotypes: Genotypes, trained: pd.DataFrame, site_filter: SiteFilter | None) -> Genotypes:
    """Genotypes whose sites outside the regions, which were not read, are not taken for the reference."""
    if genotypes.reference is None or site_filter is None or site_filter.regions is None:
        return genotypes
    sites = Variants.of(trained)
    outside = {}
    for name in pd.unique(sites.chromosome[sites.placed]):
        places = sites.position[sites.placed & (sites.chromosome == name)]
        outside[str(name)] = places[~site_filter.regions.covers(str(name), places)]
    nowhere = ReferenceCalls(np.zeros_like(genotypes.reference.everywhere), {}, outside)
    return replace(genotypes, reference=ReferenceCalls.join([genotypes.reference, nowhere]))


def _as_in_training(genotypes: Genotypes, trained: pd.DataFrame, absent_means: str | None) -> Genotypes:
    as_reference = absent_means == "reference"
    genotypes = with_parents_of(genotypes, trained, absent_as_reference=as_reference)
    trained = with_parent_rows(trained)
    genotypes = without_unseen_alleles(genotypes, trained)
    genotypes = with_reference_sites(genotypes, trained)
    n_many = int((2 * sites_filled(genotypes) > count_sites(trained)).sum())
    if n_many:
        logger.warning(
            "genotypes: in %s more than half of the sites of the training are absent and the reference now; what "
            "is predicted from the written file does not count them, as from the files themselves.",
            count(n_many, "sample"),
        )
    aligned, alignment = with_features_of(genotypes, trained, absent_as_reference=as_reference)
    logger.info("genotypes: %s.", alignment.sentence("features of the training"))
    n_absent = int(((alignment.columns < 0) & ~alignment.conflict).sum())
    if n_absent and not as_reference:
        logger.warning(
            "genotypes: absent are %d of the %s of the training; they count as missing. If the files list only "
            "what differs from the reference, read them with `absent_means` reference.",
            n_absent,
            count(len(trained), "feature"),
        )
    return aligned
