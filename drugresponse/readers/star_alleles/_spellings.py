"""One allele of a pharmacogene in the spelling of PharmCAT and PharmVar, however it is written."""

from __future__ import annotations

import re

__all__ = ["canonical_allele", "canonical_gene", "without_gene"]

_MARKS = str.maketrans({"\uff0a": "*", "\u2217": "*", "\u00d7": "x", "\u2044": "/", "\uff0f": "/", "\u00a0": " "})
# genes whose alleles have numbers: a word that is none of them is not an allele
_NUMBERED = re.compile(r"CYP\d\w+|UGT\d\w+|TPMT|NUDT15|SLCO1B1|NAT[12]|HLA-\w+")
_POSITION = re.compile(r"\b[cgmnp]\.|\brs\d+", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}[A-Za-z]?(?:\.\d{3})?(?:\s*[xX]\s*\S+)?")
_STAR = re.compile(r"(\*[0-9A-Za-z:]+?)(?:\s*[xX]\s*(?:(≥|>=)?\s*(\d+)(\+?)|([Nn]))|(≥)(\d+))?")
_SUBALLELE = re.compile(r"(\*\d+[A-Za-z]?)\.\d+(?=\D|$)")
# PharmVar made the letters of these genes parts of an allele (*4A is *4.001), but of some, alleles of their own
_LETTERS_ARE_PARTS = frozenset({"CYP2B6", "CYP2C8", "CYP2C9", "CYP2C19", "CYP2D6", "CYP3A5"})
_LETTER_IS_AN_ALLELE = frozenset({("CYP2D6", "*10C"), ("CYP2D6", "*14A")})
# PharmCAT's names of alleles that people call by half of them
_VARIANTS_OF_DPYD = {
    "*2A": "c.1905+1G>A", "*4": "c.1601G>A", "*5": "c.1627A>G", "*6": "c.2194G>A", "*8": "c.703C>T", "*9A": "c.85T>C",
    "*9B": "c.2657G>A", "*10": "c.2983G>T", "*11": "c.1003G>T", "*13": "c.1679T>G",
}  # fmt: skip
_FULL_NAMES = {
    ("G6PD", "B"): "B (reference)",
    ("VKORC1", "-1639A"): "rs9923231 variant (T)",
    ("VKORC1", "-1639G"): "rs9923231 reference (C)",
    **{
        ("DPYD", half): f"{variant} ({star})" for star, variant in _VARIANTS_OF_DPYD.items() for half in (star, variant)
    },
}
_HLA = re.compile(r"\*(\d{1,4}(?::\d{2,4}){0,3}|\d{4}|\d{6}|\d{8})([NLSCAQGP]?)", re.IGNORECASE)
# 6/7 of UGT1A1 counts repeats (*1/*28) as often as it names alleles
_REPEATS = re.compile(r"[5-8]")


def canonical_gene(gene: str) -> str:
    """A symbol in capitals, those of HLA with their hyphen.

    Examples
    --------
    >>> canonical_gene("cyp2d6"), canonical_gene("HLA_B"), canonical_gene("HLA-DRB1")
    ('CYP2D6', 'HLA-B', 'HLA-DRB1')
    """
    return re.sub(r"^HLA[_ -]?(?=[A-Z])", "HLA-", gene.strip().upper())


def without_gene(diplotype: str, gene: str) -> str:
    """A diplotype in plain marks, without the symbol before its alleles.

    Examples
    --------
    >>> without_gene("CYP2D6*1/CYP2D6 *4", "CYP2D6"), without_gene("B*57:01/B*07:02", "HLA-B")
    ('*1/*4', '*57:01/*07:02')
    >>> without_gene("a CFTR sequence", "CFTR")
    'a CFTR sequence'
    """
    text = diplotype.translate(_MARKS).strip()
    symbol = rf"{re.escape(gene)}(?![A-Za-z0-9])\s*[:_]?\s*"
    if gene.startswith("HLA-"):
        symbol += rf"|{re.escape(gene.removeprefix('HLA-'))}\s*(?=\*)"
    return re.sub(rf"(^|[/|+(\[]\s*|\b(?:OR|AND)\s+)(?:{symbol})", r"\1", text, flags=re.IGNORECASE)


def canonical_allele(name: str, gene: str) -> str | None:
    """The allele as PharmCAT names it; None where the gene has alleles by number and this is none.

    Suballeles count as their allele, a copy number beside it makes another one (`*1x2`, `*1≥3`, `*1xN`); alleles of HLA
    are named to the second field, with the letter of a changed expression.

    Examples
    --------
    >>> [canonical_allele(name, "CYP2D6") for name in ("*4A", "*4.001", "4", "*1X2", "*1 x≥3", "*4 (partial)")]
    ['*4', '*4', '*4', '*1x2', '*1≥3', None]
    >>> [canonical_allele(name, "HLA-B") for name in ("*57:01:01", "*5701", "*15:01:01:02N")]
    ['*57:01', '*57:01', '*15:01N']
    """
    numbered = bool(_NUMBERED.fullmatch(gene))
    if (gene, name) in _FULL_NAMES:
        return _FULL_NAMES[gene, name]
    if gene.startswith("HLA-"):
        return _of_hla(name)
    if numbered and _NUMBER.fullmatch(name) and not (gene == "UGT1A1" and _REPEATS.fullmatch(name)):
        name = f"*{name}"
    star = _STAR.fullmatch(_SUBALLELE.sub(r"\1", re.sub(r"^\*\s+", "*", name)))
    if star is not None and not (numbered and star.group(1) == "*0"):
        return _with_copies(_core(star.group(1), gene), star)
    readable = _POSITION.search(name) if numbered else "?" not in name
    return name if readable else None


def _core(base: str, gene: str) -> str:
    base = re.sub(r"^\*0+(?=\d)", "*", base)
    lettered = re.fullmatch(r"(\*\d+)([A-Za-z])", base)
    if lettered is None:
        return base
    base = base.upper()
    if base == "*1A":
        return "*1"
    own = gene not in _LETTERS_ARE_PARTS or (gene, base) in _LETTER_IS_AN_ALLELE
    return base if own else lettered.group(1)


def _with_copies(base: str, star: re.Match[str]) -> str | None:
    _, least, times, more, unknown, at_least, count = star.groups()
    if unknown:
        return f"{base}xN"
    copies = int(times or count or 1)
    if copies < 3 and (least or more or at_least):
        return f"{base}xN"
    return {0: None, 1: base, 2: f"{base}x2"}.get(copies, f"{base}≥3")


def _of_hla(name: str) -> str | None:
    allele = _HLA.fullmatch(f"*{re.sub(r'^[*]? *', '', name)}")
    if allele is None:
        return name if _POSITION.search(name) else None
    written, letter = allele[1], allele[2].upper()
    fields = re.findall("..", written) if written.isdigit() and len(written) >= 4 else written.split(":")
    return "*" + ":".join(field.zfill(2) for field in fields[:2]) + ("" if letter in ("G", "P") else letter)
