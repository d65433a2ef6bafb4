"""Substitutions of HIV in the spellings of laboratories -> sites and residues."""

from __future__ import annotations

import re
from typing import NamedTuple

from drugresponse.data.column_names import plain_name
from drugresponse.readers.resistance._calls import MUTATION, Element

__all__ = ["SUBSTITUTIONS", "Substitution", "elements_at", "gene_of_hiv", "is_any_residue", "parse_substitution"]

SUBSTITUTIONS = "substitutions"
"""Name of the block."""
_GENES = "PR|RT|IN|CA"
_OTHER_NAMES = {
    **dict.fromkeys(("prot", "pro", "protease", "pi"), "PR"),
    **dict.fromkeys(("reversetranscriptase", "nrti", "nnrti", "rti"), "RT"),
    **dict.fromkeys(("int", "integrase", "insti", "ini"), "IN"),
    "capsid": "CA",
}
"""Of genes of HIV, also by the drugs that act on them: under another name no feature of a model would be found."""
_INSERTION, _DELETION = "ins", "del"
_WRITTEN = re.compile(
    rf"(?:(?P<gene>[A-Za-z][A-Za-z0-9]*)[:_ ]|(?P<pol>{_GENES}))?"
    r"(?P<consensus>[A-Z*])?(?P<position>\d+)(?P<residues>.+)"
)
_RESIDUES = re.compile(r"[A-Z*](?:/?[A-Z*])*")
# D and I alone are aspartate and isoleucine: RT:M184I is a substitution
_DELETED = re.compile(r"d|(?i:del|deletion)|-|~")
_INSERTED = re.compile(r"i|(?i:ins|insertion)|_|#|[A-Z]?_[A-Z]+")
_ANY = "X"


class Substitution(NamedTuple):
    """What stands at a site: residues in one letter, `ins` and `del`; none where it could be any residue."""

    gene: str
    position: int
    residues: tuple[str, ...]


def parse_substitution(written: str, gene: str = "") -> Substitution | None:
    """The residues that a substitution names, without the consensus.

    Parameters
    ----------
    written
        Such as `RT:M184V`, `RT_184V`, `PR:35ins`, `RT:T69-`, and with a small letter `RT:T69i`, `RT:T69d`; a mixture
        names several residues, `RT:M184MV` or `RT:M184M/V`, of which the consensus is none.
    gene
        The gene where none is written.

    Returns
    -------
    Substitution or None
        None where the text is no substitution, or names no gene.

    Examples
    --------
    >>> parse_substitution("RT:M184MV"), parse_substitution("M184I/V", "RT").residues, parse_substitution("PR:35ins")
    (Substitution(gene='RT', position=184, residues=('V',)), ('I', 'V'), Substitution(gene='PR', position=35, \
residues=('ins',)))
    >>> parse_substitution("M184V") is None, parse_substitution("RT:K65X").residues
    (True, ())
    """
    match = _WRITTEN.fullmatch(written.strip())
    if match is None:
        return None
    gene = gene_of_hiv(match["gene"] or match["pol"] or gene)
    residues = residues_of(match["residues"], match["consensus"] or "")
    # positions of the whole pol are not those of its genes
    if gene in ("", "POL") or residues is None:
        return None
    return Substitution(gene, int(match["position"]), residues)


def gene_of_hiv(name: str) -> str:
    """The name of a gene that features bear; genes of other viruses keep theirs.

    Examples
    --------
    >>> gene_of_hiv("Protease"), gene_of_hiv("INT"), gene_of_hiv("rt"), gene_of_hiv("NS5A")
    ('PR', 'IN', 'RT', 'NS5A')
    """
    return _OTHER_NAMES.get(plain_name(name), name.upper())


def is_any_residue(written: str) -> bool:
    """Whether what is written at a site leaves open which residue stands there, alone or in a mixture.

    Examples
    --------
    >>> is_any_residue("RT:K65X"), is_any_residue("RT:K65XR"), is_any_residue("RT:M184M")
    (True, True, False)
    """
    return _ANY in re.split(r"\d", written)[-1].upper()


def residues_of(written: str, consensus: str) -> tuple[str, ...] | None:
    """Residues other than the consensus, each once; none for X, None where they are no residues.

    Examples
    --------
    >>> residues_of("MV", "M"), residues_of("X", "K"), residues_of("Deletion", "T"), residues_of("?!", "")
    (('V',), (), ('del',), None)
    >>> residues_of("I", "M"), residues_of("i", "T"), residues_of("D", "N"), residues_of("d", "T")
    (('I',), ('ins',), ('D',), ('del',))
    """
    if _DELETED.fullmatch(written):
        return (_DELETION,)
    if _INSERTED.fullmatch(written):
        return (_INSERTION,)
    if not _RESIDUES.fullmatch(written):
        return None
    letters = tuple(dict.fromkeys(written.replace("/", "")))
    return () if _ANY in letters else tuple(letter for letter in letters if letter != consensus)


def elements_at(substitution: Substitution) -> list[Element]:
    """A feature for each residue at a site: `RT_184V`, whose parent is the site.

    Examples
    --------
    >>> [element.name for element in elements_at(Substitution("RT", 184, ("I", "V")))]
    ['RT_184I', 'RT_184V']
    """
    gene, position, residues = substitution
    site = f"{gene}_{position}"
    return [Element(SUBSTITUTIONS, f"{site}{residue}", gene, MUTATION, (f"{site} (site)",)) for residue in residues]
