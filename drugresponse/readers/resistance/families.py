"""What a resistance gene or mutation belongs to, nearest first, as its name tells: the parents of a feature."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["families_of_gene", "parent_text", "site_of_change"]

_BETWEEN_PARENTS = ";"
_ALLELES = (
    re.compile(r"(?P<family>bla[A-Z][A-Za-z]*(?:-[A-Z]+)*)-?\d+[A-Za-z]?"),
    re.compile(r"(?P<family>mcr-\d+)\.\d+"),
    re.compile(r"(?P<family>mcr)-\d+"),
    re.compile(r"(?P<family>a(?:ac|ad|nt|ph)\([^()]+\)-[IVX]+[a-z]?-cr)\d+"),
    re.compile(r"(?P<family>a(?:ac|ad|nt|ph)\([^()]+\)-[IVX]+[a-z]?)(?:-cr|\d+)"),
    re.compile(r"(?P<family>a(?:ac|ad|nt|ph)\([^()]+\)-[IVX]+)[a-z]"),
    re.compile(r"(?P<family>a(?:ac|ad|nt|ph)\([^()]+\))-[IVX]+"),
    re.compile(r"(?!a(?:ac|ad|nt|ph)\()(?P<family>[a-z]{3,5})\([A-Z0-9]+\)"),
    re.compile(r"(?P<family>[a-z]{3,4}[A-Z]?)\d+"),
)
"""How alleles are named, the longest names first; the family is left when the number is taken off."""
_CHANGE = re.compile(r"(?:(?P<level>[pcnrg])\.)?[A-Za-z*]*?(?P<position>-?\d+)")


def families_of_gene(gene: str) -> tuple[str, ...]:
    """The families that the name of a resistance gene tells, nearest first; none where it tells none.

    Parameters
    ----------
    gene
        As AMRFinderPlus and ResFinder write it.

    Examples
    --------
    >>> families_of_gene("blaCTX-M-15"), families_of_gene("mcr-1.1"), families_of_gene("floR")
    (('blaCTX-M',), ('mcr-1', 'mcr'), ())
    >>> families_of_gene("aac(6')-Ib-cr5")
    ("aac(6')-Ib-cr", "aac(6')-Ib", "aac(6')-I", "aac(6')")
    """
    families: list[str] = []
    while True:
        match = next((found for pattern in _ALLELES if (found := pattern.fullmatch(gene))), None)
        if match is None:
            return tuple(families)
        gene = match["family"]
        families.append(gene)


def site_of_change(gene: str, change: str) -> str:
    """The site in its gene at which a mutation stands; "" where its name tells none.

    Parameters
    ----------
    gene
        The gene.
    change
        The mutation, as `S83L`, `p.Ser450Leu` or `c.-15C>T`; a position in the gene is none in the protein.

    Examples
    --------
    >>> site_of_change("gyrA", "S83L"), site_of_change("rpoB", "p.Ser450Leu"), site_of_change("fabG1", "c.-15C>T")
    ('gyrA_83', 'rpoB_450', 'fabG1_c.-15')
    """
    match = _CHANGE.match(change)
    if match is None:
        return ""
    level = "" if match["level"] in (None, "p") else f"{match['level']}."
    return f"{gene}_{level}{match['position']}"


def parent_text(parents: Iterable[str], own: str = "") -> str:
    """Parents as they stand in the features' column, each once; empty ones and the feature's own name are left out.

    Examples
    --------
    >>> parent_text(["blaCTX-M", "CEPHALOSPORIN", "", "BETA-LACTAM", "blaCTX-M"])
    'blaCTX-M;CEPHALOSPORIN;BETA-LACTAM'
    """
    names = (parent.replace(_BETWEEN_PARENTS, ",").strip() for parent in parents)
    return _BETWEEN_PARENTS.join(dict.fromkeys(name for name in names if name and name != own))
