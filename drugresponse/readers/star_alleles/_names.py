"""What callers of pharmacogenes write -> copies of each star allele, one phenotype, one activity score."""

from __future__ import annotations

import re
from collections import Counter

from drugresponse.data.missing import MISSING_CELLS
from drugresponse.readers.star_alleles._spellings import canonical_allele, without_gene

__all__ = ["UNCERTAIN", "copies_of_alleles", "is_called", "one_activity", "one_phenotype"]

UNCERTAIN = "uncertain"
"""Returned where something is written that does not give one answer."""

_NOTHING = MISSING_CELLS | {"no result"}
_NO_CALL = frozenset(
    {"no call", "nocall", "no result", "unknown", "indeterminate", "not available", "not called", "?", "conflicting",
     "n/a", "no data", "undetermined", "not determined", "ambiguous", "failed", "missing", "unk", "nd", "n.d."}
)  # fmt: skip
_REFERENCE = re.compile(r"\*1|ref|wt|.*\b(?:reference|wild[ -]?type)\b.*|no cpic variants found", re.IGNORECASE)
# haploid genes; and those for which PharmCAT lists the alleles found without pairing them (DPYD and RYR1)
_SINGLE_ALLELE = re.compile(r"MT-.*|G6PD|DPYD|RYR1")
# of which a man has one copy, and a woman two
_ON_X = frozenset({"G6PD"})
# the bases of a position beside its name: which of them is the reference is not told
_BASES_OF_A_POSITION = re.compile(r".*(?:\brs\d+|\b[cgmn]\.\S+)[\s:_]+[ACGT]\s*[/|]\s*[ACGT]", re.IGNORECASE)
_MULTIPLIED = re.compile(r"\(\s*([^()/|]+?)\s*[/|]\s*([^()/|]+?)\s*\)\s*([xX]\s*(?:≥|>=)?\s*(?:\d+\+?|[Nn])|≥\d+)")
_TANDEM = re.compile(r"\s\+\s|\+(?=\*)")
_ALTERNATIVES = re.compile(r"(?:^|\s+)/(?:\s+|$)|\s+OR\s+")
_SHORT_PHENOTYPES = {
    "pm": "Poor Metabolizer",
    "im": "Intermediate Metabolizer",
    "nm": "Normal Metabolizer",
    "em": "Normal Metabolizer",
    "extensive metabolizer": "Normal Metabolizer",
    "rm": "Rapid Metabolizer",
    "um": "Ultrarapid Metabolizer",
    "ultra-rapid metabolizer": "Ultrarapid Metabolizer",
    "ultra rapid metabolizer": "Ultrarapid Metabolizer",
    "poor": "Poor Metabolizer",
    "intermediate": "Intermediate Metabolizer",
    "normal": "Normal Metabolizer",
    "extensive": "Normal Metabolizer",
    "rapid": "Rapid Metabolizer",
    "ultrarapid": "Ultrarapid Metabolizer",
}


def is_called(text: str) -> bool:
    """Whether a cell says anything but "not called".

    Examples
    --------
    >>> is_called("*1/*4"), is_called("Unknown/Unknown"), is_called("no call"), is_called(" ")
    (True, False, False, False)
    """
    parts = [part.strip().lower() for part in text.split("/")]
    return text.strip().lower() not in MISSING_CELLS | _NO_CALL and not all(part in _NO_CALL | {""} for part in parts)


def copies_of_alleles(diplotype: str, gene: str) -> dict[str, float] | None:
    """Copies of each allele other than the reference, NaN where the alternatives of a call disagree.

    Parameters
    ----------
    diplotype
        As PharmCAT, PyPGx or a person writes it: `*1/*4`, `CYP2D6*4|*10`, `4/4`, `[*1 + *2]/*3`, `*68+*4/*5`,
        `*1x2/*4`, `(*1/*1)X2`, `*15:02:01/*57:01`, `Reference/c.85T>C (*9A)`; alternatives joined by OR; alleles found
        joined by AND.
    gene
        Symbol. One allele alone is a whole call in haploid genes (MT-RNR1, G6PD in men) and where PharmCAT lists the
        alleles found (DPYD, RYR1); elsewhere it is half a call. That of G6PD counts as two, as one copy on X does in
        every format.

    Returns
    -------
    dict or None
        None where the diplotype is not called, half called or not readable. A duplicated allele is one of its own
        (`*1x2`, `*1≥3`), since its function differs; a combination counts for each of its alleles; suballeles
        (`*4.013`) count as their allele. `*1`, `Reference` and the like have no key.

    Examples
    --------
    >>> copies_of_alleles("*4/*4", "CYP2D6"), copies_of_alleles("*1x3/[*10 + *36]", "CYP2D6")
    ({'*4': 2.0}, {'*1≥3': 1.0, '*10': 1.0, '*36': 1.0})
    >>> copies_of_alleles("*1/*4 OR *2/*4", "CYP2D6"), copies_of_alleles("*1/Unknown", "CYP2D6")
    ({'*4': 1.0, '*2': nan}, None)
    """
    plain = without_gene(diplotype, gene)
    readings = [
        _copies(reading, gene)
        for alternative in re.split(r"\s+OR\s+", plain, flags=re.IGNORECASE)
        for reading in _either_more(alternative)
    ]
    counted = [copies for copies in readings if copies is not None]
    if not counted or len(counted) < len(readings):
        return None
    alleles = dict.fromkeys(allele for copies in counted for allele in copies)
    numbers = {allele: {copies[allele] for copies in counted} for allele in alleles}
    return {allele: float(n.pop()) if len(n) == 1 else float("nan") for allele, n in numbers.items()}


def one_phenotype(text: str) -> str:
    """The phenotype in CPIC's words; "" where none is written, `uncertain` where it is indeterminate or several.

    Examples
    --------
    >>> one_phenotype("PM"), one_phenotype("poor metaboliser"), one_phenotype("")
    ('Poor Metabolizer', 'Poor Metabolizer', '')
    >>> one_phenotype("Indeterminate"), one_phenotype("Normal Metabolizer / Poor Metabolizer")
    ('uncertain', 'uncertain')
    """
    phenotypes = {_phenotype(alternative) for alternative in _ALTERNATIVES.split(text.strip())}
    if phenotypes == {""}:
        return ""
    return (phenotypes.pop() if len(phenotypes) == 1 else "") or UNCERTAIN


def one_activity(text: str) -> float | str:
    """The activity score; "" where none is written, `uncertain` where it is several or no number. `≥6.0` reads as 6.

    Examples
    --------
    >>> one_activity("1.25"), one_activity("≥6.0"), one_activity("1.0 / 2.0"), one_activity("n/a")
    (1.25, 6.0, 'uncertain', '')
    """
    scores = {alternative.strip() for alternative in _ALTERNATIVES.split(text.strip())}
    if all(score.lower() in _NOTHING for score in scores):
        return ""
    number = re.fullmatch(r"(?:≥|>=)?\s*(\d+(?:[.,]\d+)?)", scores.pop()) if len(scores) == 1 else None
    return float(number[1].replace(",", ".")) if number else UNCERTAIN


def _either_more(diplotype: str) -> list[str]:
    """Of `(*1/*4)x2`, which does not tell the allele that stands there twice, both readings."""
    multiplied = _MULTIPLIED.fullmatch(diplotype.strip())
    if multiplied is None:
        return [diplotype]
    one, other, times = multiplied.groups()
    return [f"{one}{times}/{other}", f"{one}/{other}{times}"]


def _copies(diplotype: str, gene: str) -> Counter[str] | None:
    if not is_called(diplotype) or _BASES_OF_A_POSITION.fullmatch(diplotype):
        return None
    listed = re.split(r"\s+AND\s+", diplotype, flags=re.IGNORECASE)
    if len(listed) > 1:
        haplotypes = [name for alleles in listed for name in re.split(r"[/|]", alleles)]
    else:
        haplotypes = re.split(r"[/|]", diplotype)
        whole = (1, 2) if _SINGLE_ALLELE.fullmatch(gene) else (2,)
        if len(haplotypes) not in whole:
            return None
    copies: Counter[str] = Counter()
    for haplotype in haplotypes:
        alleles = _alleles(haplotype, gene)
        if alleles is None:
            return None
        copies.update(dict.fromkeys(alleles, 2 if gene in _ON_X and len(haplotypes) == 1 else 1))
    return copies


def _alleles(haplotype: str, gene: str) -> list[str] | None:
    """The alleles that one chromosome bears, without the reference; None where one is not called or not readable."""
    names = [name.strip() for name in _TANDEM.split(haplotype.strip().removeprefix("[").removesuffix("]"))]
    if any(name.lower() in MISSING_CELLS | _NO_CALL for name in names):
        return None
    alleles = []
    for name in names:
        allele = name if _REFERENCE.fullmatch(name) else canonical_allele(name, gene)
        if allele is None:
            return None
        alleles.append(allele)
    return [allele for allele in alleles if not _REFERENCE.fullmatch(allele)]


def _phenotype(text: str) -> str:
    words = re.sub(r"[\s_]+", " ", text.strip())
    words = re.sub(r"[ -]?metaboli[sz]ers?\b(?: ?\([a-z]{2}\))?", " metabolizer", words, flags=re.IGNORECASE).strip()
    lower = words.lower()
    if lower in MISSING_CELLS | _NO_CALL:
        return "" if lower in _NOTHING else UNCERTAIN
    if lower in _SHORT_PHENOTYPES:
        return _SHORT_PHENOTYPES[lower]
    return words.title() if lower.endswith(("metabolizer", "function")) else words
