"""Features of star alleles, by their ids: of which gene, and whether allele, phenotype or activity score."""

from __future__ import annotations

import re

__all__ = ["ACTIVITY", "ALLELE", "PHENOTYPE", "STAR_ALLELES", "star_feature"]

STAR_ALLELES = "star alleles"
"""Name of the block."""
ALLELE, PHENOTYPE, ACTIVITY = "allele", "phenotype", "activity"
_ID = re.compile(r"(.+?)(?:(_phenotype:.*)|(_activity)|([*:].*))")


def star_feature(feature_id: str) -> tuple[str, str]:
    """The gene, and `allele`, `phenotype` or `activity`; both empty where the id tells neither.

    Examples
    --------
    >>> star_feature("HLA-B*57:01"), star_feature("CYP2D6_phenotype:Poor Metabolizer"), star_feature("TP53_lof")
    (('HLA-B', 'allele'), ('CYP2D6', 'phenotype'), ('', ''))
    """
    parts = _ID.fullmatch(feature_id)
    if parts is None:
        return "", ""
    return parts.group(1), PHENOTYPE if parts.group(2) else ACTIVITY if parts.group(3) else ALLELE
