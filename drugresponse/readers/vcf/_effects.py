"""What annotators say about a variant (VEP's CSQ, SnpEff's ANN, bcftools' BCSQ) -> its gene and class of effect."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from drugresponse.readers.alterations.classes import EFFECTS, SILENT, classify
from drugresponse.readers.vcf._sites import Site

__all__ = ["Annotation", "alleles_of_vep", "find_annotation", "genes_without_effect"]

_SEVERITY = {name: rank for rank, name in enumerate(dict.fromkeys(("deletion", *EFFECTS, SILENT)))}
_OUTSIDE_GENE = frozenset(
    [
        "upstream_gene_variant",
        "downstream_gene_variant",
        "intergenic_variant",
        "intergenic_region",
        "regulatory_region_variant",
        "TF_binding_site_variant",
    ]
)
_FIELDS_OF_SNPEFF = ("Allele", "Annotation", "Annotation_Impact", "Gene_Name", "Gene_ID")
_FIELDS_OF_BCFTOOLS = ("Consequence", "gene", "transcript", "biotype", "strand", "amino_acid_change", "dna_change")
_NAMES_OF_TERMS = ("Consequence", "Annotation")
_NAMES_OF_GENES = ("SYMBOL", "Gene_Name", "gene", "Gene", "Gene_ID")
_PICKED = ("PICK", "MANE_SELECT", "CANONICAL")
_FORMAT = re.compile(r"Format:\s*'?([^'\"]+)", re.IGNORECASE)
_QUOTED = re.compile(r"'([^']+)'")
_GENE_FIELDS = ("GENEINFO", "GENE", "Gene")


class _Entry(NamedTuple):
    """What an annotator says about an allele in one transcript; `picked` is less for what it prefers."""

    allele: str
    number: str
    terms: str
    gene: str
    picked: int
    change: str


@dataclass(frozen=True)
class Annotation:
    """An annotation of variants in INFO.

    Attributes
    ----------
    name
        The field: `CSQ`, `ANN` or `BCSQ`.
    place
        At which place of an entry a part stands, by its name.
    genes
        Only what is said about these genes counts; None takes all.

    Examples
    --------
    >>> ann = find_annotation({"ANN": "Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name'"})
    >>> text = "T|stop_gained|HIGH|DPYD,T|intron_variant|MODIFIER|OTHER,G|synonymous_variant|LOW|DPYD"
    >>> ann.effects(Site(1, "1", 9, "C", ("T", "G"), {"ANN": text}.get, None))
    [('DPYD', 'lof'), ('DPYD', 'silent')]
    """

    name: str
    place: Mapping[str, int]
    genes: Collection[str] | None = None

    def effects(self, site: Site) -> list[tuple[str, str]]:
        """Gene and class of effect of each alternate allele; empty where nothing is said about it.

        Notes
        -----
        Of the transcripts of a gene those count that the annotator picked (VEP's PICK, else MANE_SELECT, else
        CANONICAL), where there are any; of these the one with the worst effect, and so of several genes. Effects are
        ordered as `alteration_classes.EFFECTS` (a deletion of the whole transcript before all), then come silent ones
        in a gene, then those beside it; of equally bad ones, the first in the file counts.
        """
        text = site.info(self.name)
        entries = [] if text is None else [entry for part in text.split(",") if (entry := self._entry(part))]
        if self.genes is not None:
            entries = [entry for entry in entries if entry.gene in self.genes]
        return [_worst(_about(entries, site, at)) for at in range(len(site.alternates))]

    def _entry(self, text: str) -> _Entry | None:
        parts = text.split("|")

        def value(name: str) -> str:
            at = self.place.get(name, len(parts))
            return parts[at].strip() if at < len(parts) else ""

        terms = next(filter(None, map(value, _NAMES_OF_TERMS)), "").lstrip("*")
        if not terms or terms.startswith("@"):  # bcftools writes it at the other position
            return None
        gene = next(filter(None, map(value, _NAMES_OF_GENES)), "")
        picked = next((rank for rank, name in enumerate(_PICKED) if value(name) not in ("", "NO")), len(_PICKED))
        return _Entry(value("Allele"), value("ALLELE_NUM"), terms, gene, picked, value("dna_change"))


def find_annotation(descriptions: Mapping[str, str], genes: Collection[str] | None = None) -> Annotation | None:
    """The annotation that the header describes; CSQ before ANN before BCSQ, where it has several.

    Parameters
    ----------
    descriptions
        What the header says about each field of INFO. The parts of CSQ and BCSQ stand behind "Format:", those of ANN
        between quotation marks, or behind "Format:" where VEP wrote it.
    genes
        As in `Annotation`.

    References
    ----------
    CSQ: Ensembl VEP, "VEP VCF output". ANN: Cingolani et al., "Variant annotations in VCF format", version 1.0. BCSQ:
    manual of bcftools csq.

    Examples
    --------
    >>> find_annotation({"CSQ": "Consequence annotations from Ensembl VEP. Format: Allele|Consequence|SYMBOL"}).place
    {'Allele': 0, 'Consequence': 1, 'SYMBOL': 2}
    """
    for name, usual in (("CSQ", ()), ("ANN", _FIELDS_OF_SNPEFF), ("BCSQ", _FIELDS_OF_BCFTOOLS)):
        if name not in descriptions:
            continue
        listed = _FORMAT.search(descriptions[name]) or _QUOTED.search(descriptions[name])
        fields = [field.strip() for field in listed[1].split("|")] if listed and name != "BCSQ" else list(usual)
        if set(fields) & set(_NAMES_OF_TERMS):
            return Annotation(name, {field: at for at, field in enumerate(fields)}, genes)
    return None


def genes_without_effect(site: Site) -> list[str]:
    """Genes that the record names without an effect: dbSNP's GENEINFO, else GENE or Gene.

    Examples
    --------
    >>> genes_without_effect(Site(1, "1", 9, "C", ("T",), {"GENEINFO": "DPYD:1806|DPYD-AS1:100873932"}.get, None))
    ['DPYD', 'DPYD-AS1']
    """
    for name in _GENE_FIELDS:
        if (text := site.info(name)) not in (None, "", "."):
            return [gene.split(":")[0] for gene in re.split(r"[|,&]", text) if gene]
    return []


def alleles_of_vep(reference: str, alternates: Sequence[str]) -> list[str]:
    """Alternate alleles as VEP writes them: without the first base, where lengths differ and all alleles share it.

    Examples
    --------
    >>> alleles_of_vep("CA", ["C", "CAT"]), alleles_of_vep("C", ["T"]), alleles_of_vep("CA", ["TG", "*"])
    (['-', 'AT'], ['T'], ['TG', '*'])
    """
    alleles = [allele for allele in (reference, *alternates) if allele != "*"]
    if len({len(allele) for allele in alleles}) == 1 or len({allele[:1] for allele in alleles}) > 1:
        return list(alternates)
    return [allele if allele == "*" else allele[1:] or "-" for allele in alternates]


def _about(entries: Sequence[_Entry], site: Site, at: int) -> list[_Entry]:
    """The entries about one of the alternates."""
    if any(entry.number for entry in entries):
        return [entry for entry in entries if entry.number == str(at + 1)]
    alternate = site.alternates[at]
    names = {alternate, alleles_of_vep(site.reference, site.alternates)[at]}
    change = f"{site.position}{site.reference}>{alternate}"
    about = [
        entry
        for entry in entries
        if (entry.allele.split("-")[0] or entry.allele) in names
        # with a plus bcftools joins what changes together
        or (not entry.allele and (not entry.change or change in entry.change.split("+")))
    ]
    return list(entries) if not about and len(site.alternates) == 1 else about


def _worst(entries: Sequence[_Entry]) -> tuple[str, str]:
    preferred: dict[str, int] = {}
    for entry in entries:
        preferred[entry.gene] = min(entry.picked, preferred.get(entry.gene, entry.picked))
    counted = [entry for entry in entries if entry.picked == preferred[entry.gene]]
    if not counted:
        return "", ""
    worst = min(counted, key=lambda entry: _effect_and_rank(entry.terms)[1])
    return worst.gene, _effect_and_rank(worst.terms)[0]


@lru_cache(maxsize=4096)
def _effect_and_rank(terms: str) -> tuple[str, tuple[int, bool]]:
    """The class of effect of the terms, and a rank that is less the worse it is."""
    # bcftools leaves "variant" out
    effect = classify(terms) or classify("&".join(f"{term}_variant" for term in terms.split("&"))) or ""
    return effect, (_SEVERITY.get(effect, len(_SEVERITY)), set(terms.split("&")) <= _OUTSIDE_GENE)
