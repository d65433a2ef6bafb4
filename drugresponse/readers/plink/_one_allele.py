"""Variants of which a file names one allele, since nobody in it has another, read by the alleles of a trained model."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.variants.alleles import complements, palindromic, plain_alleles
from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.errors import count

__all__ = ["named_by_model"]

logger = logging.getLogger(__name__)

_PLACE = ["chromosome", "position"]


def named_by_model(alleles: pd.DataFrame, known_features: pd.DataFrame | None, where: str) -> pd.DataFrame:
    """The same rows, both alleles filled in where a model has the one that is named and another at this place.

    PLINK writes 0 in place of an allele that nobody carries, so that the file of one patient names one allele of each
    site at which the patient is homozygous, be it the reference or the alternate.

    Parameters
    ----------
    alleles
        One row for each alternate allele: `chromosome, position, ref, alt`, and `allele`, the number of the allele
        whose copies are counted, 1 for `alt` and 0 for `ref`.
    known_features
        Features of a trained model; None leaves the rows as they are.
    where
        Name of the file, for messages.

    Returns
    -------
    pandas.DataFrame
        `ref` and `alt` as the model has them, and `allele` that which is its alternate. A row stays as it is where the
        model has no variant at its place, several, or one of other alleles; or where it is not told from which strand a
        palindromic one is written, since other variants of the file are written from the other strand.

    Examples
    --------
    >>> site = {"chromosome": "1", "position": 7, "kind": "dosage"}
    >>> model = pd.DataFrame([site | {"ref": "A", "alt": "G"}])
    >>> rows = pd.DataFrame([site | {"ref": "G", "alt": "0", "allele": 1}])
    >>> named_by_model(rows, model, "patient.bim")[["ref", "alt", "allele"]].values.tolist()
    [['A', 'G', 0]]
    """
    if known_features is None or alleles.empty:
        return alleles
    ref, alt = (plain_alleles(alleles[name]) for name in ("ref", "alt"))
    single = ((ref == "") != (alt == "")) & (alleles["position"] > 0).to_numpy()
    if not single.any():
        return alleles
    sites = _sites(known_features)
    here = alleles[_PLACE].assign(row=np.arange(len(alleles)), own_ref=ref, own_alt=alt)
    beside = here.merge(sites, on=_PLACE)
    reverse = _from_other_strand(beside)
    beside = beside[single[beside["row"].to_numpy(dtype=np.intp)]]
    alone = beside[~beside["row"].duplicated(keep=False)]
    named = np.where(alone["own_ref"] == "", alone["own_alt"], alone["own_ref"]).astype(object)
    ours = [alone[name].to_numpy(dtype=object) for name in ("ref", "alt")]
    doubtful = palindromic(*ours) & reverse
    direct = ((named == ours[0]) | (named == ours[1])) & ~doubtful
    other = complements(named)
    turned = reverse & ~direct & ~doubtful & ((other == ours[0]) | (other == ours[1]))
    is_alternate = np.where(turned, other, named) == ours[1]
    of_ref = (alone["own_alt"] == "").to_numpy()
    kept = direct | turned
    rows = alone["row"].to_numpy(dtype=np.intp)[kept]
    _tell(int(single.sum()), len(rows), beside["row"].nunique() - len(rows), where)
    if not len(rows):
        return alleles
    # copies of the model's alternate are those of the allele that is named, or of the one that nobody has
    counted = np.where(of_ref == is_alternate, 0, 1)[kept]
    columns = {"ref": ours[0][kept], "alt": ours[1][kept], "allele": counted}
    completed = alleles.copy()
    for name, values in columns.items():
        filled = completed[name].to_numpy(dtype=object if name != "allele" else np.int64, copy=True)
        filled[rows] = values
        completed[name] = filled
    return completed


def _sites(features: pd.DataFrame) -> pd.DataFrame:
    """`chromosome, position, ref, alt` of the model's variants that have a place and two alleles."""
    table = features.reindex(columns=["chromosome", "position", "ref", "alt", "kind"])
    table = table[table["position"].notna() & (table["kind"] == "dosage")]
    names = table["chromosome"].astype(str)
    human = are_human(names.unique())
    plain = {name: plain_chromosome(name, human=human) for name in names.unique()}
    sites = pd.DataFrame(
        {
            "chromosome": names.map(plain).to_numpy(dtype=object),
            "position": table["position"].to_numpy(dtype=np.int64),
            "ref": plain_alleles(table["ref"]),
            "alt": plain_alleles(table["alt"]),
        }
    )
    return sites[(sites["ref"] != "") & (sites["alt"] != "")]


def _from_other_strand(beside: pd.DataFrame) -> bool:
    """Whether any variant of the file with two alleles, that is no palindrome, is the model's from the other strand."""
    pairs: list[NDArray[np.object_]] = [
        beside[name].to_numpy(dtype=object) for name in ("own_ref", "own_alt", "ref", "alt")
    ]
    own_ref, own_alt, ref, alt = pairs
    both = (own_ref != "") & (own_alt != "") & ~palindromic(ref, alt)
    first, second = complements(own_ref), complements(own_alt)
    return bool((both & (((first == ref) & (second == alt)) | ((first == alt) & (second == ref)))).any())


def _tell(n_single: int, n_read: int, n_untold: int, where: str) -> None:
    logger.info(
        "%s: names one allele of %s, since nobody has another; %d are read by the alleles of the model.",
        where,
        count(n_single, "variant"),
        n_read,
    )
    if n_untold:
        logger.warning(
            "%s: %s of the model, of which the file names one allele, cannot be told by it (the model has other "
            "alleles there or several variants, or the strand is not told); they stay missing. Write the file with "
            "both alleles, or as VCF.",
            where,
            count(n_untold, "variant"),
        )
