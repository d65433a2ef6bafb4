"""Known naming: the family, site and gene that the id of a resistance allele or a substitution names."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import Genotypes, GenotypesLike
from drugresponse.data.variants.effects import ALTERING_EFFECTS

__all__ = ["named_parents", "parents_by_name", "with_named_parents"]

_LACTAMASES = (
    "ACT|ADC|BEL|CARB|CMY|CTX-M|DHA|FOX|GES|IMI|IMP|KPC|LAP|MIR|MOX|NDM|OXA|PDC|PER|PSE|SCO|SHV|SME|TEM|VEB|VIM"
)
_FAMILIES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(bla[A-Z]{2,}(?:-[A-Z]+)*)(?:-\d+[A-Z]?)?",
        rf"({_LACTAMASES})-\d+",
        r"([a-z]{3}[A-Z])\d+(?:\.\d+)?[a-z]?",
        r"(mcr-\d+)\.\d+",
        r"(sat|sul)\d",
        r"(cfr|erm|lnu|mef|mph|msr|tet|vga)\([A-Z]+\d*\)",
    )
)
"""Numbered alleles as NCBI, ResFinder and CARD write them: `blaCTX-M-15`, `OXA-48`, `qnrS1`, `mcr-1.1`, `tet(A)`."""
_AMINOGLYCOSIDE = re.compile(r"((?:aac|aph|ant)\([^()]+\)-[IVX]+)([a-z]+(-cr))?(?:[a-z]+)?\d*", re.IGNORECASE)
_SUBSTITUTION = re.compile(
    r"(?P<gene>[A-Za-z0-9]+)[_:](?:[pnc]\.)?(?P<old>(?:[A-Z][a-z]{2}|[A-Z*])?)(?P<position>-?\d+)[A-Za-z*>]+\d*"
)
_BACTERIAL_GENE = re.compile(r"[a-z]{2,4}[A-Z]{0,3}\d*p?|\d+S|rrs|rrl")


def named_parents(feature_id: str) -> tuple[str, ...]:
    """The parents that an id names, nearest first; none where it follows no naming that is known to mean a family.

    Alleles of resistance genes have their family, substitutions of bacterial genes, of which few are known to matter,
    have their gene, and other substitutions have their site. A class of drugs is in no name. The names are those of
    NCBI's reference gene catalog (https://www.ncbi.nlm.nih.gov/pathogens/refgene/), ResFinder and CARD.

    Examples
    --------
    >>> named_parents("blaCTX-M-15"), named_parents("qnrS1"), named_parents("aac(3)-IId"), named_parents("tet(A)")
    (('blaCTX-M (family)',), ('qnrS (family)',), ('aac(3)-II (family)',), ('tet (family)',))
    >>> named_parents("gyrA_S83L"), named_parents("RT_184V"), named_parents("KRAS")
    (('gyrA (gene)',), ('RT_184 (site)',), ())
    >>> named_parents("rpoB_p.Ser450Leu"), named_parents("rrs_n.1401A>G"), named_parents("inhA_c.-15C>T")
    (('rpoB (gene)',), ('rrs (gene)',), ('inhA (gene)',))
    """
    for pattern in _FAMILIES:
        if match := pattern.fullmatch(feature_id):
            return (f"{match[1]} (family)",)
    if match := _AMINOGLYCOSIDE.fullmatch(feature_id):
        own = (f"{match[1]}{match[2]} (family)",) if match[3] else ()
        return (*own, f"{match[1]} (family)")
    if match := _SUBSTITUTION.fullmatch(feature_id):
        if _BACTERIAL_GENE.fullmatch(match["gene"]):
            return (f"{match['gene']} (gene)",)
        return (f"{match['gene']}_{match['position']} (site)",)
    return ()


def parents_by_name(features: pd.DataFrame) -> list[str]:
    """`(n_features,)` cells of the column `parent` as ids and annotations tell them; "" where they tell none.

    Parameters
    ----------
    features
        Feature table as in `Genotypes`. A variant, which has an alternate allele, is of its gene where it changes a
        protein, or where no variant tells its effect.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": "altered", "gene": "TPMT", "alt": ["T", ""]}, index=["rs1800462", "qnrS1"])
    >>> parents_by_name(Genotypes.build([[1, 0]], ["s1"], table).features)
    ['qnrS (family)', 'TPMT (gene)']
    """
    is_variant = (features["alt"] != "").to_numpy(dtype=bool)
    effects = features["effect"].to_numpy(dtype=object)
    alters = np.isin(effects.astype(str), ALTERING_EFFECTS) | (effects[is_variant] == "").all()
    of_gene = is_variant & alters & (features["gene"] != "").to_numpy(dtype=bool)
    return [
        f"{gene} (gene)" if counts else "" if variant else ";".join(named_parents(feature_id))
        for feature_id, gene, counts, variant in zip(features.index, features["gene"], of_gene, is_variant, strict=True)
    ]


def with_named_parents(genotypes: GenotypesLike, parents: str = "named") -> Genotypes:
    """Genotypes whose features have the parents that their names and annotations tell, unless they have some.

    Parameters
    ----------
    genotypes
        As read, or a DataFrame, AnnData or MuData.
    parents
        `given` leaves them as they are.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[1, 0]], ["s1"], ["qnrS1", "sul1"])
    >>> with_named_parents(genotypes).features["parent"].tolist()
    ['qnrS (family)', 'sul (family)']
    """
    called = as_genotypes(genotypes)
    if parents == "given":
        return called
    features = called.features
    told = features["parent"].where(features["parent"] != "", parents_by_name(features)).astype(object)
    return replace(called, features=features.assign(parent=told))
