"""What a resistance gene or mutation is one of, nearest first, as its name and its program tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from drugresponse.data.parents.naming import named_parents

__all__ = ["gene_parents", "mutation_parents", "parent_text", "site_of_change"]

_BETWEEN_PARENTS = ";"
_CHANGE = re.compile(r"(?:(?P<level>[pcnrg])\.)?[A-Za-z*]*?(?P<position>-?\d+)")


def gene_parents(gene: str, classes: Iterable[str] = (), families: Iterable[str] = ()) -> tuple[str, ...]:
    """The family and the classes of a resistance gene.

    Parameters
    ----------
    gene
        As its program names it.
    classes
        Drugs or classes of drugs that it acts on, as the program tells; empty ones are passed over.
    families
        Where the program tells them; else the name of the gene does, as in `named_parents`.

    Examples
    --------
    >>> gene_parents("blaCTX-M-15", ["CEPHALOSPORIN", "BETA-LACTAM"])
    ('blaCTX-M (family)', 'CEPHALOSPORIN (class)', 'BETA-LACTAM (class)')
    >>> gene_parents("floR", [""]), gene_parents("NDM-1", families=["NDM beta-lactamase"])
    ((), ('NDM beta-lactamase (family)',))
    """
    told = tuple(f"{family} (family)" for family in families)
    return (*(told or named_parents(gene)), *(f"{name} (class)" for name in classes if name))


def mutation_parents(gene: str, classes: Iterable[str] = ()) -> tuple[str, ...]:
    """The gene and the classes of a mutation that is known for its resistance: few sites of its gene are.

    Examples
    --------
    >>> mutation_parents("gyrA", ["QUINOLONE"])
    ('gyrA (gene)', 'QUINOLONE (class)')
    """
    return (f"{gene} (gene)", *(f"{name} (class)" for name in classes if name))


def site_of_change(gene: str, change: str) -> str:
    """The site in its gene at which a mutation stands; "" where its name tells none.

    Parameters
    ----------
    gene
        The gene.
    change
        The mutation, as `p.Ser450Leu` or `c.-15C>T`; a position in the gene is none in the protein.

    Examples
    --------
    >>> site_of_change("rpoB", "p.Ser450Leu"), site_of_change("fabG1", "c.-15C>T"), site_of_change("katG", "deletion")
    ('rpoB_450 (site)', 'fabG1_c.-15 (site)', '')
    """
    match = _CHANGE.match(change)
    if match is None:
        return ""
    level = "" if match["level"] in (None, "p") else f"{match['level']}."
    return f"{gene}_{level}{match['position']} (site)"


def parent_text(parents: Iterable[str]) -> str:
    """Parents as they stand in the features' column, each once; empty ones are left out.

    Examples
    --------
    >>> parent_text(["blaCTX-M (family)", "", "BETA-LACTAM (class)", "blaCTX-M (family)"])
    'blaCTX-M (family);BETA-LACTAM (class)'
    """
    names = (parent.replace(_BETWEEN_PARENTS, ",").strip() for parent in parents)
    return _BETWEEN_PARENTS.join(dict.fromkeys(filter(None, names)))
